"""One segment of a `.ds` file: its columns checked against each other, then its words, notes and curves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from svstoolkit.errors import InputError
from svstoolkit.score.formats.ds_columns import number, numbers, read_columns, values
from svstoolkit.score.formats.ds_names import our_phone, split_language
from svstoolkit.score.formats.ds_words import (
    lyrics_of_syllables,
    notes_of_syllables,
    phone_durations,
    syllables_of_words,
)
from svstoolkit.score.languages.detection import language_of_phones
from svstoolkit.score.languages.registry import is_phone
from svstoolkit.score.song import LONGEST, REST_PHONES, Song


@dataclass(frozen=True)
class DsSegment:
    """One phrase of a `.ds` file.

    offset: seconds, where it begins in the whole
    song: its notes from time 0
    text: its lyrics as the file has them
    durations: (N,) seconds of each of the song's N phones as the file times them, or None
    f0: (K,) Hz, or None
    f0_timestep: seconds between values of f0, or None
    speaker: the singer, or a mix as the file writes it ("a:0.3|b:0.7"), or None
    energy: (K,) dB, RMS of full scale, or None; energy_timestep: seconds between its values, or None
    singers: {name: (K,) shares of the singing}, K = 1 where they stay the same; empty without any
    singers_timestep: seconds between their values, or None
    """

    offset: float
    song: Song
    text: str
    durations: np.ndarray | None = None
    f0: np.ndarray | None = None
    f0_timestep: float | None = None
    speaker: str | None = None
    energy: np.ndarray | None = None
    energy_timestep: float | None = None
    singers: Mapping[str, np.ndarray] = field(default_factory=dict)
    singers_timestep: float | None = None


def phones_of_segment(content: Any, where: str) -> list[str]:
    """The phones of a segment as written, its languages with them.

    Raises:
        InputError: it is no segment, or has no phones.
    """
    if not isinstance(content, Mapping):
        raise InputError(f"{where}: is {str(content)[:40]!r}; expected an object with ph_seq, note_seq, …")
    phones = values(content, ("ph_seq",), where)
    if not phones:
        raise InputError(f"{where}: no phones (ph_seq); it is a placeholder, fill it in in an editor of .ds files")
    return phones


def language_of_segments(contents: Sequence[Mapping], where: Sequence[str], language: str | None) -> list[str]:
    """The language of each segment: as its phones or its "lang" say, else `language`, else told from all phones.

    Raises:
        InputError: a segment in two languages, or in another than `language`; or phones of no known language.
    """
    said = []
    for content, place in zip(contents, where, strict=True):
        names = [split_language(phone)[0] for phone in phones_of_segment(content, place)]
        prefixes = sorted({name for name in names if name})
        written = content.get("lang")
        codes = prefixes or ([written] if isinstance(written, str) and written else [])
        if len(codes) > 1 or (codes and language not in (None, codes[0])):
            wanted = f", {language} was asked for" if language else ""
            raise InputError(f"{place}: is in {' and '.join(codes)}{wanted}; a phrase is sung in one language")
        said.append(codes[0] if codes else language)
    if None in said:
        pairs = [pair for pair in zip(contents, where, said, strict=True) if pair[2] is None]
        phones = {p for content, place, _ in pairs for p in phones_of_segment(content, place)} - REST_PHONES
        text = " ".join(str(content.get("text", "")) for content, _, _ in pairs)
        guessed = language_of_phones(sorted(phones), text, pairs[0][1].rpartition(": ")[0], our_phone)
        said = [code or guessed for code in said]
    return said


def read_segment(content: Mapping, language: str, where: str) -> DsSegment:
    """Reads one segment, of openvpi's present form or of the older one that gives a note for every phone.

    Raises:
        InputError: columns that are missing, malformed or do not fit together; names the place.
    """
    written = phones_of_segment(content, where)
    phones = [our_phone(split_language(name)[1], language) for name in written]
    strange = next((i for i, phone in enumerate(phones) if not is_phone(phone, language)), None)
    if strange is not None:
        told = f"{where}: phone {strange + 1} ({written[strange]})"
        raise InputError(f"{told} is not one of language {language!r}; rename it, or name another language")
    columns = read_columns(content, phones, language, where)
    syllables = syllables_of_words(columns.words(), language, where)
    text = content.get("text") if isinstance(content.get("text"), str) else ""
    notes = notes_of_syllables(syllables, lyrics_of_syllables(syllables, text, language), where)
    if not notes:
        raise InputError(f"{where}: all its notes are of no duration; fill in note_dur")
    durations = None
    if columns.phone_seconds is not None:
        ends = np.cumsum(columns.phone_seconds).tolist()
        durations = np.array(phone_durations(notes, syllables, [0.0, *ends[:-1]], ends))
    f0, step = numbers(content, ("f0_seq",), where), number(content, "f0_timestep", where)
    if f0 and (step is None or step <= 0 or min(f0) < 0):
        raise InputError(f"{where}: f0_seq needs a positive f0_timestep, and no F0 is below 0 Hz")
    song, offset = Song(tuple(notes), language=language), number(content, "offset", where) or 0.0
    if offset + song.duration > LONGEST:
        raise InputError(
            f"{where}: ends after {offset + song.duration:g} s; no song is that long, mend note_dur or offset"
        )
    return DsSegment(
        offset,
        song,
        text,
        durations,
        np.array(f0) if f0 else None,
        step,
        _speaker(content),
        *_energy(content, where),
        *_singers(content, where),
    )


def _energy(content: Mapping, where: str) -> tuple[np.ndarray | None, float | None]:
    energy, step = numbers(content, ("energy",), where), number(content, "energy_timestep", where)
    if energy and (step is None or step <= 0):
        raise InputError(f"{where}: energy needs a positive energy_timestep")
    return (np.array(energy), step) if energy else (None, None)


def _singers(content: Mapping, where: str) -> tuple[dict[str, np.ndarray], float | None]:
    """spk_mix, {"a": 0.3, "b": "0.7 0.6 …"} or "a:0.3|b:0.7", or the one singer of spk, speaker or spk_name."""
    key = next((key for key in ("spk_mix", "spk", "speaker", "spk_name") if content.get(key)), None)
    if key is None:
        return {}, None
    named: Any = content[key]
    if not isinstance(named, Mapping):
        shares = [part.partition(":") for part in str(named).split("|")]
        named = {name.strip(): share or "1" for name, _, share in shares}
    found = {name: np.array(numbers({key: str(share)}, (key,), where)) for name, share in named.items()}
    step = number(content, "spk_mix_timestep", where)
    lengths = {len(shares) for shares in found.values()}
    if 0 in lengths or (lengths != {1} and (step is None or step <= 0)):
        raise InputError(f"{where}: {key} needs a share of each singer, or several and a positive spk_mix_timestep")
    count = max(len(shares) for shares in found.values())
    found = {name: np.append(shares, np.full(count - len(shares), shares[-1])) for name, shares in found.items()}
    if min(shares.min() for shares in found.values()) < 0 or not np.all(sum(found.values()) > 0):
        raise InputError(f"{where}: {key} has shares below 0, or none above 0; give each moment a singer")
    return found, step


def _speaker(content: Mapping) -> str | None:
    named = next((content[key] for key in ("spk", "speaker", "spk_name", "spk_mix") if content.get(key)), None)
    if isinstance(named, Mapping):
        return "|".join(f"{name}:{share}" for name, share in named.items())
    return None if named is None else str(named)
