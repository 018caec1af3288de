"""From ratings to results: who is believed, each system's figures, and the differences between systems."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path

import numpy as np

from svstoolkit.errors import InputError
from svstoolkit.evaluation.listening.crossed import (
    CrossedMean,
    bootstrap_interval,
    contrast,
    crossed_mean,
)
from svstoolkit.evaluation.listening.design import TEST
from svstoolkit.evaluation.listening.key import Key, read_key
from svstoolkit.evaluation.listening.preference import plackett_luce, preference_tests
from svstoolkit.evaluation.listening.rated import Rating, ratings_of
from svstoolkit.evaluation.listening.ratings import Listener, Problem, read_ratings
from svstoolkit.evaluation.listening.screening import Rejected, Rules, screen
from svstoolkit.evaluation.statistics import holm

MOST_WORTH_SAMPLES = 500  # of the bootstrap of worths, each of which is an iteration


@dataclass(frozen=True)
class SystemResult:
    """One system on one scale. bootstrap: 95 % percentile interval of the mean; shares: value → share of the ratings"""

    system: str
    kind: str
    crossed: CrossedMean
    bootstrap: tuple[float, float] | None
    median: float
    quartiles: tuple[float, float]
    shares: dict[int, float]
    extra: dict[str, float | None]


@dataclass(frozen=True)
class Pair:
    """Difference of two systems' means, first minus second. p_holm: corrected for the number of pairs of the scale"""

    first: str
    second: str
    difference: float
    ci95: float | None
    p: float | None
    p_holm: float | None


@dataclass(frozen=True)
class ScaleResult:
    """One scale. lower_is_better: for ranks"""

    name: str
    short: str
    lower_is_better: bool
    systems: tuple[SystemResult, ...]
    pairs: tuple[Pair, ...]

    def leaders(self) -> set[str]:
        """The best of the systems proper, and those not significantly different from it (Holm, 5 %)."""
        proper = [s for s in self.systems if s.kind == "system"]
        if len(proper) < 2:
            return set()
        sign = -1 if self.lower_is_better else 1
        best = max(proper, key=lambda s: sign * s.crossed.mean).system
        close = {
            other
            for pair in self.pairs
            for other in {pair.first, pair.second} - {best}
            if best in (pair.first, pair.second) and (pair.p_holm is None or pair.p_holm >= 0.05)
        }
        return {best} | (close & {s.system for s in proper})


@dataclass(frozen=True)
class Result:
    """All that was found out."""

    key: Key
    rules: Rules
    kept: tuple[Listener, ...]
    rejected: tuple[Rejected, ...]
    problems: tuple[Problem, ...]
    scales: tuple[ScaleResult, ...]
    ratings: tuple[Rating, ...]

    def to_dict(self) -> dict:
        """For results.json."""
        return {
            "test": self.key.test,
            "kind": self.key.kind.name,
            "listeners": {"accepted": len(self.kept), "rejected": len(self.rejected)},
            "rules": self.rules.stated(self.key),
            "rejected": [asdict(r) for r in self.rejected],
            "problems": [asdict(p) for p in self.problems],
            "scales": [asdict(s) for s in self.scales],
            "comments": {listener.name: listener.comment for listener in self.kept if listener.comment},
        }


def analyse(test: Path, ratings: Iterable[Path], rules: Rules, samples: int = 2000, seed: int = 0) -> Result:
    """Everything, from the folder of the test and files or folders of ratings.

    Args:
        samples: of the bootstrap
        seed: of the bootstrap

    Raises:
        InputError: no key, or no listener is left.
    """
    key = read_key(test)
    listeners, problems = read_ratings(ratings, key)
    kept, rejected = screen(listeners, key, rules)
    believed = {listener.name for listener in kept}
    table = [rating for listener in listeners for rating in ratings_of(listener, key, listener.name in believed)]
    if not kept:
        said = [f"{r.file}: {'; '.join(r.reasons)}" for r in rejected] + [f"{p.file} {p.reason}" for p in problems]
        raise InputError(f"{test}: no listener's ratings can be used: {' | '.join(said) or 'there are none'}")
    counted = [r for r in table if r.accepted and r.role == TEST]
    scales = tuple(
        _scale(scale, [r for r in counted if r.scale == scale["name"]], key, samples, seed) for scale in key.scales
    )
    return Result(key, rules, tuple(kept), tuple(rejected), tuple(problems), scales, tuple(table))


