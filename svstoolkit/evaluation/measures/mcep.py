"""Mel-cepstral analysis of a waveform: the log spectrum fitted to periodograms, as SPTK's `mcep` does it."""

from functools import lru_cache

import numpy as np

from svstoolkit.evaluation.measures.cepstra import mel_cepstrum

# SPTK's defaults
LEAST_ITERATIONS, MOST_ITERATIONS = 2, 30
TOLERANCE = 1e-3  # relative change of r(0) at which a frame is done
FRAMES_AT_ONCE = 512  # bounds the memory a long recording takes


def mel_cepstral_analysis(frames: np.ndarray, order: int, alpha: float, floor: float) -> np.ndarray:
    """Mel-cepstrum of windowed frames by the unbiased estimation of the log spectrum (Tokuda et al. 1994).

    Minimises E = mean_ω [ I(ω)/|H(ω)|² + log|H(ω)|² ], which is convex in the mel-cepstrum c, by Newton-Raphson: with
    r(k) = mean_ω I(ω)/|H(ω)|²·cos(k·ω̃), solve Σ_j (r(|i − j|) + r(i + j))·Δc(j) = r(i) − (−α)ⁱ for Δc (eq. 15–22
    of the paper). Every frame is iterated as often as SPTK 3's `mcep` does: until r(0), which is 1 at the
    minimum, changes by less than a thousandth. That is short of convergence, so the number of
    iterations belongs to the figure; as in SPTK the first comparison, of iteration 2, is with the initial half
    log power, and so says stop only by accident. Where SPTK's solver gives up on an ill-conditioned frame, here
    the frame is solved.

    Args:
        frames: (T, N) windowed samples, N even
        order: highest coefficient M
        alpha: all-pass constant
        floor: > 0, added to the periodogram (`eps` with `etype=1`)

    Returns:
        (T, order + 1), c(0) first
    """
    blocks = range(0, len(frames), FRAMES_AT_ONCE)
    return np.concatenate([_newton(frames[start : start + FRAMES_AT_ONCE], order, alpha, floor) for start in blocks])


def _newton(frames: np.ndarray, order: int, alpha: float, floor: float) -> np.ndarray:
    periodogram = np.abs(np.fft.rfft(frames, axis=1)) ** 2 + floor
    cepstra = mel_cepstrum(periodogram, order, alpha)
    basis, weights = warped_cosines(2 * order, alpha, periodogram.shape[1])
    previous = np.log(periodogram) @ weights / 2.0
    target = (-alpha) ** np.arange(order + 1.0)
    lag = np.arange(order + 1)
    toeplitz, hankel = np.abs(lag[:, None] - lag), lag[:, None] + lag

    active = np.arange(len(frames))
    for iteration in range(1, MOST_ITERATIONS + 1):
        power = np.exp(2.0 * cepstra[active] @ basis[:, : order + 1].T)
        r = (periodogram[active] / power * weights) @ basis
        if iteration >= LEAST_ITERATIONS:
            going = np.abs(r[:, 0] - previous[active]) >= TOLERANCE * np.abs(r[:, 0])
            active, r = active[going], r[going]
            previous[active] = r[:, 0]
        if not len(active):
            break
        gradient = r[:, : order + 1] - target
        cepstra[active] += np.linalg.solve(r[:, toeplitz] + r[:, hankel], gradient[:, :, None])[:, :, 0]
    return cepstra


@lru_cache(maxsize=8)
def warped_cosines(order: int, alpha: float, n_bins: int) -> tuple[np.ndarray, np.ndarray]:
    """cos(m·ω̃) at the bins 0 … π of an FFT, and the weights of a mean over the whole circle.

    Returns:
        (n_bins, order + 1), (n_bins,); ω̃ = ω + 2·atan(α·sin ω / (1 − α·cos ω)), the phase of the all-pass
    """
    omega = np.linspace(0.0, np.pi, n_bins)
    warped = omega + 2.0 * np.arctan(alpha * np.sin(omega) / (1.0 - alpha * np.cos(omega)))
    weights = np.full(n_bins, 2.0)
    weights[[0, -1]] = 1.0
    return np.cos(np.arange(order + 1) * warped[:, None]), weights / (2.0 * (n_bins - 1))
