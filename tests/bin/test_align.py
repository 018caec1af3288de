"""`svs align` on a tiny corpus: labels, resume, bad input."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from svstoolkit.bin.align import main
from svstoolkit.data.directory import read_data_directory, write_label
from svstoolkit.errors import InputError

SETS = ("train", "dev", "test")
FAST = [
    "--hmm.iterations",
    "4",
    "--hmm.growth_iterations",
    "2",
    "--hmm.start_iterations",
    "2",
    "--hmm.offsets",
    "[0.0]",
]


@pytest.fixture
def work(tiny_data: Path, tmp_path: Path):
    """The tiny corpus with its labels put away as the truth; returns a function that runs the program."""
    truth = {}
    for name in SETS:
        truth |= read_data_directory(tiny_data / name).label
        (tiny_data / name / "label").unlink()
    write_label(tmp_path / "truth", truth)

    def align(*words: str) -> None:
        main(["--data_dir", str(tiny_data), "--exp_dir", str(tmp_path / "exp"), "--nj", "1", *words])

    return align


def labels(data: Path) -> dict[str, bytes]:
    return {name: (data / name / "label").read_bytes() for name in SETS}


def test_hmm_labels_are_complete_and_measured(work, tiny_data, tmp_path, capsys):
    work("--truth", str(tmp_path / "truth"), *FAST)
    assert "aligned (hmm) 8 utterances (train 4, dev 2, test 2)" in capsys.readouterr().out
    work("--aligner", "none")
    accuracy = json.loads((tmp_path / "exp" / "accuracy.json").read_text())
    metrics = {row["metric"]: row for row in accuracy["metrics"]}
    assert metrics["align_error_median"]["value"] < 25
    assert metrics["align_error_p95"]["unit"] == "ms"
    assert set(accuracy["table"]) == {"all", *SETS}


def test_finished_work_is_kept_and_interrupted_work_ends_the_same(work, tiny_data, tmp_path, capsys):
    work(*FAST)
    first = labels(tiny_data)
    stamp = (tmp_path / "exp" / "model.safetensors").stat().st_mtime_ns
    work(*FAST)
    assert "already aligned" in capsys.readouterr().out
    (tiny_data / "dev" / "label").unlink()  # as if killed between two sets: the model is there, a label is not
    shutil.rmtree(tmp_path / "exp" / "finished")
    work(*FAST)
    assert labels(tiny_data) == first
    assert (tmp_path / "exp" / "model.safetensors").stat().st_mtime_ns == stamp
    work(*FAST, "--overwrite", "true")
    assert labels(tiny_data) == first
    assert (tmp_path / "exp" / "model.safetensors").stat().st_mtime_ns != stamp
    capsys.readouterr()
    work(*FAST, "--hmm.seed", "1")
    assert "already" not in capsys.readouterr().out


def test_score_labels_have_vowels_on_their_beats(work, tiny_data):
    work("--aligner", "score")
    for name in SETS:
        directory = read_data_directory(tiny_data / name)
        for u in directory:
            beats = [note.onset for note in directory.song(u).notes]
            starts = [start for start, _, phone in directory.label[u] if phone not in ("l", "m", "d")]
            np.testing.assert_allclose(starts, beats, atol=0.0011)


def test_an_utterance_too_short_stops_or_is_dropped(work, tiny_data, tmp_path):
    directory = read_data_directory(tiny_data / "train")
    utterance = next(iter(directory))
    samples, rate = soundfile.read(directory.wav[utterance])
    soundfile.write(directory.wav[utterance], samples[8000:12000], rate)
    with pytest.raises(InputError, match=f"utterance {utterance}.*too"):
        work(*FAST, "--common.max_overrun", "9.0")
    assert not (tiny_data / "train" / "label").exists()
    with pytest.raises(InputError, match="max_failed"):
        work(*FAST, "--skip_failed", "true", "--common.max_overrun", "9.0")
    config = tmp_path / "align.yaml"
    config.write_text("common:\n  max_failed: 0.5\n  max_overrun: 9\n")
    work(*FAST, "--skip_failed", "true", "--config", str(config))
    assert utterance in (tmp_path / "exp" / "failed.txt").read_text()
    assert utterance not in read_data_directory(tiny_data / "train").label
    work("--aligner", "none")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--hmm.iteration", "3"], "unknown key hmm.iteration.*hmm.iterations|iterations"),
        (["--hmm.iterations", "many"], "iterations.*int.*many"),
        (["--hmm.iterations", "0"], "at least 1"),
        (["--mfcc.fmax", "9000"], "fmax"),
        (["--sets", "train", "nowhere"], "nowhere.*stage 0"),
        (["--aligner", "none"], "label does not exist"),
        (["--config", "nowhere.yaml"], "nowhere.yaml"),
    ],
)
def test_bad_input_is_named(work, words, message):
    with pytest.raises(InputError, match=message):
        work(*words)


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (lambda wav: wav.unlink(), "does not exist"),
        (lambda wav: wav.write_bytes(wav.read_bytes()[:5000]), "truncated"),
        (lambda wav: soundfile.write(wav, np.zeros(48000), 24000), "silent"),
        (lambda wav: wav.write_text("not a wav"), "no audio"),
    ],
)
def test_bad_recordings_are_named(work, tiny_data, harm, message):
    directory = read_data_directory(tiny_data / "dev")
    utterance = next(iter(directory))
    harm(Path(directory.wav[utterance]))
    with pytest.raises(InputError, match=f"1 of 8 .*{utterance}.*{message}"):
        work(*FAST)
    assert not (tiny_data / "train" / "label").exists()
