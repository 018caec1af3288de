"""How the systems of a set shape their pitch contours: transitions between notes and vibrato, beside the recording's.

Distances between distributions are Wasserstein's of order one, the mean distance between equal ranks of the two: in the
unit of the figure, and 0 only if system and recording have the same one over the whole set. Which note has it does not
matter, as nobody sings the same song twice alike; the metrics of an utterance compare note by note.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from svstoolkit.evaluation.metrics import GROUND_TRUTH

DIRECTIONS = ("up", "down")
FIGURES = ("start", "duration", "overshoot", "preparation")  # ms, ms, % and % of the step


@dataclass(frozen=True)
class TransitionRow:
    """A system's transitions to higher or to lower notes.

    written: changes of pitch in the score; n: of them measured
    start, duration: ms; overshoot, preparation: % of the step; medians, which one wrong octave does not move; None
        where there is none
    curve_distance: % of the step, mean absolute difference of the average curve from the recording's; a moment counts
        with the smaller of both weights
    …_distance: of the distributions; None beside the recording itself and where there is none
    curve: (46,) the average at `transitions.CURVE_TIMES`, of least squares: every transition counts with step²
    """

    system: str
    set: str
    direction: str
    written: int
    n: int
    start: float | None
    duration: float | None
    overshoot: float | None
    preparation: float | None
    curve_distance: float | None
    start_distance: float | None
    duration_distance: float | None
    overshoot_distance: float | None
    preparation_distance: float | None
    curve: tuple[float | None, ...] = ()


@dataclass(frozen=True)
class VibratoRow:
    """A system's vibrato.

    sustained: notes long enough to have one; share: % of them that do
    rate: Hz, extent: cents; means and standard deviations, None where there is none
    …_distance: from the recording's distribution
    notes: (rate, extent) of each
    """

    system: str
    set: str
    sustained: int
    n: int
    share: float | None
    rate: float | None
    rate_sd: float | None
    extent: float | None
    extent_sd: float | None
    rate_distance: float | None
    extent_distance: float | None
    notes: tuple[tuple[float, float], ...] = ()


def transition_rows(scores: Iterable[dict]) -> list[TransitionRow]:
    """One row per set, system and direction of which the score has any.

    Args:
        scores: what `score_utterance` returned, with "contour" as of `contour_sums` where it is there
    """
    found: dict[tuple[str, str, str], list[dict]] = {}
    for score in scores:
        for direction, sums in (score.get("contour") or {}).get("transitions", {}).items():
            if sums["written"]:
                found.setdefault((score["set"], score["system"], direction), []).append(sums)
    rows = []
    for place in sorted(found, key=lambda p: _order(found, p)):
        set_name, system, direction = place
        theirs = None if system == GROUND_TRUTH else found.get((set_name, GROUND_TRUTH, direction))
        rows.append(_transition_row(system, set_name, direction, found[place], theirs))
    return rows


def vibrato_rows(scores: Iterable[dict]) -> list[VibratoRow]:
    """One row per set and system that has notes long enough for vibrato; `scores` as of `transition_rows`."""
    sustained: dict[tuple[str, str], int] = {}
    notes: dict[tuple[str, str], list] = {}
    for score in scores:
        if vibrato := (score.get("contour") or {}).get("vibrato"):
            place = score["set"], score["system"]
            sustained[place] = sustained.get(place, 0) + vibrato["sustained"]
            notes.setdefault(place, []).extend(map(tuple, vibrato["notes"]))
    rows = []
    for (set_name, system), ours in notes.items():
        theirs = [] if system == GROUND_TRUTH else notes.get((set_name, GROUND_TRUTH), [])
        rows.append(_vibrato_row(system, set_name, sustained[set_name, system], ours, theirs))
    return [row for row in rows if row.sustained]


def _order(found: dict, place: tuple[str, str, str]) -> tuple:
    """Sets and systems in order of appearance, upwards before downwards."""
    systems = list(dict.fromkeys(p[:2] for p in found))
    return systems.index(place[:2]), DIRECTIONS.index(place[2])


def _transition_row(
    system: str, set_name: str, direction: str, sums: Sequence[dict], theirs: Sequence[dict] | None
) -> TransitionRow:
    figures, (weights, curve) = _figures(sums), _average(sums)
    distances: list[float | None] = [None] * (1 + len(FIGURES))
    if theirs:
        distances[0] = _curve_distance(weights, curve, *_average(theirs))
        distances[1:] = [_wasserstein(a, b) for a, b in zip(figures.T, _figures(theirs).T, strict=True)]
    middles = (_median(column) for column in figures.T)
    shown = tuple(None if np.isnan(x) else float(x) for x in curve)
    written = sum(s["written"] for s in sums)
    return TransitionRow(system, set_name, direction, written, len(figures), *middles, *distances, shown)


def _figures(sums: Iterable[dict]) -> np.ndarray:
    """(N, 4) in the order of FIGURES, NaN where unknown."""
    rows = [row for s in sums for row in s["figures"]]
    return np.array(rows, dtype=np.float64).reshape(-1, len(FIGURES))


def _average(sums: Iterable[dict]) -> tuple[np.ndarray, np.ndarray]:
    """Weights (46,) and average curve (46,), NaN where nothing was measured."""
    weights, curve = (np.sum([s[key] for s in sums], axis=0) for key in ("weights", "curve"))
    return weights, np.divide(curve, weights, out=np.full(len(curve), np.nan), where=weights > 0)


def _curve_distance(weights: np.ndarray, curve: np.ndarray, others: np.ndarray, theirs: np.ndarray) -> float | None:
    counts = np.minimum(weights, others)
    both = counts > 0
    return 100.0 * float(np.average(np.abs(curve - theirs)[both], weights=counts[both])) if np.any(both) else None


def _vibrato_row(system: str, set_name: str, sustained: int, notes: list, theirs: list) -> VibratoRow:
    ours, reference = (np.array(n, dtype=np.float64).reshape(-1, 2) for n in (notes, theirs))
    moments = [m for column in ours.T for m in (_mean(column), float(np.std(column)) if len(column) else None)]
    distances = [_wasserstein(a, b) for a, b in zip(ours.T, reference.T, strict=True)]
    share = 100.0 * len(ours) / sustained if sustained else None
    return VibratoRow(system, set_name, sustained, len(ours), share, *moments, *distances, tuple(notes))


def _median(values: np.ndarray) -> float | None:
    values = values[np.isfinite(values)]
    return float(np.median(values)) if len(values) else None


def _mean(values: np.ndarray) -> float | None:
    values = values[np.isfinite(values)]
    return float(np.mean(values)) if len(values) else None


def _wasserstein(ours: np.ndarray, theirs: np.ndarray) -> float | None:
    """First Wasserstein distance of two samples, NaN left out; None where one is empty."""
    from scipy.stats import wasserstein_distance

    ours, theirs = (values[np.isfinite(values)] for values in (ours, theirs))
    return float(wasserstein_distance(ours, theirs)) if len(ours) and len(theirs) else None
