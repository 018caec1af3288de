"""Recordings on disk → samples at the rate wanted, every fault named with its remedy; and samples → a file."""

import os
import struct
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np

from svstoolkit.data.files import atomic_path
from svstoolkit.errors import InputError

SILENCE = 1e-3  # a recording whose peak is below -60 dB of full scale has no voice in it
UNKNOWN_SIZE = 0x7FFFF000  # bytes; sizes from here on, and 0, stand for `unknown` in a wav that was streamed
ROUNDING = 1e-3  # s by which a cut's end, in whole milliseconds, may lie behind the recording's
ZERO_CROSSINGS, ROLLOFF, KAISER_BETA = 128, 0.975, 10.0  # resampling: flat to 0.95, 100 dB down at the new Nyquist


@dataclass(frozen=True)
class Cut(os.PathLike):
    """A stretch of a recording, from `start` to `end` in seconds. As a path it is the recording's."""

    path: str
    start: float
    end: float

    def __fspath__(self) -> str:
        return self.path

    def __str__(self) -> str:
        return f"{self.path} [{self.start:.3f} to {self.end:.3f} s]"

    def samples(self, rate: int) -> tuple[int, int]:
        """First sample, and the one after the last, at `rate` Hz."""
        return round(self.start * rate), round(self.end * rate)


def audio_seconds(path: str | os.PathLike) -> float:
    """Length of a recording, by its header, or of a cut.

    Raises:
        InputError: it cannot be read.
    """
    import soundfile

    if isinstance(path, Cut):
        return path.end - path.start
    try:
        return soundfile.info(path).duration
    except (soundfile.LibsndfileError, RuntimeError) as error:
        raise InputError(f"{path}: no audio that can be read ({error}); replace it or drop the utterance") from error


def read_audio(path: str | os.PathLike, sampling_rate: int, utterance: str = "") -> np.ndarray:
    """Reads a recording, or a cut of one, as float32 mono (L,) at `sampling_rate` Hz, full scale ±1.

    Channels are averaged; a higher rate is brought down by a polyphase filter.

    Args:
        utterance: named in errors.

    Raises:
        InputError: the file is missing, no audio, truncated, silent, has NaN or infinite samples, or a lower rate
            than wanted (it would lack the upper band that the features describe).
    """
    import soundfile

    where = f"utterance {utterance}: {path}" if utterance else f"{path}"
    if str(path).rstrip().endswith("|"):
        raise InputError(f"{where} is a command; write its output to a wav file and name that in wav.scp")
    if not Path(path).is_file():
        raise InputError(f"{where} does not exist; correct wav.scp or run stage 0 again")
    _check_wav_size(Path(path), where)
    try:
        with soundfile.SoundFile(path) as file:
            rate = file.samplerate
            start, end = path.samples(rate) if isinstance(path, Cut) else (0, file.frames)
            if 0 < end - file.frames <= rate * ROUNDING:
                end = file.frames
            file.seek(min(start, file.frames))
            samples, expected = file.read(max(end - start, 0), dtype="float32", always_2d=True), end - start
    except (soundfile.LibsndfileError, RuntimeError) as error:
        raise InputError(f"{where} is no audio that can be read ({error}); replace it or drop the utterance") from error
    if len(samples) < expected:
        remedy = "correct its times in segments" if isinstance(path, Cut) else "copy it again"
        raise InputError(f"{where} is truncated: {len(samples)} of {expected} samples; {remedy}")
    if not np.isfinite(samples).all():
        raise InputError(f"{where} has NaN or infinite samples; export it again or drop the utterance")
    if not len(samples) or np.abs(samples).max() < SILENCE:
        raise InputError(f"{where} is silent ({len(samples)} samples below -60 dB); replace it or drop the utterance")
    if rate < sampling_rate:
        raise InputError(
            f"{where} has {rate} Hz, the features want {sampling_rate} Hz and recordings are never upsampled; "
            f"use a recording of at least {sampling_rate} Hz or set sampling_rate and fmax lower in conf/features.yaml"
        )
    return resample(samples.mean(axis=1), rate, sampling_rate)


def native_rate(path: str | os.PathLike) -> int:
    """The rate in Hz that a recording is stored at; 1 where its header does not tell: reading it says what is wrong."""
    import soundfile

    try:
        return soundfile.info(path).samplerate
    except (soundfile.LibsndfileError, RuntimeError, ValueError, TypeError):
        return 1


def native_audio(
    path: str | os.PathLike, utterance: str = "", highest_rate: int | None = None
) -> tuple[np.ndarray, int]:
    """Mono float32 samples (L,) at the recording's own rate, or at `highest_rate` Hz if that is lower; and that rate.

    Raises:
        InputError: what `read_audio` refuses: missing, unreadable, truncated, silent, NaN.
    """
    rate = native_rate(path)
    rate = min(rate, highest_rate or rate)
    return read_audio(path, rate, utterance), rate


def resample(samples: np.ndarray, rate: int, new_rate: int) -> np.ndarray:
    """Brings (L,) samples from `rate` down to `new_rate` Hz: (ceil(L·new_rate/rate),) float32.

    Polyphase, with a Kaiser-windowed sinc that is flat to 0.95 of the new Nyquist frequency and 100 dB down at it.
    """
    if rate == new_rate:
        return samples.astype(np.float32)
    from scipy.signal import firwin, resample_poly

    divisor = np.gcd(rate, new_rate)
    up, down = new_rate // divisor, rate // divisor
    widest = max(up, down)
    taps = firwin(2 * ZERO_CROSSINGS * widest + 1, ROLLOFF / widest, window=("kaiser", KAISER_BETA))
    return resample_poly(samples.astype(np.float64), up, down, window=taps).astype(np.float32)


def write_audio(path: str | os.PathLike, samples: np.ndarray, rate: int, kind: str = "") -> None:
    """Writes (L,) samples, whole or not at all: float, full scale ±1, or int16; 16 bits where the format has them.

    Encoded in memory, since libsndfile calls a full disk a `System error` and leaves what fitted.

    Args:
        kind: WAV, FLAC, MP3 …; by default the path's suffix.

    Raises:
        InputError: the disk is full, or refuses the file in another way.
    """
    import soundfile

    buffer = BytesIO()
    soundfile.write(buffer, samples, rate, format=kind or Path(path).suffix[1:].upper())
    with atomic_path(path) as temporary:
        temporary.write_bytes(buffer.getbuffer())


def _check_wav_size(path: Path, where: str) -> None:
    """libsndfile silently reads as much as there is; the header tells how much there should be."""
    size = path.stat().st_size
    with path.open("rb") as file:
        header = file.read(12)
        if header[:4] != b"RIFF" or header[8:] != b"WAVE":
            return  # another format; its own decoder finds a cut
        while len(chunk := file.read(8)) == 8:
            name, length = struct.unpack("<4sI", chunk)
            if name == b"data":
                missing = 0 if length >= UNKNOWN_SIZE else length - (size - file.tell())
                if missing > 0:
                    raise InputError(
                        f"{where} is truncated: {missing} of {length} bytes of audio are missing; copy it again"
                    )
                return
            file.seek(length + length % 2, 1)
    raise InputError(f"{where} is truncated: it has no audio data; copy it again")
