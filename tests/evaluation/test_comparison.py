from dataclasses import replace

import numpy as np
import pytest
from fakes import RATE, sing, tiny_label, tiny_song

from svstoolkit.errors import InputError
from svstoolkit.evaluation.breakdown_sums import breakdown_sums
from svstoolkit.evaluation.comparison import Comparison, pair_frames
from svstoolkit.evaluation.contour_sums import contour_sums
from svstoolkit.evaluation.families import FAMILIES, compare
from svstoolkit.evaluation.metrics import METRICS, select_metrics
from svstoolkit.evaluation.recording import analyse
from svstoolkit.evaluation.rhythm_sums import rhythm_sums
from svstoolkit.features.definition import FeatureDefinition

DEFINITION = FeatureDefinition()
SONG = tiny_song(3)
WANTED = select_metrics(["all"], ["dnsmos_sig", "dnsmos_bak", "dnsmos_ovrl"], espnet_compat=False)
ZERO = ("mcd", "mcd_c0", "log_spectral_distance", "multi_resolution_stft", "f0_rmse", "gross_pitch_error", "vuv_error")


def measured(voice, reference, equal_timing, **known):
    pairs = pair_frames(voice, reference, DEFINITION, equal_timing)
    return compare(Comparison(voice, reference, pairs, DEFINITION, equal_timing, **known), WANTED)


@pytest.fixture(scope="module")
def reference():
    return analyse(sing(SONG), DEFINITION)


@pytest.mark.parametrize(("cents", "gross"), [(30, 0), (70, 100)])
def test_a_transposed_voice_is_off_by_what_it_was_transposed(reference, cents, gross):
    voice = analyse(sing(SONG.transposed(cents / 100)), DEFINITION)
    values, reasons = measured(voice, reference, equal_timing=True)
    assert not reasons
    assert values["f0_rmse"] == pytest.approx(cents, abs=8)
    assert values["gross_pitch_error"] == pytest.approx(gross, abs=5)
    assert values["vuv_error"] < 3
    assert 1.0 < values["pesq"] < 4.7
    assert 0.5 < values["stoi"] <= 1.0


def test_the_recording_against_itself_is_perfect(reference):
    values, reasons = measured(reference, reference, equal_timing=True)
    assert not reasons
    assert {name: values[name] for name in ZERO} == dict.fromkeys(ZERO, 0.0)
    assert values["pesq"] == pytest.approx(4.644, abs=1e-3)
    assert values["stoi"] == pytest.approx(1.0)


def test_a_slower_voice_is_warped_onto_the_reference(reference):
    voice = analyse(sing(SONG.stretched(1.15)), DEFINITION)
    with pytest.raises(ValueError, match="longer than the recording"):
        measured(voice, reference, equal_timing=True)
    values, _ = measured(voice, reference, equal_timing=False)
    assert not {"pesq", "stoi", "log_spectral_distance", "notes_in_tune", "onset_error"} & set(values)
    assert values["gross_pitch_error"] < 10
    assert values["vuv_error"] < 10
    # without warping most frames would meet another note
    pairs = pair_frames(voice, reference, DEFINITION, equal_timing=False)
    frames = np.arange(len(reference.f0))
    unwarped = np.abs(reference.cepstra[:, 1:] - voice.cepstra[frames, 1:]).mean()
    warped = np.abs(reference.cepstra[pairs[:, 0], 1:] - voice.cepstra[pairs[:, 1], 1:]).mean()
    assert warped < 0.7 * unwarped


def test_score_and_labels_bring_their_metrics(reference):
    label = tiny_label(SONG)
    bounds = np.array([label[0][0], *(end for _, end, _ in label)])
    values, _ = measured(reference, reference, False, song=SONG, reference_bounds=bounds, voice_bounds=bounds + 0.02)
    assert values["notes_in_tune"] == 100
    assert values["onset_error"] == pytest.approx(20)
    values, _ = measured(reference, reference, False, song=SONG.transposed(1), reference_bounds=bounds)
    assert values["notes_in_tune"] == 0
    assert values["onset_error"] == pytest.approx(0, abs=1e-6)  # warped onto itself


def test_a_whisper_has_figures_where_they_mean_something(reference):
    noise = analyse(0.1 * np.random.default_rng(0).uniform(-1, 1, len(reference.audio)), DEFINITION)
    values, _ = measured(noise, reference, equal_timing=True)
    assert values["gross_pitch_error"] == 100.0
    assert values["f0_rmse"] is None
    assert values["semitone_accuracy"] == 0


def test_another_phrase_is_refused(reference):
    voice = analyse(np.tile(reference.audio, 3), DEFINITION)
    with pytest.raises(ValueError, match=r"3\.00 times as long"):
        measured(voice, reference, equal_timing=False)


def test_metrics_are_chosen_by_name_and_group():
    assert select_metrics(["mcd", "quality"], ["pesq", "stoi", "dnsmos_sig"], False) == (
        "mcd", "pesq_nb", "estoi", "dnsmos_bak", "dnsmos_ovrl"
    )  # fmt: skip
    assert not any(name.startswith("espnet") for name in select_metrics(["all"], [], False))
    assert "espnet_mcd" in select_metrics(["mcd"], [], True)
    with pytest.raises(InputError, match="'mcdd'"):
        select_metrics(["mcdd"], [], False)


def test_every_metric_is_computed_by_one_family():
    computed = [name for family in FAMILIES for name in family.names]
    assert sorted(computed) == sorted(n for n, m in METRICS.items() if m.group not in ("learned", "speed"))


def test_what_cannot_be_analysed_is_refused():
    with pytest.raises(ValueError, match="shorter"):
        analyse(np.zeros(100), DEFINITION)
    with pytest.raises(ValueError, match="finite"):
        analyse(np.full(RATE, np.nan), DEFINITION)
    with pytest.raises(ValueError, match="silence"):
        analyse(np.zeros(RATE), DEFINITION)


def test_speech_has_the_figures_that_need_no_notes(reference):
    label = tiny_label(SONG)
    bounds = np.array([label[0][0], *(end for _, end, _ in label)])
    speech = replace(SONG, notes=tuple(replace(n, pitch=0, slur=False) for n in SONG.notes))
    wanted = select_metrics(["all"], ["quality"], espnet_compat=False)
    pairs = pair_frames(reference, reference, DEFINITION, False)
    known = {"reference_bounds": bounds, "voice_bounds": bounds + 0.02}
    sung, spoken = (Comparison(reference, reference, pairs, DEFINITION, False, s, **known) for s in (SONG, speech))
    values, reasons = compare(spoken, wanted)
    assert not reasons
    assert None not in values.values()
    melodic = {name for name in wanted if METRICS[name].needs in ("score", "beats")}
    assert set(compare(sung, wanted)[0]) - set(values) == melodic
    assert {"on_beat", "notes_in_tune", "vibrato_rate_error"} <= melodic
    assert values["onset_error"] == pytest.approx(20)
    assert contour_sums(spoken) == {}
    assert contour_sums(sung) != {}
    assert rhythm_sums(spoken)["beats"] == []
    assert set(breakdown_sums(spoken)["phone"]) == set(speech.phones)
    assert breakdown_sums(spoken)["pitch"] == {}
