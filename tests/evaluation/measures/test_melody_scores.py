import mir_eval
import numpy as np
import pytest

from svstoolkit.evaluation.measures.melody import (
    MELODY_SCORES,
    melody_scores,
    note_deviations,
    note_scores,
    notes_in_tune,
    score_frames,
    score_notes,
)
from svstoolkit.evaluation.measures.transcription import transcribe
from svstoolkit.score.song import Note, Song
from svstoolkit.units import midi_to_hz

PERIOD = 0.01
SONG = Song(
    (
        Note(0.0, 0.2, 0, "SP", ("SP",)),
        Note(0.2, 0.4, 60, "la", ("l", "a")),
        Note(0.6, 0.4, 60, "—", ("a",), slur=True),  # a tie
        Note(1.0, 0.4, 62, "—", ("a",), slur=True),
        Note(1.4, 0.4, 62, "la", ("l", "a")),  # sung anew
        Note(1.8, 0.2, 0, "AP", ("AP",)),
        Note(2.0, 0.4, 67, "la", ("l", "a")),
    )
)


def test_ties_are_one_note_and_rests_none():
    intervals, pitches = score_notes(SONG)
    assert intervals == pytest.approx(np.array([[0.2, 1.0], [1.0, 1.4], [1.4, 1.8], [2.0, 2.4]]))
    assert pitches == pytest.approx(midi_to_hz(np.array([60, 62, 62, 67])))


def test_a_slur_after_a_rest_or_without_a_pitch_is_no_tie():
    rest = Note(0.5, 0.5, None, "SP", ("SP",))
    song = Song((Note(0, 0.5, 60, "a", ("a",)), rest, Note(1.0, 0.5, 60, "—", ("a",), slur=True)))
    assert score_notes(song)[0] == pytest.approx(np.array([[0.0, 0.5], [1.0, 1.5]]))
    assert np.count_nonzero(score_frames(song, 15, 0.1)) == 10
    assert score_notes(Song((rest,)))[0].shape == (0, 2)


def test_frames_take_the_note_at_their_centre():
    frames = score_frames(SONG, 250, PERIOD)
    assert frames.shape == (250,)
    assert np.flatnonzero(frames).tolist() == [*range(20, 180), *range(200, 240)]
    assert frames[[20, 99, 100, 200]] == pytest.approx(midi_to_hz(np.array([60, 60, 62, 67])))
    assert not score_frames(Song(()), 3, PERIOD).any()


def sung(seed):
    """A voice near the score: mistuned, octave errors, wrong voicing."""
    rng = np.random.default_rng(seed)
    score = score_frames(SONG, 250, PERIOD)
    f0 = score * 2 ** (rng.normal(0, 45, 250) / 1200 + rng.choice([-1, 0, 0, 0, 2], 250))
    f0[rng.random(250) < 0.2] = 0.0
    return np.where(rng.random(250) < 0.1, 200.0, f0), score


@pytest.mark.parametrize("seed", range(10))
def test_frames_are_judged_as_mir_eval_does(seed):
    f0, score = sung(seed)
    times = np.arange(250) * PERIOD
    ref_voicing, ref_cents, voicing, cents = mir_eval.melody.to_cent_voicing(times, score, times, f0)
    recall, false_alarm = mir_eval.melody.voicing_measures(ref_voicing, voicing)
    args = ref_voicing, ref_cents, voicing, cents
    expected = {
        "raw_pitch_accuracy": mir_eval.melody.raw_pitch_accuracy(*args),
        "raw_chroma_accuracy": mir_eval.melody.raw_chroma_accuracy(*args),
        "voicing_recall": recall,
        "voicing_false_alarm": false_alarm,
        "overall_accuracy": mir_eval.melody.overall_accuracy(*args),
    }
    values = melody_scores(f0, score)
    assert {name: values[name] for name in expected} == pytest.approx({k: 100 * v for k, v in expected.items()})
    assert values["voiced_pitch_accuracy"] == pytest.approx(100 * expected["raw_pitch_accuracy"] / recall)


def test_the_score_sung_as_written_is_perfect():
    score = score_frames(SONG, 250, PERIOD)
    assert melody_scores(score, score) == dict.fromkeys(MELODY_SCORES, 100.0) | {"voicing_false_alarm": 0.0}


