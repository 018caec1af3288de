"""Is one system better than another? Paired tests over the utterances both sang.

Two tests look at the differences of a pair, utterance by utterance: the signed-rank test of Wilcoxon (1945), and the
interval of the mean difference by the bias-corrected and accelerated bootstrap (Efron 1987). P values are corrected
over all comparisons of one metric in one set after Holm (1979). A difference is called significant where the corrected
p value is below 5 % and the interval excludes zero as well: of two tests that disagree, neither is believed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.stats import norm, wilcoxon

from svstoolkit.evaluation.metrics import CEILING, FLOOR, GROUND_TRUTH
from svstoolkit.evaluation.results import Value

ALPHA = 0.05
RESAMPLES = 10_000
COLUMNS_AT_ONCE = 256  # bounds the memory of the resampled means: RESAMPLES × this × 4 bytes


@dataclass(frozen=True)
class PairedComparison:
    """System `a` against system `b` in one metric of one set.

    n: utterances both have a value for
    difference: mean of a − b over them, None for n = 0
    ci: 95 % interval of the difference, None for n < 2
    p, p_holm: of the signed-rank test, before and after correction; None for n = 0
    decidable: whether n is enough to find any difference: the smallest p value there is, 2^(1−n) where all n
        differences have one sign, would survive the correction
    """

    set: str
    metric: str
    a: str
    b: str
    n: int
    difference: float | None
    ci: tuple[float, float] | None
    p: float | None
    p_holm: float | None
    significant: bool
    decidable: bool


def paired_comparisons(values: Iterable[Value], resamples: int = RESAMPLES, seed: int = 0) -> list[PairedComparison]:
    """Every pair of systems in every metric of every set; ground truth, ceiling and floor are no competitors."""
    pairs = _pairs(values)
    intervals = _intervals([differences for *_, differences in pairs], resamples, seed)
    p_values = [signed_rank_p(differences) if len(differences) else None for *_, differences in pairs]
    families: dict[tuple[str, str], list[int]] = {}
    for k, (set_name, metric, *_) in enumerate(pairs):
        if p_values[k] is not None:
            families.setdefault((set_name, metric), []).append(k)
    corrected: dict[int, float] = {}
    family_size: dict[int, int] = {}
    for family in families.values():
        corrected |= zip(family, holm([p_values[k] for k in family]).tolist(), strict=True)
        family_size |= dict.fromkeys(family, len(family))
    comparisons = []
    for k, ((set_name, metric, a, b, d), ci, p) in enumerate(zip(pairs, intervals, p_values, strict=True)):
        difference = float(np.mean(d)) if len(d) else None
        significant = ci is not None and corrected[k] < ALPHA and not ci[0] <= 0 <= ci[1]
        decidable = k in corrected and family_size[k] * 2.0 ** (1 - len(d)) < ALPHA
        row = PairedComparison(
            set_name, metric, a, b, len(d), difference, ci, p, corrected.get(k), significant, decidable
        )
        comparisons.append(row)
    return comparisons


def _pairs(values: Iterable[Value]) -> list[tuple[str, str, str, str, np.ndarray]]:
    """(set, metric, a, b, differences a − b of the utterances both have)"""
    groups: dict[tuple[str, str], dict[str, dict[str, float]]] = {}
    for v in values:
        if v.system not in (GROUND_TRUTH, CEILING, FLOOR):
            of_system = groups.setdefault((v.set, v.metric), {}).setdefault(v.system, {})
            if v.value is not None:
                of_system[v.utterance] = v.value
    pairs = []
    for (set_name, metric), systems in groups.items():
        for a, b in combinations(systems, 2):
            shared = [u for u in systems[a] if u in systems[b]]
            differences = np.array([systems[a][u] - systems[b][u] for u in shared])
            pairs.append((set_name, metric, a, b, differences))
    return pairs


def signed_rank_p(differences: np.ndarray) -> float:
    """Two-sided p value of Wilcoxon's signed-rank test; zeros are left out, and nothing but zeros gives 1.

    Exact without ties up to 50 differences, else by its normal approximation (scipy.stats.wilcoxon).
    """
    nonzero = differences[differences != 0]
    return float(wilcoxon(nonzero).pvalue) if len(nonzero) else 1.0


def holm(p_values: Sequence[float]) -> np.ndarray:
    """Adjusted p values that hold the family-wise error rate (Holm 1979, Scandinavian J. Statistics 6:65–70).

    p̃₍ₖ₎ = max over j ≤ k of min(1, (m − j + 1)·p₍ⱼ₎); NaN stays and is not counted.
    """
    p_values = np.asarray(p_values, dtype=np.float64)
    known = np.flatnonzero(~np.isnan(p_values))
    order = known[np.argsort(p_values[known], kind="stable")]
    adjusted = np.full(len(p_values), np.nan)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(p_values[order] * np.arange(len(order), 0, -1)))
    return adjusted


def _intervals(columns: list[np.ndarray], resamples: int, seed: int) -> list[tuple[float, float] | None]:
    """One interval per column; columns of one length share their resamples, which costs one product of matrices."""
    by_length: dict[int, list[int]] = {}
    for k, column in enumerate(columns):
        if len(column) > 1:
            by_length.setdefault(len(column), []).append(k)
    intervals: list[tuple[float, float] | None] = [None] * len(columns)
    for members in by_length.values():
        low, high = bootstrap_interval(np.stack([columns[k] for k in members], axis=1), resamples, seed)
        for k, lower, upper in zip(members, low, high, strict=True):
            intervals[k] = (float(lower), float(upper))
    return intervals


def bootstrap_interval(
    columns: np.ndarray, resamples: int = RESAMPLES, seed: int = 0, level: float = 1 - ALPHA
) -> tuple[np.ndarray, np.ndarray]:
    """Bias-corrected and accelerated bootstrap interval of the mean of each column (Efron 1987, section 4).

    The acceleration is the jackknife's: a = Σ(x − x̄)³ / (6 (Σ(x − x̄)²)^1.5). A column without spread has the
    interval [x̄, x̄].

    Args:
        columns: (n, K), n ≥ 2
        resamples: of the n rows, with replacement
        seed: of the resampling; the same for the same n

    Returns:
        (K,) lower and (K,) upper ends
    """
    n, n_columns = columns.shape
    rng = np.random.default_rng([seed, n])
    counts = rng.multinomial(n, np.full(n, 1 / n), size=resamples).astype(np.float32)
    low, high = np.empty(n_columns), np.empty(n_columns)
    for start in range(0, n_columns, COLUMNS_AT_ONCE):
        part = slice(start, start + COLUMNS_AT_ONCE)
        low[part], high[part] = _accelerated(columns[:, part], counts, level)
    return low, high


def _accelerated(columns: np.ndarray, counts: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    mean = columns.mean(axis=0)
    centred = columns - mean
    means = np.sort(counts @ centred.astype(np.float32) / len(columns), axis=0)
    rounding = 1e-6 * np.abs(centred).max(axis=0)
    below = (means < -rounding).mean(axis=0) / 2 + (means <= rounding).mean(axis=0) / 2  # ties count half
    squares = (centred**2).sum(axis=0)
    flat = squares <= (1e-12 * np.abs(mean)) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        acceleration = (centred**3).sum(axis=0) / (6 * squares**1.5)
        bias = norm.ppf(below)
        ends = []
        for tail in ((1 - level) / 2, (1 + level) / 2):
            z = bias + norm.ppf(tail)
            ends.append(mean + _quantile(means, norm.cdf(bias + z / (1 - acceleration * z))))
    return tuple(np.where(flat, mean, end) for end in ends)


def _quantile(ordered: np.ndarray, share: np.ndarray) -> np.ndarray:
    """The `share`-th quantile (K,) of each ordered column of (B, K), between neighbours by straight lines."""
    place = np.nan_to_num(share) * (len(ordered) - 1)
    lower = np.floor(place).astype(int)
    upper = np.minimum(lower + 1, len(ordered) - 1)
    column = np.arange(ordered.shape[1])
    return ordered[lower, column] + (place - lower) * (ordered[upper, column] - ordered[lower, column])
