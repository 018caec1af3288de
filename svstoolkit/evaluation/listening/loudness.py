"""Stimuli of equal loudness, so that no system is preferred for being louder."""

from collections.abc import Sequence

import numpy as np

from svstoolkit.evaluation.measures import levels

TARGET = -23.0  # LUFS, the level of EBU R 128
PEAK = 10 ** (-1 / 20)  # −1 dBFS; sample peaks above it could clip once the browser resamples them
BLOCK = 0.4  # s, gating block of BS.1770


def loudness(audio: np.ndarray, sampling_rate: int) -> float:
    """Integrated loudness in LUFS (ITU-R BS.1770-4, through pyloudnorm).

    Stimuli shorter than one gating block of 0.4 s have none: theirs is the mean square on the same decibel scale,
    −0.691 + 10·lg(mean square), without frequency weighting.

    Args:
        audio: (L,) float64 in [−1, 1]
        sampling_rate: Hz

    Raises:
        ValueError: empty, not finite, or too quiet to have a loudness (every block below −70 LUFS).
    """
    if not len(audio):
        raise ValueError("is empty")
    if not np.isfinite(audio).all():
        raise ValueError("has samples that are not finite")
    if len(audio) < BLOCK * sampling_rate:
        power = float(np.mean(np.square(audio)))
        value = -0.691 + 10 * np.log10(power) if power > 0 else -np.inf
    else:
        value = levels.loudness(audio, sampling_rate)
    if not value >= -70:  # NaN too, for which no block is above the gate
        raise ValueError("is silent (below -70 LUFS)")
    return value


def matching_gains(
    loudnesses: Sequence[float], peaks: Sequence[float], target: float = TARGET
) -> tuple[np.ndarray, float]:
    """Gains that bring every stimulus to one loudness without a sample above −1 dBFS.

    Where a stimulus would clip at the target, the target itself is lowered for all.

    Args:
        loudnesses: (N,) LUFS
        peaks: (N,) largest absolute sample
        target: LUFS

    Returns:
        gains (N,), linear; the loudness reached in LUFS, at most the target
    """
    gains = 10 ** ((target - np.asarray(loudnesses, dtype=np.float64)) / 20)
    excess = max(1.0, float(np.max(gains * np.asarray(peaks)) / PEAK))
    return gains / excess, target - 20 * float(np.log10(excess))
