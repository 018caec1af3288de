import dataclasses

import numpy as np
import pytest

from svstoolkit.corpora.synthesis.singing_f0 import OVERSHOOT, PREPARATION, F0Model, SecondOrder, f0_contour
from svstoolkit.evaluation.measures.transitions import CURVE_TIMES, note_transitions, transition_errors
from svstoolkit.score.song import Note, Song
from svstoolkit.units import midi_to_hz

PERIOD = 256 / 24000
FINE = 0.0005  # s, of the truth


def song_of(pitches, seconds, slurs=()):
    return Song(
        tuple(Note(seconds * i, seconds, float(p), "a", ("a",), slur=i in slurs) for i, p in enumerate(pitches))
    )


def as_frames(at, song):
    """(T,) Hz at the frames' centres of at(times) → MIDI numbers"""
    times = (np.arange(round(song.duration / PERIOD)) + 0.5) * PERIOD
    return midi_to_hz(at(times))


def truth(overshoot, preparation):
    """What a unit step through the two systems has: start, duration, overshoot, preparation, curve."""
    times = (np.arange(4000) - 2000) * FINE
    step = overshoot.filter((times >= 0).astype(float), FINE)
    step = preparation.filter(step[::-1], FINE)[::-1]
    rising = slice(*np.searchsorted(times, (-0.15, 0.15)))
    crossing = {level: times[rising][np.argmax(step[rising] >= level)] for level in (0.1, 0.5, 0.9)}
    curve = np.interp(crossing[0.5] + CURVE_TIMES, times, step)
    return crossing[0.1], crossing[0.9] - crossing[0.1], step.max() - 1, -step.min(), curve


@pytest.mark.parametrize(
    ("overshoot", "preparation"),
    [
        (OVERSHOOT, PREPARATION),
        (dataclasses.replace(OVERSHOOT, zeta=0.4), PREPARATION),
        (SecondOrder(0.03, 0.7, 0.03), SecondOrder(0.03, 0.5, 0.03)),
    ],
)
def test_second_order_systems_are_measured_as_they_are(overshoot, preparation):
    """Saitou's F0 model with known overshoot and preparation, 40 steps up and down, against its own step response."""
    random = np.random.default_rng(0)
    pitches = 60 + np.cumsum(random.choice([-5, -3, -2, 2, 3, 5], 41)) % 13
    song = song_of(pitches, 0.8)
    model = F0Model(overshoot=overshoot, preparation=preparation, vibrato_extent=0.0, fine_extent=0.0)
    n_fine = round(song.duration / FINE)
    fine = f0_contour(song, n_fine, FINE, dataclasses.replace(model, fine_extent=1e-9), random)
    f0 = np.interp((np.arange(round(song.duration / PERIOD)) + 0.5) * PERIOD, np.arange(n_fine) * FINE, fine)
    found = note_transitions(f0, PERIOD, song)
    start, duration, over, before, curve = truth(overshoot, preparation)
    assert found.measured.sum() == np.count_nonzero(np.diff(pitches))
    assert found.sung == pytest.approx(found.written, abs=0.05)
    assert np.mean(found.start) == pytest.approx(start, abs=0.002)
    assert np.mean(found.duration) == pytest.approx(duration, abs=0.002)
    assert np.mean(found.overshoot) == pytest.approx(over, abs=0.01)
    assert np.mean(found.preparation) == pytest.approx(before, abs=0.01)
    assert np.nanmean(found.curve, axis=0) == pytest.approx(curve, abs=0.02)


@pytest.mark.parametrize("late", [-0.05, 0.0, 0.08])
@pytest.mark.parametrize("seconds", [0.05, 0.12, 0.2])
def test_a_straight_glide_has_its_own_time_and_no_deflection(late, seconds):
    song = song_of([60, 65, 58], 1.0)

    def glide(times):
        steps = (np.clip((times - at - late) / seconds, 0, 1) for at in (1.0, 2.0))
        return 60 + 5 * next(steps) - 7 * next(steps)

    found = note_transitions(as_frames(glide, song), PERIOD, song)
    assert found.written.tolist() == [5, -7]
    assert found.start == pytest.approx([late + 0.1 * seconds] * 2, abs=0.002)
    assert found.duration == pytest.approx([0.8 * seconds] * 2, abs=0.003)
    assert found.overshoot == pytest.approx([0, 0], abs=1e-6)
    assert found.preparation == pytest.approx([0, 0], abs=1e-6)


