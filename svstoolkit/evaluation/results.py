"""From per-utterance values to the rows of results.json."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from scipy.stats import t as student_t

from svstoolkit.errors import InputError
from svstoolkit.evaluation.decoded import Decoded
from svstoolkit.evaluation.metrics import METRICS, set_label


@dataclass(frozen=True)
class Value:
    """One metric of one utterance; value None = undefined or failed, and then counted in no mean."""

    system: str
    set: str
    utterance: str
    metric: str
    value: float | None


@dataclass(frozen=True)
class Row:
    """One line of results.json. ci95: half-width of the 95 % interval of the mean, None for n < 2."""

    system: str
    set: str
    metric: str
    unit: str
    mean: float | None
    ci95: float | None
    n: int

    def to_dict(self) -> dict:
        return asdict(self)


def mean_and_interval(values: Sequence[float]) -> tuple[float | None, float | None]:
    """Mean and half-width of its 95 % interval under Student's t, s·t₀.₉₇₅(n − 1)/√n."""
    if not len(values):
        return None, None
    if len(values) == 1:
        return float(values[0]), None
    spread = float(np.std(values, ddof=1)) / np.sqrt(len(values))
    return float(np.mean(values)), float(student_t.ppf(0.975, len(values) - 1) * spread)


def aggregate(values: Iterable[Value]) -> list[Row]:
    """One row per (set, system, metric), in order of appearance; `n` counts the utterances behind the mean."""
    groups: dict[tuple[str, str, str], list[Value]] = {}
    for value in values:
        groups.setdefault((value.set, value.system, value.metric), []).append(value)
    rows = []
    for (set_name, system, metric), group in groups.items():
        defined = [v.value for v in group if v.value is not None]
        mean, ci95 = mean_and_interval(defined)
        rows.append(Row(system, set_name, metric, METRICS[metric].unit, mean, ci95, len(defined)))
    return rows


def real_time_factors(decoded: Iterable[Decoded], utterances: Iterable[str]) -> list[Value]:
    """Computing time per second of singing of every utterance; utterances without a time are left out."""
    utterances = list(utterances)
    return [
        Value(d.system, set_label(d.set_name, d.mode), u, "rtf", d.times[u][1] / d.times[u][0])
        for d in decoded
        for u in utterances
        if u in d.times and d.times[u][0] > 0
    ]


def alignment_rows(path: Path) -> list[Row]:
    """The alignment's error against the truth, as rows of the system "alignment".

    Raises:
        InputError: the file is not the alignment's measurement.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return [
            Row(
                "alignment",
                str(metric.get("set", content.get("set", "all"))),
                str(metric["metric"]),
                str(metric["unit"]),
                float(metric["value"]),
                None,
                int(metric["n"]),
            )
            for metric in content["metrics"]
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{path}: not a measurement of the alignment ({error!r}); run stage 1 (align) again"
        ) from error
