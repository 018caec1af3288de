import numpy as np
import pytest

from svstoolkit.evaluation.measures.pitch import f0_rmse, gross_pitch_error, vuv_error


def shifted(hz, cents):
    return hz * 2.0 ** (np.asarray(cents) / 1200.0)


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
    assert gross_pitch_error(f0, reference) == pytest.approx(25.0)
    assert f0_rmse(f0, reference) == pytest.approx(600.0)


def test_a_whisper_does_not_win():
    reference, whisper = np.full(20, 220.0), np.zeros(20)
    assert gross_pitch_error(whisper, reference) == 100.0
    assert np.isnan(f0_rmse(whisper, reference))
    assert vuv_error(whisper, reference) == 100.0


def test_a_reference_without_pitch_defines_no_pitch_error():
    f0, silence = np.full(20, 220.0), np.zeros(20)
    assert np.isnan(gross_pitch_error(f0, silence))
    assert np.isnan(f0_rmse(f0, silence))
    assert vuv_error(f0, silence) == 100.0


def test_tracks_of_different_length_are_refused():
    with pytest.raises(ValueError, match="equal"):
        f0_rmse(np.ones(3), np.ones(4))
