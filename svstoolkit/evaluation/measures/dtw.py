"""Dynamic time warping inside a window, one anti-diagonal at a time."""

from operator import itemgetter

import numpy as np
from scipy.spatial.distance import cdist

BLOCK = 64  # rows whose distances are computed at a time; bounds the memory beside the window itself


def dtw_path(a: np.ndarray, b: np.ndarray, band: int | None = None) -> np.ndarray:
    """The path of least summed Euclidean distance between two sequences (Sakoe & Chiba 1978, symmetric, slope P = 0).

    Args:
        a: (N, D) frames
        b: (M, D) frames
        band: largest |j − i·M/N| in frames of `b`, the last row excepted, which always reaches the corner;
            None searches everything

    Returns:
        (P, 2) pairs (i, j) from (0, 0) to (N−1, M−1); max(N, M) ≤ P ≤ N + M − 1. Of equal costs the
        diagonal step is taken.

    Raises:
        ValueError: an empty sequence, or a band too narrow for any path.
    """
    n, m = len(a), len(b)
    if not n or not m:
        raise ValueError(f"cannot warp sequences of {n} and {m} frames")
    low, high = np.zeros(n, dtype=np.int64), np.full(n, m - 1)
    if band is not None:
        centre = np.arange(n) * (m / n)
        low = np.maximum(low, np.ceil(centre - band).astype(np.int64))
        high[:-1] = np.minimum(high, np.floor(centre + band).astype(np.int64))[:-1]
    path = path_in_window(a, b, low, high)
    if path is None:
        raise ValueError(f"no path from {n} to {m} frames inside a band of {band}")
    return path


def path_in_window(
    a: np.ndarray,
    b: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    barred: bool = False,
    diagonal_first: bool = True,
) -> np.ndarray | None:
    """The cheapest path through the cells low[i] ≤ j ≤ high[i] of the matrix of Euclidean distances.

    Cells of one anti-diagonal i + j = d depend only on the two diagonals before it, so each is one vector
    operation. Only cells inside the window are stored: 8 bytes each.

    Args:
        a, b: (N, D), (M, D) frames
        low, high: (N,) first and last column of each row, neither ever decreasing, low[0] = 0, high[−1] = M − 1
        barred: no diagonal step leaves the last column of a row; for `fast_dtw_path` alone
        diagonal_first: which of equal costs is taken: the diagonal step, then the one along `b`, then the one along
            `a`; or in the opposite order

    Returns:
        (P, 2) as `dtw_path`, or None where the window holds no path
    """
    n, m = len(a), len(b)
    rows, diagonals = np.arange(n), np.arange(-1, n + m - 1)
    starts = np.searchsorted(rows + high, diagonals, "left")  # first row of each diagonal …
    stops = np.maximum(starts, np.searchsorted(rows + low, diagonals, "right"))  # … and one past its last
    # Diagonals lie one after the other in one vector, each between two cells that stay infinite: the neighbours
    # asked for outside the window. Cell (i, d − i) has the index i + shift[d + 1]; the first diagonal is d = −1.
    sizes = stops - starts + 2
    shift = np.cumsum(sizes) - sizes + 1 - starts
    cost = np.full(sizes.sum(), np.inf)
    _fill_distances(cost, shift, a, b, low, high)

    # a row's last column is the first cell of its diagonal, so barring it takes one cell off the corners
    skip = barred & (starts[2:] == starts[:-2] + 1) & ((rows + high)[starts[:-2]] == diagonals[:-2])
    spans = np.stack([starts[2:], stops[2:], skip, shift[2:], shift[1:-1], shift[:-2]], axis=1).tolist()
    for start, stop, skipped, here, last, before in spans:  # from d = 1 on
        best = np.minimum(cost[start + last : stop + last], cost[start + last - 1 : stop + last - 1])
        corner = cost[start + before - 1 + skipped : stop + before - 1]
        np.minimum(best[skipped:], corner, out=best[skipped:])
        cost[start + here : stop + here] += best
    if not np.isfinite(cost[n - 1 + shift[-1]]):
        return None
    return _trace(cost, shift.tolist(), (high - barred).tolist(), m, diagonal_first)


def _fill_distances(
    cost: np.ndarray, shift: np.ndarray, a: np.ndarray, b: np.ndarray, low: np.ndarray, high: np.ndarray
) -> None:
    for top in range(0, len(a), BLOCK):
        i = np.arange(top, min(top + BLOCK, len(a)))[:, None]
        j = np.arange(low[i[0, 0]], high[i[-1, 0]] + 1)
        inside = (j >= low[i]) & (j <= high[i])
        cells = (shift[i + j + 1] + i)[inside]
        cost[cells] = cdist(a[i[:, 0]], b[j])[inside]


def _trace(cost: np.ndarray, shift: list[int], diagonal_until: list[int], m: int, diagonal_first: bool) -> np.ndarray:
    """Back from the corner; diagonal_until: (N,) last column of each row that a diagonal step may leave."""
    i, j = len(diagonal_until) - 1, m - 1
    path = [(i, j)]
    while i or j:
        before, last = shift[i + j - 1], shift[i + j]
        corner = cost[i - 1 + before] if j - 1 <= diagonal_until[i - 1] else np.inf
        options = ((corner, 1, 1), (cost[i + last], 0, 1), (cost[i - 1 + last], 1, 0))
        # min takes the first of equals
        _, down, right = min(options if diagonal_first else options[::-1], key=_cost_of)
        i, j = i - down, j - right
        path.append((i, j))
    return np.array(path[::-1], dtype=np.int64)


_cost_of = itemgetter(0)
