"""Mel-cepstra of WORLD's spectral envelope, in SPTK's convention."""

from functools import lru_cache

import numpy as np
from scipy.linalg import toeplitz

from svstoolkit.errors import InputError
from svstoolkit.features.definition import FeatureDefinition
from svstoolkit.features.world import QUANTISATION_POWER

# sampling rate → (order, all-pass constant): the values SPTK's users and ESPnet evaluate with
SPTK_ORDER_AND_ALPHA = {
    8000: (13, 0.31),
    16000: (23, 0.42),
    22050: (34, 0.45),
    24000: (34, 0.46),
    32000: (36, 0.50),
    44100: (39, 0.53),
    48000: (39, 0.55),
}


def order_and_alpha(sampling_rate: int) -> tuple[int, float]:
    """SPTK's cepstral order and frequency-warping constant for a sampling rate in Hz.

    Raises:
        InputError: a rate without an agreed pair.
    """
    if sampling_rate not in SPTK_ORDER_AND_ALPHA:
        known = ", ".join(map(str, SPTK_ORDER_AND_ALPHA))
        raise InputError(f"no mel-cepstral order is agreed on for {sampling_rate} Hz; score at one of {known} Hz")
    return SPTK_ORDER_AND_ALPHA[sampling_rate]


def spectral_envelope(audio: np.ndarray, f0: np.ndarray, definition: FeatureDefinition) -> np.ndarray:
    """WORLD's CheapTrick envelope (Morise 2015) at the frame centres (t + ½)·hop.

    Args:
        audio: (L,) float64 in [−1, 1]
        f0: (T,) Hz, 0 = unvoiced

    Returns:
        (T, K) power; white noise of variance v has the level v. K = FFT size / 2 + 1 is CheapTrick's own.
    """
    import pyworld

    times = (np.arange(len(f0)) + 0.5) * definition.frame_period
    power = pyworld.cheaptrick(
        np.ascontiguousarray(audio, dtype=np.float64),
        np.ascontiguousarray(f0, dtype=np.float64),
        times,
        definition.sampling_rate,
    )
    return power + QUANTISATION_POWER


def mel_cepstrum(power: np.ndarray, order: int, alpha: float) -> np.ndarray:
    """Mel-cepstrum of a power spectrum: the minimum-phase cepstrum, frequency-warped by an all-pass.

    SPTK's convention: log|H(ω)| = Σ_m c(m)·cos(m·ω̃), ω̃ the phase of (z⁻¹ − α)/(1 − α·z⁻¹) at z = e^{jω}
    (Tokuda et al. 1994, eq. 1–3). What SPTK's `mgcep` fits iteratively to a periodogram is computed here in
    closed form from the smooth envelope, as `sp2mc` does.

    Args:
        power: (T, K) > 0, bins 0 … π
        order: highest coefficient
        alpha: all-pass constant, 0 = no warping

    Returns:
        (T, order + 1), c(0) first
    """
    cepstrum = np.fft.irfft(np.log(power), axis=1)[:, : power.shape[1]]
    # log|X|² = C(0) + 2 Σ C(m) cos(mω) + C(N/2) cos(N/2·ω), and log|H| is half of it
    cepstrum[:, [0, -1]] /= 2.0
    return cepstrum @ warping_matrix(order, alpha, power.shape[1]).T


@lru_cache(maxsize=8)
def warping_matrix(order: int, alpha: float, n_cepstra: int) -> np.ndarray:
    """The frequency transform of Oppenheim & Johnson 1972 (SPTK `freqt`) as a matrix (order + 1, n_cepstra).

    Column k holds the first coefficients of z⁻ᵏ = ((w + α)/(1 + α·w))ᵏ as a power series in w = z̃⁻¹.
    """
    series = np.concatenate([[alpha], (1 - alpha**2) * (-alpha) ** np.arange(float(order))])
    multiply = np.tril(toeplitz(series))
    columns = [np.eye(order + 1)[0]]
    for _ in range(n_cepstra - 1):
        columns.append(multiply @ columns[-1])
    return np.stack(columns, axis=1)
