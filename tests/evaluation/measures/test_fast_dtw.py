import numpy as np
import pytest

from svstoolkit.evaluation.measures.dtw import dtw_path
from svstoolkit.evaluation.measures.fast_dtw import fast_dtw_path

STEPS = {"d": (1, 1), "a": (1, 0), "b": (0, 1)}


def euclidean(a, b):
    return np.sqrt(((a - b) ** 2).sum())


def random_pair(seed):
    rng = np.random.default_rng(seed)
    n, m = rng.integers(1, 40, 2)
    return rng.normal(size=(n, 2)), rng.normal(size=(m, 2))


def test_the_paths_are_those_of_the_package_in_pure_python():
    pure_python = pytest.importorskip("fastdtw.fastdtw").fastdtw
    for seed in range(60):
        a, b = random_pair(seed)
        _, path = pure_python(a, b, dist=euclidean)
        assert fast_dtw_path(a, b, compiled=False).tolist() == [list(pair) for pair in path]


def test_the_paths_are_those_of_the_package_in_cpp_where_it_was_built():
    compiled = pytest.importorskip("fastdtw._fastdtw", reason="fastdtw was installed without its extension").fastdtw
    for seed in range(60):
        a, b = random_pair(seed)
        _, path = compiled(a, b, dist=euclidean)
        assert fast_dtw_path(a, b).tolist() == [list(pair) for pair in path]


# Found by fastdtw 0.3.4 built from its sdist with the C++ extension; its pure Python finds others for all three.
@pytest.mark.parametrize(
    ("seed", "steps"),
    [
        (6, "dddddddadddbdaddadbbddddddddb"),
        (17, "bbdaaddbddaddaadddddddddddddddbbdbd"),
        (28, "adbdaadddaaddddbbbbddddbbbdbbddddaaadd"),
    ],
)
def test_stored_paths_of_the_cpp_extension(seed, steps):
    rng = np.random.default_rng(seed)
    n, m = rng.integers(20, 34), rng.integers(20, 34)
    a, b = rng.normal(size=(n, 2)), rng.normal(size=(m, 2))
    path = fast_dtw_path(a, b)
    assert np.diff(path, axis=0).tolist() == [list(STEPS[step]) for step in steps]
    assert path.tolist() != fast_dtw_path(a, b, compiled=False).tolist()


def test_of_equal_costs_the_cpp_extensions_choice_is_taken():
    rng = np.random.default_rng(1)
    a, b = rng.integers(0, 2, size=(21, 1)).astype(float), rng.integers(0, 2, size=(24, 1)).astype(float)
    assert np.diff(fast_dtw_path(a, b), axis=0).tolist() == [list(STEPS[s]) for s in "ddddbbbbbddadbdddaddddaddd"]


def test_a_radius_beyond_the_length_is_exact():
    a, b = np.random.default_rng(0).normal(size=(30, 2)), np.random.default_rng(1).normal(size=(37, 2))
    assert fast_dtw_path(a, b, radius=40).tolist() == dtw_path(a, b).tolist()


def test_empty_sequences_are_refused():
    with pytest.raises(ValueError, match="cannot warp"):
        fast_dtw_path(np.zeros((0, 2)), np.zeros((3, 2)))
