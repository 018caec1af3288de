import numpy as np
import pytest
import torch

from svstoolkit.evaluation.measures.spectra import (
    LOG_SPECTRUM,
    RESOLUTIONS,
    log_spectral_distance,
    multi_resolution_stft_distance,
    resolution,
)


@pytest.fixture(scope="module")
def pair():
    """Two seconds of noise through two one-pole filters, one with a silence inside."""
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(2, 48000))
    noise[1, 20000:26000] = 0.0
    smooth = np.copy(noise)
    smooth[:, 1:] += 0.7 * noise[:, :-1]
    return 0.05 * smooth[0], 0.05 * smooth[1]


def torch_magnitude(audio, sizes, floor):
    size, window, hop = sizes
    signal = torch.as_tensor(audio)
    spectrum = torch.stft(
        signal, size, hop, window, torch.hann_window(window, dtype=torch.float64), return_complex=True
    )
    return (spectrum.abs() ** 2).clamp(min=floor).sqrt()


@pytest.mark.parametrize("rate", [16000, 24000, 44100])
def test_multi_resolution_stft_distance_is_the_papers_on_torchs_stft(pair, rate):
    expected = []
    for sizes in RESOLUTIONS:
        ours, theirs = (torch_magnitude(audio, resolution(sizes, rate), 1e-7) for audio in pair)
        convergence = torch.linalg.norm(theirs - ours) / torch.linalg.norm(theirs)
        expected.append(convergence + (theirs.log() - ours.log()).abs().mean())
    # single precision against double
    assert multi_resolution_stft_distance(*pair, rate) == pytest.approx(float(np.mean(expected)), rel=2e-6)


def test_log_spectral_distance_is_its_formula_on_torchs_stft(pair):
    noise = 2.0**-30 / 12 * torch.hann_window(1024, dtype=torch.float64).pow(2).sum()
    ours, theirs = (20 * torch.log10((torch_magnitude(x, LOG_SPECTRUM, 0.0) ** 2 + noise).sqrt()) for x in pair)
    expected = (ours - theirs).pow(2).mean(dim=0).sqrt().mean()
    assert log_spectral_distance(*pair, 24000) == pytest.approx(float(expected), rel=1e-9)


def test_a_gain_is_itself(pair):
    reference, gain = pair[0], 0.5
    assert log_spectral_distance(gain * reference, reference, 24000) == pytest.approx(6.0206, abs=1e-3)
    expected = (1 - gain) - np.log(gain)
    assert multi_resolution_stft_distance(gain * reference, reference, 24000) == pytest.approx(expected, rel=1e-3)


def test_nothing_is_nothing_and_two_silences_are_one(pair):
    residue = 1e-6 * np.random.default_rng(0).normal(size=24000)
    for distance in (log_spectral_distance, multi_resolution_stft_distance):
        assert distance(pair[0], pair[0], 24000) == 0.0
        assert distance(residue, 0 * residue, 24000) < 0.1


def test_sizes_are_the_papers_at_24_khz_and_last_as_long_elsewhere():
    assert [resolution(sizes, 24000) for sizes in RESOLUTIONS] == list(RESOLUTIONS)
    assert resolution(RESOLUTIONS[0], 48000) == (2048, 1200, 240)
    for rate in (8000, 16000, 22050, 32000, 44100, 48000):
        for size, window, hop in (resolution(sizes, rate) for sizes in (*RESOLUTIONS, LOG_SPECTRUM)):
            assert hop < window <= size * 1.42
            assert size & (size - 1) == 0


def test_other_lengths_and_crumbs_are_refused(pair):
    for distance in (log_spectral_distance, multi_resolution_stft_distance):
        with pytest.raises(ValueError, match="one length"):
            distance(pair[0], pair[1][:-1], 24000)
        with pytest.raises(ValueError, match="shorter"):
            distance(pair[0][:800], pair[1][:800], 24000)
