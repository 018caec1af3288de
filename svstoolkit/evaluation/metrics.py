"""The metrics stage 8 reports: their names, units, directions and what exactly they measure."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import yaml

from svstoolkit.errors import InputError

# How durations were come by when the singing was decoded
SCORE, REFERENCE_DURATIONS = "score", "reference_durations"
MODES = (SCORE, REFERENCE_DURATIONS)
# Rows every figure is read against
GROUND_TRUTH, CEILING, FLOOR = "ground_truth", "copy_synthesis", "floor"


GROUPS = ("spectrum", "pitch", "melody", "timing", "quality", "level", "espnet", "learned", "speed")


@dataclass(frozen=True)
class Metric:
    """What a figure is called and how it is shown.

    name: key in results.json; short: table heading; decimals: digits shown; description: for the page
    group: one of GROUPS; headline: shown in the overview from the start
    of_the_set: one value for all utterances together
    needs: what besides the two sounds it is computed from: "timing" (equal timing of both), "score" (with
        notes: speech has none), "labels", or "beats", both of these
    """

    name: str
    short: str
    higher_is_better: bool
    decimals: int
    group: str
    description: str
    unit: str = ""
    headline: bool = False
    needs: str = ""
    of_the_set: bool = False

    @property
    def arrow(self) -> str:
        return "↑" if self.higher_is_better else "↓"

    def show(self, value: float) -> str:
        return f"{value:.{self.decimals}f}"


def _read_metrics(path: Path) -> dict[str, Metric]:
    table = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {
        name: Metric(name=name, higher_is_better=entry.pop("better") == "higher", **entry)
        for name, entry in table.items()
    }


METRICS = _read_metrics(Path(__file__).with_name("metrics.yaml"))


def select_metrics(wanted: Iterable[str], skipped: Iterable[str], espnet_compat: bool) -> tuple[str, ...]:
    """Names of the metrics to compute.

    Args:
        wanted, skipped: names, names of groups, or "all", which is everything but the groups espnet and learned
        espnet_compat: adds the group espnet

    Raises:
        InputError: no metric or group has such a name.
    """
    names = {name for word in wanted for name in _named(word)} - {name for word in skipped for name in _named(word)}
    if espnet_compat:
        names |= set(_named("espnet"))
    return tuple(name for name in METRICS if name in names)


def _named(word: str) -> list[str]:
    if word == "all":
        return [name for name, metric in METRICS.items() if metric.group not in ("espnet", "learned")]
    if word in GROUPS:
        return [name for name, metric in METRICS.items() if metric.group == word]
    if word not in METRICS:
        raise InputError(f"no metric is called {word!r}; groups: {' '.join(GROUPS)}; metrics: {' '.join(METRICS)}")
    return [word]


def set_label(set_name: str, mode: str) -> str:
    """The `set` of a results row: the plain name when sung from the score alone, else with the mode."""
    return set_name if mode == SCORE else f"{set_name}/{mode}"
