"""A song's phrases and the times of its phones: from phrases to the song, and back after a user has moved some."""

from collections.abc import Callable, Sequence

import numpy as np

from svstoolkit.corpora.phrases import Phrase, cut_phrases
from svstoolkit.inference.overrides import Overrides
from svstoolkit.inference.phone_times import place_phones
from svstoolkit.score.song import Song
from svstoolkit.score.timing import with_minimum_duration

LONGEST_PHRASE = 20.0  # s; a longer one is cut at any rest it has: attention grows with the square of the length
AT_A_CUT = 2e-3  # s that a phone's start may be off a cut beside it, which is rounded to whole milliseconds


def first_phone(song: Song, phrase: Phrase) -> int:
    """Index in the song of a phrase's first phone."""
    return sum(len(note.phones) for note in song.notes[: phrase.first])


def song_boundaries(
    song: Song, phrases: Sequence[Phrase], durations: Sequence[np.ndarray], frame_period: float
) -> np.ndarray:
    """(N+1,) s of a song from the frames of each phrase's phones; rests between phrases begin where they are written.

    A rest that is cut in two begins in the phrase before and ends in the one after.
    """
    onsets = [note.onset for note in song.notes for _ in note.phones]
    boundaries = np.array([*onsets, song.duration])
    boundaries[0] = 0.0
    for phrase, frames in zip(phrases, durations, strict=True):
        first = first_phone(song, phrase)
        boundaries[first + 1 : first + len(frames)] = phrase.start + np.cumsum(frames[:-1]) * frame_period
    return boundaries


def timed_phrases(
    song: Song,
    phrases: Sequence[Phrase],
    durations: Sequence[np.ndarray],
    layers: Sequence[Overrides],
    is_vowel: Callable[[str], bool],
    frame_period: float,
) -> tuple[list[Phrase], list[np.ndarray], np.ndarray]:
    """Phrases, their phones' frames and the song's boundaries (N+1,) s, as the user times them.

    Where a phone was moved over the cut beside it, the song is cut anew, in the pauses that are left.

    Args:
        phrases, durations: as predicted.

    Raises:
        InputError: as `place_phones`.
    """
    boundaries = song_boundaries(song, phrases, durations, frame_period)
    timed = [layer for layer in layers if layer.times_phones]
    if not timed:
        return list(phrases), list(durations), boundaries
    for layer in timed:
        boundaries = place_phones(boundaries, layer, song, is_vowel, frame_period)
    if not _fit(song, phrases, boundaries, frame_period):
        ends = boundaries.tolist()
        label = list(zip(ends, ends[1:], song.phones, strict=False))
        phrases = cut_phrases(song, label, longest=LONGEST_PHRASE)
    frames = [_frames(phrase, boundaries[first_phone(song, phrase) :], frame_period) for phrase in phrases]
    return list(phrases), frames, boundaries


def _fit(song: Song, phrases: Sequence[Phrase], boundaries: np.ndarray, frame_period: float) -> bool:
    """Whether every phone begins in the phrase that sings it."""
    followed = 0
    for phrase in phrases:
        first = first_phone(song, phrase)
        inner = boundaries[first + 1 : first + len(phrase.song.phones)]
        if np.any((inner < phrase.start + frame_period / 2) | (inner > phrase.end - frame_period / 2)):
            return False
        if first == followed > 0 and abs(boundaries[first] - phrase.start) > AT_A_CUT:  # the cut is no rest's middle
            return False
        followed = first + len(phrase.song.phones)
    return True


def _frames(phrase: Phrase, boundaries: np.ndarray, frame_period: float) -> np.ndarray:
    """Frames of a phrase's phones (n,), one at least, from the song's boundaries that begin with the phrase's."""
    count = len(phrase.song.phones)
    length = max(round(phrase.song.duration / frame_period), count)
    inner = (boundaries[1:count] - phrase.start) / frame_period
    rounded = np.floor(np.concatenate([[0.0], inner, [length]]) + 0.5).clip(0, length)
    return np.diff(with_minimum_duration(rounded, length, 1.0)).astype(np.int64)
