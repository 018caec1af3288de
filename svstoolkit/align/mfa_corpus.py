"""A corpus as Montreal Forced Aligner reads it, and its intervals as our sounds."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from svstoolkit.align.transcript import Transcript
from svstoolkit.data.audio import Cut, write_audio
from svstoolkit.data.directory import Label
from svstoolkit.data.files import write_text
from svstoolkit.score.song import PAUSE
from svstoolkit.score.timing import with_minimum_duration

RESERVED = {"sil", "spn", "sp"}
SHORTEST = 0.01  # seconds a sound gets that MFA gave no time
SQUEEZED = 0.2  # part of the score's sung time below which an alignment has collapsed


@dataclass(frozen=True)
class MfaDictionary:
    """words: phones of a syllable → its word; phones: our phone → MFA's name for it (a given model may have several).

    MFA folds the case of words and reads a leading number as a probability, so words are numbered.
    """

    words: dict[tuple[str, ...], str]
    phones: dict[str, str]

    def text(self) -> str:
        rows = (f"{word}\t{' '.join(self.phones[p] for p in phones)}\n" for phones, word in self.words.items())
        return "".join(rows)


def mfa_name(phone: str) -> str:
    """A name for a phone that MFA leaves as it is: `mfa align` cuts names at their last underscore, and its own
    phones are taken. The same in every corpus, so that a model of one can align another.

    >>> mfa_name("ang"), mfa_name("ts_h"), mfa_name("sil")
    ('ang', 'x+ts+5f+h', 'x+sil')
    """
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9+]*", phone) and phone.lower() not in RESERVED and not phone.startswith("x+"):
        return phone
    return "x+" + "".join(c if c.isascii() and c.isalnum() else f"+{ord(c):x}+" for c in phone)


def syllables(transcript: Transcript) -> list[tuple[str, ...]]:
    """The phones of each note without its slurred vowel; pauses, which MFA finds itself, are left out."""
    groups: dict[int, list[str]] = {}
    starts_sound = np.diff(transcript.sound_of_phone, prepend=-1) > 0
    for phone, note, starts in zip(transcript.phones, transcript.note_of_phone.tolist(), starts_sound, strict=True):
        if starts and phone != PAUSE:
            groups.setdefault(note, []).append(phone)
    return [tuple(group) for group in groups.values()]


def dictionary_of(transcripts: Sequence[Transcript], phone_map: Mapping[str, str] | None = None) -> MfaDictionary:
    """One word per syllable that occurs.

    Args:
        phone_map: our phone → the names a given model has for it; others get `mfa_name`.
    """
    known = sorted({syllable for t in transcripts for syllable in syllables(t)})
    names = phone_map or {}
    phones = {p: names.get(p) or mfa_name(p) for p in sorted({p for syllable in known for p in syllable})}
    return MfaDictionary({syllable: f"w{i}" for i, syllable in enumerate(known)}, phones)


def write_corpus(
    folder: Path,
    transcripts: Sequence[Transcript],
    wavs: Mapping[str, str | Cut],
    phone_map: Mapping[str, str] | None = None,
) -> MfaDictionary:
    """Writes corpus/<singer>/<utterance>.{wav,lab} and dictionary.txt into the folder.

    16-bit recordings are linked, others converted.
    """
    dictionary = dictionary_of(transcripts, phone_map)
    for t in transcripts:
        words = " ".join(dictionary.words[syllable] for syllable in syllables(t))
        place = folder / "corpus" / t.speaker / t.utterance
        write_text(place.with_name(f"{t.utterance}.lab"), words + "\n")
        _link_or_convert(wavs[t.utterance], place.with_name(f"{t.utterance}.wav"))
    write_text(folder / "dictionary.txt", dictionary.text())
    return dictionary


def _link_or_convert(source: str | Cut, target: Path) -> None:
    import soundfile

    target.unlink(missing_ok=True)
    about = soundfile.info(source)
    if isinstance(source, Cut):
        start, end = source.samples(about.samplerate)
        write_audio(target, *soundfile.read(source, start=start, stop=end))
    elif about.format == "WAV" and about.subtype == "PCM_16":
        target.symlink_to(Path(source).resolve())
    else:
        write_audio(target, *soundfile.read(source))


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
    expected = [dictionary.phones[s].split() for s in sounds if s != PAUSE]
    flat = [name for names in expected for name in names]
    if len(found) != len(flat) or not all(map(_same_phone, (name for *_, name in found), flat)):
        raise ValueError(f"MFA aligned phones {' '.join(n for *_, n in found)}, expected {' '.join(flat)}")
    counts = np.cumsum([0, *map(len, expected)])
    starts = np.array([found[i][0] for i in counts[:-1]])
    ends = np.array([found[i - 1][1] for i in counts[1:]])
    boundaries = np.full(len(sounds) + 1, duration)
    boundaries[:-1][voiced] = starts
    before = np.cumsum(voiced)[~voiced]  # sounds aligned before each pause
    boundaries[:-1][~voiced] = np.append(0.0, ends)[before]
    return with_minimum_duration(boundaries, duration, min(SHORTEST, duration / len(sounds)))


def squeezed(intervals: Label, transcript: Transcript) -> str | None:
    """What is wrong if MFA gave the phones next to no time: a model that has collapsed aligns all there is to
    silence and exits 0."""
    sung = sum(end - start for start, end, name in intervals if name)
    durations = np.diff(transcript.sound_boundaries)
    expected = sum(d for d, s in zip(durations.tolist(), transcript.sounds, strict=True) if s != PAUSE)
    if sung >= SQUEEZED * expected:
        return None
    return f"MFA gave its phones {sung:.2f} s, where the score has {expected:.2f} s of singing; its model has collapsed"


def _same_phone(found: str, expected: str) -> bool:
    """Whether a name in a TextGrid is the dictionary's, of which `mfa align` may have cut the last underscore."""
    return found in (expected, expected.rpartition("_")[0])
