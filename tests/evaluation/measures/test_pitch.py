from math import log2

import numpy as np
import pytest

from svstoolkit.evaluation.measures.pitch import (
    cut_or_pad,
    f0_correlation,
    f0_frame_error,
    f0_rmse,
    gross_pitch_error,
    gross_pitch_error_20,
    log_f0_rmse,
    semitone_accuracy,
    voicing_decision_error,
    vuv_error,
)

# What ESPnet's evaluate_semitone.py and evaluate_f0.py and SoulX-Singer-Eval's f0_pipeline.py made of sung(7)
OFFICIAL = {
    "espnet_semitone": 0.2575,
    "espnet_log_f0_rmse": 0.39323741342602625,
    "soulx_gpe": 0.3225806451612903,
    "soulx_vde": 0.41,
    "soulx_ffe": 0.585,
}
SHARES_OF_WRONG = (gross_pitch_error, gross_pitch_error_20, vuv_error, f0_frame_error)


def shifted(hz, cents):
    return hz * 2.0 ** (np.asarray(cents) / 1200.0)


def sung(seed, frames=400):
    """Two takes of one melody that differ in tuning, octave errors and voicing."""
    rng = np.random.default_rng(seed)
    reference = np.repeat(220.0 * 2.0 ** (rng.integers(0, 12, frames // 20) / 12), 20)
    f0 = shifted(reference, rng.normal(0, 60, frames) + 1200 * rng.choice([-1, 0, 0, 0, 0, 1], frames))
    f0[rng.random(frames) < 0.2] = 0.0
    reference[rng.random(frames) < 0.3] = 0.0
    return f0, reference


def test_known_shifts_give_exact_figures():
    reference = np.r_[np.zeros(10), np.linspace(200, 400, 40)]
    cents = np.r_[np.zeros(10), np.tile([30.0, -40.0, 60.0, -120.0], 10)]
    f0 = shifted(reference, cents)
    assert f0_rmse(f0, reference) == pytest.approx(np.sqrt((30**2 + 40**2 + 60**2 + 120**2) / 4))
    assert gross_pitch_error(f0, reference) == pytest.approx(50.0)
    assert vuv_error(f0, reference) == 0.0


def test_voicing_is_counted_over_all_frames_and_pitch_over_those_voiced_in_both():
    reference = np.array([0.0, 0.0, 220.0, 220.0, 220.0, 220.0, 0.0, 220.0])
    f0 = np.array([110.0, 0.0, 0.0, 440.0, 220.0, 220.0, 0.0, 220.0])
    assert vuv_error(f0, reference) == pytest.approx(100 * 2 / 8)
    assert gross_pitch_error(f0, reference) == gross_pitch_error_20(f0, reference) == pytest.approx(25.0)
    assert f0_frame_error(f0, reference) == pytest.approx(100 * 3 / 8)
    assert semitone_accuracy(f0, reference) == pytest.approx(75.0)
    assert semitone_accuracy(f0, reference, count_silence=True) == pytest.approx(100 * 5 / 8)
    assert f0_rmse(f0, reference) == pytest.approx(600.0)


@pytest.mark.parametrize("seed", range(5))
def test_definitions_frame_by_frame(seed):
    """ESPnet's and SoulX-Singer-Eval's definitions, spelled out as loops over the frames."""
    f0, reference = sung(seed)
    pairs = list(zip(f0, reference, strict=True))
    voiced = [(a, b) for a, b in pairs if a and b]
    assert log_f0_rmse(f0, reference) == pytest.approx(np.sqrt(np.mean([np.log(a / b) ** 2 for a, b in voiced])))
    gross = sum(abs(a - b) > 0.2 * b for a, b in voiced)
    voicing = sum(bool(a) != bool(b) for a, b in pairs)
    assert gross_pitch_error_20(f0, reference) == pytest.approx(100 * gross / len(voiced))
    assert voicing_decision_error(f0, reference) == pytest.approx(100 * voicing / len(pairs))
    assert f0_frame_error(f0, reference) == pytest.approx(100 * (gross + voicing) / len(pairs))

    def name(hz):
        number = round(69 + 12 * log2(hz / 440.0)) if hz else None
        return "Sil" if number is None else ("C C# D D# E F F# G G# A A# B".split()[number % 12], number // 12)

    expected = 100 * np.mean([name(a) == name(b) for a, b in pairs])
    assert semitone_accuracy(f0, reference, count_silence=True) == pytest.approx(expected)
    assert semitone_accuracy(f0, reference) == pytest.approx(100 * np.mean([name(a) == name(b) for a, b in voiced]))


def test_the_official_scorers_gave_these_figures():
    f0, reference = sung(7)
    ours = {
        "espnet_semitone": semitone_accuracy(f0, reference, count_silence=True) / 100,
        "espnet_log_f0_rmse": log_f0_rmse(f0, reference),
        "soulx_gpe": gross_pitch_error_20(f0, reference) / 100,
        "soulx_vde": voicing_decision_error(f0, reference) / 100,
        "soulx_ffe": f0_frame_error(f0, reference) / 100,
    }
    assert pytest.approx(OFFICIAL, abs=1e-9) == ours


def test_correlation_follows_the_curve_and_not_the_octave():
    hz = 220 + 30 * np.sin(np.arange(300) / 20)
    reference = np.where(np.arange(300) % 7 == 0, 0.0, hz)
    f0 = np.where(np.arange(300) % 5 == 0, 0.0, 2 * hz)
    assert f0_correlation(f0, reference) == pytest.approx(1.0)
    assert f0_correlation(np.where(f0 > 0, 1000 - hz, 0), reference) == pytest.approx(-1.0)
    assert np.isnan(f0_correlation(np.full(300, 220.0), reference))
    assert np.isnan(f0_correlation(np.zeros(300), reference))


def test_twenty_per_cent_is_of_the_reference():
    assert gross_pitch_error_20(np.array([119.0, 121.0, 81.0, 79.0]), np.full(4, 100.0)) == 50.0


def test_a_whisper_does_not_win():
    reference, whisper = np.full(20, 220.0), np.zeros(20)
    assert [measure(whisper, reference) for measure in SHARES_OF_WRONG] == [100.0] * 4
    assert semitone_accuracy(whisper, reference) == semitone_accuracy(whisper, reference, count_silence=True) == 0.0
    assert np.isnan(f0_rmse(whisper, reference))


def test_a_reference_without_pitch_defines_no_pitch_error():
    f0, silence = np.full(20, 220.0), np.zeros(20)
    for measure in (gross_pitch_error, gross_pitch_error_20, f0_rmse, log_f0_rmse, semitone_accuracy):
        assert np.isnan(measure(f0, silence)), measure
    assert vuv_error(f0, silence) == 100.0


def test_frame_by_frame_pairing_goes_on_unvoiced():
    f0 = np.array([100.0, 200.0, 300.0])
    assert cut_or_pad(f0, 2).tolist() == [100.0, 200.0]
    assert cut_or_pad(f0, 5).tolist() == [100.0, 200.0, 300.0, 0.0, 0.0]


@pytest.mark.parametrize("measure", [*SHARES_OF_WRONG, f0_rmse, log_f0_rmse, f0_correlation, semitone_accuracy])
def test_tracks_of_different_length_are_refused(measure):
    with pytest.raises(ValueError, match="equal"):
        measure(np.ones(3), np.ones(4))
