"""What can be wrong with a song, as a musician and as the models see it. Pure functions of a `Song`.

The kinds of INVARIANTS are those that no reader lets pass: whatever `read_…` of any format returns is free of them.
The others are doubts; `svs check` reports both.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from svstoolkit.errors import InputError
from svstoolkit.score.inventory import suggestion
from svstoolkit.score.languages.registry import is_phone, is_vowel, phones_of
from svstoolkit.score.song import REST_PHONES, SLUR_LYRIC, Note, Song

JOINT_TOLERANCE = 1e-4  # s between a note's end and the next one's onset, what rounding leaves
AUDIBLE = (36, 96)  # MIDI, C2 to C7: the range of human singing
TEMPI = (20.0, 400.0)  # beats a minute; what is outside is a slip of the pen
SHORTEST, LONGEST = 0.03, 20.0  # s that a sung note may last
LYRIC_IS_ENOUGH = frozenset({"zh", "ja"})  # languages in which one note's lyric tells its phones, without its word
_PARTICLES = {"は": ("w", "a"), "へ": ("e",), "ハ": ("w", "a"), "ヘ": ("e",)}  # Japanese, sung unlike they are spelled

INVARIANTS = frozenset(
    {
        "empty score",
        "impossible number",
        "negative duration",
        "zero duration",
        "overlapping notes",
        "gap between notes",
        "pitch out of range",
        "note without phones",
        "slur without syllable",
        "unknown phone",
    }
)


@dataclass(frozen=True)
class SongFault:
    """kind: one of INVARIANTS or of the doubts; note: from 1, 0 for the whole song; text: what is wrong, in words"""

    kind: str
    note: int
    text: str


def song_faults(song: Song) -> list[SongFault]:
    """Every fault of a song, in the order of its notes.

    Raises:
        InputError: its language is not known.
    """
    found = list(timing_faults(song))
    syllable: Note | None = None
    for number, note in enumerate(song.notes, 1):
        found += (SongFault(kind, number, f"({note.lyric}) {text}") for kind, text in _note_faults(note, song))
        found += (SongFault(kind, number, f"({note.lyric}) {text}") for kind, text in _slur_faults(note, syllable))
        if note.slur and number > 1 and song.notes[number - 2].is_rest and syllable is not None:
            found.append(SongFault("slur after a rest", number, f"({note.lyric}) continues {syllable.lyric!r}"))
        if not (note.is_rest or note.slur):
            syllable = note
    if song.notes and all(note.is_silent for note in song.notes):
        found.append(SongFault("nothing sung", 0, "all notes are rests"))
    if _finite(song.tempo) and song.tempo > 0 and not TEMPI[0] <= song.tempo <= TEMPI[1]:
        found.append(SongFault("absurd tempo", 0, f"tempo is {song.tempo:g} beats a minute"))
    return sorted(found, key=lambda fault: fault.note)


def broken_invariants(song: Song) -> list[SongFault]:
    """The faults that no accepted song has: ordered, contiguous, lasting, finite, with phones that its language knows.

    Raises:
        InputError: its language is not known.
    """
    return [fault for fault in song_faults(song) if fault.kind in INVARIANTS]


def timing_faults(song: Song) -> Iterator[SongFault]:
    """The invariants of tempo, times and pitches, without a look at phones and language."""
    if not song.notes:
        yield SongFault("empty score", 0, "has no notes")
    if not (_finite(song.tempo) and song.tempo > 0):
        yield SongFault("impossible number", 0, f"tempo is {song.tempo}")
    for number, note in enumerate(song.notes, 1):
        if not all(map(_finite, (note.onset, note.duration, note.pitch))):
            text = f"has onset {note.onset}, duration {note.duration}, pitch {note.pitch}"
            yield SongFault("impossible number", number, f"({note.lyric}) {text}")
            continue
        if note.onset < 0:
            yield SongFault("impossible number", number, f"({note.lyric}) begins at {note.onset:g} s, before the audio")
        if note.duration <= 0:
            name = "rest" if note.is_rest else "note"
            kind = "zero duration" if note.duration == 0 else "negative duration"
            yield SongFault(kind, number, f"({note.lyric}) is a {name} of {note.duration:g} s")
        if not (note.is_rest or 1 <= note.pitch <= 127):
            yield SongFault("pitch out of range", number, f"({note.lyric}) has pitch {note.pitch:g}, not 1 to 127")
    for number, (note, following) in enumerate(pairwise(song.notes), 1):
        between = following.onset - note.end
        if abs(between) > JOINT_TOLERANCE:
            kind = "overlapping notes" if between < 0 else "gap between notes"
            text = f"ends at {note.end:.4f} s, note {number + 1} ({following.lyric}) begins at {following.onset:.4f} s"
            yield SongFault(kind, number, f"({note.lyric}) {text}")


def _finite(number: float) -> bool:
    return math.isfinite(number)


def _note_faults(note: Note, song: Song) -> Iterator[tuple[str, str]]:
    language = song.language
    if not note.phones or not all(note.phones):
        yield "note without phones", "has no phones"
        return
    if unknown := [phone for phone in note.phones if not is_phone(phone, language)]:
        near = suggestion(unknown[0], note.lyric, note.phones, song)
        yield "unknown phone", f"has {' '.join(unknown)}, no phone of {language}; {near}"
    if note.is_rest:
        if not (note.is_silent or song.spoken):
            yield "sung rest", f"has pitch 0 and phones {' '.join(note.phones)}"
        return
    if set(note.phones) <= REST_PHONES:
        yield "silent note", f"has pitch {note.pitch:g} and only {' '.join(note.phones)}"
    elif not unknown and not any(is_vowel(phone, language) for phone in note.phones):
        yield "note without vowel", f"has phones {' '.join(note.phones)}, none of which can be held"
    if 1 <= note.pitch <= 127 and not AUDIBLE[0] <= note.pitch <= AUDIBLE[1]:
        yield "pitch nobody sings", f"has pitch {note.pitch:g}, singers reach {AUDIBLE[0]} to {AUDIBLE[1]}"
    if 0 < note.duration < SHORTEST:
        yield "very short note", f"lasts {1000 * note.duration:.0f} ms"
    if note.duration > LONGEST:
        yield "very long note", f"lasts {note.duration:.1f} s"
    if not note.slur and language in LYRIC_IS_ENOUGH:
        readings = _readings(note.lyric, language)
        if readings and note.phones not in readings:
            spelled = " or ".join(" ".join(phones) for phones in readings)
            yield "lyric and phones differ", f"is {spelled}, its phones are {' '.join(note.phones)}"


def _slur_faults(note: Note, syllable: Note | None) -> Iterator[tuple[str, str]]:
    if not note.slur:
        if note.lyric == SLUR_LYRIC:
            yield "slur without syllable", "has the lyric of a slur and is not marked as one"
    elif syllable is None:
        yield "slur without syllable", "continues a syllable, and before it is none"
    elif note.phones and note.phones[0] not in syllable.phones:
        text = f"sings {' '.join(note.phones)}, its syllable {syllable.lyric!r} has {' '.join(syllable.phones)}"
        yield "slur of another vowel", text


@lru_cache(maxsize=65536)
def _readings(lyric: str, language: str) -> tuple[tuple[str, ...], ...]:
    """The phones that a lyric may stand for; () if it is not one syllable of the language, which is no fault here."""
    if lyric in REST_PHONES:
        return ()
    try:
        readings = [phones_of(lyric, language)]
    except InputError:
        return ()
    if lyric in _PARTICLES and language == "ja":
        readings.append(_PARTICLES[lyric])
    if language == "zh" and len(lyric) == 1 and lyric >= "\u3400":
        readings += _mandarin_readings(lyric)
    return tuple(dict.fromkeys(readings))


def _mandarin_readings(character: str) -> list[tuple[str, ...]]:
    from pypinyin import Style, pinyin

    from svstoolkit.score.languages.mandarin import SYLLABLES, normalise_pinyin

    found = pinyin(character, style=Style.NORMAL, heteronym=True, errors="ignore")
    syllables = [normalise_pinyin(reading) for reading in (found[0] if found else [])]
    return [SYLLABLES[syllable] for syllable in syllables if syllable in SYLLABLES]
