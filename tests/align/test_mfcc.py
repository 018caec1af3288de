"""MFCC against the definition, written out with numpy and scipy."""

import numpy as np
import pytest
import scipy.fft
import torch

from svstoolkit.align.mfcc import Mfcc, normalised


def test_one_frame_by_hand():
    mfcc = Mfcc()
    rng = np.random.default_rng(0)
    x = rng.standard_normal(16000) * 0.1
    found = mfcc(torch.from_numpy(x).float(), 16000)
    assert found.shape == (100, 39)
    emphasised = np.concatenate([x[:1], x[1:] - 0.97 * x[:-1]])
    t = 40
    centre = t * 160 + 80
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400)
    power = np.abs(np.fft.rfft(emphasised[centre - 200 : centre + 200] * window, 512)) ** 2
    mel = 2595 * np.log10(1 + np.array([20.0, 8000.0]) / 700)
    corners = 700 * (10 ** (np.linspace(*mel, 28) / 2595) - 1)
    frequencies = np.arange(257) * 16000 / 512
    bands = [np.interp(frequencies, corners[b : b + 3], [0, 1, 0]) @ power for b in range(26)]
    expected = scipy.fft.dct(np.log(np.array(bands) + 1e-6), norm="ortho")[:13]
    np.testing.assert_allclose(found[t, :13].numpy(), expected, atol=2e-3)


def test_frames_are_centred_between_boundaries():
    """Noise from 0.5 s on: its power passes one half between frames 49 and 50, whose boundary is at 0.5 s."""
    rng = np.random.default_rng(0)
    x = np.where(np.arange(16000) >= 8000, rng.standard_normal(16000), 0)
    loudness = Mfcc()(torch.from_numpy(x).float(), 16000)[:, 0]
    half = float(loudness[52:].mean()) - np.sqrt(26) * np.log(2)
    assert float(loudness[49]) < half < float(loudness[50])


def test_differences_of_a_ramp_are_its_slope():
    import torchaudio.functional as AF

    ramp = torch.arange(20.0)[None] * 0.5
    assert torch.allclose(AF.compute_deltas(ramp)[0, 2:-2], torch.full((16,), 0.5))


def test_normalised_per_singer():
    generator = torch.Generator().manual_seed(0)
    features = [torch.randn(100, 3, generator=generator) * scale + shift for scale, shift in ((2, 5), (3, 5), (1, -4))]
    result = normalised(features, ["a", "a", "b"])
    both = torch.cat(result[:2])
    for frames in (both, result[2]):
        torch.testing.assert_close(frames.mean(0), torch.zeros(3), atol=1e-5, rtol=0)
        torch.testing.assert_close(frames.std(0), torch.ones(3), atol=1e-4, rtol=0)
    assert not torch.allclose(result[0].std(0), torch.ones(3), atol=0.05)


def test_too_short_and_bad_settings():
    with pytest.raises(ValueError, match="too short"):
        Mfcc()(torch.zeros(300), 16000)
    with pytest.raises(ValueError, match="fmax"):
        Mfcc(fmax=9000.0)
    with pytest.raises(ValueError, match="n_mfcc"):
        Mfcc(n_mfcc=30)
    assert torch.isfinite(Mfcc()(torch.zeros(16000), 16000)).all()
