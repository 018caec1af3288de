"""Levels: loudness, peaks, clipping and silence. None of them compares the singing itself.

Loudness tells whether other figures are of equally loud signals, and clipping, peaks and silence find faults.
"""

import numpy as np
from scipy.signal import resample_poly

FULL_SCALE = 32767 / 32768  # the largest 16-bit sample
SHORTEST_CLIP = 3  # samples in a row
SILENCE = -60.0  # dB of full scale
SILENCE_FRAME = 0.02  # s
TRUE_PEAK_RATE = 192000  # Hz, at least


def loudness(audio: np.ndarray, sampling_rate: int) -> float:
    """Integrated loudness, LUFS (ITU-R BS.1770-4, EBU R 128: K-weighted, gated), through `pyloudnorm`.

    A 1 kHz sine of one channel has 3.01 LU less than its peak's dB of full scale.

    Args:
        audio: (L,) in [−1, 1]
        sampling_rate: Hz

    Returns:
        LUFS; NaN where nothing is above the absolute gate of −70 LUFS

    Raises:
        ValueError: shorter than one gating block (0.4 s), or not finite.
    """
    import pyloudnorm

    meter = pyloudnorm.Meter(sampling_rate)
    if len(audio) < meter.block_size * sampling_rate:
        raise ValueError(f"is too short for loudness ({len(audio) / sampling_rate:.3f} of {meter.block_size} s)")
    _check(audio)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = float(meter.integrated_loudness(np.asarray(audio, dtype=np.float64)))
    return value if np.isfinite(value) else float("nan")


def loudness_difference(audio: np.ndarray, reference: np.ndarray, sampling_rate: int) -> float:
    """How much louder the singing is than its reference, LU; NaN where either is silent. See `loudness`."""
    return loudness(audio, sampling_rate) - loudness(reference, sampling_rate)


def sample_peak(audio: np.ndarray) -> float:
    """The largest sample of (L,), dB of full scale; −inf for digital silence. Raises ValueError if not finite."""
    _check(audio)
    with np.errstate(divide="ignore"):
        return float(20 * np.log10(np.abs(audio).max()))


def true_peak(audio: np.ndarray, sampling_rate: int) -> float:
    """The peak of the waveform between the samples too, dBTP (ITU-R BS.1770-4, annex 2); −inf for digital silence.

    Oversampled to at least 192 kHz by a polyphase filter longer than the annex's, whose errors are below 0.1 dB.

    Args:
        audio: (L,) in [−1, 1]; it is zero before and after
        sampling_rate: Hz

    Raises:
        ValueError: empty or not finite.
    """
    _check(audio)
    factor = -(-TRUE_PEAK_RATE // sampling_rate)
    if factor == 1:
        return sample_peak(audio)
    oversampled = resample_poly(np.asarray(audio, dtype=np.float64), factor, 1)
    return max(sample_peak(audio), sample_peak(oversampled))


def clipping_rate(audio: np.ndarray) -> float:
    """Percentage of samples in runs of three or more at full scale of one sign: (L,) in [−1, 1] → 0 … 100.

    Single samples there are peaks; three in a row are a waveform cut off. Raises ValueError if not finite.
    """
    _check(audio)
    at_scale = (np.asarray(audio) >= FULL_SCALE).astype(np.int8) - (np.asarray(audio) <= -FULL_SCALE)
    edges = np.flatnonzero(np.diff(at_scale, prepend=2, append=2))  # where each run of one value starts
    lengths = np.diff(edges)
    clipped = (at_scale[edges[:-1]] != 0) & (lengths >= SHORTEST_CLIP)
    return float(100 * lengths[clipped].sum() / len(audio))


def silence_share(audio: np.ndarray, sampling_rate: int) -> float:
    """Percentage of 20-ms frames whose root mean square is below −60 dB of full scale: (L,) → 0 … 100.

    Raises:
        ValueError: shorter than one frame, or not finite.
    """
    size = round(SILENCE_FRAME * sampling_rate)
    if len(audio) < size:
        raise ValueError(f"is shorter than one frame of {size} samples")
    _check(audio)
    frames = np.asarray(audio, dtype=np.float64)[: len(audio) // size * size].reshape(-1, size)
    return float(100 * np.mean(np.mean(frames**2, axis=1) < 10 ** (SILENCE / 10)))


def _check(audio: np.ndarray) -> None:
    if not len(audio):
        raise ValueError("has no samples")
    if not np.isfinite(audio).all():
        raise ValueError("has samples that are not finite")
