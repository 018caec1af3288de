"""openvpi DiffSinger's `.ds` files: JSON lists of phrases with phones, notes and curves.

In a `.ds` file words of phones (`ph_num`) begin with a vowel and take the consonants before the next vowel with them,
because those are sung before the next note; here a note holds its whole syllable, vowel on the onset. What a file can
say, and this module reads and writes:

| of a song | in .ds |
|---|---|
| times | note_dur, seconds to the microsecond |
| pitch | note_seq, to a cent ("C#4+25") |
| lyric | text, a word for each syllable and rest; passed over where it does not fit the phones |
| slur | note_slur |
| rest | the phones SP and AP |
| tempo | no |
| phones | ph_seq, Mandarin's by openvpi's extended set or Opencpop's; which syllable a consonant between two vowels |
| | belongs to is not said, the language's rules tell it again |
| language | "lang" and "zh/a" if asked for; else told from the phones |

Besides: ph_dur, the seconds of each phone, f0_seq and energy (RMS in dB) with their timesteps, and the singer or a mix.
Glides and further curves (breathiness, tension, gender …) are read past.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from svstoolkit.errors import InputError
from svstoolkit.score.formats.ds_names import PHONE_SETS, name_of, their_phones
from svstoolkit.score.formats.ds_segment import DsSegment, language_of_segments, phones_of_segment, read_segment
from svstoolkit.score.languages.registry import LANGUAGES, is_vowel
from svstoolkit.score.song import PAUSE, REST_PHONES, Note, Song

JOIN_TOLERANCE = 1e-3  # s, what rounding of offsets leaves between phrases


def read_ds(path: str | Path, language: str | None = None) -> Song:
    """Reads a `.ds` file as one song, its phrases at their offsets.

    Between phrases there is SP; where the rest at the end of a phrase reaches into the next, it is cut, then the rest
    that the next begins with.

    Args:
        language: of phones whose language is not in the file; None tells it from them.

    Raises:
        InputError: as `read_ds_segments`, or phrases that sound at once; names both.
    """
    path = Path(path)
    segments = read_ds_segments(path, language)
    codes = {segment.song.language for segment in segments}
    if len(codes) > 1:
        raise InputError(f"{path}: phrases in {' and '.join(sorted(codes))}; read them one by one (read_ds_segments)")
    notes: list[Note] = []
    for number, segment in sorted(enumerate(segments, 1), key=lambda pair: pair[1].offset):
        placed = [replace(note, onset=segment.offset + note.onset) for note in segment.song.notes]
        _join(notes, placed, f"{path}: segment {number} (at {segment.offset:g} s)")
    return Song(tuple(notes), language=codes.pop())


def read_ds_segments(path: str | Path, language: str | None = None) -> list[DsSegment]:
    """Reads the phrases of a `.ds` file, in its order.

    Raises:
        InputError: no `.ds` file, a phrase without notes, phones of no known language, columns that do not fit
            together; names the file and the segment.
    """
    path = Path(path)
    try:
        content = json.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: is no JSON ({error}); export it again") from error
    contents = content if isinstance(content, list) else [content]
    if not contents:
        raise InputError(f"{path}: has no segments; export it again")
    where = [f"{path}: segment {number}" for number in range(1, len(contents) + 1)]
    for segment, place in zip(contents, where, strict=True):
        phones_of_segment(segment, place)
    languages = language_of_segments(contents, where, language)
    for place, code in zip(where, languages, strict=True):
        if code not in LANGUAGES:
            raise InputError(f"{place}: language {code!r} is not known; known are {', '.join(sorted(LANGUAGES))}")
    return [read_segment(*cells) for cells in zip(contents, languages, where, strict=True)]


def write_ds(
    song: Song,
    path: str | Path,
    durations: Sequence[float] | None = None,
    f0: Sequence[float] | None = None,
    f0_timestep: float | None = None,
    *,
    phone_set: str = "extension",
    name_language: bool = False,
    speaker: str | None = None,
) -> None:
    """Writes a song as a `.ds` file of one phrase, which openvpi's own inference takes.

    Args:
        durations: (N,) seconds of the song's N phones; without them openvpi's variance model makes its own.
        f0: (K,) Hz every `f0_timestep` seconds.
        phone_set: of Mandarin, "extension" or "strict", as the model's dictionary has it.
        name_language: write "zh/a" and "lang", for multilingual models.
        speaker: name of the singer, or a mix ("a:0.3|b:0.7").

    Raises:
        InputError: the song is empty, or a slur begins it.
        ValueError: `durations` are not one for each phone, `f0` has no timestep, or there is no such phone set.
    """
    if phone_set not in PHONE_SETS:
        raise ValueError(f"phone_set {phone_set!r}; expected one of {PHONE_SETS}")
    if durations is not None and len(durations) != len(song.phones):
        raise ValueError(f"{len(durations)} durations for {len(song.phones)} phones")
    if f0 is not None and not (f0_timestep and f0_timestep > 0):
        raise ValueError("f0 needs a positive f0_timestep")
    if not song.notes or song.notes[0].slur:
        raise InputError(f"{path}: the song {'begins with a slur' if song.notes else 'has no notes to write'}")
    phones, counts, seconds = _words(song, durations, phone_set)
    if name_language:
        phones = [phone if phone in REST_PHONES else f"{song.language}/{phone}" for phone in phones]
    content: dict[str, Any] = {
        "offset": 0.0,
        "text": " ".join(n.lyric.replace(" ", "‿") or "?" for n in song.notes if not n.slur),
        "ph_seq": " ".join(phones),
        "ph_num": " ".join(map(str, counts)),
        "note_seq": " ".join(name_of(note.pitch) for note in song.notes),
        "note_dur": " ".join(_written(np.diff([0.0, *(note.end for note in song.notes)]))),
        "note_slur": " ".join(str(int(note.slur)) for note in song.notes),
    }
    if seconds is not None:
        content["ph_dur"] = " ".join(_written(seconds))
    if f0 is not None:
        content |= {"f0_seq": " ".join(f"{hz:.2f}" for hz in f0), "f0_timestep": str(f0_timestep)}
    content |= {"lang": song.language} if name_language else {}
    content |= {"spk_mix": speaker} if speaker else {}
    Path(path).write_text(json.dumps([content], ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _words(song: Song, durations: Sequence[float] | None, phone_set: str):
    """(phones without the vowels that slurs repeat, phones of each word, seconds of each phone or None)"""
    times = iter(durations if durations is not None else [0.0] * len(song.phones))
    phones: list[str] = []
    counts: list[int] = []
    seconds: list[float] = []
    held = 0  # index of the phone that slurs go on with
    for note in song.notes:
        spans = [next(times) for _ in note.phones]
        if note.slur:
            seconds[held] += spans[0]
            phones += their_phones(note.phones[1:], song.language, "strict")
            counts[-1] += len(note.phones) - 1
            seconds += spans[1:]
            continue
        vowels = [i for i, phone in enumerate(note.phones) if is_vowel(phone, song.language)] or [0]
        held = len(phones) + vowels[-1]
        counts = [*counts[:-1], counts[-1] + vowels[0], len(note.phones) - vowels[0]] if counts else [len(note.phones)]
        phones += their_phones(note.phones, song.language, phone_set)
        seconds += spans
    return phones, counts, seconds if durations is not None else None


def _written(seconds: Sequence[float]) -> list[str]:
    """Seconds to the microsecond, the ends rounded rather than the durations, so that errors do not add up."""
    ends = np.rint(np.cumsum(np.asarray(seconds, dtype=np.float64)) * 1e6).astype(np.int64)
    return [f"{value / 1e6:.6f}" for value in np.diff(ends, prepend=0).tolist()]


def _join(notes: list[Note], placed: list[Note], where: str) -> None:
    """Appends the notes of a phrase to those before it, with SP between, or cutting rests that overlap."""
    _cut_overlap(notes, placed, where)
    if not placed:
        return
    if placed[0].onset < 0:
        raise InputError(f"{where} begins before 0 s; mend its offset")
    end = notes[-1].end if notes else 0.0
    if placed[0].onset - end > JOIN_TOLERANCE and not (notes and notes[-1].phones == (PAUSE,)):
        notes.append(Note(end, placed[0].onset - end, 0, PAUSE, (PAUSE,)))
    if notes and notes[-1].phones == placed[0].phones == (PAUSE,):
        placed[0] = replace(placed[0], onset=notes[-1].onset, duration=placed[0].end - notes.pop().onset)
    elif notes:
        notes[-1] = replace(notes[-1], duration=placed[0].onset - notes[-1].onset)
    else:
        placed[0] = replace(placed[0], onset=0.0, duration=placed[0].end)
    notes.extend(placed)


def _cut_overlap(notes: list[Note], placed: list[Note], where: str) -> None:
    """Cuts rests at the end of `notes`, then at the beginning of `placed`, until the one ends before the other."""
    while notes and placed and notes[-1].end - placed[0].onset > JOIN_TOLERANCE:
        if notes[-1].is_rest:
            last, start = notes.pop(), placed[0].onset
            if start > last.onset + JOIN_TOLERANCE:
                notes.append(replace(last, duration=start - last.onset))
        elif placed[0].is_rest:
            first, end = placed.pop(0), notes[-1].end
            if first.end > end + JOIN_TOLERANCE:
                placed.insert(0, replace(first, onset=end, duration=first.end - end))
        else:
            told = f"begins at {placed[0].onset:.3f} s, before the one before it ends at {notes[-1].end:.3f} s"
            raise InputError(f"{where} {told}; one voice sings one phrase at a time: mend its offset")
