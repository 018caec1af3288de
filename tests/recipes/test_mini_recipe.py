"""egs/mini end to end with its debug configs: all nine stages, then a user who errs or is interrupted."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
import yaml
from mini_run import EVERY_SYSTEM, Run

pytestmark = pytest.mark.recipe

BASELINES = {"fft_singer", "xiaoicesing", "gan_singer", "hifisinger", "fft_npss", "copy_synthesis_world"}
DIFFUSIONS = {"smoothsinger": 24, "diffsinger": 20, "edm": 50, "rectified_flow": 20}  # and the steps of each
METRICS = {"mcd", "f0_rmse", "gross_pitch_error", "vuv_error", "pesq", "stoi", "rtf"}


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Run:
    run = Run(tmp_path_factory.mktemp("mini"), EVERY_SYSTEM)
    done = run()
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return run


@pytest.fixture
def copy(finished, tmp_path) -> Run:
    """A finished run of one's own, to spoil. Its scp files still name the original's archives and recordings."""
    shutil.copytree(finished.place, tmp_path / "run", ignore=shutil.ignore_patterns("tensorboard", "decode", "score"))
    return Run(tmp_path / "run")


def test_every_system_is_scored(finished):
    rows = json.loads((finished.place / "exp/score/results.json").read_text())
    assert all(set(row) == {"system", "set", "metric", "unit", "mean", "ci95", "n"} for row in rows)
    scored = {(row["system"], row["metric"]) for row in rows}
    samplings = {f"{name}_{n}" for name, own in DIFFUSIONS.items() for n in (4, own, "5_unipc")}
    systems = {"copy_synthesis", "reference", "student_1", "student_2"} | BASELINES | samplings
    assert {(s, m) for s in systems for m in METRICS} <= scored
    assert {(s, m) for s in ("ground_truth", "floor") for m in METRICS - {"rtf"}} <= scored
    assert any(row["system"] == "alignment" and row["unit"] == "ms" for row in rows)


def test_every_stage_is_on_record_within_its_memory(finished):
    stages = json.loads((finished.place / "exp/stages.json").read_text())["stages"]
    assert [stage["number"] for stage in stages] == [0, 1, 2, *[3] * 6, 4, *[5] * 4, 6, 7, 8]
    assert {"acoustic", "acoustic fft_npss", "diffusion", "diffusion edm"} <= {stage["name"] for stage in stages}
    assert all(0 < stage["peak_memory_mb"] < 6 * 1024 for stage in stages)


def test_every_system_tells_its_multiply_adds(finished):
    records = [json.loads(path.read_text()) for path in finished.place.glob("exp/decode/*/*/test/decode.json")]
    counted = {r["system"]: r["multiply_adds_per_second"] for r in records if r["mode"] == "reference_durations"}
    assert 0 < counted["copy_synthesis"] < counted["reference"] < min(v for k, v in counted.items() if "smooth" in k)


def test_the_page_stands_alone(finished):
    page = (finished.place / "exp/score/index.html").read_text(encoding="utf-8")
    assert 'src="http' not in page
    assert "new Audio(" in page


def test_the_truth_stays_out_of_training(finished):
    truth = dict(line.split(" ", 1) for line in (finished.place / "downloads/truth/label").read_text().splitlines())
    aligned = dict(line.split(" ", 1) for line in (finished.place / "data/train/label").read_text().splitlines())
    assert all(truth[utterance] != line for utterance, line in aligned.items())


def test_a_finished_run_is_not_redone(finished):
    watched = [*finished.place.glob("dump/*/mel.ark"), *finished.place.glob("exp/*/checkpoints/*.pt"),
               *finished.place.glob("exp/decode/*/*/test/wav/*.wav")]  # fmt: skip
    before = {path: path.stat().st_mtime_ns for path in watched}
    assert len(before) > 10
    done = finished()
    assert done.returncode == 0, done.stderr
    assert before == {path: path.stat().st_mtime_ns for path in watched}


@pytest.mark.parametrize(
    ("stage", "name", "seconds"), [("3", "fastspeech2", 9), ("5", "smoothsinger", 7), ("5", "smoothsinger", 14)]
)
def test_killed_training_goes_on_to_the_same_weights(finished, copy, stage, name, seconds):
    shutil.rmtree(copy.place / "exp" / name)
    copy.kill_after(seconds, "--stage", stage, "--stop_stage", stage)
    done = copy("--stage", stage, "--stop_stage", stage)
    assert done.returncode == 0, done.stderr
    ours, theirs = (
        sorted((run.place / "exp" / name / "checkpoints").glob("step-*.pt"))[-1] for run in (copy, finished)
    )
    assert ours.name == theirs.name
    weights, expected = (torch.load(path, weights_only=True)["networks"] for path in (ours, theirs))
    for network, values in expected.items():
        assert all(torch.equal(weights[network][key], value) for key, value in values.items())


def test_killed_data_preparation_completes_to_the_same_corpus(finished, tmp_path):
    run = Run(tmp_path)
    run.kill_after(6, "--stage", "0", "--stop_stage", "0")
    done = run("--stage", "0", "--stop_stage", "0")
    assert done.returncode == 0, done.stderr
    ours, theirs = ({p.name: p.read_bytes() for p in r.place.glob("downloads/wav/*.wav")} for r in (run, finished))
    assert ours == theirs


def fails(run: Run, *options: str) -> str:
    """Runs stages that must fail; the one error line of the program that refused."""
    done = run(*options)
    assert done.returncode != 0, done.stdout
    assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
    errors = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith(("error:", "svs.sh:"))]
    assert errors, done.stdout + done.stderr
    return errors[0]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--stge", "3"], "unknown option --stge"),
        (["--corpus", "nowhere", "--stop_stage", "0"], "nowhere"),
        (
            ["--corpus", "voicebank", "--corpus_args", "", "--corpus_dir", "/nonexistent", "--stop_stage", "0"],
            "/nonexistent",
        ),
        (["--stage", "3", "--stop_stage", "3"], "run ./run.sh --stage 2"),
        (["--stage", "7"], "run ./run.sh --stage 3"),
    ],
)
def test_errors_before_anything_ran(options, expected, tmp_path):
    assert expected in fails(Run(tmp_path), *options)
    assert not list(tmp_path.rglob("*.ark"))


def test_unknown_config_key_names_the_nearest(copy):
    message = fails(copy, "--stage", "3", "--stop_stage", "3", "--tag", "x", "--acoustic_args", "--training.max_step 3")
    assert all(key in message for key in ("training.max_step", "max_steps"))
    assert not (copy.place / "exp/fastspeech2_x/checkpoints").exists()


def test_empty_set(copy):
    (copy.place / "data/dev/utt2spk").write_text("")
    message = fails(copy, "--stage", "2", "--stop_stage", "2", "--overwrite", "true")
    assert "data/dev/utt2spk is empty" in message


@pytest.mark.parametrize("fault", ["truncated", "silent", "wrong-rate"])
def test_bad_recording_is_named_and_nothing_is_half_written(copy, fault):
    scp = copy.place / "data/train/wav.scp"
    utterance, original = scp.read_text().splitlines()[0].split(" ", 1)
    bad = copy.place / "bad.wav"
    samples, rate = soundfile.read(original)
    if fault == "truncated":
        whole = Path(original).read_bytes()
        bad.write_bytes(whole[: len(whole) // 2])
    elif fault == "silent":
        soundfile.write(bad, np.zeros_like(samples), rate)
    else:
        soundfile.write(bad, samples[::3], rate // 3)
    scp.write_text(scp.read_text().replace(original, str(bad), 1))
    shutil.rmtree(copy.place / "dump")
    message = fails(copy, "--stage", "2", "--stop_stage", "2", "--features_args", "--max_failed 0")
    assert utterance in message or str(bad) in message
    assert not (copy.place / "dump/train/utt2num_frames").exists()
    if fault == "silent":  # by default the few that are faulty are left out, and listed
        done = copy("--stage", "2", "--stop_stage", "2")
        assert done.returncode == 0, done.stdout + done.stderr
        (line,) = (copy.place / "dump/train/failed.txt").read_text().splitlines()
        assert line.startswith(utterance)
        assert "silent" in line
        assert utterance not in (copy.place / "dump/train/utt2num_frames").read_text()


def test_mel_mismatch_between_acoustic_model_and_vocoder(copy):
    path = copy.place / "exp/nsf_hifigan/features.yaml"
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | {"fmax": 8000.0}))
    message = fails(copy, "--stage", "7", "--stop_stage", "7")
    assert all(name in message for name in ("fmax", "fastspeech2", "nsf_hifigan"))
    assert not (copy.place / "exp/decode").exists()
