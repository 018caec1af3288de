"""Fréchet audio distance: how far the sound of a set of recordings is from that of a reference set.

Kilgour et al. 2019, "Fréchet Audio Distance" (arXiv 1812.08466): Gaussians are fitted to the embeddings of both sets,
and the distance is that of the Gaussians. It has a bias that falls with the number of embeddings (Gui et al. 2024,
arXiv 2311.01616), so that only sets of one size compare.
"""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from svstoolkit.evaluation.learned.embeddings import load_clap, load_vggish
from svstoolkit.evaluation.learned.takes import Take

Embed = Callable[[np.ndarray, int], np.ndarray]


def frechet_distance(mean1: np.ndarray, cov1: np.ndarray, mean2: np.ndarray, cov2: np.ndarray) -> float:
    """Squared Fréchet (2-Wasserstein) distance of two Gaussians, d² = |μ₁ − μ₂|² + tr(Σ₁ + Σ₂ − 2(Σ₁Σ₂)^½).

    Dowson and Landau 1982. The trace of the root is the sum of the singular values of Σ₁^½Σ₂^½, which is real and
    exists for singular covariances too, as those of fewer embeddings than dimensions are.

    Args:
        mean1, mean2: (D,); cov1, cov2: (D, D), symmetric, positive semidefinite

    Raises:
        ValueError: shapes disagree, or a covariance is not symmetric or has negative eigenvalues.
    """
    means = [np.atleast_1d(np.asarray(m, dtype=np.float64)) for m in (mean1, mean2)]
    covariances = [np.atleast_2d(np.asarray(c, dtype=np.float64)) for c in (cov1, cov2)]
    shape = (len(means[0]), len(means[0]))
    if means[0].shape != means[1].shape or any(c.shape != shape for c in covariances):
        raise ValueError(f"means and covariances of one size are needed, not {[x.shape for x in means + covariances]}")
    roots = [_square_root(c) for c in covariances]
    root_trace = np.linalg.svd(roots[0] @ roots[1], compute_uv=False).sum()
    distance = np.sum((means[0] - means[1]) ** 2) + sum(np.trace(c) for c in covariances) - 2 * root_trace
    return float(max(distance, 0.0))  # rounding takes it below zero where the two are one


def frechet_audio_distance(voices: np.ndarray, references: np.ndarray) -> float:
    """Distance of two sets of embeddings, (N, D) and (M, D); 0 for sets of one mean and covariance.

    Raises:
        ValueError: a set has fewer than two embeddings.
    """
    if min(len(voices), len(references)) < 2:
        raise ValueError(f"needs two embeddings of each set, not {len(voices)} and {len(references)}")
    gaussians = [(x.mean(axis=0), np.cov(x, rowvar=False)) for x in (voices, references)]
    return frechet_distance(*gaussians[0], *gaussians[1])


def load_fad(weights: Path | None, device: str) -> Callable[[list[Take], int], list[float]]:
    """FAD of the published kind, on VGGish's embeddings of every 0.96 s; one value for the whole set.

    Raises:
        InputError: the weights are absent or no such weights.
    """
    return partial(_set_distance, load_vggish(weights, device))


def load_fad_clap(weights: Path | None, device: str) -> Callable[[list[Take], int], list[float]]:
    """FAD on embeddings of CLAP trained on music, which follows listeners better (Gui et al. 2024); one value a set.

    Raises:
        InputError: `transformers` or the weights are absent.
    """
    return partial(_set_distance, load_clap(weights, device))


def _set_distance(embed: Embed, takes: Sequence[Take], rate: int) -> list[float]:
    """[distance] of all takes to all references; NaN where either gives fewer than two embeddings."""
    takes = [Take(*take) for take in takes]
    voices = _embeddings(embed, [take.audio for take in takes], rate)
    references = _embeddings(embed, [take.reference for take in takes if take.reference is not None], rate)
    try:
        return [frechet_audio_distance(voices, references)]
    except ValueError:
        return [float("nan")]


def _embeddings(embed: Embed, sounds: list[np.ndarray], rate: int) -> np.ndarray:
    found = []
    for audio in sounds:
        try:
            found.append(embed(audio, rate))
        except ValueError:  # a sound shorter than one embedding's window adds none
            continue
    return np.concatenate(found) if found else np.zeros((0, 1))


def _square_root(covariance: np.ndarray) -> np.ndarray:
    """Symmetric root of a positive semidefinite matrix."""
    scale = np.abs(covariance).max() or 1.0
    if np.abs(covariance - covariance.T).max() > 1e-8 * scale:
        raise ValueError("a covariance is not symmetric")
    eigenvalues, vectors = np.linalg.eigh(covariance)
    if eigenvalues[0] < -1e-6 * scale:
        raise ValueError(f"a covariance has the negative eigenvalue {eigenvalues[0]:.3g}")
    return (vectors * np.sqrt(np.maximum(eigenvalues, 0.0))) @ vectors.T
