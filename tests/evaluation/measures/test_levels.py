"""Levels against the closed forms and the test signals of EBU Tech 3341."""

import numpy as np
import pytest

from svstoolkit.evaluation.measures.levels import (
    clipping_rate,
    loudness,
    loudness_difference,
    sample_peak,
    silence_share,
    true_peak,
)

RATE = 48000


def sine(frequency, level, seconds=4.0, rate=RATE, phase=0.0):
    """Peak of `level` dB of full scale."""
    t = np.arange(int(seconds * rate)) / rate
    return 10 ** (level / 20) * np.sin(2 * np.pi * frequency * t + phase)


@pytest.mark.parametrize("rate", [24000, 44100, 48000])
def test_a_sine_of_minus_20_db_in_one_channel_is_minus_23_lufs(rate):
    """BS.1770 reads a full-scale 1 kHz sine in one channel as −3.01; EBU Tech 3341 allows 0.1 LU."""
    assert loudness(sine(1000, -23 + 3.01, rate=rate), rate) == pytest.approx(-23, abs=0.1)


def test_silence_is_gated_and_gain_is_a_difference():
    voice = sine(997, -20)
    gated = np.concatenate([voice, np.zeros(10 * RATE)])
    assert loudness(gated, RATE) == pytest.approx(loudness(voice, RATE), abs=0.3)
    assert loudness_difference(voice / 2, voice, RATE) == pytest.approx(20 * np.log10(0.5), abs=1e-6)
    assert np.isnan(loudness(np.zeros(RATE), RATE))


@pytest.mark.parametrize(("divisor", "degrees"), [(4, 0), (4, 45), (6, 60), (8, 67.5)])
def test_true_peak_sees_between_the_samples(divisor, degrees):
    """EBU Tech 3341, signals 15 to 18: −6 dBTP within +0.2 and −0.4 dB, whatever the phase."""
    audio = 0.5 * np.sin(2 * np.pi * np.arange(4800) / divisor + np.radians(degrees))
    # faded in and out: the edge of a gated tone has a peak of its own
    audio *= np.minimum(1, np.minimum(np.arange(4800), np.arange(4800)[::-1]) / 500)
    assert -6.02 - 0.4 <= true_peak(audio, RATE) <= -6.02 + 0.2
    assert sample_peak(audio) <= true_peak(audio, RATE) + 1e-12


def test_sample_peak():
    assert sample_peak(np.array([0.1, -0.5, 0.2])) == pytest.approx(-6.0206, abs=1e-4)
    assert sample_peak(np.zeros(4)) == -np.inf


def test_only_runs_of_three_of_one_sign_are_clipped():
    top = 32767 / 32768
    audio = np.array([top, top, 0, top, top, top, -1, -1, 0.5, -1, -1, -1, -1, 0.999, 1, -1, 1, -1])
    assert clipping_rate(audio) == pytest.approx(100 * (3 + 4) / len(audio))
    assert clipping_rate(np.clip(sine(100, 6.0206), -1, 1)) == pytest.approx(100 * 2 / 3, abs=0.5)  # |sin| > 1/2
    assert clipping_rate(np.ones(5)) == 100
    assert clipping_rate(np.zeros(5)) == 0


def test_silence_share():
    audio = np.concatenate([sine(1000, -56, 1.0), sine(1000, -58, 3.0)])  # −59.0 and −61.0 dB of root mean square
    assert silence_share(audio, RATE) == pytest.approx(75)


@pytest.mark.parametrize("measure", [lambda x: loudness(x, RATE), sample_peak, lambda x: silence_share(x, RATE)])
def test_what_has_no_level(measure):
    for broken in (np.zeros(0), np.full(RATE, np.nan)):
        with pytest.raises(ValueError, match=r"samples|short"):
            measure(broken)
