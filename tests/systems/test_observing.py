import numpy as np
import pytest
import torch
from fakes import RATE, sing, tiny_song

from svstoolkit.evaluation.comparison import Comparison, pair_frames
from svstoolkit.evaluation.families import compare
from svstoolkit.evaluation.recording import analyse
from svstoolkit.features.definition import FeatureDefinition
from svstoolkit.systems.observing import METRICS, observe_sound, observer

DEFINITION = FeatureDefinition()


@pytest.fixture(scope="module")
def sounds():
    song = tiny_song(3)
    return sing(song.transposed(0.3)).astype(np.float32), sing(song, seed=1).astype(np.float32)


def test_the_figures_are_stage_8s(sounds):
    seen = observe_sound("a", *sounds, DEFINITION)
    voice, recording = (analyse(x.astype(np.float64), DEFINITION) for x in sounds)
    pairs = pair_frames(voice, recording, DEFINITION, equal_timing=True)
    values, _ = compare(Comparison(voice, recording, pairs, DEFINITION, True), METRICS)
    assert seen.values == values
    assert values["f0_rmse"] > 20
    height, width, _ = seen.pictures["mel"].shape
    assert (height, width) == (2 * DEFINITION.n_mels + 2, len(sounds[0]) // DEFINITION.hop_length)


def test_a_silent_voice_is_shown_without_figures(sounds):
    seen = observe_sound("a", np.zeros_like(sounds[1]), sounds[1], DEFINITION)
    assert set(seen.values.values()) == {None}
    assert not seen.sounds["sung"].any()


def test_predicted_frames_are_scored_as_predicted():
    f0 = torch.full((1, 40), 200.0)

    class Predicts:
        def demonstrate(self, networks, batch):
            return {"mel": batch["mel"], "f0": f0 * 2 ** (70 / 1200)}

    batch = {"utterances": ["a"], "mel": torch.randn(1, 40, 80), "f0": f0}
    seen = observer(DEFINITION)(Predicts(), {}, batch)
    assert seen.values["f0_rmse"] == pytest.approx(70, abs=1e-3)
    assert seen.values["gross_pitch_error"] == 100
    assert not seen.sounds
    assert seen.sampling_rate == RATE
