import numpy as np
import pytest

from svstoolkit.errors import InputError
from svstoolkit.evaluation.measures.espnet import (
    EspnetFeatures,
    compare_espnet_features,
    espnet_features,
    espnet_metrics,
)

RATE = 24000


def sung(midi, vibrato, formant, seconds, silence):
    """Two notes a major third apart in 16-bit steps; digital silence at the start and between them."""
    t = np.arange(int(seconds * RATE)) / RATE
    hz = 440.0 * 2.0 ** ((np.interp(t, [0, 0.4, 0.5, seconds], [midi, midi, midi + 4, midi + 4]) - 69) / 12)
    phase = 2 * np.pi * np.cumsum(hz * (1 + vibrato * np.sin(2 * np.pi * 5.5 * t))) / RATE
    k = np.arange(1, 25)[:, None]
    buzz = (np.exp(-(((k * hz - formant) / 900) ** 2)) * np.sin(k * phase) / k).sum(axis=0)
    audio = 0.2 * buzz + 0.002 * np.random.default_rng(0).normal(size=len(t))
    audio[(t > 0.6) & (t < 0.6 + silence)] = 0.0
    audio[t < silence] = 0.0
    return np.rint(32767 * np.clip(audio, -1, 1)) / 32768


@pytest.fixture(scope="module")
def features():
    voice, reference = sung(62.3, 0.012, 1300.0, 1.1, 0.3), sung(62.0, 0.006, 1100.0, 1.0, 0.1)
    return espnet_features(voice, RATE), espnet_features(reference, RATE)


# What ESPnet's evaluate_mcd.py, evaluate_f0.py, evaluate_semitone.py and evaluate_vuv.py find for the two as wav files,
# with pysptk 1.0.1, pyworld 0.3.5 and fastdtw 0.3.4, first with its C++ extension, then without
@pytest.mark.parametrize(
    ("compiled", "mcd", "log_f0_rmse", "semitone_accuracy"),
    [
        (True, 2.804355840721777, 0.018322475454688857, 93.18181818181817),
        (False, 2.621463068500791, 0.019823352889926545, 92.42424242424242),
    ],
)
def test_the_figures_are_those_of_espnets_scripts(features, compiled, mcd, log_f0_rmse, semitone_accuracy):
    found = compare_espnet_features(*features, compiled=compiled)
    expected = {"mcd": mcd, "log_f0_rmse": log_f0_rmse, "semitone_accuracy": semitone_accuracy, "vuv_error": 0.0}
    assert found == pytest.approx(expected, abs=1e-6)


def test_the_figures_are_those_of_the_same_packages_on_a_recording():
    """pysptk frame by frame, its sp2mc, and fastdtw in pure Python, on speech and a slower, noisier copy of it."""
    pysptk, fastdtw = pytest.importorskip("pysptk"), pytest.importorskip("fastdtw.fastdtw").fastdtw
    import pyworld
    import soundfile

    speech, rate = soundfile.read(pysptk.util.example_audio_file(), dtype="int16")
    reference = speech[10000:20000].astype(np.float64)
    stretched = np.arange(0, len(reference) - 1, 0.96)
    noise = np.random.default_rng(0).normal(0, 50, size=len(stretched))
    voice = np.rint(np.interp(stretched, np.arange(len(reference)), reference) + noise)

    def pairs(a, b):
        return np.array(fastdtw(a, b, dist=lambda x, y: np.sqrt(((x - y) ** 2).sum()))[1]).T

    window, order, alpha = pysptk.sptk.hamming(1024), 23, 0.42
    mceps, envelopes, f0s = [], [], []
    for x in (voice, reference):
        starts = range(0, len(x) - 1023, 256)
        mceps.append(np.stack([pysptk.mcep(x[s : s + 1024] * window, order, alpha, eps=1e-6, etype=1) for s in starts]))
        f0, times = pyworld.harvest(x, rate, f0_floor=60.0, f0_ceil=500.0, frame_period=256 / rate * 1000)
        f0s.append(f0)
        envelopes.append(pysptk.sp2mc(pyworld.cheaptrick(x, f0, times, rate, fft_size=1024), order, alpha))
    i, j = pairs(*mceps)
    mcd = np.mean(10 / np.log(10) * np.sqrt(2 * np.sum((mceps[0][i] - mceps[1][j]) ** 2, axis=1)))
    i, j = pairs(*envelopes)
    both = (f0s[0][i] > 0) & (f0s[1][j] > 0)
    rmse = np.sqrt(np.mean((np.log(f0s[0][i][both]) - np.log(f0s[1][j][both])) ** 2))

    found = espnet_metrics(voice / 32768, reference / 32768, rate, f0_min=60.0, f0_max=500.0, compiled=False)
    assert found["mcd"] == pytest.approx(mcd, abs=1e-9)
    assert found["log_f0_rmse"] == pytest.approx(rmse, abs=1e-9)
    assert found["vuv_error"] == pytest.approx(100 * np.mean((f0s[0][i] > 0) != (f0s[1][j] > 0)))


def of_f0(f0):
    """Features whose frames can only be paired in order."""
    order = 100.0 * np.arange(len(f0))[:, None] * np.ones((1, 3))
    return EspnetFeatures(order, np.asarray(f0, dtype=np.float64), order)


def test_unvoiced_pairs_count_as_correct_semitones():
    reference = of_f0([0, 0, 440.0, 440.0, 440.0, 440.0, 0, 0, 0, 0])
    voice = of_f0([0, 0, 440.0, 452.0, 454.0, 0, 220.0, 0, 0, 0])  # +47 and +54 cents, then a missed and an added frame
    found = compare_espnet_features(voice, reference)
    assert found["semitone_accuracy"] == pytest.approx(70.0)
    assert found["vuv_error"] == pytest.approx(20.0)
    assert found["log_f0_rmse"] == pytest.approx(np.sqrt(np.mean(np.log([1.0, 452 / 440, 454 / 440]) ** 2)))
    assert np.isnan(compare_espnet_features(of_f0([0.0] * 5), of_f0([200.0] * 5))["log_f0_rmse"])


def test_mcd_includes_the_level():
    rng = np.random.default_rng(0)
    noise = np.rint(1000 * rng.normal(size=6000)) / 32768
    quiet, loud = (espnet_features(gain * noise, RATE) for gain in (1.0, 4.0))
    assert compare_espnet_features(quiet, quiet)["mcd"] == 0.0
    expected = 10 / np.log(10) * np.sqrt(2) * np.log(4)
    assert compare_espnet_features(loud, quiet)["mcd"] == pytest.approx(expected, rel=1e-3)


def test_rates_espnet_does_not_know_and_crumbs_are_refused():
    with pytest.raises(InputError, match="32000"):
        espnet_features(np.zeros(4000), 32000)
    with pytest.raises(ValueError, match="shorter"):
        espnet_features(np.zeros(1023), RATE)
