"""The mel spectrogram against torchaudio's filters, a plain DFT and closed forms."""

import numpy as np
import pytest
import torch
import torchaudio

from svstoolkit.features.definition import FeatureDefinition
from svstoolkit.features.mel import (
    hz_to_slaney_mel,
    magnitude_spectrogram,
    mel_basis,
    mel_spectrogram,
    slaney_filters,
    slaney_mel_to_hz,
)

DEFINITIONS = [
    FeatureDefinition(),
    FeatureDefinition(44100, 2048, 2048, 512, 128, 40.0, 16000.0),
    FeatureDefinition(24000, 1024, 800, 200, 40, 80.0, 7600.0),  # a window shorter than the FFT
]


@pytest.fixture
def noise() -> torch.Tensor:
    return 0.3 * torch.randn(2, 9000, generator=torch.Generator().manual_seed(1))


def direct_magnitudes(audio: np.ndarray, d: FeatureDefinition) -> np.ndarray:
    """HiFi-GAN's frames by numpy alone, float64: (n_fft//2 + 1, T)."""
    side = (d.n_fft - d.hop_length) // 2
    padded = np.pad(audio.astype(np.float64), side, mode="reflect")
    window = np.zeros(d.n_fft)
    left = (d.n_fft - d.win_length) // 2
    window[left : left + d.win_length] = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(d.win_length) / d.win_length)
    count = len(audio) // d.hop_length
    frames = np.stack([padded[t * d.hop_length : t * d.hop_length + d.n_fft] * window for t in range(count)])
    return np.sqrt(np.abs(np.fft.rfft(frames)) ** 2 + 1e-9).T


@pytest.mark.parametrize("definition", DEFINITIONS)
def test_filters_are_torchaudios_slaney_filters(definition):
    d = definition
    theirs = torchaudio.functional.melscale_fbanks(
        d.n_fft // 2 + 1, d.fmin, d.fmax, d.n_mels, d.sampling_rate, norm="slaney", mel_scale="slaney"
    )
    assert torch.allclose(mel_basis(d), theirs.T, atol=1e-6)


def test_each_filter_has_unit_area_in_hertz():
    filters = slaney_filters(24000, 16384, 80, 0.0, 12000.0)
    np.testing.assert_allclose(filters.sum(axis=1) * 24000 / 16384, 1.0, atol=2e-3)


def test_mel_scale_has_its_printed_fixed_points_and_inverse():
    np.testing.assert_allclose(hz_to_slaney_mel([0.0, 200.0, 1000.0, 6400.0]), [0.0, 3.0, 15.0, 42.0], atol=1e-12)
    hz = np.linspace(0, 12000, 97)
    np.testing.assert_allclose(slaney_mel_to_hz(hz_to_slaney_mel(hz)), hz, atol=1e-8)


@pytest.mark.parametrize("definition", DEFINITIONS)
def test_mel_equals_the_formula_computed_independently(definition, noise):
    d = definition
    filters = torchaudio.functional.melscale_fbanks(
        d.n_fft // 2 + 1, d.fmin, d.fmax, d.n_mels, d.sampling_rate, norm="slaney", mel_scale="slaney"
    ).T.double()
    mel = mel_spectrogram(noise, d)
    for ours, audio in zip(mel, noise, strict=True):
        expected = np.log(np.maximum(filters.numpy() @ direct_magnitudes(audio.numpy(), d), d.log_floor))
        np.testing.assert_allclose(ours.T.numpy(), expected, atol=1e-4)
    assert mel.shape == (2, noise.shape[1] // d.hop_length, d.n_mels)
    exact = mel_spectrogram(noise.double(), d)
    expected = np.log(np.maximum(filters.numpy() @ direct_magnitudes(noise[0].numpy(), d), d.log_floor))
    np.testing.assert_allclose(exact[0].T.numpy(), expected, atol=1e-5)


def test_number_of_frames_is_samples_over_hop_even_where_the_reflection_is_odd():
    for hop in (255, 256, 301):
        d = FeatureDefinition(hop_length=hop)
        for n_samples in (10 * hop, 10 * hop + 1, 11 * hop - 1):
            assert mel_spectrogram(torch.randn(1, n_samples), d).shape[1] == n_samples // hop


def test_frame_is_centred_half_a_hop_after_its_start():
    d = FeatureDefinition()
    click = torch.zeros(1, 40 * d.hop_length)
    click[0, 20 * d.hop_length + d.hop_length // 2] = 1.0
    energy = magnitude_spectrogram(click, d).sum(dim=1)[0]
    assert int(energy.argmax()) == 20
    assert torch.allclose(energy[19], energy[21], rtol=1e-3)  # the Hann window is even about its centre


def test_silence_is_at_or_above_the_floor():
    d = FeatureDefinition(log_floor=1e-3)
    assert torch.all(mel_spectrogram(torch.zeros(1, 4096), d) == np.float32(np.log(1e-3)))


def test_gradient_is_the_numerical_one():
    d = FeatureDefinition(sampling_rate=800, n_fft=32, win_length=32, hop_length=8, n_mels=4, fmax=400.0)
    audio = torch.randn(1, 64, dtype=torch.float64, requires_grad=True, generator=torch.Generator().manual_seed(0))
    assert torch.autograd.gradcheck(lambda a: mel_spectrogram(a, d), (audio,))


def test_mixed_precision_does_not_touch_the_mel(noise):
    d = FeatureDefinition()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mixed = mel_spectrogram(noise, d)
    assert torch.equal(mixed, mel_spectrogram(noise, d))


def test_too_few_samples_are_refused():
    with pytest.raises(ValueError, match="too few"):
        mel_spectrogram(torch.zeros(1, 300), FeatureDefinition())
