import dataclasses
import re

import numpy as np
import pytest
import soundfile
from fakes import RATE

from svstoolkit.data.archives import ArchiveReader
from svstoolkit.evaluation import scoring
from svstoolkit.evaluation.jobs import Job, Settings, Take
from svstoolkit.evaluation.scoring import score_utterance
from svstoolkit.evaluation.sounds import Sound
from svstoolkit.features.definition import FeatureDefinition

MODE = "reference_durations"
METRICS = ("mcd", "gross_pitch_error", "pesq")


@pytest.fixture
def job(tiny_dump, tmp_path):
    scp = tiny_dump / "test" / "audio.scp"
    utterance, (_, samples) = next(iter(ArchiveReader(scp).items()))
    wav = tmp_path / "voice.wav"
    soundfile.write(wav, samples, RATE)
    takes = (Take("ground_truth", MODE), Take("voice", MODE, Sound(wav)), Take("floor", MODE))
    settings = Settings(FeatureDefinition(), "dio", METRICS, tmp_path / "score")
    return Job("test", utterance, Sound(scp, utterance), takes, settings, on_page=True)


def test_a_perfect_copy_scores_as_the_ground_truth_and_noise_does_not(job):
    truth, voice, floor = score_utterance(job)
    assert voice["values"] == truth["values"]
    assert truth["values"]["mcd"] == 0.0
    assert floor["values"]["mcd"] > 5
    assert floor["values"]["pesq"] < 2 < truth["values"]["pesq"]
    assert voice["seconds"] == pytest.approx(len(soundfile.read(job.takes[1].sound.path)[0]) / RATE)
    for take in job.takes:
        for path in job.assets(take):
            assert (job.settings.output / path).is_file()


def test_finished_scores_are_found_again_and_changed_takes_scored_anew(job, monkeypatch):
    first = score_utterance(job)
    analysed = []
    real = scoring.analyse
    monkeypatch.setattr(scoring, "analyse", lambda *args: analysed.append(1) or real(*args))
    stamp = job.record.stat().st_mtime_ns
    assert score_utterance(job) == first
    assert not analysed
    assert job.record.stat().st_mtime_ns == stamp
    samples = soundfile.read(job.takes[1].sound.path)[0]
    noise = 0.01 * np.random.default_rng(0).normal(size=len(samples))
    soundfile.write(job.takes[1].sound.path, 0.5 * samples + noise, RATE)
    second = score_utterance(job)
    assert len(analysed) == 2  # the voice and, to compare it with, the target
    assert second[1]["values"] != first[1]["values"]
    assert (second[0], second[2]) == (first[0], first[2])
    settings = dataclasses.replace(job.settings, overwrite=True)
    score_utterance(dataclasses.replace(job, settings=settings))
    assert len(analysed) == 5


