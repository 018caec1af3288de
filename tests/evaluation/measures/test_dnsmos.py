"""Our DNSMOS against the package's own function, on the same 16 kHz input."""

import sys
import types

import numpy as np
import pytest

from svstoolkit.evaluation.measures.dnsmos import RATE, _windows, dnsmos


@pytest.fixture
def speechmos_run(monkeypatch):
    """`speechmos.dnsmos.run`, whose P.808 part, which is not compared, gets a stand-in for librosa.

    It also imports `requests`, without using it or naming it among its requirements.
    """
    features = types.SimpleNamespace(
        melspectrogram=lambda y, hop_length, n_mels, **_: np.zeros((n_mels, len(y) // hop_length))
    )
    librosa = types.ModuleType("librosa")
    librosa.feature, librosa.power_to_db = features, lambda mel, ref: mel
    requests = types.ModuleType("requests")
    requests.session = None
    monkeypatch.setitem(sys.modules, "librosa", librosa)
    monkeypatch.setitem(sys.modules, "requests", requests)
    monkeypatch.delitem(sys.modules, "speechmos.dnsmos", raising=False)
    from speechmos import dnsmos as package

    yield lambda audio: package.run(audio, RATE)
    monkeypatch.delitem(sys.modules, "speechmos.dnsmos", raising=False)


def voice(seconds: float) -> np.ndarray:
    t = np.arange(int(seconds * RATE)) / RATE
    phase = 2 * np.pi * np.cumsum(220 + 6 * np.sin(2 * np.pi * 5.5 * t)) / RATE
    buzz = sum(np.sin(k * phase) / k for k in range(1, 20))
    noise = np.random.default_rng(0).normal(size=len(t))
    return 0.2 * buzz * (0.6 + 0.4 * np.sin(2 * np.pi * 0.7 * t)) + 0.004 * noise


@pytest.mark.parametrize("seconds", [2.3, 11.5])  # repeated; two windows
def test_as_speechmos(speechmos_run, seconds):
    audio = voice(seconds)
    theirs = speechmos_run(audio)
    ours = dnsmos(audio, RATE)
    assert 1 < theirs["sig_mos"] < 5
    assert ours == pytest.approx({k: float(theirs[f"{k}_mos"]) for k in ours}, abs=1e-6)


def test_the_windows_are_the_packages():
    """Where speechmos's floating-point ends are a sample short, it skips the window; so must we."""
    for samples in (16000, 144160, 144161, 160000, 30 * 16000 + 7, 300 * 16000):
        audio = np.arange(samples, dtype=np.float64)
        windows = _windows(audio)
        while len(audio) < int(9.01 * RATE):
            audio = np.append(audio, audio)
        count = int(np.floor(len(audio) / RATE) - 9.01) + 1
        theirs = [audio[int(i * RATE) : int((i + 9.01) * RATE)] for i in range(count)]
        theirs = [x for x in theirs if len(x) >= int(9.01 * RATE)]
        assert len(windows) == len(theirs) > 0
        np.testing.assert_array_equal(windows[:, 0], [np.float32(x[0]) for x in theirs])


def test_what_has_no_rating():
    with pytest.raises(ValueError, match="no samples"):
        dnsmos(np.zeros(0), RATE)
    with pytest.raises(ValueError, match="not finite"):
        dnsmos(np.full(100, np.nan), RATE)
