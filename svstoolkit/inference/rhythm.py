"""Predicted phone durations fitted to the score: vowels on their beats, every note's time filled exactly.

Speech has no beats: its durations are the predicted ones.
"""

from itertools import pairwise

import numpy as np

from svstoolkit.data.vocabulary import Vocabulary
from svstoolkit.score.song import Song, qualified
from svstoolkit.score.timing import nucleus_index, score_phone_boundaries, with_minimum_duration
from svstoolkit.units import boundaries_to_frames


def durations_from_score(
    song: Song, table: np.ndarray, predicted: np.ndarray, vocabulary: Vocabulary, frame_period: float
) -> np.ndarray:
    """Frames per phone (N,), one at least, summing to the song's length; of speech as many as are predicted.

    Singers put the *vowel* on the beat; a consonant takes its time from the note or rest before. So the model's
    durations decide how long consonants are, and the score decides everything else.

    song: the score
    table: (N, 7) its phone table
    predicted: (N,) seconds, the model's phone durations
    frame_period: seconds per frame
    """
    if not len(table) == len(predicted) == len(song.phones):
        raise ValueError(f"{len(table)} rows and {len(predicted)} durations for {len(song.phones)} phones")
    vowels = frozenset(vocabulary.vowels)
    if song.spoken:
        ends = np.cumsum(np.maximum(predicted / frame_period, 1.0))
        return np.diff(np.floor(np.append(0.0, ends) + 0.5)).astype(np.int64)
    seconds = np.maximum(predicted, frame_period)

    def is_vowel(phone: str) -> bool:
        return qualified(phone, song.language) in vowels

    boundaries = score_phone_boundaries(song, is_vowel, seconds) / frame_period
    n_frames = max(round(song.duration / frame_period), len(table))
    firsts = np.cumsum([0, *(len(note.phones) for note in song.notes[:-1])])
    beats = [first + nucleus_index(note.phones, is_vowel) for first, note in zip(firsts, song.notes, strict=True)]
    return frames_between_beats(boundaries, beats, n_frames)


def frames_between_beats(boundaries: np.ndarray, beats: list[int], n_frames: int) -> np.ndarray:
    """Frames per phone (N,), one at least, of which those at `beats` begin in their very frames.

    Phones too short for a frame take it from their neighbours between the same two beats; only where there are more
    phones than frames between two beats does the later one give way.

    boundaries: (N+1,) frames, ascending; beats: indices of phones; n_frames: at least N
    """
    count = len(boundaries) - 1
    fixed = np.unique([0, *beats, count])  # a note without phones has its beat with the next
    at = np.floor(boundaries[fixed] + 0.5)
    at[0], at[-1] = 0, n_frames
    at = np.minimum(np.maximum.accumulate(at - fixed) + fixed, n_frames - (count - fixed))
    frames = []
    for (first, last), (start, end) in zip(pairwise(fixed), pairwise(at), strict=True):
        between = with_minimum_duration(boundaries[first : last + 1] - start, end - start, 1.0)
        frames.append(boundaries_to_frames(np.floor(between + 0.5), 1.0, int(end - start)))
    return np.concatenate(frames)