@pytest.mark.parametrize(
    ("write", "reason"),
    [
        (lambda wav, x: wav.unlink(), "does not exist"),
        (lambda wav, x: wav.write_bytes(b"RIFF"), "cannot be read"),
        (lambda wav, x: soundfile.write(wav, x, 16000), "16000 Hz.*24000"),
        (lambda wav, x: soundfile.write(wav, np.stack([x, x], 1), RATE), "2 channels"),
        (lambda wav, x: soundfile.write(wav, np.full(RATE, np.nan), RATE, subtype="FLOAT"), "not finite"),
        (lambda wav, x: soundfile.write(wav, x[:300], RATE), "shorter than one analysis window"),
        (lambda wav, x: soundfile.write(wav, x[: len(x) // 2], RATE), "s shorter than the recording"),
    ],
)
def test_a_bad_take_is_listed_and_the_rest_scored(job, write, reason):
    write(job.takes[1].sound.path, soundfile.read(job.takes[1].sound.path)[0])
    truth, voice, floor = score_utterance(job)
    assert voice["values"] == {}
    (failure,) = voice["failures"]
    assert failure["metric"] is None
    assert str(job.takes[1].sound.path) in failure["reason"]
    assert re.search(reason, failure["reason"])
    assert not truth["failures"]
    assert not floor["failures"]
    assert truth["values"]["mcd"] == 0.0


def test_the_floor_is_the_same_every_time(job, tmp_path):
    again = dataclasses.replace(job, settings=dataclasses.replace(job.settings, output=tmp_path / "again"))
    assert score_utterance(again)[2]["values"] == score_utterance(job)[2]["values"]
    sounds = [(j.settings.output / j.sound_asset(j.takes[2])).read_bytes() for j in (job, again)]
    assert sounds[0] == sounds[1]


def test_f0_is_kept_in_twentieths_of_a_semitone(job):
    t = np.arange(RATE) / RATE
    tone = sum(np.sin(2 * np.pi * 220 * k * t) / k for k in range(1, 10))
    soundfile.write(job.takes[1].sound.path, 0.2 * tone, RATE)
    take = Take("voice", "score", job.takes[1].sound)
    (score,) = score_utterance(dataclasses.replace(job, takes=(take,)))
    middle = score["f0"][20:-20]
    assert np.median(middle) == 20 * 57  # A3


def test_a_recording_that_cannot_be_used_is_a_failure_of_every_take(job, tmp_path):
    silent = tmp_path / "silent.wav"
    soundfile.write(silent, np.zeros(RATE), RATE)
    for score in score_utterance(dataclasses.replace(job, reference=Sound(silent))):
        (failure,) = score["failures"]
        assert failure["reason"] == f"the recording {silent} is digital silence"
        assert score["values"] == {}


def test_every_frame_counts_in_one_phone_and_one_pitch(job, tiny_dump):
    from svstoolkit.data.directory import read_data_directory

    data = read_data_directory(tiny_dump.parent / "data/test")
    label = data.label[job.utterance]
    bounds = (label[0][0], *(end for _, end, _ in label))
    described = dataclasses.replace(job, song=data.song(job.utterance), bounds=bounds)
    _, voice, floor = score_utterance(described)
    assert set(floor["breakdown"]["phone"]) == set(data.song(job.utterance).phones)
    phones, pitches = (sum(row[0] for row in floor["breakdown"][by].values()) for by in ("phone", "pitch"))
    frames = len(floor["f0"])
    assert frames - 2 <= phones <= frames
    assert 0 < pitches < phones  # rests have no pitch
    total = sum(row[1] for row in floor["breakdown"]["phone"].values())
    assert total / phones == pytest.approx(floor["values"]["mcd"], rel=0.02)
    assert all(row[1] == 0 for row in voice["breakdown"]["phone"].values())


def test_rhythm_and_contours_are_of_the_voice_and_not_of_the_floor(job, tiny_dump, tmp_path):
    """Sung from the score with the recording's own sound, all phones 30 ms late: so say the durations it left."""
    from svstoolkit.data.directory import read_data_directory

    data = read_data_directory(tiny_dump.parent / "data/test")
    label, song = data.label[job.utterance], data.song(job.utterance)
    bounds = (label[0][0], *(end for _, end, _ in label))
    period = job.settings.definition.frame_period
    late = np.rint(np.array(bounds) / period).astype(int)
    late[1:-1] += 3
    np.savez(tmp_path / "frames.npz", durations=np.diff(late))
    voice = Take("voice", "score", job.takes[1].sound, tmp_path / "frames.npz")
    takes = (Take("ground_truth", "score"), voice, Take("floor", "score"))
    names = ("on_beat", "beat_error", "onset_error", "steady_pitch_error")
    settings = dataclasses.replace(job.settings, metrics=names)
    described = dataclasses.replace(job, song=song, bounds=bounds, takes=takes, settings=settings)
    truth, voice, floor = score_utterance(described)
    assert truth["values"]["on_beat"] == 100.0
    assert truth["values"]["beat_error"] < 1.0
    assert voice["values"]["beat_error"] == pytest.approx(1000 * 3 * period, abs=1000 * period / 2)
    errors = np.concatenate(list(voice["rhythm"]["boundaries"].values()))
    assert len(errors) == len(song.phones) - 1
    assert errors == pytest.approx(np.full(len(errors), 1000 * 3 * period), abs=1000 * period / 2 + 0.01)
    assert voice["values"]["steady_pitch_error"] == truth["values"]["steady_pitch_error"] < 5.0
    assert sum(t["written"] for t in truth["contour"]["transitions"].values()) >= 1  # the slur, two semitones up
    assert (floor["rhythm"], floor["contour"]) == ({}, {})
    assert not {"on_beat", "beat_error", "onset_error"} & set(floor["values"])
