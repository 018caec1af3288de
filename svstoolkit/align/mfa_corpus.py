"""A corpus as Montreal Forced Aligner reads it, and its intervals as our sounds."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from svstoolkit.align.transcript import Transcript
from svstoolkit.data.directory import Label
from svstoolkit.data.files import write_text
from svstoolkit.score.song import PAUSE
from svstoolkit.score.timing import with_minimum_duration

RESERVED = {"sil", "spn", "sp"}
SHORTEST = 0.01  # seconds a sound gets that MFA gave no time


@dataclass(frozen=True)
class MfaDictionary:
    """words: phones of a syllable → its word; phones: our phone → MFA's name for it.

    MFA cuts phone names at their last underscore, folds the case of words and reads a leading number as a
    probability, so words are numbered and odd phone names replaced.
    """

    words: dict[tuple[str, ...], str]
    phones: dict[str, str]

    def text(self) -> str:
        rows = (f"{word}\t{' '.join(self.phones[p] for p in phones)}\n" for phones, word in self.words.items())
        return "".join(rows)


def syllables(transcript: Transcript) -> list[tuple[str, ...]]:
    """The phones of each note without its slurred vowel; pauses, which MFA finds itself, are left out."""
    groups: dict[int, list[str]] = {}
    starts_sound = np.diff(transcript.sound_of_phone, prepend=-1) > 0
    for phone, note, starts in zip(transcript.phones, transcript.note_of_phone.tolist(), starts_sound, strict=True):
        if starts and phone != PAUSE:
            groups.setdefault(note, []).append(phone)
    return [tuple(group) for group in groups.values()]


def dictionary_of(transcripts: Sequence[Transcript]) -> MfaDictionary:
    """One word per syllable that occurs."""
    known = sorted({syllable for t in transcripts for syllable in syllables(t)})
    phones = {}
    for number, phone in enumerate(sorted({p for syllable in known for p in syllable})):
        plain = re.fullmatch(r"[A-Za-z][A-Za-z0-9+]*", phone) and phone.lower() not in RESERVED
        phones[phone] = phone if plain else f"x{number}+"
    return MfaDictionary({syllable: f"w{i}" for i, syllable in enumerate(known)}, phones)


def write_corpus(folder: Path, transcripts: Sequence[Transcript], wavs: Mapping[str, str]) -> MfaDictionary:
    """Writes corpus/<singer>/<utterance>.{wav,lab} and dictionary.txt into the folder.

    16-bit recordings are linked, others converted.
    """
    dictionary = dictionary_of(transcripts)
    for t in transcripts:
        words = " ".join(dictionary.words[syllable] for syllable in syllables(t))
        place = folder / "corpus" / t.speaker / t.utterance
        write_text(place.with_name(f"{t.utterance}.lab"), words + "\n")
        _link_or_convert(Path(wavs[t.utterance]), place.with_name(f"{t.utterance}.wav"))
    write_text(folder / "dictionary.txt", dictionary.text())
    return dictionary


def _link_or_convert(source: Path, target: Path) -> None:
    import soundfile

    target.unlink(missing_ok=True)
    about = soundfile.info(source)
    if about.format == "WAV" and about.subtype == "PCM_16":
        target.symlink_to(source.resolve())
    else:
        soundfile.write(target, *soundfile.read(source), subtype="PCM_16")


def sound_boundaries_of_intervals(
    intervals: Label, transcript: Transcript, dictionary: MfaDictionary, duration: float
) -> np.ndarray:
    """MFA's phone intervals as boundaries of the transcript's sounds.

    A blank is the pause of the score there. A blank where the score has no pause lengthens the sound before it. A
    pause for which MFA found no blank gets the shortest duration.

    Args:
        duration: of the recording, seconds.

    Returns:
        (U+1,) seconds from 0 to `duration`.

    Raises:
        ValueError: the phones are not those of the transcript (an unknown word, or another dictionary).
    """
    found = [(start, end, name) for start, end, name in intervals if name]
    sounds = transcript.sounds
    voiced = np.array([s != PAUSE for s in sounds])
    expected = [dictionary.phones[s] for s in sounds if s != PAUSE]
    if [name for _, _, name in found] != expected:
        raise ValueError(f"MFA aligned phones {' '.join(n for *_, n in found)}, expected {' '.join(expected)}")
    starts, ends = (np.array([row[i] for row in found]) for i in (0, 1))
    boundaries = np.full(len(sounds) + 1, duration)
    boundaries[:-1][voiced] = starts
    before = np.cumsum(voiced)[~voiced]  # sounds aligned before each pause
    boundaries[:-1][~voiced] = np.append(0.0, ends)[before]
    return with_minimum_duration(boundaries, duration, min(SHORTEST, duration / len(sounds)))
