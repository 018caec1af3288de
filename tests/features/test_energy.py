"""Frame energy against the closed form of a sine and Parseval's theorem."""

import numpy as np
import torch

from svstoolkit.features.definition import FeatureDefinition
from svstoolkit.features.energy import frame_energy

D = FeatureDefinition()


def test_energy_of_a_sine_on_a_bin_is_known():
    """A Hann-windowed sine of amplitude A on a bin has magnitudes A·N/4 and, beside it, twice A·N/8."""
    amplitude, hz = 0.5, 100 * D.sampling_rate / D.n_fft
    audio = amplitude * torch.sin(2 * np.pi * hz * torch.arange(12000, dtype=torch.float64) / D.sampling_rate)
    energy = frame_energy(audio[None], D)[0]
    expected = amplitude * D.n_fft / 4 * np.sqrt(1 + 2 * 0.25)
    np.testing.assert_allclose(energy[5:-5], expected, rtol=1e-5)


def test_energy_is_proportional_to_amplitude():
    audio = torch.randn(1, 8192, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    np.testing.assert_allclose(frame_energy(3 * audio, D), 3 * frame_energy(audio, D), rtol=1e-6)


def test_energy_obeys_parseval():
    """Both sides of the spectrum hold N times the energy of the windowed samples."""
    audio = torch.randn(1, 8192, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    frame = 10
    start = frame * D.hop_length - (D.n_fft - D.hop_length) // 2
    windowed = audio[0, start : start + D.n_fft] * torch.hann_window(D.n_fft, dtype=torch.float64)
    two_sided = np.abs(np.fft.fft(windowed)) ** 2
    one_sided = D.n_fft * float((windowed**2).sum()) / 2 + (two_sided[0] + two_sided[D.n_fft // 2]) / 2
    np.testing.assert_allclose(frame_energy(audio, D)[0, frame], np.sqrt(one_sided), rtol=1e-6)
