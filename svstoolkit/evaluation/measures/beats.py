"""Vowels on their beats: where the singing puts each note's vowel against where the score puts the note.

Singers start the vowel, not the consonant, on the beat (Sundberg and Bauer-Huppmann 2007, Journal of Voice 21), so a
note is in time if its first vowel is. A slur has no vowel of its own to start: its change of pitch is measured by
`transitions`. A song that begins without a rest leaves no time before its first note, whose consonants then make its
vowel late; a first note that begins with its vowel begins with the recording and tells nothing.
"""

from collections.abc import Callable

import numpy as np

from svstoolkit.score.song import Song
from svstoolkit.score.timing import note_starts

ON_BEAT = 0.030  # s; players of one ensemble are 30 to 50 ms apart (Rasch 1979, Acustica 43)


def vowel_deviations(song: Song, boundaries: np.ndarray, is_vowel: Callable[[str], bool]) -> np.ndarray:
    """How late each note's first vowel is: (N,) seconds for N notes, NaN for rests and slurs.

    A note without a vowel counts with its first phone.

    Args:
        boundaries: (P + 1,) seconds of the song's P phones, as sung.

    Raises:
        ValueError: the boundaries are not those of the song's phones.
    """
    late = note_starts(song, boundaries, is_vowel) - np.array([note.onset for note in song.notes])
    judged = np.array([not note.is_rest and not note.slur for note in song.notes], dtype=bool)
    if len(judged) and song.notes[0].phones and is_vowel(song.notes[0].phones[0]):
        judged[0] = False
    return np.where(judged, late, np.nan)


def beat_errors(deviations: np.ndarray) -> dict[str, float]:
    """Of `vowel_deviations`: on_beat, per cent within 30 ms; beat_error, mean distance in ms. NaN without a note."""
    known = np.abs(deviations[np.isfinite(deviations)])
    if not len(known):
        return {"on_beat": float("nan"), "beat_error": float("nan")}
    # a tenth of a microsecond for what subtraction leaves of times printed in milliseconds
    return {"on_beat": 100.0 * float(np.mean(known <= ON_BEAT + 1e-7)), "beat_error": 1000.0 * float(np.mean(known))}
