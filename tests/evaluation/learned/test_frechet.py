"""Fréchet distance against closed forms and scipy's matrix square root."""

import numpy as np
import pytest
import scipy.linalg

from svstoolkit.evaluation.learned.frechet import frechet_audio_distance, frechet_distance

RNG = np.random.default_rng(0)


def covariance(size, rank=None):
    x = RNG.normal(size=(size, rank or 2 * size))
    return x @ x.T


def test_one_dimension():
    """(μ₁ − μ₂)² + (σ₁ − σ₂)²."""
    assert frechet_distance([1.0], [[4.0]], [4.0], [[9.0]]) == pytest.approx(9 + 1)


def test_commuting_covariances():
    variances = RNG.uniform(0.1, 3, (2, 5))
    basis = np.linalg.qr(RNG.normal(size=(5, 5)))[0]
    first, second = ((basis * v) @ basis.T for v in variances)
    expected = np.sum((np.sqrt(variances[0]) - np.sqrt(variances[1])) ** 2)
    assert frechet_distance(np.zeros(5), first, np.zeros(5), second) == pytest.approx(expected)


def test_as_the_formula_with_scipys_root():
    means, covariances = RNG.normal(size=(2, 8)), [covariance(8), covariance(8)]
    root = scipy.linalg.sqrtm(covariances[0] @ covariances[1]).real
    expected = np.sum((means[0] - means[1]) ** 2) + np.trace(covariances[0] + covariances[1] - 2 * root)
    assert frechet_distance(means[0], covariances[0], means[1], covariances[1]) == pytest.approx(expected)


def test_fewer_embeddings_than_dimensions():
    """Both covariances are singular, where a root of their product is numerically treacherous."""
    one = covariance(64, rank=5)
    assert frechet_distance(np.zeros(64), one, np.zeros(64), one) == pytest.approx(0, abs=1e-6 * np.trace(one))
    assert frechet_distance(np.zeros(64), one, np.zeros(64), 4 * one) == pytest.approx(np.trace(one))  # (2 − 1)²·tr


def test_of_sets():
    references = RNG.normal(size=(500, 3))
    assert frechet_audio_distance(references, references[::-1]) == pytest.approx(0, abs=1e-9)
    assert frechet_audio_distance(references + np.array([3, 0, 4]), references) == pytest.approx(25)
    with pytest.raises(ValueError, match="two embeddings"):
        frechet_audio_distance(references[:1], references)


@pytest.mark.parametrize(
    "wrong", [np.eye(3), np.array([[1.0, 0.5], [0.0, 1.0]]), np.diag([1.0, -1.0])], ids=["size", "symmetry", "sign"]
)
def test_no_covariances(wrong):
    with pytest.raises(ValueError, match="covariance"):
        frechet_distance(np.zeros(2), np.eye(2), np.zeros(2), wrong)
