"""WORLD's features of voices that are known exactly: a vowel of given formants, a glide, a step, silence."""

import numpy as np
import pytest
import pyworld
from scipy.signal import lfilter

from svstoolkit.features.definition import FeatureDefinition
from svstoolkit.features.f0 import extract_f0
from svstoolkit.features.world import N_ENVELOPE, World
from svstoolkit.units import cents_between

D = FeatureDefinition(world=True)
WORLD = World.of(D)
RATE, HOP = D.sampling_rate, D.hop_length
FORMANTS = {700.0: 80.0, 1200.0: 90.0, 2600.0: 120.0}  # Hz: bandwidth, of an [a]


def response(frequencies: np.ndarray) -> np.ndarray:
    """The vowel's power at frequencies in Hz: two poles for each formant."""
    z = np.exp(-2j * np.pi * frequencies / RATE)
    return np.prod([1 / np.abs(np.polyval(p[::-1], z)) ** 2 for p in denominators()], axis=0)


def denominators() -> list[np.ndarray]:
    radii = [(f, np.exp(-np.pi * bandwidth / RATE)) for f, bandwidth in FORMANTS.items()]
    return [np.array([1, -2 * r * np.cos(2 * np.pi * f / RATE), r**2]) for f, r in radii]


def pulses(f0: np.ndarray) -> np.ndarray:
    """Ones at F0 (L,) Hz, zeros between them: (L,)."""
    return np.diff(np.floor(np.cumsum(f0) / RATE), prepend=0.0)


def vowel(f0: np.ndarray) -> np.ndarray:
    """Pulses at F0 (L,) Hz through the formants, a little noise: (L,), peak 0.5."""
    audio = pulses(f0)
    for denominator in denominators():
        audio = lfilter([1.0], denominator, audio)
    audio *= 0.5 / np.abs(audio).max()
    return audio + 1e-4 * np.random.default_rng(0).standard_normal(len(audio))


def centres(count: int) -> np.ndarray:
    """Samples at which the frames lie."""
    return (np.arange(count) + 0.5) * HOP


def power(features: np.ndarray) -> np.ndarray:
    coded = np.ascontiguousarray(features[:, :N_ENVELOPE], dtype=np.float64)
    return pyworld.decode_spectral_envelope(coded, RATE, WORLD.fft_size)


def test_a_vowel_keeps_formants_f0_and_level():
    length = 100 * HOP
    audio, f0 = vowel(np.full(length, 180.0)), np.full(100, 180.0)
    features = WORLD.analyse(audio, f0)
    assert features.shape == (100, WORLD.dimensions)
    assert features.dtype == np.float32
    again = WORLD.synthesise(features, f0)
    bins = np.fft.rfftfreq(WORLD.fft_size, 1 / RATE)
    for middle in (10 * np.log10(power(f)[20:80].mean(0)) for f in (features, WORLD.analyse(again, f0))):
        for formant in FORMANTS:
            near = np.flatnonzero(np.abs(bins - formant) < 250)
            assert abs(bins[near[middle[near].argmax()]] - formant) < 60  # the harmonics are 180 Hz apart
        heard = (bins > 200) & (bins < 4000)
        error = middle[heard] - 10 * np.log10(response(bins[heard]))
        assert np.std(error) < 2.5  # dB, of 70 between peaks and valleys
    assert 0 < 20 * np.log10(again[5000:-5000].std() / audio[5000:-5000].std()) < 2  # dB; WORLD uncoded: 1.9
    assert np.abs(cents_between(extract_f0(again, D)[5:-5], f0[5:-5])).max() < 3
    assert features[20:80, N_ENVELOPE].max() < -15  # dB, around 3 kHz: pulses are periodic


def test_noise_is_aperiodic_and_stays_noise():
    noise = 0.1 * np.random.default_rng(1).standard_normal(100 * HOP)
    features = WORLD.analyse(noise, np.zeros(100))
    np.testing.assert_allclose(features[:, N_ENVELOPE:], 0.0, atol=1e-6)
    again = WORLD.synthesise(features, np.zeros(100))
    spectrum = np.abs(np.fft.rfft(again.reshape(-1, 512))) ** 2
    assert np.std(10 * np.log10(spectrum.mean(0)[2:-2])) < 2.0  # dB, white
    assert abs(20 * np.log10(again.std() / noise.std())) < 1.0


