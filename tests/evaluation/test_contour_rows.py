import numpy as np
import pytest

from svstoolkit.corpora.synthesis.singing_f0 import F0Model, f0_contour
from svstoolkit.evaluation.comparison import Comparison
from svstoolkit.evaluation.contour_rows import transition_rows, vibrato_rows
from svstoolkit.evaluation.contour_sums import contour_sums
from svstoolkit.evaluation.recording import Recording
from svstoolkit.features.definition import FeatureDefinition
from svstoolkit.score.song import Note, Song

DEFINITION = FeatureDefinition()
PERIOD = DEFINITION.frame_period
PLAIN = F0Model(vibrato_extent=0.0, fine_extent=1.0)
TREMBLING = F0Model(vibrato_extent=60.0, fine_extent=1.0)


def song_of(seed):
    pitches = 60 + np.cumsum(np.random.default_rng(seed).choice([-4, -3, 3, 4], 12)) % 12
    return Song(tuple(Note(0.9 * i, 0.9, float(p), "a", ("a",)) for i, p in enumerate(pitches)))


def score_of(system, model, seed, spoil=lambda f0: f0):
    song = song_of(seed)
    f0 = spoil(f0_contour(song, round(song.duration / PERIOD), PERIOD, model, np.random.default_rng(seed)))
    recording = Recording(None, f0, None, DEFINITION.sampling_rate)
    comparison = Comparison(recording, recording, None, DEFINITION, False, song)
    return {"system": system, "set": "test", "contour": contour_sums(comparison)}


@pytest.fixture(scope="module")
def scores():
    systems = {"ground_truth": TREMBLING, "alike": TREMBLING, "stiff": PLAIN}
    return [score_of(system, model, seed) for system, model in systems.items() for seed in range(3)]


def test_a_system_that_sings_as_the_recording_has_no_distance(scores):
    rows = {(r.system, r.direction): r for r in transition_rows(scores)}
    assert [key[0] for key in rows] == ["ground_truth"] * 2 + ["alike"] * 2 + ["stiff"] * 2
    for direction in ("up", "down"):
        truth, alike = rows["ground_truth", direction], rows["alike", direction]
        assert truth.n == truth.written > 5
        assert truth.curve_distance is None
        distances = ("curve_distance", "duration_distance", "overshoot_distance", "preparation_distance")
        assert [getattr(alike, name) for name in distances] == [0.0] * 4
        assert alike.duration == truth.duration == pytest.approx(75, abs=10)  # vibrato before and after it counts, too
    assert sum(rows["alike", d].written for d in ("up", "down")) == 33


def test_vibrato_of_a_system_without_any(scores):
    truth, alike, stiff = vibrato_rows(scores)
    assert truth.rate == pytest.approx(5.49, abs=0.1)
    assert truth.extent == pytest.approx(55, abs=6)
    assert truth.share > 80
    assert (alike.rate_distance, alike.extent_distance) == (0.0, 0.0)
    assert truth.sustained == stiff.sustained == 36
    assert stiff.share < 10
    assert truth.rate_distance is None


def test_what_is_measured_differs_where_the_shape_does():
    """A voice that jumps: no duration, no overshoot; the distances are about the medians, as all are nearly alike."""
    song = song_of(0)

    def jump(f0):
        times = (np.arange(len(f0)) + 0.5) * PERIOD
        pitches = np.array([note.pitch for note in song.notes])
        return 440 * 2 ** ((pitches[np.minimum((times / 0.9).astype(int), 11)] - 69) / 12)

    rows = transition_rows([score_of("ground_truth", PLAIN, 0), score_of("jumps", PLAIN, 0, jump)])
    truth, jumps = (next(r for r in rows if r.system == s and r.direction == "up") for s in ("ground_truth", "jumps"))
    assert jumps.duration < 10
    assert (jumps.overshoot, jumps.preparation) == pytest.approx((0.0, 0.0), abs=1e-6)
    assert jumps.duration_distance == pytest.approx(truth.duration - jumps.duration, rel=0.1)
    assert jumps.overshoot_distance == pytest.approx(truth.overshoot, rel=0.1)
    assert (truth.curve[20], jumps.curve[20]) == pytest.approx((0.5, 0.5), abs=0.01)  # half way at 0
    assert jumps.curve_distance > 5


def test_larger_steps_weigh_more():
    """Least squares: of a curve of 1 on a step of 4 and one of 0 on a step of 2 the average is 16/20."""

    def sums(step, value):
        weights = [float(step**2)] * 46
        return {"written": 1, "figures": [[0, 1, 2, 3]], "weights": weights, "curve": [w * value for w in weights]}

    nothing = {"written": 0, "figures": [], "weights": [0.0] * 46, "curve": [0.0] * 46}
    contours = [{"transitions": {"up": up, "down": nothing}} for up in (sums(4, 1.0), sums(2, 0.0))]
    (row,) = transition_rows([{"system": "a", "set": "test", "contour": contour} for contour in contours])
    assert row.curve == pytest.approx([0.8] * 46)
    assert (row.n, row.start, row.preparation) == (2, 0.0, 3.0)
    assert row.curve_distance is None  # no recording


def test_scores_without_contours_have_none():
    assert transition_rows([{"system": "a", "set": "test", "contour": {}}]) == []
    assert vibrato_rows([{"system": "a", "set": "test"}]) == []
    song = song_of(0)
    silent = Recording(None, np.zeros(900), None, DEFINITION.sampling_rate)
    contour = contour_sums(Comparison(silent, silent, None, DEFINITION, False, song))
    rows = transition_rows([{"system": "a", "set": "test", "contour": contour}])
    assert [(r.n, r.duration) for r in rows] == [(0, None), (0, None)]
    assert all(value is None for row in rows for value in row.curve)
