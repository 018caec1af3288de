"""Means of ratings where listeners and items are both samples: intervals that hold for other listeners and songs.

Ratings of one listener resemble each other, and so do ratings of one item (an utterance), so a standard error from
N "independent" ratings is far too small. Three answers are given here:

- `crossed_mean`: a system's mean and its 95 % interval from variance components;
- `contrast`: the difference of two systems' means, clustered both ways;
- `bootstrap_means`: both listeners and items drawn again.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student_t


@dataclass(frozen=True)
class CrossedMean:
    """A mean with listener and item effects.

    se: standard error; ci95: half-width of the 95 % interval, both None where they cannot be estimated
    listener, item, residual: variance components; df: Satterthwaite's degrees of freedom
    """

    mean: float
    se: float | None
    ci95: float | None
    df: float | None
    n: int
    n_listeners: int
    n_items: int
    listener: float | None
    item: float | None
    residual: float | None


def crossed_mean(values: np.ndarray, listeners: np.ndarray, items: np.ndarray) -> CrossedMean:
    """The mean of ratings y = μ + a(listener) + b(item) + e, all three random, in any incomplete design.

    The variance components are Henderson's Method 1 (Henderson 1953, Biometrics 9:226–252; Searle, Casella &
    McCulloch 1992, Variance Components, section 5.3): the uncorrected sums of squares of the listeners' totals, the
    items' totals and the ratings, each corrected for the mean, are set equal to their expectations. With balanced data
    this is the two-way analysis of variance. Negative components are set to 0. Then, n(l) and n(i) being the number of
    ratings by listener l and of item i,

        Var(ȳ) = σ²a Σ n(l)²/N² + σ²b Σ n(i)²/N² + σ²e/N = A + B + E,

    and the interval is Student's with Satterthwaite's degrees of freedom,

        (A + B + E)² / ((A + E)²/(L − 1) + (B + E)²/(I − 1) + E²/df_e),   df_e = max(N − L − I + 1, 1),

    which is Satterthwaite's formula on the mean squares where the data are balanced.

    Args:
        values: (N,) ratings of one system
        listeners, items: (N,) whose and of what, any labels
    """
    values = np.asarray(values, dtype=np.float64)
    n = len(values)
    by_listener, by_item = _codes(listeners), _codes(items)
    counts_l, counts_i = np.bincount(by_listener), np.bincount(by_item)
    n_l, n_i = len(counts_l), len(counts_i)
    mean = float(values.mean())
    if n_l < 2 or n_i < 2 or n <= n_l + n_i - 1:
        return CrossedMean(mean, None, None, None, n, n_l, n_i, None, None, None)
    components = _henderson(values - mean, by_listener, by_item, counts_l, counts_i)
    listener, item, residual = np.maximum(components, 0.0)
    a, b, e = listener * np.sum(counts_l**2) / n**2, item * np.sum(counts_i**2) / n**2, residual / n
    variance = a + b + e
    df_e = max(n - n_l - n_i + 1, 1)
    if variance == 0:
        return CrossedMean(mean, 0.0, 0.0, float(df_e), n, n_l, n_i, 0.0, 0.0, 0.0)
    df = variance**2 / ((a + e) ** 2 / (n_l - 1) + (b + e) ** 2 / (n_i - 1) + e**2 / df_e)
    se = float(np.sqrt(variance))
    half = float(student_t.ppf(0.975, df) * se)
    return CrossedMean(mean, se, half, float(df), n, n_l, n_i, float(listener), float(item), float(residual))


def _henderson(centred, by_listener, by_item, counts_l, counts_i) -> np.ndarray:
    """Method 1: (σ²a, σ²b, σ²e), which may be negative."""
    n = len(centred)
    table = np.zeros((len(counts_l), len(counts_i)))
    np.add.at(table, (by_listener, by_item), 1.0)
    totals_l = np.bincount(by_listener, centred)
    totals_i = np.bincount(by_item, centred)
    squares = np.array([np.sum(totals_l**2 / counts_l), np.sum(totals_i**2 / counts_i), np.sum(centred**2)])
    own_l, own_i = np.sum(counts_l**2) / n, np.sum(counts_i**2) / n
    expectations = np.array(
        [
            [n - own_l, np.sum(table**2 / counts_l[:, None]) - own_i, len(counts_l) - 1],
            [np.sum(table**2 / counts_i[None]) - own_l, n - own_i, len(counts_i) - 1],
            [n - own_l, n - own_i, n - 1],
        ]
    )
    return np.linalg.lstsq(expectations, squares, rcond=None)[0]


def _codes(labels: np.ndarray) -> np.ndarray:
    return np.unique(np.asarray(labels), return_inverse=True)[1].ravel()


@dataclass(frozen=True)
class Contrast:
    """Difference of two systems' means. p: two-sided; None where it cannot be estimated"""

    difference: float
    se: float | None
    ci95: float | None
    p: float | None


