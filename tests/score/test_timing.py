"""Score timing against boundaries worked out by hand."""

import numpy as np
import pytest

from svstoolkit.score.song import Note, Song
from svstoolkit.score.timing import score_phone_boundaries, with_minimum_duration

VOWELS = set("aiueo") | {"ao"}


def is_vowel(phone: str) -> bool:
    return phone in VOWELS


def notes(*rows) -> Song:
    onset, made = 0.0, []
    for duration, pitch, phones, slur in rows:
        made.append(Note(onset, duration, pitch, "x", tuple(phones.split()), slur))
        onset += duration
    return Song(tuple(made))


def test_vowels_on_the_beat_consonants_before_it():
    song = notes((0.5, 0, "SP", False), (1.0, 60, "t a", False), (1.0, 62, "s ao", False), (0.5, 0, "AP", False))
    np.testing.assert_allclose(score_phone_boundaries(song, is_vowel, 0.1), [0, 0.4, 0.5, 1.4, 1.5, 2.5, 3.0])


def test_consonants_never_take_more_than_half_of_the_note_before():
    song = notes((0.5, 60, "a", False), (0.1, 60, "a", True), (0.5, 62, "s t a", False))
    np.testing.assert_allclose(score_phone_boundaries(song, is_vowel, 0.1), [0, 0.5, 0.55, 0.575, 0.6, 1.1])


def test_slur_vowel_starts_on_its_note():
    song = notes((0.4, 60, "a", False), (0.3, 62, "a", True), (0.3, 64, "t i", False))
    np.testing.assert_allclose(score_phone_boundaries(song, is_vowel, 0.05), [0, 0.4, 0.65, 0.7, 1.0])


def test_first_consonant_takes_from_its_own_note_when_nothing_is_before():
    song = notes((0.4, 60, "t a", False))
    np.testing.assert_allclose(score_phone_boundaries(song, is_vowel, 0.05), [0, 0.05, 0.4])
    np.testing.assert_allclose(score_phone_boundaries(song, is_vowel, 0.3), [0, 0.1, 0.4])


def test_first_consonant_uses_time_before_the_first_note():
    song = Song((Note(0.3, 0.5, 60, "ta", ("t", "a")),))
    np.testing.assert_allclose(score_phone_boundaries(song, is_vowel, 0.1), [0.2, 0.3, 0.8])


def test_coda_takes_the_end_of_its_note_and_second_vowels_share():
    song = notes((1.0, 60, "k a t s", False), (1.0, 60, "n a i", False))
    expected = [0, 0.1, 0.7, 0.8, 0.9, 1.0, 1.5, 2.0]
    np.testing.assert_allclose(score_phone_boundaries(song, is_vowel, 0.1), expected)
    short = score_phone_boundaries(notes((0.1, 60, "a t", False)), is_vowel, 0.1)
    np.testing.assert_allclose(short, [0, 0.05, 0.1])


def test_note_without_a_vowel_starts_on_its_onset():
    song = notes((0.5, 60, "k a", False), (0.2, 60, "cl", False), (0.3, 60, "t a", False))
    np.testing.assert_allclose(score_phone_boundaries(song, is_vowel, 0.1), [0, 0.1, 0.5, 0.6, 0.7, 1.0])


def test_random_songs_give_ascending_boundaries():
    rng = np.random.default_rng(0)
    for _ in range(200):
        rows = []
        for _ in range(rng.integers(1, 12)):
            phones = " ".join(["t", "s"][: rng.integers(0, 3)] + ["a"] + ["n"] * rng.integers(0, 2))
            rows.append((rng.uniform(0.02, 1.0), 60, phones, False))
        song = notes(*rows)
        boundaries = score_phone_boundaries(song, is_vowel, rng.uniform(0.01, 0.3))
        assert len(boundaries) == len(song.phones) + 1
        assert np.all(np.diff(boundaries) > 0)
        assert boundaries[-1] == pytest.approx(song.duration)


def test_bad_arguments():
    with pytest.raises(ValueError, match="consonant_seconds"):
        score_phone_boundaries(notes((1.0, 60, "a", False)), is_vowel, 0.0)
    with pytest.raises(ValueError, match="no phones"):
        score_phone_boundaries(Song(()), is_vowel, 0.1)


def test_minimum_duration_moves_only_what_it_must():
    np.testing.assert_allclose(with_minimum_duration(np.array([0, 5, 6, 6, 20.0]), 20, 3), [0, 5, 8, 11, 20])
    np.testing.assert_allclose(with_minimum_duration(np.array([2, 9, 25, 30.0]), 20, 3), [0, 9, 17, 20])
    np.testing.assert_allclose(with_minimum_duration(np.array([0, 5, 10, 15.0]), 15, 3), [0, 5, 10, 15])
    np.testing.assert_allclose(with_minimum_duration(np.array([0, -2, 1, 15.0]), 15, 3), [0, 3, 6, 15])
    with pytest.raises(ValueError, match="do not fit"):
        with_minimum_duration(np.array([0, 1, 2.0]), 5, 3)
