"""Perceptual scores of a signal against its reference, sample by sample: PESQ and STOI.

Both compare what was sung at one moment in both signals, so they mean something only where the timing is the
reference's: resynthesis, or decoding with the reference durations.
"""

import warnings

import numpy as np

from svstoolkit.evaluation.measures.resampling import resampled

WIDEBAND_RATE, NARROWBAND_RATE = 16000, 8000  # Hz; ITU-T P.862.2 and P.862 are defined there
SHORTEST = 0.25  # s; below, the packages' own checks fail in ways that do not say so


def pesq_wideband(audio: np.ndarray, reference: np.ndarray, sampling_rate: int) -> float:
    """Wideband PESQ, MOS-LQO 1.04 … 4.64 (ITU-T P.862.2), through the package `pesq`; higher is better.

    Args:
        audio, reference: (L,) in [−1, 1], of one length
        sampling_rate: Hz; both are resampled to 16 kHz

    Raises:
        ValueError: one of them is silent, not finite or too short, or PESQ finds no voice in it.
    """
    return _pesq(audio, reference, sampling_rate, WIDEBAND_RATE, "wb")


def pesq_narrowband(audio: np.ndarray, reference: np.ndarray, sampling_rate: int) -> float:
    """Narrowband PESQ, MOS-LQO 1.02 … 4.55 (ITU-T P.862 with P.862.1's mapping), through `pesq`; higher is better.

    Arguments and errors as `pesq_wideband`; both signals are resampled to 8 kHz.
    """
    return _pesq(audio, reference, sampling_rate, NARROWBAND_RATE, "nb")


def stoi(audio: np.ndarray, reference: np.ndarray, sampling_rate: int) -> float:
    """Short-time objective intelligibility, 0 … 1 (Taal et al. 2011), through the package `pystoi`; higher is better.

    Args:
        audio, reference: (L,) of one length
        sampling_rate: Hz; pystoi resamples to 10 kHz

    Raises:
        ValueError: one of them is silent or not finite, or fewer than 30 frames (384 ms) of the reference are above
            its silence threshold.
    """
    return _stoi(audio, reference, sampling_rate, extended=False)


def estoi(audio: np.ndarray, reference: np.ndarray, sampling_rate: int) -> float:
    """Extended STOI (Jensen and Taal 2016), which also sees spectral modulation; arguments and errors as `stoi`."""
    return _stoi(audio, reference, sampling_rate, extended=True)


def _pesq(audio: np.ndarray, reference: np.ndarray, sampling_rate: int, rate: int, mode: str) -> float:
    import pesq

    _check(audio, reference, "PESQ")
    if len(audio) < SHORTEST * sampling_rate:
        raise ValueError(f"is too short for PESQ ({len(audio) / sampling_rate:.3f} of {SHORTEST} s)")
    try:
        return float(pesq.pesq(rate, *(resampled(x, sampling_rate, rate) for x in (reference, audio)), mode))
    except pesq.PesqError as error:
        message = error.args[0] if error.args else error
        raise ValueError(f"has no PESQ: {message.decode() if isinstance(message, bytes) else message}") from error


def _stoi(audio: np.ndarray, reference: np.ndarray, sampling_rate: int, extended: bool) -> float:
    import pystoi

    _check(audio, reference, "STOI")
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)  # pystoi warns and returns 1e-5 where STOI is undefined
        random_state = np.random.get_state()
        np.random.seed(0)  # ESTOI adds noise of 1e-16 from the global generator, which showed in the last digit
        try:
            return float(pystoi.stoi(reference, audio, sampling_rate, extended=extended))
        except RuntimeWarning as warning:
            raise ValueError(f"has no STOI: {str(warning).split('.')[0]}") from warning
        finally:
            np.random.set_state(random_state)


def _check(audio: np.ndarray, reference: np.ndarray, measure: str) -> None:
    """Neither package rejects what follows: they crash, or return a number that means nothing."""
    if len(audio) != len(reference):
        raise ValueError(f"has not the reference's length, which {measure} needs ({len(audio)}, {len(reference)})")
    for name, signal in (("it", audio), ("the reference", reference)):
        if not np.isfinite(signal).all():
            raise ValueError(f"has no {measure}: {name} has samples that are not finite")
        if not np.any(signal):
            raise ValueError(f"has no {measure}: {name} is digital silence")
