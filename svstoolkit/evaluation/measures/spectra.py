"""Distances of short-time spectra, frame by frame: they mean something only where both sing at the same moments."""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import scipy.fft

from svstoolkit.evaluation.measures.cepstra import QUANTISATION_POWER

DESIGN_RATE = 24000  # Hz, for which the sizes below are given; at other rates they last as long
LOG_SPECTRUM = (1024, 1024, 256)  # FFT, window, shift
# Table 1 of Yamamoto et al. 2020
RESOLUTIONS = ((1024, 600, 120), (2048, 1200, 240), (512, 240, 50))
FRAMES_AT_ONCE = 256  # bounds the memory a long recording takes
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
    sizes = resolution(LOG_SPECTRUM, sampling_rate)
    noise = QUANTISATION_POWER * np.sum(_hann(sizes[1]) ** 2)
    of_frames = []
    for ours, theirs in _powers(voice, reference, *sizes):
        difference = 10.0 * np.log10((ours + noise) / (theirs + noise))
        of_frames.append(np.sqrt(np.mean(difference**2, axis=1)))
    return float(np.mean(np.concatenate(of_frames)))


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
    return float(np.mean([_stft_distance(*signals, resolution(sizes, sampling_rate)) for sizes in RESOLUTIONS]))


def _stft_distance(voice: np.ndarray, reference: np.ndarray, sizes: tuple[int, int, int]) -> float:
    """Spectral convergence and log magnitude distance at one resolution, added."""
    log_ratio = energy_of_difference = energy = 0.0
    cells = 0
    for powers in _powers(voice, reference, *sizes):
        ours, theirs = (np.maximum(power, np.float32(LEAST_POWER)) for power in powers)
        log_ratio += np.sum(np.abs(np.log(ours / theirs)), dtype=np.float64)
        energy_of_difference += np.sum((np.sqrt(theirs) - np.sqrt(ours)) ** 2, dtype=np.float64)
        energy += np.sum(theirs, dtype=np.float64)
        cells += ours.size
    return np.sqrt(energy_of_difference / energy) + 0.5 * log_ratio / cells


def resolution(sizes: tuple[int, int, int], sampling_rate: int) -> tuple[int, int, int]:
    """FFT size, window and shift in samples for a rate: durations are kept, the FFT is the nearest power of two."""
    size, window, hop = sizes
    scale = sampling_rate / DESIGN_RATE
    return round(size * 2.0 ** round(np.log2(scale))), round(window * scale), round(hop * scale)


def _powers(
    voice: np.ndarray, reference: np.ndarray, size: int, window: int, hop: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """|STFT|² of both, (T, size // 2 + 1) at a time, together 1 + L // hop frames centred at multiples of `hop`.

    The ends are reflected. The precision is the signals'.
    """
    if len(voice) != len(reference):
        raise ValueError(f"spectra need two signals of one length, not {len(voice)} and {len(reference)} samples")
    if len(voice) <= size:
        raise ValueError(f"is shorter than one spectrum ({len(voice)} of {size} samples)")
    both = np.pad(np.stack([voice, reference]), ((0, 0), (size // 2, size // 2)), mode="reflect")
    both = both[:, (size - window) // 2 :]  # a window shorter than the FFT lies in its middle
    frames = np.lib.stride_tricks.sliding_window_view(both, window, axis=1)[:, ::hop][:, : 1 + len(voice) // hop]
    hann = _hann(window).astype(both.dtype)
    for start in range(0, frames.shape[1], FRAMES_AT_ONCE):
        spectrum = scipy.fft.rfft(frames[:, start : start + FRAMES_AT_ONCE] * hann, size, axis=2)
        yield tuple(spectrum.real**2 + spectrum.imag**2)


@lru_cache(maxsize=8)
def _hann(length: int) -> np.ndarray:
    """Periodic Hann window, (length,)."""
    return 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(length) / length)
