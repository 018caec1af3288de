"""Where the systems put the phones of a set: how late their boundaries and their vowels are, by class of phone."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from svstoolkit.evaluation.metrics import FLOOR, GROUND_TRUTH
from svstoolkit.evaluation.rhythm_sums import CONTINUATION, UNKNOWN
from svstoolkit.score.languages.articulation import PHONE_CLASSES

BEATS = "vowels on their beats"
ALL = "all phones"
TIMED = (BEATS, *PHONE_CLASSES[:-1], CONTINUATION, PHONE_CLASSES[-1], UNKNOWN, ALL)
MOST_QUANTILES = 41  # of a distribution, on the page


@dataclass(frozen=True)
class RhythmRow:
    """How late a system starts the phones of one class, ms.

    phones: one of TIMED; "vowels on their beats" counts from the written beat, all others from the recording's label
    median: late is positive; absolute_50, absolute_90: percentiles of the distance
    within_20, within_30, within_50: per cent not farther off than so many ms
    quantiles: evenly from the earliest to the latest, all of them where they are few
    """

    system: str
    set: str
    phones: str
    n: int
    median: float
    absolute_50: float
    absolute_90: float
    within_20: float
    within_30: float
    within_50: float
    quantiles: tuple[float, ...] = ()


def rhythm_rows(scores: Iterable[dict]) -> list[RhythmRow]:
    """One row per set, system and class of phone of which there is any, in the order of TIMED.

    The recording has the row of its beats only: its labels are what the others' phones are held against.

    Args:
        scores: what `score_utterance` returned, with "rhythm" as of `rhythm_sums` where it is there
    """
    late: dict[tuple[str, str], dict[str, list[float]]] = {}
    for score in scores:
        if not (rhythm := score.get("rhythm")) or score["system"] == FLOOR:
            continue
        of_system = late.setdefault((score["set"], score["system"]), {})
        of_system.setdefault(BEATS, []).extend(rhythm["beats"])
        if score["system"] != GROUND_TRUTH:
            for phones, milliseconds in rhythm["boundaries"].items():
                of_system.setdefault(phones, []).extend(milliseconds)
                of_system.setdefault(ALL, []).extend(milliseconds)
    return [
        _row(system, set_name, phones, np.array(of_system[phones]))
        for (set_name, system), of_system in late.items()
        for phones in TIMED
        if of_system.get(phones)
    ]


def _row(system: str, set_name: str, phones: str, late: np.ndarray) -> RhythmRow:
    distance = np.abs(late)
    percentiles = (float(np.percentile(distance, p)) for p in (50, 90))
    shares = (100.0 * float(np.mean(distance <= limit + 1e-4)) for limit in (20, 30, 50))
    few = len(late) <= MOST_QUANTILES
    quantiles = np.sort(late) if few else np.quantile(late, np.linspace(0, 1, MOST_QUANTILES))
    return RhythmRow(
        system, set_name, phones, len(late), float(np.median(late)), *percentiles, *shares, tuple(quantiles.tolist())
    )
