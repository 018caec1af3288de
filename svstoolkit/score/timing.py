"""Phone times from a score alone, vowels on their beat, consonants before it; and a score's notes from phone times."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from svstoolkit.score.song import Song


def nucleus_index(phones: Sequence[str], is_vowel: Callable[[str], bool]) -> int:
    """Which of a note's phones sits on the beat: its first vowel, or its first phone when it has none."""
    return next((i for i, phone in enumerate(phones) if is_vowel(phone)), 0)


def score_phone_boundaries(
    song: Song, is_vowel: Callable[[str], bool], consonant_seconds: float | np.ndarray
) -> np.ndarray:
    """Where the phones of a song would lie if it were sung exactly as written.

    Each note's first vowel starts on the note's onset. The consonants before it take `consonant_seconds` each from
    the note or rest before, never more than half of that note. A slur's repeated vowel starts on its own note.
    What follows the vowel inside a note stays in the note: consonants take `consonant_seconds` each from its end,
    at most half of it; further vowels share the rest equally with the first.

    A first note with consonants has no note before: they take the time before its onset, if there is any, or else
    the start of the note, at most a quarter of it (the next note's consonants may take half).

    Args:
        song: N phones in all.
        is_vowel: phone → may it carry a beat.
        consonant_seconds: seconds, positive; one number for all consonants, or (N,) one per phone, of which those
            of the vowels that carry a beat are not looked at.

    Returns:
        (N+1,) seconds, ascending: start of each phone, then the end of the last note.

    Raises:
        ValueError: a `consonant_seconds` is not positive, or the song has no phones.
    """
    if not song.phones:
        raise ValueError("the song has no phones to place")
    seconds = np.broadcast_to(np.asarray(consonant_seconds, dtype=np.float64), len(song.phones))
    if not np.all(seconds > 0):
        raise ValueError(f"consonant_seconds must be positive, not {consonant_seconds}")
    notes = song.notes
    wanted = np.split(seconds, np.cumsum([len(note.phones) for note in notes])[:-1])
    nuclei = [nucleus_index(note.phones, is_vowel) for note in notes]
    room = [note.duration / 2 for note in notes]
    before = [notes[0].onset or room[0] / 2, *room[:-1]]  # what the onset consonants may take at most
    onsets = [_at_most(want[:n], most) for want, n, most in zip(wanted, nuclei, before, strict=True)]
    vowel_onsets = [note.onset for note in notes]
    if notes[0].onset == 0:
        vowel_onsets[0] = float(np.sum(onsets[0]))
    starts: list[float] = []
    for i, (note, n) in enumerate(zip(notes, nuclei, strict=True)):
        end = notes[i + 1].onset - np.sum(onsets[i + 1]) if i + 1 < len(notes) else note.end
        starts.extend(vowel_onsets[i] - np.cumsum(onsets[i][::-1])[::-1])
        starts.extend(_rhyme_starts(note.phones[n:], vowel_onsets[i], end, is_vowel, wanted[i][n:]))
    return np.array([*starts, notes[-1].end])


def _at_most(seconds: np.ndarray, most: float) -> np.ndarray:
    """The same durations, shortened alike if together they exceed `most`."""
    return seconds * min(1.0, most / max(np.sum(seconds), 1e-9))


def _rhyme_starts(
    phones: Sequence[str], start: float, end: float, is_vowel: Callable[[str], bool], seconds: np.ndarray
) -> list[float]:
    """Starts of the phones from the nucleus to the end of a note that may use [start, end)."""
    held = np.array([i == 0 or is_vowel(phone) for i, phone in enumerate(phones)])
    durations = np.where(held, 0.0, seconds)
    durations = _at_most(durations, (end - start) / 2)
    durations[held] = (end - start - np.sum(durations)) / np.count_nonzero(held)
    return list(start + np.concatenate([[0.0], np.cumsum(durations)[:-1]]))


def as_sung(song: Song, boundaries: np.ndarray, is_vowel: Callable[[str], bool]) -> Song:
    """The song with its notes where they were sung: from the start of a note's first vowel to that of the next note's.

    Against such a song melody and vibrato are judged apart from timing. A rest, and a note without a vowel, starts
    with its first phone.

    Args:
        boundaries: (N+1,) seconds of the song's N phones.

    Raises:
        ValueError: the boundaries are not those of the song's phones.
    """
    onsets = np.append(note_starts(song, boundaries, is_vowel), boundaries[-1])
    notes = (
        replace(note, onset=float(onset), duration=float(end - onset))
        for note, onset, end in zip(song.notes, onsets[:-1], onsets[1:], strict=True)
    )
    return replace(song, notes=tuple(notes))


def note_starts(song: Song, boundaries: np.ndarray, is_vowel: Callable[[str], bool]) -> np.ndarray:
    """Where each of N notes was sung to start: (N,) seconds, with its first vowel, or its first phone if it has none.

    Args:
        boundaries: (P + 1,) seconds of the song's P phones.

    Raises:
        ValueError: the boundaries are not those of the song's phones.
    """
    boundaries = np.asarray(boundaries, dtype=np.float64)
    if len(boundaries) != len(song.phones) + 1:
        raise ValueError(f"has {len(boundaries) - 1} phones where the score has {len(song.phones)}")
    first = np.cumsum([0, *(len(note.phones) for note in song.notes)])[:-1]
    nuclei = [start + nucleus_index(note.phones, is_vowel) for start, note in zip(first, song.notes, strict=True)]
    return boundaries[nuclei]


def with_minimum_duration(boundaries: np.ndarray, total: float, minimum: float) -> np.ndarray:
    """The nearest boundaries that start at 0, end at `total` and leave every phone at least `minimum`.

    Args:
        boundaries: (N+1,) ascending, any unit.
        total, minimum: the same unit.

    Returns:
        (N+1,) float64; phones that were long enough keep their place.

    Raises:
        ValueError: N phones of `minimum` do not fit in `total`.
    """
    count = len(boundaries) - 1
    if count * minimum > total:
        raise ValueError(f"{count} phones of at least {minimum} do not fit in {total}")
    least = minimum * np.arange(count + 1)
    moved = np.asarray(boundaries, dtype=np.float64).copy()
    moved[0] = 0.0
    moved = np.maximum.accumulate(np.maximum(moved, 0.0) - least) + least
    moved[-1] = total
    return np.minimum(moved, total - least[::-1])