def test_intonation_does_not_count_and_the_notes_are_found_where_they_were_sung():
    song = song_of([60, 64], 1.0)
    sung = Song((dataclasses.replace(song.notes[0], duration=1.3), dataclasses.replace(song.notes[1], onset=1.3)))

    def flat_and_late(times):
        return 59.7 + 3.8 * np.clip((times - 1.3) / 0.1, 0, 1)

    f0 = midi_to_hz(flat_and_late((np.arange(220) + 0.5) * PERIOD))
    found = note_transitions(f0, PERIOD, song, sung)
    assert found.sung == pytest.approx([3.8], abs=1e-6)
    assert found.start == pytest.approx([0.31], abs=0.002)  # from the written beat
    assert found.duration == pytest.approx([0.08], abs=0.002)


def test_which_changes_of_pitch_are_transitions():
    notes = song_of([60, 62, 62, 64, 0, 65, 65], 0.5, slurs=(1, 2)).notes
    song = Song((*notes, Note(4.0, 0.5, 70, "a", ("a",))))  # a gap before the last
    found = note_transitions(np.full(430, 220.0), PERIOD, song)
    assert found.written.tolist() == [2, 2]  # slur, its tie belonging to it, next syllable; not over rests and gaps
    assert not found.measured.any()  # sung on one pitch


@pytest.mark.parametrize(
    ("begin", "end", "measured"), [(0.95, 1.05, False), (0.99, 1.005, True), (1.4, 1.6, True), (0.2, 0.9, False)]
)
def test_a_voiceless_consonant_hides_the_transition(begin, end, measured):
    song = song_of([60, 64], 1.0)
    f0 = as_frames(lambda times: 60 + 4 * np.clip((times - 0.95) / 0.1, 0, 1), song)
    times = (np.arange(len(f0)) + 0.5) * PERIOD
    f0[(times >= begin) & (times < end)] = 0.0
    assert note_transitions(f0, PERIOD, song).measured.tolist() == [measured]


def test_errors_are_over_transitions_that_both_have():
    song = song_of([60, 64, 60, 64], 1.0)

    def voice(seconds, beyond=0.0):
        def at(times):
            steps = [np.clip((times - k - 1) / seconds, 0, 1) for k in range(3)]
            bumps = [(times > k + 1.06) & (times < k + 1.09) for k in range(3)]
            return 60 + 4 * sum((-1) ** k * (s + beyond * b) for k, (s, b) in enumerate(zip(steps, bumps, strict=True)))

        return note_transitions(as_frames(at, song), PERIOD, song)

    quick, slow, beyond = voice(0.05), voice(0.15), voice(0.05, 0.2)
    assert transition_errors(quick, quick) == dict.fromkeys(transition_errors(quick, quick), 0.0)
    assert transition_errors(slow, quick)["transition_duration_error"] == pytest.approx(80.0, abs=3)
    # two ramps through one half: the triangles between them, over 450 ms
    assert transition_errors(slow, quick)["transition_error"] == pytest.approx(100 * 2 * 0.0125 / 0.45, rel=0.1)
    assert transition_errors(beyond, quick)["overshoot_error"] == pytest.approx(20.0, abs=0.5)
    half = dataclasses.replace(slow, duration=np.array([slow.duration[0], np.nan, np.nan]))
    expected = 1000 * abs(slow.duration[0] - quick.duration[0])
    assert transition_errors(half, quick)["transition_duration_error"] == pytest.approx(expected)
    none = note_transitions(np.zeros(400), PERIOD, song)
    assert np.isnan(list(transition_errors(none, quick).values())).all()
    with pytest.raises(ValueError, match="one score"):
        transition_errors(quick, note_transitions(np.zeros(400), PERIOD, song_of([60, 62], 1.0)))
