import numpy as np
import pytest
from fakes import RATE, sing, tiny_song

from svstoolkit.evaluation.comparison import analyse, compare, pair_frames
from svstoolkit.features.definition import FeatureDefinition

DEFINITION = FeatureDefinition()
SONG = tiny_song(3)


@pytest.fixture(scope="module")
def reference():
    return analyse(sing(SONG), DEFINITION)


@pytest.mark.parametrize(("cents", "gross"), [(30, 0), (70, 100)])
def test_a_transposed_voice_is_off_by_what_it_was_transposed(reference, cents, gross):
    voice = analyse(sing(SONG.transposed(cents / 100)), DEFINITION)
    values, reasons = compare(voice, reference, DEFINITION, equal_timing=True)
    assert not reasons
    assert values["f0_rmse"] == pytest.approx(cents, abs=8)
    assert values["gross_pitch_error"] == pytest.approx(gross, abs=5)
    assert values["vuv_error"] < 3
    assert 1.0 < values["pesq"] < 4.7
    assert 0.5 < values["stoi"] <= 1.0


def test_the_recording_against_itself_is_perfect(reference):
    values, reasons = compare(reference, reference, DEFINITION, equal_timing=True)
    assert not reasons
    assert {k: values[k] for k in ("mcd", "f0_rmse", "gross_pitch_error", "vuv_error")} == dict.fromkeys(
        ("mcd", "f0_rmse", "gross_pitch_error", "vuv_error"), 0.0
    )
    assert values["pesq"] == pytest.approx(4.644, abs=1e-3)
    assert values["stoi"] == pytest.approx(1.0)


def test_a_slower_voice_is_warped_onto_the_reference(reference):
    voice = analyse(sing(SONG.stretched(1.15)), DEFINITION)
    with pytest.raises(ValueError, match="longer than the target"):
        compare(voice, reference, DEFINITION, equal_timing=True)
    values, _ = compare(voice, reference, DEFINITION, equal_timing=False)
    assert "pesq" not in values
    assert values["gross_pitch_error"] < 10
    assert values["vuv_error"] < 10
    # without warping most frames would meet another note
    pairs = pair_frames(voice, reference, DEFINITION, equal_timing=False)
    frames = np.arange(len(reference.f0))
    unwarped = np.abs(reference.cepstra[:, 1:] - voice.cepstra[frames, 1:]).mean()
    warped = np.abs(reference.cepstra[pairs[:, 0], 1:] - voice.cepstra[pairs[:, 1], 1:]).mean()
    assert warped < 0.7 * unwarped


def test_silence_has_figures_where_they_mean_something(reference):
    silence = analyse(np.zeros(len(reference.audio)), DEFINITION)
    values, reasons = compare(silence, reference, DEFINITION, equal_timing=True)
    assert values["gross_pitch_error"] == 100.0
    assert values["f0_rmse"] is None
    assert values["pesq"] is None
    assert "silence" in reasons["pesq"]


def test_what_cannot_be_analysed_is_refused():
    with pytest.raises(ValueError, match="shorter"):
        analyse(np.zeros(100), DEFINITION)
    with pytest.raises(ValueError, match="finite"):
        analyse(np.full(RATE, np.nan), DEFINITION)
