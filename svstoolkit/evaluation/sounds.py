"""Where a recording lies, and reading it: an audio file of any format soundfile knows, or a Kaldi archive."""

from dataclasses import dataclass
from functools import lru_cache
from math import gcd
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import resample_poly

from svstoolkit.data.archives import ArchiveReader

FULL_SCALE = 32768.0


@dataclass(frozen=True)
class Sound:
    """path: an audio file; with `key`, the scp of a Kaldi archive in which `key` stands"""

    path: Path
    key: str | None = None

    def __str__(self) -> str:
        return f"{self.path}" if self.key is None else f"{self.path}: {self.key}"


def read_sound(sound: Sound, sampling_rate: int, resample: bool) -> np.ndarray:
    """(L,) float64 in [−1, 1] at `sampling_rate` Hz.

    Raises:
        ValueError: the file is missing, unreadable, empty or has several channels; or it has another sampling rate and
            `resample` is False.
    """
    audio, rate = _read(sound)
    if audio.ndim == 2 and audio.shape[1] != 1:
        raise ValueError(f"has {audio.shape[1]} channels; one is expected")
    audio = audio.reshape(-1)
    if not len(audio):
        raise ValueError("holds no samples")
    if rate == sampling_rate:
        return audio
    if not resample:
        raise ValueError(f"is at {rate} Hz, expected {sampling_rate} Hz")
    divisor = gcd(rate, sampling_rate)
    return resample_poly(audio, sampling_rate // divisor, rate // divisor)


def _read(sound: Sound) -> tuple[np.ndarray, int]:
    if sound.key is not None:
        rate, samples = _archive(sound.path)[sound.key]
        return samples / FULL_SCALE, rate
    if not sound.path.is_file():
        raise ValueError("does not exist")
    try:
        return soundfile.read(sound.path, dtype="float64", always_2d=True)
    except soundfile.SoundFileError as error:
        raise ValueError(f"cannot be read: {error}") from error


def sampling_rate_of(path: Path) -> int | None:
    """Hz, from the file's header; None if it cannot be read."""
    try:
        return soundfile.info(path).samplerate
    except soundfile.SoundFileError:
        return None


@lru_cache(maxsize=4)
def _archive(scp: Path) -> ArchiveReader:
    return ArchiveReader(scp)
