"""Sounds made here: the low-pass anchor of BS.1534, and the tones of the volume check."""

import numpy as np
from scipy.signal import firwin, kaiserord, oaconvolve

from svstoolkit.evaluation.listening.loudness import loudness

LOW, MID = 3500, 7000  # Hz, the low and mid anchors of BS.1534-3, section 5.1
ATTENUATION = 70.0  # dB in the stop band; the Kaiser design's pass-band ripple is then 0.003 dB
TONE = 1000.0  # Hz
TONE_SECONDS, GAP_SECONDS = 0.18, 0.32
TONES_BELOW = 25.0  # LU the tones are softer than the stimuli


def anchor_name(cutoff: int) -> str:
    return f"anchor_{cutoff}"


def low_pass(audio: np.ndarray, sampling_rate: int, cutoff: int = LOW) -> np.ndarray:
    """The anchor of BS.1534: the recording without what lies above `cutoff`.

    A linear-phase FIR filter without delay. For 3.5 kHz the Recommendation asks for a pass-band ripple of at most
    ±0.1 dB, at least 25 dB attenuation at 4 kHz and 50 dB at 4.5 kHz; here the pass band ends at `cutoff` and the stop
    band, at 70 dB, begins 8/7 of it higher, that is at 4 kHz.

    Args:
        audio: (L,) float
        sampling_rate: Hz
        cutoff: Hz

    Returns:
        (L,) float64

    Raises:
        ValueError: the recording has no content above the cutoff that could be taken away.
    """
    edge = cutoff * 8 / 7
    if edge >= sampling_rate / 2:
        raise ValueError(f"has a sampling rate of {sampling_rate} Hz, too low for --anchors {cutoff}")
    taps, beta = kaiserord(ATTENUATION, (edge - cutoff) / (sampling_rate / 2))
    taps |= 1  # an odd length has a whole-sample delay
    response = firwin(taps, (cutoff + edge) / 2, window=("kaiser", beta), fs=sampling_rate)
    return oaconvolve(np.asarray(audio, dtype=np.float64), response)[taps // 2 :][: len(audio)]


def tones(count: int, sampling_rate: int, stimuli_loudness: float) -> np.ndarray:
    """`count` soft tones for the volume check, 25 LU below the stimuli: who counts them hears the quiet parts.

    Returns:
        (L,) float64
    """
    time = np.arange(round(TONE_SECONDS * sampling_rate)) / sampling_rate
    envelope = np.sin(np.pi * time / TONE_SECONDS) ** 2
    tone = np.sin(2 * np.pi * TONE * time) * envelope
    gap = np.zeros(round(GAP_SECONDS * sampling_rate))
    audio = np.concatenate([gap, *[np.concatenate([tone, gap]) for _ in range(count)]])
    return audio * 10 ** ((stimuli_loudness - TONES_BELOW - loudness(audio, sampling_rate)) / 20)
