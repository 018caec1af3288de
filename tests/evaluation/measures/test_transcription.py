import mir_eval
import numpy as np
import pytest

from svstoolkit.evaluation.measures.transcription import transcribe

PERIOD = 0.01


def contour(notes):
    """(seconds, MIDI number or 0) one after the other → (T,) Hz"""
    midi = np.concatenate([np.full(round(seconds / PERIOD), pitch, dtype=float) for seconds, pitch in notes])
    return np.where(midi > 0, 440 * 2 ** ((midi - 69) / 12), 0.0)


def with_cents(f0, cents):
    return f0 * 2 ** (np.asarray(cents) / 1200)


MELODY = [(0.3, 0), (0.4, 60), (0.25, 62), (0.1, 0), (0.5, 62), (0.3, 69), (0.2, 67.4), (0.3, 0)]
INTERVALS = np.array([[0.3, 0.7], [0.7, 0.95], [1.05, 1.55], [1.55, 1.85], [1.85, 2.05]])
PITCHES = 440 * 2 ** ((np.array([60, 62, 62, 69, 67.4]) - 69) / 12)


def test_steady_notes_are_found_where_they_are():
    intervals, pitches = transcribe(contour(MELODY), PERIOD)
    assert intervals == pytest.approx(INTERVALS)
    assert pitches == pytest.approx(PITCHES)


@pytest.mark.parametrize("seed", range(5))
def test_a_human_voice_is_found_too(seed):
    """Jitter, glides of 60 ms between notes, and frames that lose their voicing or fall by an octave."""
    rng = np.random.default_rng(seed)
    f0 = contour(MELODY)
    voiced = f0 > 0
    glided = np.exp(np.convolve(np.log(np.where(voiced, f0, PITCHES[1])), np.full(6, 1 / 6), "same"))
    f0 = np.where(voiced, with_cents(glided, rng.normal(0, 15, len(f0))), 0.0)
    f0[rng.choice(len(f0), 3)] *= 0.5
    f0[rng.choice(len(f0), 3)] = 0.0
    intervals, pitches = transcribe(f0, PERIOD)
    matched = mir_eval.transcription.match_notes(INTERVALS, PITCHES, intervals, pitches)  # 50 ms, 50 cents, 20 %
    assert len(matched) == len(pitches) == 5


@pytest.mark.parametrize("extent", [50, 100, 130])
@pytest.mark.parametrize("rate", [4.5, 6.0, 7.5])
def test_vibrato_does_not_break_a_note(rate, extent):
    f0 = with_cents(
        contour([(0.2, 0), (1.5, 64), (0.2, 0)]), extent * np.sin(2 * np.pi * rate * np.arange(190) * PERIOD)
    )
    intervals, pitches = transcribe(f0, PERIOD)
    assert intervals == pytest.approx(np.array([[0.2, 1.7]]))
    assert 1200 * np.log2(pitches[0] / 329.63) == pytest.approx(0, abs=30)


def test_a_transposed_voice_has_the_same_notes_transposed():
    f0 = contour(MELODY)
    intervals, pitches = transcribe(f0, PERIOD)
    higher, transposed = transcribe(2 ** (5 / 12) * f0, PERIOD)
    assert higher == pytest.approx(intervals)
    assert transposed == pytest.approx(2 ** (5 / 12) * pitches)


@pytest.mark.parametrize(
    "f0", [np.zeros(0), np.zeros(50), np.full(1, 220.0), contour([(0.5, 0), (0.05, 60), (0.5, 0)])]
)
def test_where_nothing_lasts_there_is_no_note(f0):
    intervals, pitches = transcribe(f0, PERIOD)
    assert intervals.shape == (0, 2)
    assert pitches.shape == (0,)
