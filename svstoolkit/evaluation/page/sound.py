"""Sound for the page: FLAC, which loses nothing, takes half the space of a wav, and plays in every browser."""

from pathlib import Path

import numpy as np

from svstoolkit.data.audio import write_audio

FULL_SCALE = 32768  # 16 bits


def write_sound(path: Path, audio: np.ndarray, rate: int) -> None:
    """Writes (L,) float in [−1, 1] in the format of the suffix; louder samples are clipped.

    .flac holds 16 bits, 27 kB for a second of singing at 24 kHz. Noise does not pack: .mp3, 6 kB, is for the floor,
    of which every detail is chance anyway.
    """
    steps = np.clip(np.rint(np.asarray(audio, dtype=np.float64) * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1)
    write_audio(path, steps.astype(np.int16), rate)
