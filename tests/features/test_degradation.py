"""Degradation of waveforms: what each kind does, and that nothing outside the regions changes."""

import dataclasses

import pytest
import torch

from svstoolkit.features.degradation import DegradationRanges, band_gain, degrade, exponential_distortion

ONE_REGION = DegradationRanges(regions=(1, 1), region_length=(1000, 1000), kind_probability=0.0)


def only(**changes):
    """One region per waveform, in which every kind but those given is the identity."""
    neutral = {"noise_level": (0, 0), "scaling": (1, 1), "distortion": (1, 1), "band_gain": (1, 1)}
    return dataclasses.replace(ONE_REGION, kind_probability=1.0, **(neutral | changes))


def changed_samples(audio, degraded):
    return (degraded - audio).abs() > 1e-6


def test_regions_are_as_many_and_as_long_as_asked():
    audio = 0.1 + torch.rand(20, 40_000)
    lengths = []
    ranges = dataclasses.replace(only(scaling=(0.5, 0.5)), regions=(2, 4), region_length=(100, 300))
    for row in changed_samples(audio, degrade(audio, ranges, torch.Generator().manual_seed(0))):
        edges = torch.diff(row.int(), prepend=torch.zeros(1), append=torch.zeros(1))
        starts, ends = (edges > 0).nonzero().flatten(), (edges < 0).nonzero().flatten()
        lengths.append((ends - starts).tolist())
    assert {len(one) for one in lengths} == {2, 3, 4}
    assert all(100 <= n <= 600 for one in lengths for n in one)  # two that touch look like one
    assert sum(100 <= n <= 300 for one in lengths for n in one) > 0.9 * sum(map(len, lengths))


def test_identity_ranges_change_nothing():
    audio = torch.randn(3, 5000)
    assert torch.allclose(degrade(audio, only()), audio, atol=1e-5)


def test_scaling_is_a_factor():
    audio = torch.randn(4, 5000)
    degraded = degrade(audio, only(scaling=(0.8, 1.05)))
    for clean, row, changed in zip(audio, degraded, changed_samples(audio, degraded), strict=True):
        ratio = row[changed] / clean[changed]
        assert ratio.std() < 1e-3
        assert 0.8 <= float(ratio.mean()) <= 1.05


def test_noise_has_the_level_relative_to_the_region():
    audio = 0.05 * torch.randn(30, 5000)
    change = degrade(audio, only(noise_level=(0.5, 0.5))) - audio
    level = (change.square().sum(1) / 1000).sqrt()
    assert torch.allclose(level, torch.full((30,), 0.025), rtol=0.15)


def test_distortion_is_a_signed_power():
    x = torch.tensor([[-0.25, 0.0, 0.25, 1.0]])
    assert torch.allclose(exponential_distortion(x, torch.tensor([[0.5]])), torch.tensor([[-0.5, 0.0, 0.5, 1.0]]))


def test_band_gain_halves_a_sine_in_the_band_and_leaves_one_outside():
    time = torch.arange(4000, dtype=torch.float64)
    low, high = torch.sin(2 * torch.pi * 20 / 256 * time), torch.sin(2 * torch.pi * 90 / 256 * time)
    gains = torch.ones(1, 129, dtype=torch.float64)
    gains[:, 80:100] = 0.5
    filtered = band_gain((low + high)[None], gains)[0]
    middle = slice(500, 3500)
    assert torch.allclose(filtered[middle], (low + 0.5 * high)[middle], atol=1e-2)
    assert torch.allclose(band_gain(low[None], torch.ones_like(gains))[0], low, atol=1e-9)


def test_each_region_gets_at_least_one_kind():
    ranges = dataclasses.replace(
        ONE_REGION, noise_level=(0.5, 0.5), scaling=(0.5, 0.5), distortion=(2, 2), band_gain=(0, 0),
        band_position=(0.1, 0.1), band_width=(0.8, 0.8),
    )  # fmt: skip
    audio = torch.randn(50, 3000)
    assert bool((degrade(audio, ranges) != audio).any(1).all())


def test_input_is_untouched_and_the_generator_decides():
    audio = torch.randn(2, 6000)
    before = audio.clone()
    first, second = (degrade(audio, DegradationRanges(), torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(audio, before)
    assert torch.equal(first, second)
    assert not torch.equal(first, degrade(audio, DegradationRanges(), torch.Generator().manual_seed(4)))
    assert torch.isfinite(first).all()


def test_audio_shorter_than_a_region_and_silence_are_fine():
    assert torch.isfinite(degrade(torch.randn(2, 300), DegradationRanges())).all()
    assert torch.equal(degrade(torch.zeros(2, 4000), DegradationRanges()), torch.zeros(2, 4000))


@pytest.mark.parametrize("wrong", [{"scaling": (1.2, 0.8)}, {"regions": (-1, 3)}, {"kind_probability": 1.5}])
def test_impossible_ranges_are_refused(wrong):
    with pytest.raises(ValueError):
        DegradationRanges(**wrong)
