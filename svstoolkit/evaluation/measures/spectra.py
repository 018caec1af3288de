"""Distances of short-time spectra, frame by frame: they mean something only where both sing at the same moments."""

from functools import lru_cache

import numpy as np
import scipy.fft

from svstoolkit.evaluation.measures.cepstra import QUANTISATION_POWER

DESIGN_RATE = 24000  # Hz, for which the sizes below are given; at other rates they last as long
LOG_SPECTRUM = (1024, 1024, 256)  # FFT, window, shift
# Table 1 of Yamamoto et al. 2020
RESOLUTIONS = ((1024, 600, 120), (2048, 1200, 240), (512, 240, 50))
LEAST_POWER = 1e-7  # of a bin, full scale 1; what Parallel WaveGAN's authors and their followers clamp at


def log_spectral_distance(voice: np.ndarray, reference: np.ndarray, sampling_rate: int) -> float:
    """Log-spectral distance in dB: mean over frames of the root mean square over bins (Gray & Markel 1976, eq. 2).

        LSD = mean_t √( mean_k (10·log10 |X_t(k)|² − 10·log10 |X̂_t(k)|²)² )

    Hann windows of 43 ms every 11 ms. The noise of 16-bit quantisation is added to every bin, so that digital silence
    is as loud as inaudible residue.

    Args:
        voice, reference: (L,) in [−1, 1], of one length
        sampling_rate: Hz

    Raises:
        ValueError: lengths differ, or shorter than one window.
    """
    size, window, hop = resolution(LOG_SPECTRUM, sampling_rate)
    noise = QUANTISATION_POWER * np.sum(_hann(window) ** 2)
    ours, theirs = (10.0 * np.log10(power + noise) for power in _powers(voice, reference, size, window, hop))
    return float(np.mean(np.sqrt(np.mean((ours - theirs) ** 2, axis=1))))


def multi_resolution_stft_distance(voice: np.ndarray, reference: np.ndarray, sampling_rate: int) -> float:
    """Parallel WaveGAN's multi-resolution STFT loss (Yamamoto et al. 2020, eq. 4–6), of whole utterances.

        mean over resolutions of  ‖ |X| − |X̂| ‖_F / ‖ |X| ‖_F  +  mean_{t,k} | ln |X| − ln |X̂| |,   X the reference

    Windows of 10, 25 and 50 ms: at 24 kHz the sizes of the paper, at other rates the same durations.

    Args:
        voice, reference: (L,) in [−1, 1], of one length
        sampling_rate: Hz

    Raises:
        ValueError: lengths differ, or shorter than the longest window.
    """
    # in single precision, whose noise lies a hundred decibels below a full-scale partial and far below LEAST_POWER
    signals = [np.asarray(audio, dtype=np.float32) for audio in (voice, reference)]
    distances = []
    for sizes in RESOLUTIONS:
        powers = _powers(*signals, *resolution(sizes, sampling_rate))
        ours, theirs = (np.maximum(power, np.float32(LEAST_POWER)) for power in powers)
        log_magnitude = 0.5 * np.mean(np.abs(np.log(ours / theirs)), dtype=np.float64)
        difference = np.sqrt(theirs) - np.sqrt(ours)
        convergence = np.sqrt(np.vdot(difference, difference) / np.sum(theirs, dtype=np.float64))
        distances.append(convergence + log_magnitude)
    return float(np.mean(distances))


def resolution(sizes: tuple[int, int, int], sampling_rate: int) -> tuple[int, int, int]:
    """FFT size, window and shift in samples for a rate: durations are kept, the FFT is the nearest power of two."""
    size, window, hop = sizes
    scale = sampling_rate / DESIGN_RATE
    return round(size * 2.0 ** round(np.log2(scale))), round(window * scale), round(hop * scale)


def _powers(
    voice: np.ndarray, reference: np.ndarray, size: int, window: int, hop: int
) -> tuple[np.ndarray, np.ndarray]:
    """|STFT|² of both, (1 + L // hop, size // 2 + 1), frames centred at multiples of `hop`, ends reflected.

    The precision is the signals'.
    """
    if len(voice) != len(reference):
        raise ValueError(f"spectra need two signals of one length, not {len(voice)} and {len(reference)} samples")
    if len(voice) <= size:
        raise ValueError(f"is shorter than one spectrum ({len(voice)} of {size} samples)")
    powers = []
    for audio in (voice, reference):
        padded = np.pad(audio, size // 2, mode="reflect")
        padded = padded[(size - window) // 2 :]  # a window shorter than the FFT lies in its middle
        frames = np.lib.stride_tricks.sliding_window_view(padded, window)[::hop][: 1 + len(audio) // hop]
        spectrum = scipy.fft.rfft(frames * _hann(window).astype(padded.dtype), size, axis=1)
        powers.append(spectrum.real**2 + spectrum.imag**2)
    return powers[0], powers[1]


@lru_cache(maxsize=8)
def _hann(length: int) -> np.ndarray:
    """Periodic Hann window, (length,)."""
    return 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(length) / length)
