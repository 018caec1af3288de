import numpy as np
import pytest

from svstoolkit.errors import InputError
from svstoolkit.evaluation.measures.cepstra import (
    QUANTISATION_POWER,
    mel_cepstrum,
    order_and_alpha,
    spectral_envelope,
    warping_matrix,
)
from svstoolkit.evaluation.measures.mcd import mel_cepstral_distortion
from svstoolkit.features.definition import FeatureDefinition


def freqt(cepstrum, order, alpha):
    """SPTK's recursion as its manual prints it (freqt, eq. 1), one coefficient at a time."""
    g = np.zeros(order + 1)
    for value in cepstrum[::-1]:
        previous = g.copy()
        g[0] = value + alpha * previous[0]
        if order > 0:
            g[1] = (1 - alpha**2) * previous[0] + alpha * previous[1]
        for m in range(2, order + 1):
            g[m] = previous[m - 1] + alpha * (previous[m] - g[m - 1])
    return g


@pytest.mark.parametrize("alpha", [0.0, 0.42, 0.55])
def test_the_warping_matrix_is_sptks_recursion(alpha):
    cepstrum = np.random.default_rng(0).normal(size=60) / (1 + np.arange(60))
    np.testing.assert_allclose(warping_matrix(24, alpha, 60) @ cepstrum, freqt(cepstrum, 24, alpha), atol=1e-12)


def test_a_one_pole_envelope_has_the_textbook_cepstrum():
    """H = 1/(1 − a·z⁻¹) has c(0) = 0, c(m) = aᵐ/m."""
    a, omega = 0.7, np.linspace(0, np.pi, 513)
    power = 1.0 / np.abs(1 - a * np.exp(-1j * omega)) ** 2
    m = np.arange(1, 21)
    np.testing.assert_allclose(mel_cepstrum(power[None], 20, 0.0)[0], np.r_[0.0, a**m / m], atol=1e-9)


def test_a_pole_on_the_warped_axis_is_the_same_pole_warped():
    """In w = z̃⁻¹ the pole a moves to (a − α)/(1 − aα), and c̃(m) of log 1/(1 − a·z⁻¹) follows in closed form."""
    a, alpha, omega = 0.8, 0.46, np.linspace(0, np.pi, 1025)
    power = 1.0 / np.abs(1 - a * np.exp(-1j * omega)) ** 2
    # 1 − a(w + α)/(1 + αw) = (1 − aα)·(1 − p·w)/(1 + α·w), p = (a − α)/(1 − aα)
    pole, m = (a - alpha) / (1 - a * alpha), np.arange(1, 35)
    expected = np.r_[-np.log(1 - a * alpha), (pole**m - (-alpha) ** m) / m]
    np.testing.assert_allclose(mel_cepstrum(power[None], 34, alpha)[0], expected, atol=1e-9)


def test_it_is_sptks_sp2mc():
    conversion = pytest.importorskip("pysptk.conversion")
    smooth = np.cumsum(np.random.default_rng(0).normal(size=(3, 513)), axis=1)
    power = np.exp(smooth - smooth.mean(axis=1, keepdims=True))
    np.testing.assert_allclose(mel_cepstrum(power, 39, 0.55), conversion.sp2mc(power, 39, 0.55), rtol=0, atol=1e-11)


def test_mcd_of_a_known_offset():
    reference = np.random.default_rng(0).normal(size=(50, 35))
    offset = reference.copy()
    offset[:, 3] += 0.3
    offset[:, 7] -= 0.4
    offset[:, 0] += 1.2
    assert mel_cepstral_distortion(offset, reference) == pytest.approx(10 / np.log(10) * np.sqrt(2) * 0.5)
    assert mel_cepstral_distortion(offset, reference, with_c0=True) == pytest.approx(10 / np.log(10) * np.sqrt(2) * 1.3)
    assert mel_cepstral_distortion(reference, reference) == 0.0
    with pytest.raises(ValueError, match="equal"):
        mel_cepstral_distortion(reference, reference[:-1])


def test_mcd_is_the_distance_of_log_spectra():
    """Parseval: of one frame, MCD is the root mean square of the dB difference over the warped frequency axis."""
    rng = np.random.default_rng(0)
    d = np.r_[0.0, rng.normal(size=10)]
    omega = np.linspace(0, np.pi, 4096, endpoint=False) + np.pi / 8192
    decibels = 20 / np.log(10) * (d[:, None] * np.cos(np.arange(11)[:, None] * omega)).sum(axis=0)
    assert mel_cepstral_distortion(d[None], np.zeros((1, 11))) == pytest.approx(np.sqrt(np.mean(decibels**2)))


def test_gain_changes_only_c0():
    definition = FeatureDefinition()
    rng = np.random.default_rng(0)
    audio = 0.1 * rng.normal(size=12000)
    f0 = np.zeros(len(audio) // 256)
    quiet, loud = (
        mel_cepstrum(spectral_envelope(gain * audio, f0, definition) - QUANTISATION_POWER, *order_and_alpha(24000))
        for gain in (1.0, 2.0)
    )
    np.testing.assert_allclose(loud[:, 1:], quiet[:, 1:], atol=1e-6)
    np.testing.assert_allclose(loud[:, 0] - quiet[:, 0], np.log(2.0), atol=1e-6)


def test_two_kinds_of_silence_are_the_same_silence():
    definition, f0 = FeatureDefinition(), np.zeros(40)
    residue = 1e-7 * np.sin(np.arange(40 * 256))
    order, alpha = order_and_alpha(24000)
    silences = [mel_cepstrum(spectral_envelope(x, f0, definition), order, alpha) for x in (residue, 0 * residue)]
    assert mel_cepstral_distortion(*silences) < 0.1


def test_an_unheard_of_rate_names_the_known_ones():
    with pytest.raises(InputError, match="24000"):
        order_and_alpha(12345)
