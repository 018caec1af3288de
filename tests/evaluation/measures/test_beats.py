import numpy as np
import pytest

from svstoolkit.evaluation.measures.beats import beat_errors, vowel_deviations
from svstoolkit.score.song import Note, Song

SONG = Song(
    (
        Note(0.0, 0.5, 0, "SP", ("SP",)),
        Note(0.5, 0.5, 60, "ba", ("b", "a")),
        Note(1.0, 0.5, 62, "—", ("a",), slur=True),
        Note(1.5, 0.5, 64, "n", ("n",)),
        Note(2.0, 0.5, 64, "tan", ("t", "a", "n")),
        Note(2.5, 0.5, 0, "SP", ("SP",)),
    )
)
ON_TIME = np.array([0.0, 0.42, 0.5, 1.0, 1.5, 1.9, 2.0, 2.4, 2.5, 3.0])  # SP b a a n t a n SP


def is_vowel(phone):
    return phone == "a"


def test_the_vowel_counts_and_neither_consonants_nor_rests_nor_slurs():
    assert vowel_deviations(SONG, ON_TIME, is_vowel) == pytest.approx([np.nan, 0, np.nan, 0, 0, np.nan], nan_ok=True)
    elsewhere = ON_TIME.copy()
    elsewhere[[1, 3, 5, 7, 8]] += [-0.2, 0.2, 0.05, -0.1, 0.3]
    assert beat_errors(vowel_deviations(SONG, elsewhere, is_vowel)) == {"on_beat": 100.0, "beat_error": 0.0}


def test_known_shifts_are_told_with_their_sign():
    shifted = ON_TIME.copy()
    shifted[[2, 4, 6]] += [0.030, -0.031, 0.010]
    late = vowel_deviations(SONG, shifted, is_vowel)
    assert late[[1, 3, 4]] == pytest.approx([0.030, -0.031, 0.010])
    errors = beat_errors(late)
    assert errors["on_beat"] == pytest.approx(200 / 3)  # 30 ms is on the beat, 31 is not
    assert errors["beat_error"] == pytest.approx(71 / 3)


def test_a_song_without_a_rest_before_it():
    first = Song(SONG.notes[1:2])
    assert vowel_deviations(first, np.array([0.5, 0.6, 1.0]), is_vowel) == pytest.approx([0.1])  # the consonant's time
    alone = Song((Note(0.0, 0.5, 60, "a", ("a",)),))
    assert np.isnan(vowel_deviations(alone, np.array([0.0, 0.5]), is_vowel)).all()  # starts with the recording
    assert np.isnan(list(beat_errors(np.array([np.nan])).values())).all()


def test_boundaries_of_another_song_are_refused():
    with pytest.raises(ValueError, match="has 2 phones where the score has 9"):
        vowel_deviations(SONG, np.array([0.0, 0.1, 0.2]), is_vowel)
