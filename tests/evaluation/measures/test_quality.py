import numpy as np
import pesq
import pystoi
import pytest
from scipy.signal import resample_poly

from svstoolkit.evaluation.floor import loudness_noise
from svstoolkit.evaluation.measures.quality import estoi, pesq_narrowband, pesq_wideband, stoi

RATE = 24000


@pytest.fixture(scope="module")
def voice():
    """One second of a buzzing vowel in syllables, with pauses."""
    t = np.arange(int(1.2 * RATE)) / RATE
    phase = 2 * np.pi * np.cumsum(180 + 20 * np.sin(2 * np.pi * 3 * t)) / RATE
    buzz = sum(np.sin(k * phase) / k * np.exp(-(((k * 180 - 700) / 900) ** 2)) for k in range(1, 30))
    return 0.3 * buzz / np.abs(buzz).max() * np.clip(1.5 * np.sin(2 * np.pi * 2.5 * t), 0, 1)


def test_identity_is_the_maximum_and_noise_lowers_it(voice):
    noise = np.random.default_rng(0).normal(size=len(voice))
    pesqs = [pesq_wideband(voice + level * noise, voice, RATE) for level in (0.0, 0.003, 0.1)]
    stois = [stoi(voice + level * noise, voice, RATE) for level in (0.0, 0.003, 0.1)]
    assert pesqs[0] == pytest.approx(4.644, abs=1e-3)  # P.862.2's largest value
    assert stois[0] == pytest.approx(1.0)
    assert pesqs == sorted(pesqs, reverse=True)
    assert stois == sorted(stois, reverse=True)
    assert stois[2] < 0.9


def test_the_packages_own_figures(voice):
    noisy = voice + 0.01 * np.random.default_rng(0).normal(size=len(voice))
    for measure, mode, rate in ((pesq_wideband, "wb", 16000), (pesq_narrowband, "nb", 8000)):
        at_rate = [resample_poly(x, rate // 8000, RATE // 8000) for x in (voice, noisy)]
        assert measure(noisy, voice, RATE) == pesq.pesq(rate, *at_rate, mode)
    assert stoi(noisy, voice, RATE) == pystoi.stoi(voice, noisy, RATE)
    # pystoi adds noise of 1e-16 to the extended measure, from numpy's global generator
    assert estoi(noisy, voice, RATE) == pytest.approx(pystoi.stoi(voice, noisy, RATE, extended=True), abs=1e-9)


@pytest.mark.parametrize("measure", [pesq_wideband, pesq_narrowband, stoi, estoi])
def test_what_has_no_score_is_an_error_and_not_a_figure(voice, measure):
    name = "PESQ" if "pesq" in measure.__name__ else "STOI"
    not_finite = np.where(np.arange(len(voice)) == 5, np.nan, voice)
    for audio, reference, reason in (
        (0 * voice, voice, "it is digital silence"),
        (voice, 0 * voice, "reference is digital silence"),
        (not_finite, voice, "not finite"),
        (voice[:-1], voice, "length"),
        (voice[:3000], voice[:3000], ""),
    ):
        with pytest.raises(ValueError, match=rf"{name}.*{reason}|{reason}.*{name}"):
            measure(audio, reference, RATE)


def test_the_floor_has_the_targets_energy_in_every_frame(voice):
    noise = loudness_noise(voice, 256, "utt1")
    whole = len(voice) // 256 * 256
    energy = [(x[:whole].reshape(-1, 256) ** 2).sum(axis=1) for x in (noise, voice)]
    np.testing.assert_allclose(*energy, rtol=1e-9, atol=1e-15)
    assert abs(np.corrcoef(noise, voice)[0, 1]) < 0.05
    np.testing.assert_array_equal(noise, loudness_noise(voice, 256, "utt1"))
    assert not np.array_equal(noise, loudness_noise(voice, 256, "utt2"))
