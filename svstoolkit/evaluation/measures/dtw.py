"""Dynamic time warping, one anti-diagonal at a time."""

import numpy as np

_DIAGONAL, _UP, _LEFT = 0, 1, 2


def dtw_path(a: np.ndarray, b: np.ndarray, band: int | None = None) -> np.ndarray:
    """The path of least summed Euclidean distance between two sequences (Sakoe & Chiba 1978, symmetric, slope P = 0).

    Cells of one anti-diagonal i + j = d depend only on the two diagonals before it, so each is one vector
    operation; only the step taken into each cell is kept, one byte per cell inside the band.

    Args:
        a: (N, D) frames
        b: (M, D) frames
        band: largest |j − i·M/N| in frames of `b`; None searches everything

    Returns:
        (P, 2) pairs (i, j) from (0, 0) to (N−1, M−1); max(N, M) ≤ P ≤ N + M − 1. Of equal costs the
        diagonal step is taken.

    Raises:
        ValueError: an empty sequence, or a band too narrow for any path.
    """
    n, m = len(a), len(b)
    if not n or not m:
        raise ValueError(f"cannot warp sequences of {n} and {m} frames")
    starts, stops = _rows_per_diagonal(n, m, band)
    # accumulated cost of the last two diagonals, indexed by i + 1 so that row −1 exists and is infinite
    before, last = np.full(n + 1, np.inf), np.full(n + 1, np.inf)
    steps = []
    for d, (start, stop) in enumerate(zip(starts, stops, strict=True)):
        rows = np.arange(start, stop)
        distance = np.sqrt(((a[rows] - b[d - rows]) ** 2).sum(axis=1))
        options = np.stack([before[rows], last[rows], last[rows + 1]])
        if d == 0:
            options[:] = 0.0
        taken = options.argmin(axis=0)
        current = np.full(n + 1, np.inf)
        current[rows + 1] = distance + options[taken, np.arange(len(rows))]
        steps.append(taken.astype(np.uint8))
        before, last = last, current
    if not np.isfinite(last[n]):
        raise ValueError(f"no path from {n} to {m} frames inside a band of {band}")
    return _trace(steps, starts, n, m)


def _rows_per_diagonal(n: int, m: int, band: int | None) -> tuple[np.ndarray, np.ndarray]:
    """First row and one past the last row i of each anti-diagonal d = 0 … n + m − 2 inside matrix and band."""
    d = np.arange(n + m - 1)
    starts, stops = np.maximum(0, d - m + 1), np.minimum(n - 1, d) + 1
    if band is not None:
        slope = 1.0 + m / n  # on diagonal d the centre of the band is i = d / slope
        starts = np.maximum(starts, np.ceil((d - band) / slope).astype(np.int64))
        stops = np.minimum(stops, np.floor((d + band) / slope).astype(np.int64) + 1)
        starts[-1], stops[-1] = n - 1, n  # rounding must not cut off the corner
    return starts, np.maximum(starts, stops)


def _trace(steps: list[np.ndarray], starts: np.ndarray, n: int, m: int) -> np.ndarray:
    i, j = n - 1, m - 1
    path = [(i, j)]
    while i or j:
        step = steps[i + j][i - starts[i + j]]
        i, j = (i - (step != _LEFT), j - (step != _UP))
        path.append((i, j))
    return np.array(path[::-1], dtype=np.int64)
