"""From recordings to the files listeners get: anchors and noise made, loudness matched, names that tell nothing."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from svstoolkit.data.audio import write_audio
from svstoolkit.errors import InputError
from svstoolkit.evaluation.floor import loudness_noise
from svstoolkit.evaluation.listening.anchor import low_pass, tones
from svstoolkit.evaluation.listening.loudness import loudness, matching_gains
from svstoolkit.evaluation.listening.sources import SHOWN, Sources, read
from svstoolkit.evaluation.metrics import FLOOR

NOISE_FRAME = 0.01  # s over which the floor's noise has the recording's energy


@dataclass(frozen=True)
class Stimulus:
    """One sound as listeners hear it. loudness: of the source, LUFS; gain: dB applied to it; seconds: length"""

    id: str
    system: str
    utterance: str
    source: str
    seconds: float
    sampling_rate: int
    loudness: float
    gain: float

    def to_dict(self) -> dict:
        return asdict(self)


@dataclass(frozen=True)
class Wanted:
    """What to make: (system, utterance) pairs; systems may be anchors or the floor, made from the recording `of`."""

    pairs: tuple[tuple[str, str], ...]
    anchors: dict[str, int]
    of: str


def make_stimuli(
    sources: Sources, wanted: Wanted, folder: Path, target: float, seed: int
) -> tuple[dict[tuple[str, str], Stimulus], float]:
    """Writes every stimulus as 16-bit mono at its own sampling rate, all of one loudness.

    Recordings are read twice, once to measure and once to write, so that memory holds one at a time.

    Args:
        folder: where `<id>.wav` go
        target: LUFS
        seed: of the ids

    Returns:
        (system, utterance) → stimulus; the loudness reached in LUFS

    Raises:
        InputError: recordings that cannot be used, all of them named.
    """
    random = np.random.default_rng([seed, 4])
    measured, faults = [], []
    for system, utterance in wanted.pairs:
        try:
            audio, rate = _sound(system, utterance, sources, wanted)
            measured.append((len(audio) / rate, rate, loudness(audio, rate), float(np.abs(audio).max())))
        except ValueError as error:
            faults.append((f"{_source(system, utterance, sources, wanted)} {error}", utterance))
    if faults:
        raise InputError(_faulty(faults))
    gains, reached = matching_gains([m[2] for m in measured], [m[3] for m in measured], target)
    ids = _opaque_ids(len(measured), random)
    made = {}
    for pair, identity, (seconds, rate, level, _), gain in zip(wanted.pairs, ids, measured, gains, strict=True):
        audio, _ = _sound(*pair, sources, wanted)
        write_wav(folder / f"{identity}.wav", audio * gain, rate)
        decibels = 20 * float(np.log10(gain))
        source = str(_source(*pair, sources, wanted))
        made[pair] = Stimulus(identity, *pair, source, seconds, rate, level, decibels)
    return made, reached


def make_tones(folder: Path, reached: float, sampling_rate: int, seed: int) -> tuple[str, int]:
    """The volume check's tones: writes them and returns their id and number, 2 to 5."""
    random = np.random.default_rng([seed, 5])
    count = int(random.integers(2, 6))
    (identity,) = _opaque_ids(1, random)
    write_wav(folder / f"{identity}.wav", tones(count, sampling_rate, reached), sampling_rate)
    return identity, count


def write_wav(path: Path, audio: np.ndarray, sampling_rate: int) -> None:
    """16-bit PCM, nothing else in the file."""
    write_audio(path, np.clip(audio, -1.0, 1.0), sampling_rate)


def _sound(system: str, utterance: str, sources: Sources, wanted: Wanted) -> tuple[np.ndarray, int]:
    audio, rate = read(_source(system, utterance, sources, wanted))
    if system in wanted.anchors:
        return low_pass(audio, rate, wanted.anchors[system]), rate
    if system == FLOOR:
        if not np.isfinite(audio).all():
            raise ValueError("has samples that are not finite")
        return loudness_noise(audio, round(NOISE_FRAME * rate), utterance), rate
    return audio, rate


def _source(system: str, utterance: str, sources: Sources, wanted: Wanted) -> Path:
    return sources.sound(wanted.of if system in wanted.anchors or system == FLOOR else system, utterance)


def _opaque_ids(number: int, random: np.random.Generator) -> list[str]:
    ids: list[str] = []
    while len(ids) < number:
        identity = random.bytes(6).hex()
        if identity not in ids:
            ids.append(identity)
    return ids


def _faulty(faults: Iterable[tuple[str, str]]) -> str:
    faults = list(dict.fromkeys(faults))
    listed = "; ".join(message for message, _ in faults[:SHOWN])
    rest = f"; and {len(faults) - SHOWN} more" if len(faults) > SHOWN else ""
    utterances = sorted({utterance for _, utterance in faults})
    return f"{listed}{rest}. Mend them, or leave the utterances out: --exclude {' '.join(utterances)}"
