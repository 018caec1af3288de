"""Recordings with one fault each; every fault is found, named with file, utterance and remedy, and alone."""

import re
from pathlib import Path

import numpy as np
import pytest
import soundfile

from svstoolkit.corpora.checks import audio_problems, check_audio, map_jobs
from svstoolkit.data.directory import Utterance
from svstoolkit.score.song import Note, Song

RATE = 24000


def tone(seconds=1.0, level=0.3, rate=RATE):
    return level * np.sin(2 * np.pi * 220 * np.arange(round(seconds * rate)) / rate)


def write(path, samples=None, rate=RATE, **options):
    soundfile.write(path, tone(rate=rate) if samples is None else samples, rate, **options)
    return path


def utterance(path, seconds=1.0):
    song = Song((Note(0.0, seconds, 57, "a", ("a",)),), language="ja")
    return Utterance(f"s-{path.stem}", "s", path, song)


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


def not_audio(path):
    path.write_text("no audio at all")
    return path


def with_nan(samples):
    samples[100] = np.nan
    return samples


FAULTS = {
    "missing": (lambda p: p / "missing.wav", "does not exist"),
    "text": (lambda p: not_audio(p / "text.wav"), "no audio that can be read"),
    "cut": (lambda p: cut(write(p / "cut.wav")), "truncated"),
    "cutflac": (lambda p: cut(write(p / "cutflac.flac", np.random.default_rng(0).uniform(-0.3, 0.3, RATE))), ""),
    "silent": (lambda p: write(p / "silent.wav", np.full(RATE, 5e-5)), "silent"),
    "empty": (lambda p: write(p / "empty.wav", np.zeros(0)), "silent|truncated"),
    "nan": (lambda p: write(p / "nan.wav", with_nan(tone()), subtype="FLOAT"), "NaN"),
    "rate": (lambda p: write(p / "rate.wav", rate=16000), "has 16000 Hz, 24000 Hz are needed"),
    "short": (lambda p: write(p / "short.wav", tone(0.5)), r"lasts 0\.50 s but its score 1\.00 s"),
    "long": (lambda p: write(p / "long.wav", tone(1.5)), r"lasts 1\.50 s but its score 1\.00 s"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_named(tmp_path, name):
    make, message = FAULTS[name]
    path = make(tmp_path)
    (problem,) = check_audio([utterance(path)], RATE)
    assert problem.fatal
    assert problem.utterance == f"s-{path.stem}"
    assert problem.file == str(path)
    assert str(path) in problem.message
    assert problem.utterance in problem.message
    assert re.search(message, problem.message)


def test_sound_recordings_pass(tmp_path):
    paths = [
        write(tmp_path / "wav.wav"),
        write(tmp_path / "flac.flac"),
        write(tmp_path / "float.wav", subtype="FLOAT"),
        write(tmp_path / "stereo.wav", np.stack([tone(), tone()], axis=1)),
        write(tmp_path / "high.wav", rate=44100),
        write(tmp_path / "slightly_long.wav", tone(1.2)),
    ]
    assert check_audio([utterance(path) for path in paths], RATE) == []


def test_clipping_warns_and_lets_pass(tmp_path):
    loud = write(tmp_path / "loud.wav", np.clip(tone(level=3.0), -1, 1))
    (problem,) = check_audio([utterance(loud)], RATE)
    assert not problem.fatal
    assert "clipped" in problem.message
    assert check_audio([utterance(write(tmp_path / "peak.wav", tone(level=0.95)))], RATE) == []


def test_all_problems_are_collected_in_order_by_any_number_of_processes(tmp_path):
    paths = [make(tmp_path) for make, _ in FAULTS.values()] + [write(tmp_path / "good.wav")]
    problems = check_audio([utterance(path) for path in paths], RATE, nj=1)
    assert [p.file for p in problems] == [str(p) for p in paths[:-1]]
    assert check_audio([utterance(path) for path in paths], RATE, nj=2) == problems


def test_two_faults_of_one_recording_are_both_told(tmp_path):
    path = write(tmp_path / "a.wav", tone(0.5, rate=16000), rate=16000)
    assert len(audio_problems(path, "u", RATE, score_seconds=2.0)) == 2
    assert len(audio_problems(path, "u", RATE)) == 1


def test_map_jobs_keeps_the_order():
    assert map_jobs(abs, list(range(-50, 0)), nj=2) == list(range(50, 0, -1))


def test_source_is_left_alone(tmp_path):
    path = write(tmp_path / "a.wav")
    before = path.read_bytes()
    check_audio([utterance(Path(path))], RATE)
    assert path.read_bytes() == before
