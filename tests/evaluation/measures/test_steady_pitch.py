import numpy as np
import pytest

from svstoolkit.corpora.synthesis.singing_f0 import F0Model, f0_contour
from svstoolkit.evaluation.measures.melody import score_notes
from svstoolkit.evaluation.measures.steady import steady_parts, steady_pitch_errors
from svstoolkit.score.song import Note, Song

PERIOD = 0.01
SPANS = np.array([[0.0, 1.0], [1.0, 2.0]])
HZ = np.array([220.0, 330.0])


def errors(f0):
    return list(steady_pitch_errors(f0, (SPANS, HZ), PERIOD).values())


def sung(cents_first, cents_second=0.0):
    return np.repeat(HZ, 100) * 2 ** (np.repeat([cents_first, cents_second], 100) / 1200)


def test_the_steady_part_is_without_120_ms_and_never_less_than_half():
    assert steady_parts([[1.0, 2.0], [2.0, 2.2]]) == pytest.approx(np.array([[1.12, 1.88], [2.05, 2.15]]))
    assert steady_parts(np.zeros((0, 2))).shape == (0, 2)


def test_known_errors_count_by_both_thresholds():
    assert errors(sung(0)) == [0.0, 0.0]
    assert errors(sung(49)) == [0.0, 0.0]
    assert errors(sung(51)) == [50.0, 0.0]
    assert errors(sung(-400)) == [50.0, 50.0]  # 20 % is 316 cents up, 386 down
    assert errors(sung(-380)) == [50.0, 0.0]


def test_what_lies_in_transitions_and_consonants_does_not_count():
    f0 = sung(0)
    f0[[*range(12), *range(88, 112), *range(188, 200)]] = 500.0
    assert errors(f0) == [0.0, 0.0]
    f0[12:50] = 0.0  # unvoiced: of the rest all are right
    assert errors(f0) == [0.0, 0.0]
    f0[50] = 500.0
    assert errors(f0)[0] == pytest.approx(100 / (76 + 38))


def test_silence_is_wrong_and_no_score_is_undefined():
    assert errors(np.zeros(200)) == [100.0, 100.0]
    empty = steady_pitch_errors(sung(0), (np.zeros((0, 2)), np.zeros(0)), PERIOD)
    assert np.isnan(list(empty.values())).all()


def test_the_model_of_singing_is_in_tune_on_its_steady_parts():
    """Saitou's transitions end within them; of all frames of the notes, many more are off."""
    random = np.random.default_rng(0)
    song = Song(tuple(Note(0.6 * i, 0.6, float(p), "a", ("a",)) for i, p in enumerate(random.integers(55, 70, 40))))
    f0 = f0_contour(song, round(song.duration / PERIOD), PERIOD, F0Model(), random)
    found = steady_pitch_errors(f0, score_notes(song), PERIOD)
    assert found["steady_pitch_error_20"] == 0.0
    assert found["steady_pitch_error"] < 8.0  # vibrato, overshoot and the fine fluctuation together pass 50 cents
