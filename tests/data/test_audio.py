"""Reading and resampling: tones keep their amplitude, aliases vanish, every fault is named."""

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from svstoolkit.data.audio import read_audio, resample
from svstoolkit.errors import InputError


def tone(hz: float, rate: int, seconds: float = 0.5) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)


def write(path: Path, samples: np.ndarray, rate: int = 24000, subtype: str = "PCM_16") -> Path:
    soundfile.write(path, samples, rate, subtype=subtype)
    return path


def test_samples_at_the_wanted_rate_come_back_as_they_are(tmp_path):
    samples = np.arange(-100, 24000 - 100) / 32768
    read = read_audio(write(tmp_path / "a.wav", samples), 24000)
    assert read.dtype == np.float32
    assert np.array_equal(read, samples.astype(np.float32))


def test_channels_are_averaged(tmp_path):
    stereo = np.stack([tone(440, 24000), np.zeros(12000)], axis=1)
    read = read_audio(write(tmp_path / "a.wav", stereo, subtype="FLOAT"), 24000)
    np.testing.assert_allclose(read, tone(440, 24000) / 2, atol=1e-7)


@pytest.mark.parametrize("rate", [44100, 48000, 32000])
def test_resampled_tone_is_the_tone_at_the_new_rate(rate):
    for hz in (100.0, 5000.0, 11000.0):
        new = resample(tone(hz, rate), rate, 24000)
        assert len(new) == 12000
        inner = slice(400, -400)
        np.testing.assert_allclose(new[inner], tone(hz, 24000)[inner], atol=1e-4)


def test_what_is_above_the_new_nyquist_does_not_alias():
    for hz in (12100.0, 13000.0, 20000.0):
        new = resample(tone(hz, 44100), 44100, 24000)[400:-400]
        assert 20 * np.log10(np.abs(new).max() / 0.5) < -80


def wav_with_header(path: Path, declared: int, present: int) -> Path:
    """A 16-bit mono wav at 24 kHz that says it has `declared` bytes and has `present`."""
    data = (3000 * np.ones(present // 2)).astype("<i2").tobytes()
    header = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + declared, b"WAVE", b"fmt ", 16, 1, 1, 24000, 48000, 2, 16,
                         b"data", declared)  # fmt: skip
    path.write_bytes(header + data)
    return path


def faulty(tmp_path: Path, fault: str) -> Path:
    path = tmp_path / "bad.wav"
    good = tone(440, 24000)
    if fault == "truncated":
        return wav_with_header(path, 20000, 12000)
    if fault == "no_data":
        path.write_bytes(wav_with_header(path, 100, 100).read_bytes()[:30])
    if fault == "silent":
        write(path, np.zeros(5000))
    if fault == "nan":
        write(path, np.where(np.arange(len(good)) == 77, np.nan, good), subtype="FLOAT")
    if fault == "low_rate":
        write(path, good, rate=16000)
    if fault == "no_audio":
        path.write_text("not audio at all, but long enough to be read")
    if fault == "empty":
        write(path, np.zeros(0))
    if fault == "cut_flac":
        whole = tmp_path / "whole.flac"
        write(whole, np.random.default_rng(0).uniform(-0.5, 0.5, 48000))
        path = tmp_path / "bad.flac"
        path.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    return path


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("missing", "does not exist"),
        ("truncated", "truncated: 8000 of 20000 bytes"),
        ("no_data", "truncated"),
        ("silent", "silent"),
        ("nan", "NaN"),
        ("low_rate", "16000 Hz"),
        ("no_audio", "no audio"),
        ("empty", "silent"),
        ("cut_flac", "truncated|no audio"),
    ],
)
def test_each_fault_is_named_with_file_and_utterance(tmp_path, fault, message):
    path = faulty(tmp_path, fault)
    with pytest.raises(InputError, match=message) as error:
        read_audio(path, 24000, "alice_001")
    assert str(path) in str(error.value)
    assert "alice_001" in str(error.value)


def test_a_streamed_wav_of_unknown_length_is_read(tmp_path):
    assert len(read_audio(wav_with_header(tmp_path / "a.wav", 0xFFFFFFFF - 36, 12000), 24000)) == 6000
    assert len(read_audio(wav_with_header(tmp_path / "b.wav", 0x7FFFFFFF, 12000), 24000)) == 6000


def test_a_command_in_wav_scp_is_refused():
    with pytest.raises(InputError, match="is a command"):
        read_audio("sox a.wav -t wav - |", 24000)