def test_an_octave_is_right_in_chroma_only_and_a_tritone_in_neither():
    score = score_frames(SONG, 250, PERIOD)
    for transposition, chroma in ((1, 100), (-2, 100), (0.5, 0)):
        values = melody_scores(score * 2.0**transposition, score)
        assert (values["raw_pitch_accuracy"], values["raw_chroma_accuracy"]) == (0, chroma)
        assert values["voicing_recall"] == 100
    assert melody_scores(score * 2 ** (49 / 1200), score)["raw_pitch_accuracy"] == 100
    assert melody_scores(score * 2 ** (51 / 1200), score)["raw_pitch_accuracy"] == 0


def test_silence_has_no_melody_and_a_rest_defines_none():
    score = score_frames(SONG, 250, PERIOD)
    silent = melody_scores(np.zeros(250), score)
    assert silent["raw_pitch_accuracy"] == silent["voiced_pitch_accuracy"] == silent["voicing_recall"] == 0
    assert silent["overall_accuracy"] == pytest.approx(100 * np.mean(score == 0))
    assert np.isnan(list(melody_scores(score, np.zeros(250)).values())).all()
    with pytest.raises(ValueError, match="equal"):
        melody_scores(score, score[1:])


def test_notes_sung_as_written_are_right_and_an_octave_off_only_in_time():
    notes = score_notes(SONG)
    assert set(note_scores(notes, notes).values()) == {100.0}
    values = note_scores((notes[0], 2 * notes[1]), notes)
    assert (values["onset_f1"], values["onset_pitch_f1"]) == (100.0, 0.0)


def test_tolerances_of_onset_and_offset():
    intervals, pitches = score_notes(SONG)
    late = note_scores((intervals + 0.07, pitches), (intervals, pitches))
    assert late["onset_pitch_f1"] == 100.0
    assert late["onset_pitch_offset_f1"] == 100.0  # 70 ms are less than 20 % of 0.4 s
    assert note_scores((intervals + 0.07, pitches), (intervals, pitches), onset_tolerance=0.05)["onset_f1"] == 0.0
    short = intervals - np.array([0, 1]) * 0.1  # ends 100 ms early: more than 20 % of 0.4 s, less than of 0.8 s
    values = note_scores((short, pitches), (intervals, pitches))
    assert (values["onset_pitch_f1"], values["onset_pitch_offset_f1"]) == (100.0, 25.0)


def test_precision_and_recall_tell_missing_from_invented_notes():
    intervals, pitches = score_notes(SONG)
    values = note_scores((intervals[:2], pitches[:2]), (intervals, pitches))
    assert (values["onset_pitch_precision"], values["onset_pitch_recall"]) == (100.0, 50.0)
    nothing = np.zeros((0, 2)), np.zeros(0)
    assert set(note_scores(nothing, (intervals, pitches)).values()) == {0.0}
    assert np.isnan(list(note_scores((intervals, pitches), nothing).values())).all()


def test_a_voice_that_sings_the_frames_of_the_score_gets_its_notes():
    """The two notes on one pitch without a break are heard as one: 4 notes, of which 3 are found."""
    values = note_scores(transcribe(score_frames(SONG, 250, PERIOD), PERIOD), score_notes(SONG))
    assert (values["onset_pitch_precision"], values["onset_pitch_recall"]) == (100.0, 75.0)


def test_neither_vibrato_nor_a_glide_puts_a_note_out_of_tune():
    times = (np.arange(250) + 0.5) * PERIOD
    score, notes = score_frames(SONG, 250, PERIOD), score_notes(SONG)
    f0 = score * 2 ** (120 * np.sin(2 * np.pi * 5 * times) / 1200)
    f0[20:26] *= 0.8
    assert note_deviations(f0, notes, PERIOD) == pytest.approx(np.zeros(4), abs=20)
    assert notes_in_tune(note_deviations(f0, notes, PERIOD)) == 100.0
    assert melody_scores(f0, score)["raw_pitch_accuracy"] < 50


def test_notes_out_of_tune_are_told_by_how_much():
    f0, notes = score_frames(SONG, 250, PERIOD), score_notes(SONG)
    f0[100:140] *= 2 ** (70 / 1200)
    f0[140:180] *= 2 ** (-30 / 1200)
    f0[200:] = 0
    deviations = note_deviations(f0, notes, PERIOD)
    assert deviations == pytest.approx([0, 70, -30, np.nan], abs=1e-6, nan_ok=True)
    assert notes_in_tune(deviations) == 50.0
    assert np.isnan(notes_in_tune(np.zeros(0)))
