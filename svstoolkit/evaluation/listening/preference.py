"""What is read from orders and comparisons: worths of a ranking, tests of a preference."""

import numpy as np
from scipy.stats import binomtest, wilcoxon

PSEUDO = 0.5  # wins and losses of every system against a hypothetical one
TOLERANCE, MOST_STEPS = 1e-9, 2000


def plackett_luce(rankings: np.ndarray, weights: np.ndarray | None = None, start: np.ndarray | None = None):
    """Worths of the Plackett–Luce model, P(order) = Π worth(k-th) / Σ worth(k-th and those after it).

    A worth is the probability to be put first among all. For two systems this is Bradley–Terry. Estimated by Hunter's
    MM algorithm (2004, Annals of Statistics 32:384–406, eq. 30). So that the estimate exists when a system always
    wins or always loses, every system has half a win and half a loss against a hypothetical one, whose worth is
    estimated with the others (Turner, van Etten, Firth & Kosmidis 2020, Computational Statistics 35:1027–1057,
    section 2.5).

    Args:
        rankings: (N, K) int, systems from best to worst, all K in every row
        weights: (N,) how often each row counts
        start: (K,) worths to start from

    Returns:
        (K,) worths, their sum is 1
    """
    rankings = np.asarray(rankings)
    n, k = rankings.shape
    weights = np.ones(n) if weights is None else np.asarray(weights, dtype=np.float64)
    column = weights[:, None]
    not_last = np.bincount(rankings[:, :-1].ravel(), np.repeat(weights, k - 1), minlength=k)
    wins = np.append(not_last + PSEUDO, k * PSEUDO)
    worths = np.append(np.full(k, 1 / k) if start is None else start, 1 / k)
    for _ in range(MOST_STEPS):
        tails = np.cumsum(worths[rankings][:, ::-1], axis=1)[:, ::-1][:, :-1]
        inverse = np.cumsum(column / tails, axis=1)
        present = np.concatenate([inverse, inverse[:, -1:]], axis=1)  # the last was in every choice, too
        chances = np.bincount(rankings.ravel(), present.ravel(), minlength=k)
        against = 2 * PSEUDO / (worths[:-1] + worths[-1])
        new = wins / np.append(chances + against, against.sum())
        new /= new[:-1].sum()
        done = np.max(np.abs(np.log(new / worths))) < TOLERANCE
        worths = new
        if done:
            break
    return worths[:-1]


def preference_tests(values: np.ndarray, listeners: np.ndarray) -> dict[str, float | None]:
    """Is the preference other than nought? Two tests, both on the listeners' means, which are independent.

    Args:
        values: (N,) comparisons, positive where the system is preferred
        listeners: (N,)

    Returns:
        p_wilcoxon: signed-rank test; p_sign: sign test, listeners without a preference left out; None: too few
    """
    codes = np.unique(np.asarray(listeners), return_inverse=True)[1].ravel()
    means = np.bincount(codes, np.asarray(values, dtype=np.float64)) / np.bincount(codes)
    decided = means[means != 0]
    if not len(decided):
        return {"p_wilcoxon": None, "p_sign": None}
    return {
        "p_wilcoxon": float(wilcoxon(decided).pvalue) if len(decided) > 1 else None,
        "p_sign": float(binomtest(int(np.sum(decided > 0)), len(decided)).pvalue),
    }
