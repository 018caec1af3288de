"""Resampling of the signals that quality measures compare at a rate of their own."""

from math import gcd

import numpy as np
from scipy.signal import resample_poly


def resampled(audio: np.ndarray, source: int, target: int) -> np.ndarray:
    """Audio (L,) from `source` to `target` Hz: (ceil(L·target/source),) float64, by scipy's polyphase filter."""
    audio = np.asarray(audio, dtype=np.float64)
    if source == target:
        return audio
    divisor = gcd(source, target)
    return resample_poly(audio, target // divisor, source // divisor)