def test_frames_lie_where_the_definition_has_them():
    """A glide of an octave in a second: half a frame, 5.3 ms, would be 6 cents."""
    length = 94 * HOP
    true = 200.0 * 2 ** (np.arange(length) / RATE)
    audio = vowel(true)
    frames = np.interp(centres(94), np.arange(length), true)
    again = WORLD.synthesise(WORLD.analyse(audio, frames), frames)
    heard = extract_f0(again, D)[8:-8]
    assert abs(np.mean(cents_between(heard, frames[8:-8]))) < 1.0


def delay(decibels: np.ndarray, times: np.ndarray) -> float:
    """Samples by which a level in dB at times (samples) lags behind a swell of 40 hops that begins at 0."""
    oscillation = np.exp(-2j * np.pi * times / (40 * HOP))
    return -np.angle(np.sum(decibels * oscillation) * 1j) / (2 * np.pi) * 40 * HOP


def test_a_swell_is_analysed_and_made_at_its_place():
    times, f0 = np.arange(200 * HOP), np.full(200, 240.0)
    swell = 10 ** (0.5 * np.sin(2 * np.pi * times / (40 * HOP)) - 1.0)  # ±10 dB
    audio = swell * pulses(np.full(len(times), 240.0))  # no formants, which would make a swell late
    audio += 1e-5 * np.random.default_rng(0).standard_normal(len(times))
    features = WORLD.analyse(audio, f0)
    found = 10 * np.log10(power(features)[:, 40:300]).mean(1)
    assert abs(delay(found[20:180], centres(200)[20:180])) < 0.05 * HOP
    for sound in (audio, WORLD.synthesise(features, f0)):
        level = np.convolve(sound**2, np.hanning(301), "same")  # three periods
        inner = slice(20 * HOP, 180 * HOP)
        assert abs(delay(10 * np.log10(level[inner]), times[inner])) < 0.05 * HOP


@pytest.mark.parametrize(
    ("rate", "hop", "bands"), [(24000, 256, 3), (44100, 512, 5), (22050, 221, 2), (16000, 80, 1), (48000, 240, 5)]
)
def test_lengths_are_exact(rate, hop, bands):
    world = World(rate, hop, 60.0)
    assert world.dimensions == 60 + bands
    audio = 0.1 * np.random.default_rng(0).standard_normal(200 * hop)
    for count in (0, 1, 2, 7, 200):
        f0 = np.where(np.arange(count) % 3 > 0, 200.0, 0.0)
        features = np.zeros((0, 60 + bands)) if count == 0 else world.analyse(audio[: count * hop], f0)
        again = world.synthesise(features, f0)
        assert again.shape == (count * hop,)
        assert np.isfinite(again).all()


def test_silence_is_one_silence():
    still = WORLD.analyse(np.zeros(20 * HOP), np.zeros(20))
    faint = WORLD.analyse(1e-6 * np.random.default_rng(0).standard_normal(20 * HOP), np.zeros(20))
    np.testing.assert_allclose(still, faint, atol=0.2)
    assert WORLD.synthesise(still, np.zeros(20)).std() < 2.0**-16


def test_the_lowest_f0_has_an_envelope_of_its_own():
    """CheapTrick takes F0 below 3·rate/FFT size for 500 Hz, whose envelope shows the harmonics."""
    f0 = np.full(60, D.f0_min)
    middle = 10 * np.log10(power(WORLD.analyse(vowel(np.full(60 * HOP, D.f0_min)), f0))[20:40].mean(0))
    bins = np.fft.rfftfreq(WORLD.fft_size, 1 / RATE)
    heard = (bins > 200) & (bins < 4000)
    assert np.std(middle[heard] - 10 * np.log10(response(bins[heard]))) < 1.0


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="at least 12000 Hz, not 8000"):
        FeatureDefinition(sampling_rate=8000, fmax=4000.0, world=True)
    with pytest.raises(ValueError, match=r"\(5, 63\), found \(5, 60\)"):
        WORLD.synthesise(np.zeros((5, 60)), np.zeros(5))
    with pytest.raises(ValueError, match="f0_min > 0"):
        World(24000, 256, 0.0)