def contrast(one: tuple, other: tuple) -> Contrast:
    """Difference of two means over the same listeners and items, with a standard error clustered by both.

    The two-way cluster-robust variance of Cameron, Gelbach & Miller (2011, J. Business & Economic Statistics
    29:238–249, eq. 2.11): with u = w(y − ȳ_system), w = ±1/n_system,

        V = L/(L − 1) Σ_l (Σ u)² + I/(I − 1) Σ_i (Σ u)² − Σ_(l,i) (Σ u)²,

    sums within listeners, items, and both; where it falls below the larger of the first two, which can happen by
    chance, that one is taken. What listeners and items have in common in both systems cancels inside the sums. The
    interval and the p-value are Student's with min(L, I) − 1 degrees of freedom.

    Args:
        one, other: (values (N,), listeners (N,), items (N,)) each
    """
    values = [np.asarray(x[0], dtype=np.float64) for x in (one, other)]
    difference = float(values[0].mean() - values[1].mean())
    scores = np.concatenate([(v - v.mean()) / len(v) * sign for v, sign in zip(values, (1, -1), strict=True)])
    by_listener = _codes(np.concatenate([one[1], other[1]]))
    by_item = _codes(np.concatenate([one[2], other[2]]))
    n_l, n_i = by_listener.max() + 1, by_item.max() + 1
    if n_l < 2 or n_i < 2:
        return Contrast(difference, None, None, None)
    listener = n_l / (n_l - 1) * np.sum(np.bincount(by_listener, scores) ** 2)
    item = n_i / (n_i - 1) * np.sum(np.bincount(by_item, scores) ** 2)
    both = np.sum(np.bincount(by_listener * n_i + by_item, scores) ** 2)
    variance = max(listener + item - both, listener, item)
    df = min(n_l, n_i) - 1
    if variance == 0:
        return Contrast(difference, 0.0, 0.0, 1.0 if difference == 0 else 0.0)
    se = float(np.sqrt(variance))
    p = float(2 * student_t.sf(abs(difference) / se, df))
    return Contrast(difference, se, float(student_t.ppf(0.975, df) * se), p)


def bootstrap_weights(n_listeners: int, n_items: int, samples: int, seed: int):
    """How often each listener (L,) and each item (I,) is drawn, sample by sample: Owen's pigeonhole bootstrap.

    A rating counts as often as the product of the two (Owen 2007, Annals of Applied Statistics 1:386–411, who shows
    it to err on the side of wide intervals). No bootstrap of such data is exact (McCullagh 2000).
    """
    random = np.random.default_rng([seed, 6])
    for _ in range(samples):
        yield (
            np.bincount(random.integers(n_listeners, size=n_listeners), minlength=n_listeners),
            np.bincount(random.integers(n_items, size=n_items), minlength=n_items),
        )


def bootstrap_interval(
    statistic: Callable[[np.ndarray], np.ndarray], listeners: np.ndarray, items: np.ndarray, samples: int, seed: int
) -> np.ndarray:
    """95 % percentile intervals of statistics of weighted ratings.

    Args:
        statistic: weights of the ratings (N,) → (K,), NaN where undefined
        listeners, items: (N,)

    Returns:
        (2, K), NaN where fewer than half of the samples defined a value
    """
    by_listener, by_item = _codes(listeners), _codes(items)
    draws = bootstrap_weights(by_listener.max() + 1, by_item.max() + 1, samples, seed)
    values = np.array([statistic(weight_l[by_listener] * weight_i[by_item]) for weight_l, weight_i in draws])
    defined = np.isfinite(values).sum(axis=0) >= max(1, samples / 2)
    bounds = np.full((2, values.shape[1]), np.nan)
    bounds[:, defined] = np.nanpercentile(values[:, defined], [2.5, 97.5], axis=0)
    return bounds
