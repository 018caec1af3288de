"""The harmonic source: its frequency, its phase after a long time, its noise, its silence above Nyquist."""

import math

import numpy as np
import pytest
import torch

from svstoolkit.nn import excitation
from svstoolkit.nn.excitation import HarmonicSource, SineGenerator, upsample_f0

RATE = 24000


def sines(f0: torch.Tensor, **keywords) -> torch.Tensor:
    torch.manual_seed(0)
    return SineGenerator(RATE, **{"noise": 0.0, "random_phase": False, **keywords})(f0)


def test_each_sine_has_its_harmonics_frequency_and_amplitude():
    wave = sines(torch.full((1, RATE), 220.0), random_phase=True)[0].numpy()
    spectrum = np.abs(np.fft.rfft(wave, axis=0)) / (RATE / 2)  # one second: bins are Hz
    for k in range(9):
        assert spectrum[:, k].argmax() == 220 * (k + 1)
        assert spectrum[220 * (k + 1), k] == pytest.approx(0.1, rel=1e-3)


def test_phase_does_not_drift_in_five_minutes():
    f0, length = 311.0, 300 * RATE
    wave = sines(torch.full((1, length), f0), harmonics=0)[0, -RATE:, 0].double().numpy()
    n = np.arange(length - RATE, length) + 1
    exact = 0.1 * np.sin(2 * np.pi * ((n * f0 / RATE) % 1))
    np.testing.assert_allclose(wave, exact, atol=1e-5)  # a single-precision sum is off by whole cycles here


def test_harmonics_above_nyquist_are_silent():
    wave = sines(torch.full((1, 2000), 5000.0), harmonics=3)[0]
    assert wave[:, :2].abs().amax() > 0.09
    assert not wave[:, 2:].any()


def test_unvoiced_is_noise_of_a_third_of_the_amplitude():
    torch.manual_seed(0)
    wave = SineGenerator(RATE, amplitude=0.1, noise=0.003)(torch.zeros(1, 20000))
    assert wave.std().item() == pytest.approx(0.1 / 3, rel=0.02)


def test_noise_comes_from_torchs_generator():
    generator, f0 = SineGenerator(RATE), torch.full((1, 100), 200.0)
    torch.manual_seed(3)
    first = generator(f0)
    torch.manual_seed(3)
    assert torch.equal(first, generator(f0))
    assert not torch.equal(first, generator(f0))


def test_f0_is_linear_between_voiced_frames_and_keeps_out_of_unvoiced_ones():
    hop = 4
    up = upsample_f0(torch.tensor([[100.0, 200.0, 0.0, 300.0]]), hop)[0]
    centres = (np.arange(16) + 0.5) / hop - 0.5
    expected = np.interp(centres[:8], [0, 1], [100, 200])
    np.testing.assert_allclose(up[:8].numpy(), expected, rtol=1e-5)
    assert not up[8:12].any()
    np.testing.assert_allclose(up[12:].numpy(), 300.0, rtol=1e-5)


def test_source_has_one_channel_and_every_sample():
    source = HarmonicSource(RATE, hop_length=256)
    wave = source(torch.full((2, 5), math.tau * 40))
    assert wave.shape == (2, 1, 5 * 256)
    wave.square().mean().backward()
    assert source.l_linear.weight.grad.abs().sum() > 0


@pytest.mark.parametrize("keywords", [{"random_phase": False}, {"random_phase": True}, {"f0_upsampling": "hold"}])
@pytest.mark.parametrize("block", [1, 7, 25])
def test_blocks_of_the_source_join_without_a_seam(keywords, block, monkeypatch):
    source = HarmonicSource(RATE, hop_length=64, noise=0.0, **keywords)
    f0 = 200.0 + 100.0 * torch.rand(2, 50)
    torch.manual_seed(1)
    whole = source(f0)
    monkeypatch.setattr(excitation, "BLOCK", block)
    torch.manual_seed(1)
    torch.testing.assert_close(source(f0), whole, atol=1e-5, rtol=0)


def test_blocks_of_the_source_keep_the_voicing(monkeypatch):
    source = HarmonicSource(RATE, hop_length=64, amplitude=0.3, noise=0.0)
    monkeypatch.setattr(excitation, "BLOCK", 3)
    with torch.no_grad():
        source.l_linear.weight.fill_(1.0)
        source.l_linear.bias.zero_()
    frames = source(torch.tensor([[0.0, 0.0, 3000.0, 3000.0, 0.0, 3000.0, 3000.0]])).view(7, 64)
    spectrum = torch.fft.rfft(frames).abs()
    tonal = (spectrum[:, [8, 16, 24]].square().sum(1) / spectrum.square().sum(1)).tolist()  # 3, 6 and 9 kHz
    assert [t > 0.95 for t in tonal] == [False, False, True, True, False, True, True]
