import numpy as np
import pytest
import pyworld
from fakes import RATE, sing, tiny_song

from svstoolkit.features.voicing import love_train


@pytest.mark.parametrize("rate", [16000, RATE, 44100])
@pytest.mark.parametrize("noise", [0.0, 0.02, 0.1])
def test_decides_as_world_does(rate, noise):
    audio = sing(tiny_song(3, n_notes=8), rate)
    audio += noise * np.random.default_rng(0).standard_normal(len(audio))
    f0, times = pyworld.dio(audio, rate, 50, 1100)
    assert (f0 > 0).sum() > 200
    share = love_train(audio, f0, times, rate)
    for threshold in (0.5, 0.85, 0.95):
        world = pyworld.d4c(audio, f0, times, rate, threshold=threshold)[:, 0] < 0.5
        assert np.array_equal(share > threshold, world)


def test_voice_lies_low_and_breath_does_not():
    times, f0 = np.arange(20) * 0.01 + 0.1, np.full(20, 200.0)
    t = np.arange(RATE // 2) / RATE
    tone = np.sin(2 * np.pi * 200 * t)
    assert love_train(tone, f0, times, RATE).min() > 0.999
    white = np.random.default_rng(0).standard_normal(len(t))
    assert love_train(white, f0, times, RATE).mean() == pytest.approx(3900 / 7800, abs=0.03)
    assert not love_train(tone, np.zeros(20), times, RATE).any()
