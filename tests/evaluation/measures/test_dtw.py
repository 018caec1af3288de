import numpy as np
import pytest

from svstoolkit.evaluation.measures.dtw import dtw_path


def naive_cost(a, b, band=None):
    """Least summed cost by the textbook's double loop."""
    n, m = len(a), len(b)
    total = np.full((n, m), np.inf)
    for i in range(n):
        for j in range(m):
            if band is not None and abs(j - i * m / n) > band and (i, j) != (n - 1, m - 1):
                continue
            before = min(
                total[i - 1, j] if i else np.inf,
                total[i, j - 1] if j else np.inf,
                total[i - 1, j - 1] if i and j else np.inf,
            )
            total[i, j] = np.linalg.norm(a[i] - b[j]) + (0.0 if i == j == 0 else before)
    return total[-1, -1]


def path_cost(a, b, path):
    return np.linalg.norm(a[path[:, 0]] - b[path[:, 1]], axis=1).sum()


@pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 7), (9, 1), (13, 13), (11, 29), (31, 12)])
@pytest.mark.parametrize("band", [None, 6])
def test_the_path_costs_what_the_naive_recursion_finds(n, m, band):
    rng = np.random.default_rng(n * 100 + m)
    a, b = rng.normal(size=(n, 3)), rng.normal(size=(m, 3))
    path = dtw_path(a, b, band)
    assert path[0].tolist() == [0, 0]
    assert path[-1].tolist() == [n - 1, m - 1]
    steps = np.diff(path, axis=0)
    assert set(map(tuple, steps.tolist())) <= {(0, 1), (1, 0), (1, 1)}
    assert path_cost(a, b, path) == pytest.approx(naive_cost(a, b, band), rel=1e-12)


def test_a_repeated_sequence_is_undone():
    a = np.random.default_rng(0).normal(size=(20, 4))
    repeats = np.random.default_rng(1).integers(1, 4, 20)
    path = dtw_path(a, np.repeat(a, repeats, axis=0))
    assert path[:, 0].tolist() == np.repeat(np.arange(20), repeats).tolist()


def test_empty_sequences_and_a_band_without_a_path_are_refused():
    with pytest.raises(ValueError, match="cannot warp"):
        dtw_path(np.zeros((0, 2)), np.zeros((3, 2)))
    with pytest.raises(ValueError, match="band"):
        dtw_path(np.zeros((2, 1)), np.zeros((60, 1)), band=1)
