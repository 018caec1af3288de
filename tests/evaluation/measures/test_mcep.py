import numpy as np
import pytest
import scipy.optimize

from svstoolkit.evaluation.measures.cepstra import SPTK_ORDER_AND_ALPHA, mel_cepstrum
from svstoolkit.evaluation.measures.mcep import mel_cepstral_analysis, warped_cosines


def windowed(samples, size=1024, hop=256):
    return np.lib.stride_tricks.sliding_window_view(samples, size)[::hop] * np.hamming(size)


@pytest.fixture(scope="module")
def speech():
    """A second of the recording that comes with pysptk: (T, 1024) of 16-bit steps; one frame of digital silence."""
    soundfile, util = pytest.importorskip("soundfile"), pytest.importorskip("pysptk.util")
    samples, _ = soundfile.read(util.example_audio_file(), dtype="int16")
    frames = windowed(samples[8000:24000].astype(np.float64))
    frames[5] = 0.0
    return frames


@pytest.mark.parametrize("rate", [16000, 24000, 44100, 48000])
def test_it_is_sptks_mcep(speech, rate):
    import pysptk

    order, alpha = SPTK_ORDER_AND_ALPHA[rate]
    expected = [pysptk.mcep(frame, order, alpha, eps=1e-6, etype=1) for frame in speech]
    np.testing.assert_allclose(mel_cepstral_analysis(speech, order, alpha, 1e-6), expected, rtol=0, atol=1e-11)


def test_a_frame_is_analysed_as_if_it_were_alone(speech):
    together = mel_cepstral_analysis(speech, 23, 0.42, 1e-6)
    alone = np.concatenate([mel_cepstral_analysis(frame[None], 23, 0.42, 1e-6) for frame in speech])
    np.testing.assert_allclose(together, alone, rtol=0, atol=1e-12)


def test_it_lies_near_the_minimum_of_the_papers_criterion():
    """E = mean I/|H|² + log|H|², minimised by another algorithm; SPTK stops just short of it."""
    order, alpha = 6, 0.42
    frame = windowed(np.random.default_rng(0).normal(size=256), 256)
    periodogram = np.abs(np.fft.rfft(frame[0])) ** 2 + 1e-6
    basis, weights = warped_cosines(order, alpha, 129)

    def criterion(cepstrum):
        log_power = 2.0 * basis @ cepstrum
        return weights @ (periodogram * np.exp(-log_power) + log_power)

    best = scipy.optimize.minimize(criterion, np.zeros(order + 1), method="BFGS", options={"gtol": 1e-9}).x
    found = mel_cepstral_analysis(frame, order, alpha, 1e-6)[0]
    np.testing.assert_allclose(found, best, atol=1e-3)
    assert criterion(found) - criterion(best) < 1e-6
    start = mel_cepstrum(periodogram[None], order, alpha)[0]
    assert criterion(start) - criterion(best) > 0.1


def test_the_weights_average_over_the_circle():
    basis, weights = warped_cosines(0, 0.0, 9)
    assert weights.sum() == pytest.approx(1.0)
    basis, _ = warped_cosines(5, 0.3, 65)
    z = np.exp(-1j * np.linspace(0, np.pi, 65))
    np.testing.assert_allclose(basis[:, 5], (((z - 0.3) / (1 - 0.3 * z)) ** 5).real, atol=1e-12)
