"""Perceptual scores of a signal against its reference, sample by sample: PESQ and STOI.

Both compare what was sung at one moment in both signals, so they mean something only where the timing is the
reference's: resynthesis, or decoding with the reference durations.
"""

import warnings
from math import gcd

import numpy as np
from scipy.signal import resample_poly

PESQ_RATE = 16000  # Hz; ITU-T P.862.2 is defined there


def pesq_wideband(audio: np.ndarray, reference: np.ndarray, sampling_rate: int) -> float:
    """Wideband PESQ, MOS-LQO 1.04 … 4.64 (ITU-T P.862.2), through the package `pesq`; higher is better.

    Args:
        audio, reference: (L,) in [−1, 1], of one length
        sampling_rate: Hz; both are resampled to 16 kHz

    Raises:
        ValueError: PESQ finds no speech in one of them, or they are too short.
    """
    import pesq

    at_16k = [_resampled(x, sampling_rate, PESQ_RATE) for x in (reference, audio)]
    if min(len(x) for x in at_16k) < PESQ_RATE // 4:
        raise ValueError(f"PESQ needs at least 0.25 s, not {len(audio) / sampling_rate:.3f} s")
    if not np.any(at_16k[1]):  # the package divides by the level of the degraded signal
        raise ValueError("PESQ is undefined for digital silence")
    try:
        return float(pesq.pesq(PESQ_RATE, *at_16k, "wb"))
    except pesq.PesqError as error:
        message = error.args[0] if error.args else error
        raise ValueError(f"PESQ: {message.decode() if isinstance(message, bytes) else message}") from error


def stoi(audio: np.ndarray, reference: np.ndarray, sampling_rate: int) -> float:
    """Short-time objective intelligibility, 0 … 1 (Taal et al. 2011), through the package `pystoi`; higher is better.

    Args:
        audio, reference: (L,) of one length
        sampling_rate: Hz; pystoi resamples to 10 kHz

    Raises:
        ValueError: fewer than 30 frames (384 ms) of the reference are above its silence threshold.
    """
    import pystoi

    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)  # pystoi warns and returns 1e-5 where STOI is undefined
        try:
            return float(pystoi.stoi(reference, audio, sampling_rate, extended=False))
        except RuntimeWarning as warning:
            raise ValueError(f"STOI: {str(warning).split('.')[0]}") from warning


def _resampled(audio: np.ndarray, source: int, target: int) -> np.ndarray:
    divisor = gcd(source, target)
    return resample_poly(np.asarray(audio, dtype=np.float64), target // divisor, source // divisor)
