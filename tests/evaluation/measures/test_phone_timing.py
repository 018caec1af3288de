import numpy as np
import pytest

from svstoolkit.evaluation.measures.dtw import dtw_path
from svstoolkit.evaluation.measures.rhythm import (
    duration_correlation,
    duration_rmse,
    onset_bias,
    onset_error,
    onsets_within,
    timing_errors,
    warped_boundaries,
)
from svstoolkit.score.song import Note, Song
from svstoolkit.score.timing import as_sung

REFERENCE = np.array([0.0, 0.10, 0.30, 0.35, 0.80, 1.00])
VOICE = np.array([0.0, 0.11, 0.28, 0.40, 0.80, 1.10])
VOWELS = np.array([False, True, False, True, True])


def test_known_boundaries_give_exact_figures():
    errors = np.array([10.0, -20.0, 50.0, 0.0])  # ms, of the phones 2 to 5
    assert onset_error(VOICE, REFERENCE) == pytest.approx(np.mean(np.abs(errors)))
    assert onset_bias(VOICE, REFERENCE) == pytest.approx(10.0)
    assert onset_error(VOICE, REFERENCE, VOWELS) == pytest.approx(20.0)
    assert onsets_within(VOICE, REFERENCE, 0.02) == 75.0
    assert onsets_within(VOICE, REFERENCE, 0.05) == 100.0
    durations = np.array([[110, 170, 120, 400, 300], [100, 200, 50, 450, 200]])
    assert duration_rmse(VOICE, REFERENCE) == pytest.approx(np.sqrt(np.mean((durations[0] - durations[1]) ** 2)))
    assert duration_correlation(VOICE, REFERENCE) == pytest.approx(np.corrcoef(durations)[0, 1])


def test_all_figures_at_once():
    values = timing_errors(VOICE, REFERENCE, VOWELS)
    assert values["vowel_onset_error"] == onset_error(VOICE, REFERENCE, VOWELS)
    assert values["onsets_within_20ms"] == 75.0
    assert set(timing_errors(VOICE, REFERENCE)) == {name for name in values if not name.startswith("vowel")}


def test_a_longer_song_at_the_same_rhythm_correlates_perfectly():
    assert duration_correlation(1.3 * REFERENCE, REFERENCE) == pytest.approx(1.0)
    assert onset_error(REFERENCE, REFERENCE) == 0.0


def test_undefined_figures_are_nan():
    even = np.arange(5.0)
    assert np.isnan(duration_correlation(even, even))
    assert np.isnan(onset_error([0.0, 1.0], [0.0, 2.0]))  # one phone: it starts with the recording
    assert np.isnan(onset_error(VOICE, REFERENCE, np.zeros(5, bool)))


@pytest.mark.parametrize("bad", [VOICE[:-1], [[0.0, 1.0]], [0, 0.2, 0.1, 0.4, 0.5, 0.6], [0, np.nan, 1, 2, 3, 4]])
def test_boundaries_of_other_phones_are_refused(bad):
    with pytest.raises(ValueError, match="boundaries"):
        onset_error(bad, REFERENCE)


def test_frames_paired_one_to_one_move_nothing():
    pairs = np.stack([np.arange(100), np.arange(100)], axis=1)
    assert warped_boundaries(REFERENCE, pairs, 0.01) == pytest.approx(REFERENCE)


def test_an_even_stretch_stretches_the_boundaries():
    pairs = np.stack([np.repeat(np.arange(100), 2), np.arange(200)], axis=1)
    assert warped_boundaries(REFERENCE, pairs, 0.01) == pytest.approx(2 * REFERENCE)
    assert warped_boundaries(2 * REFERENCE, pairs[:, ::-1], 0.01) == pytest.approx(REFERENCE)


def test_the_path_finds_where_the_voice_changed_phones():
    rng = np.random.default_rng(0)
    phones = rng.normal(size=(5, 12))

    def frames(boundaries):
        counts = np.diff(np.rint(np.array(boundaries) / 0.01).astype(int))
        return np.repeat(phones, counts, axis=0) + 0.1 * rng.normal(size=(counts.sum(), 12))

    path = dtw_path(frames(REFERENCE), frames(VOICE))
    assert warped_boundaries(REFERENCE, path, 0.01) == pytest.approx(VOICE, abs=0.006)  # half a frame


def test_notes_as_sung_begin_with_their_vowels():
    song = Song(
        (
            Note(0.0, 0.5, 0, "SP", ("SP",)),
            Note(0.5, 0.5, 60, "ba", ("b", "a")),
            Note(1.0, 0.5, 62, "—", ("a",), slur=True),
            Note(1.5, 0.5, 64, "n", ("n",)),
        )
    )
    sung = as_sung(song, np.array([0.0, 0.4, 0.55, 1.1, 1.4, 2.1]), lambda phone: phone == "a")
    assert [n.onset for n in sung.notes] == pytest.approx([0.0, 0.55, 1.1, 1.4])
    assert [n.end for n in sung.notes] == pytest.approx([0.55, 1.1, 1.4, 2.1])
    assert [n.pitch for n in sung.notes] == [0, 60, 62, 64]
    with pytest.raises(ValueError, match="phones"):
        as_sung(song, np.arange(3.0), lambda phone: True)