def _scale(scale: dict, ratings: Sequence[Rating], key: Key, samples: int, seed: int) -> ScaleResult:
    rated = {r.system for r in ratings}
    systems = [s for s in key.systems if s in rated]
    values = np.array([r.value for r in ratings], dtype=np.float64)
    listeners = np.array([r.listener for r in ratings])
    items = np.array([r.utterance for r in ratings])
    codes = np.array([systems.index(r.system) for r in ratings], dtype=np.int64)
    parts = {s: (values[codes == i], listeners[codes == i], items[codes == i]) for i, s in enumerate(systems)}

    def means(weights: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore"):
            counts = np.bincount(codes, weights, minlength=len(systems))
            return np.bincount(codes, weights * values, minlength=len(systems)) / counts

    bounds = bootstrap_interval(means, listeners, items, samples, seed) if samples and len(ratings) else None
    extras = _extras(ratings, parts, systems, key, samples, seed)
    results = tuple(
        SystemResult(
            system,
            _kind_of(system, key),
            crossed_mean(*parts[system]),
            None if bounds is None or np.isnan(bounds[0, i]) else (float(bounds[0, i]), float(bounds[1, i])),
            float(np.median(parts[system][0])),
            tuple(float(q) for q in np.percentile(parts[system][0], [25, 75])),
            _shares(parts[system][0]) if key.kind.name != "mushra" else {},
            extras.get(system, {}),
        )
        for i, system in enumerate(systems)
    )
    pairs = [(a, b, contrast(parts[a], parts[b])) for a, b in combinations(systems, 2)]
    corrected = holm(np.array([np.nan if c.p is None else c.p for _, _, c in pairs]))
    compared = tuple(
        Pair(a, b, c.difference, c.ci95, c.p, None if c.p is None else float(p))
        for (a, b, c), p in zip(pairs, corrected, strict=True)
    )
    return ScaleResult(scale["name"], scale["short"], key.kind.name == "ranking", results, compared)


def _kind_of(system: str, key: Key) -> str:
    return "reference" if system == key.reference else "anchor" if system in key.anchors else "system"


def _shares(values: np.ndarray) -> dict[int, float]:
    levels, counts = np.unique(values, return_counts=True)
    return {int(level): float(count) / len(values) for level, count in zip(levels, counts, strict=True)}


def _extras(ratings, parts, systems: list[str], key: Key, samples: int, seed: int) -> dict[str, dict]:
    if key.kind.name == "cmos":
        return _preferences(parts, systems)
    if key.kind.name == "ranking" and len(systems) == len(key.systems):
        return _worths(ratings, systems, min(samples, MOST_WORTH_SAMPLES), seed)
    return {}


def _preferences(parts: dict, systems: list[str]) -> dict[str, dict]:
    extras = {}
    for system in systems:
        values, listeners, _ = parts[system]
        shares = {"better": np.mean(values > 0), "same": np.mean(values == 0), "worse": np.mean(values < 0)}
        extras[system] = {k: float(v) for k, v in shares.items()} | preference_tests(values, listeners)
    tested = np.array([np.nan if (p := extras[s]["p_wilcoxon"]) is None else p for s in systems])
    for system, p in zip(systems, holm(tested), strict=True):
        extras[system]["p_holm"] = None if np.isnan(p) else float(p)
    return extras


def _worths(ratings: Sequence[Rating], systems: list[str], samples: int, seed: int) -> dict[str, dict]:
    trials: dict[tuple[str, int], list[Rating]] = {}
    for rating in ratings:
        trials.setdefault((rating.listener, rating.trial), []).append(rating)
    rankings = np.array([[systems.index(r.system) for r in sorted(t, key=lambda r: r.value)] for t in trials.values()])
    worths = plackett_luce(rankings)
    bounds = np.full((2, len(systems)), np.nan)
    if samples:
        who = np.array([listener for listener, _ in trials])
        what = np.array([t[0].utterance for t in trials.values()])
        bounds = bootstrap_interval(lambda w: plackett_luce(rankings, w, worths), who, what, samples, seed)
    return {
        system: {
            "worth": float(worths[i]),
            "worth_low": None if np.isnan(bounds[0, i]) else float(bounds[0, i]),
            "worth_high": None if np.isnan(bounds[1, i]) else float(bounds[1, i]),
        }
        for i, system in enumerate(systems)
    }
