"""`svs train` on a tiny dump: a small FastSpeech 2 and a small HiFi-GAN, resumed, repeated, refused."""

import os
import re
import shutil
import signal
import subprocess
import sys

import psutil
import pytest
import torch
import yaml

from svstoolkit.bin import average
from svstoolkit.bin import train as program
from svstoolkit.data.archives import ArchiveReader, ArchiveWriter
from svstoolkit.data.definition_file import write_definition
from svstoolkit.errors import InputError
from svstoolkit.features.definition import FeatureDefinition
from svstoolkit.systems.loading import load_trained
from svstoolkit.training.checkpoint import list_best, list_checkpoints, load_weights, read_checkpoint
from svstoolkit.training.lock import ExperimentLock

TINY = """
system:
  init_args:
    model:
      init_args: {hidden: 8, encoder_layers: 1, decoder_layers: 1, kernel: 3, filter_channels: 8,
                  predictor_channels: 8, duration_layers: 1, pitch_layers: 1, energy_layers: 1}
data: {batch_size: 2, max_frames: null, num_workers: 0}
training: {max_steps: 4, save_every: 2, validate_every: 2, log_every: 1}
"""


@pytest.fixture
def run(tiny_dump, tmp_path):
    def run(*more, exp="fastspeech2", config=TINY, dump=tiny_dump, default="fastspeech2"):
        (tmp_path / "tiny.yaml").write_text(config)
        common = ["--default", default, "--config", tmp_path / "tiny.yaml", "--dump_dir", dump]
        program.main([str(word) for word in [*common, "--exp_dir", tmp_path / exp, *more]])
        return tmp_path / exp

    return run


def contents(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_training_leaves_all_that_decoding_and_replaying_need(run, tiny_dump, tmp_path, capsys):
    exp = run()
    assert {p.name for p in exp.iterdir()} == {
        "config.yaml", "features.yaml", "vocabulary.json", "statistics.json", "f0_ranges.json", "inputs.yaml", "run.sh",
        "checkpoints", "tensorboard", "train.log",
    }  # fmt: skip
    config = yaml.safe_load((exp / "config.yaml").read_text())
    assert config["system"]["init_args"]["model"]["init_args"]["hidden"] == 8
    assert "${" not in (exp / "config.yaml").read_text()
    assert (exp / "features.yaml").read_text() == (tiny_dump / "features.yaml").read_text()
    assert [p.name for p in sorted((exp / "checkpoints").iterdir())] == [
        "best.pt", "step-00000002.pt", "step-00000004.pt",
    ]  # fmt: skip
    last = capsys.readouterr().out.splitlines()[-1]
    assert "4 steps" in last
    assert "best validation loss" in last
    assert last.endswith("step-00000004.pt")
    replay = (exp / "run.sh").read_text()
    assert f"--exp_dir {exp}" in replay
    assert os.access(exp / "run.sh", os.X_OK)
    assert subprocess.run(["bash", "-n", exp / "run.sh"], check=False).returncode == 0


def test_a_finished_run_is_left_alone_and_more_steps_continue_it(run, capsys):
    exp = run()
    before = contents(exp)
    run()
    assert contents(exp) == before
    assert "4 steps are done" in capsys.readouterr().out
    run("--training.max_steps", "6", "--training.schedulers", "null", exp="longer")
    assert max(list_checkpoints(exp.with_name("longer"))) == 6


def test_resuming_equals_not_stopping(run):
    changed = ("--training.schedulers", "null")  # the default's schedule depends on max_steps
    stopped = run("--training.max_steps", "2", *changed, exp="stopped")
    assert run(*changed, exp="stopped") == stopped
    whole = run(*changed, exp="whole")
    a, b = load_weights(stopped)["model"], load_weights(whole)["model"]
    assert max(list_checkpoints(stopped)) == 4
    assert all(torch.equal(a[name], b[name]) for name in a)


def test_another_config_is_refused_until_overwritten(run):
    exp = run("--training.max_steps", "2")
    (exp / "references").mkdir()  # not training's own
    with pytest.raises(InputError, match=r"another config \(data\.batch_size: 2 → 1\).*--tag.*--overwrite true"):
        run("--training.max_steps", "2", "--data.batch_size", "1")
    assert max(list_checkpoints(exp)) == 2
    run("--training.max_steps", "1", "--data.batch_size", "1", "--overwrite", "true")
    assert list(list_checkpoints(exp)) == [1]
    assert (exp / "references").is_dir()


def test_other_data_are_refused(run, tiny_dump, tmp_path):
    dump = tmp_path / "dump"
    shutil.copytree(tiny_dump, dump)
    constant = ("--training.schedulers", "null")
    run("--training.max_steps", "1", *constant, dump=dump)
    statistics = dump / "statistics.json"
    statistics.write_text(statistics.read_text() + "\n")
    with pytest.raises(InputError, match=r"begun on other data: .*statistics\.json changed"):
        run("--training.max_steps", "2", *constant, dump=dump)


def test_sets_of_another_definition_are_refused(run, tiny_dump, tmp_path):
    dump = tmp_path / "dump"
    shutil.copytree(tiny_dump, dump)
    write_definition(dump / "dev/features.yaml", FeatureDefinition(fmax=8000.0, f0_extractor="dio", world=True))
    message = r"between .*dev/features\.yaml and .*dump/features\.yaml \(fmax: 8000\.0 ≠ 12000\.0\); run stage 2"
    with pytest.raises(InputError, match=message):
        run(dump=dump)
    assert not (tmp_path / "fastspeech2").exists()


def test_a_dump_without_ranges_of_f0_is_enough(run, tiny_dump, tmp_path):
    dump = tmp_path / "dump"
    shutil.copytree(tiny_dump, dump)
    (dump / "f0_ranges.json").unlink()
    exp = run("--training.max_steps", "1", dump=dump)
    assert not (exp / "f0_ranges.json").exists()


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--dump_dir", "nowhere"], r"nowhere/train has no features; run stage 2 \(features\) first"),
        (["--dev_set", "absent"], r"absent has no features"),
        (["--training.max_step", "3"], r"unknown key training\.max_step; the nearest is max_steps"),
        (["--training.max_steps", "0"], r"training: TrainingOptions: max_steps must be at least 1"),
        (["--training.max_steps", "soon"], r"training\.max_steps: expected int, found 'soon'"),
        (["--system.init_args.model.init_args.heads", "3"], r"model\.init_args: FastSpeech2: "),
        (["--system.init_args.weights.mel", "null"], r"weights"),
        (["--ngpu", "64"], r"--ngpu 64, but torch sees"),
        (["--ngpus", "1"], r"unknown option --ngpus"),
        (["--stray"], r"unknown option --stray"),
        (["--data.batch_size", "null"], r"data: give batch_size, max_frames or both"),
        (
            ["--data.max_frames", "20"],
            r"data\.max_frames: 20 is less than the (\d+) frames of \S+/train's longest utterance, \w+_train\d+: "
            r"give at least \1",
        ),
        (["--exp_dir", "/proc/exp"], r"^/proc/exp: cannot be written \(.+\); choose another"),
        (["--exp_dir", f"{__file__}/exp"], r"exp: cannot be written \(.*test_train\.py is no folder\)"),
        (["--system.class_path", "os.system"], r"class_path: os\.system is neither svstoolkit's nor torch's"),
    ],
)
def test_mistakes_stop_before_anything_is_written(run, tmp_path, more, message):
    with pytest.raises(InputError, match=message) as raised:
        run(*more)
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "fastspeech2").exists()


def test_a_config_that_trains_nothing_is_refused(run):
    with pytest.raises(InputError, match=r"features has no section system"):
        run(default="features", config="")


def test_a_scheduler_that_ends_the_job_finds_it_saved(tiny_dump, tmp_path):
    """Slurm's scancel signals every process of the job, those that load data too."""
    (tmp_path / "tiny.yaml").write_text(TINY)
    exp = tmp_path / "fastspeech2"
    options = [
        "--default",
        "fastspeech2",
        "--config",
        tmp_path / "tiny.yaml",
        "--dump_dir",
        tiny_dump,
        "--exp_dir",
        exp,
    ]
    more = ["--training.max_steps", "100000", "--training.save_every", "100000", "--data.num_workers", "1"]
    command = [sys.executable, "-m", "svstoolkit.bin.train", *map(str, options), *more]
    job = subprocess.Popen(command, start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    for line in job.stdout:
        if line.startswith("step 20"):
            os.killpg(job.pid, signal.SIGTERM)
            break
    rest = job.stdout.read()
    assert job.wait() == 128 + signal.SIGTERM, rest
    (step,) = list_checkpoints(exp)
    assert f"SIGTERM: saved at step {step}; the same command goes on" in rest


def started(tiny_dump, tmp_path, *more) -> subprocess.Popen:
    """A long training in a process of its own, which loads data in another."""
    (tmp_path / "tiny.yaml").write_text(TINY)
    common = ["--default", "fastspeech2", "--config", tmp_path / "tiny.yaml", "--dump_dir", tiny_dump]
    endless = ["--training.max_steps", "100000", "--training.save_every", "100000", "--data.num_workers", "1"]
    command = [sys.executable, "-m", "svstoolkit.bin.train", *common, "--exp_dir", tmp_path / "fastspeech2", *endless]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([str(word) for word in (*command, *more)], **pipes)


def test_a_killed_loading_process_is_one_line_and_loses_no_step(tiny_dump, tmp_path):
    job = started(tiny_dump, tmp_path)
    for line in job.stdout:
        if line.startswith("step 20"):
            (loader,) = [
                p for p in psutil.Process(job.pid).children() if "resource_tracker" not in " ".join(p.cmdline())
            ]
            loader.kill()
            break
    output, error = job.communicate(timeout=120)
    assert job.returncode == 1, output
    (step,) = list_checkpoints(tmp_path / "fastspeech2")
    assert error.startswith("error: a process that loads data died (DataLoader worker")
    assert f"saved at step {step}, the same command goes on" in error
    assert len(error.splitlines()) == 1


def test_a_damaged_archive_is_one_line_from_a_loading_process_too(tiny_dump, tmp_path):
    dump = tmp_path / "dump"
    shutil.copytree(tiny_dump, dump)
    for name in ("mel.scp", "mel.crc"):  # the scp names the original's archive
        path = dump / "train" / name
        path.write_text(path.read_text().replace(str(tiny_dump), str(dump)))
    ark = bytearray((dump / "train/mel.ark").read_bytes())
    ark[len(ark) // 2] ^= 1
    (dump / "train/mel.ark").write_bytes(ark)
    job = started(dump, tmp_path)
    _, error = job.communicate(timeout=120)
    assert job.returncode == 1
    assert re.match(r"error: \S+/train/mel\.ark: \w+ cannot be read \(.*\); write the archive again\n$", error), error


def test_a_loss_that_is_not_finite_is_one_line(run, tmp_path):
    with pytest.raises(InputError, match=r"fastspeech2: \w+/\w+ became .* at step \d, on utterances (alto|bass)_"):
        run("--system.init_args.weights.mel", "1e38", "--training.optimizers.model.init_args.lr", "1e30")


def test_half_precision_needs_a_gpu(run, tmp_path):
    with pytest.raises(InputError, match="fp16 needs a GPU"):
        run("--training.precision", "fp16")


def test_a_vocoder_trains_on_segments(run):
    config = """
system:
  init_args:
    generator: {init_args: {channels: 16, resblock_kernels: [3], resblock_dilations: [[1]]}}
    discriminator: {init_args: {periods: [2], scales: 1, period_channels: 2, scale_channels: 16}}
data: {batch_size: 2, segment_frames: 8, num_workers: 0}
training: {max_steps: 2}
"""
    exp = run(exp="hifigan", default="hifigan", config=config)
    assert set(load_weights(exp)) == {"generator", "discriminator"}


SMOOTHSINGER = """
system:
  init_args:
    denoiser:
      init_args: {channels: 4, cond_channels: 8, cond_hidden: 8, step_sinusoids: 8, step_hidden: 8, kernel_hidden: 8,
                  lowf_hidden: 4, lowf_channels: 2, lowf_window: 8}
    diffusion_steps: 50
    beta_max: 0.05
data: {batch_size: 2, segment_frames: 8, num_workers: 0}
training: {max_steps: 2}
"""


@pytest.fixture
def references(tiny_dump, tmp_path):
    """The recordings themselves, as reference waveforms."""
    for name in ("train", "dev"):
        with ArchiveWriter(tmp_path / "references" / name / "reference") as writer:
            for utterance, audio in ArchiveReader(tiny_dump / name / "audio.scp").items():
                writer[utterance] = audio
    return tmp_path / "references"


def test_a_student_takes_its_teachers_network_and_schedule(run, references, tiny_dump, tmp_path):
    refined = ("--references", references)
    teacher = run(*refined, exp="smoothsinger", default="smoothsinger", config=SMOOTHSINGER)
    steps = "data: {batch_size: 2, segment_frames: 8, num_workers: 0}\ntraining: {max_steps: 1}"
    student = run(*refined, "--teacher", teacher, exp="student", default="student", config=steps)
    taught, learnt = (yaml.safe_load((exp / "config.yaml").read_text())["system"] for exp in (teacher, student))
    for key in ("denoiser", "diffusion_steps", "beta_min", "beta_max"):
        assert learnt["init_args"][key] == taught["init_args"][key]
    shutil.rmtree(teacher)  # decoding with the student needs no teacher
    assert load_trained(student).system.networks["denoiser"].hop_length == 256


def test_references_and_teachers_that_are_not_there_are_named(run, references, tmp_path):
    kind = {"exp": "smoothsinger", "default": "smoothsinger", "config": SMOOTHSINGER}
    with pytest.raises(InputError, match=r"give their folder with --references"):
        run(**kind)
    with pytest.raises(InputError, match=r"absent/train/reference\.scp does not exist; run stage 5 \(diffusion\)"):
        run("--references", tmp_path / "absent", **kind)
    student = {"exp": "student", "default": "student", "config": ""}
    with pytest.raises(InputError, match=r"smoothsinger has no config\.yaml: .* run stage 5 \(diffusion\) first"):
        run("--references", references, "--teacher", tmp_path / "smoothsinger", **student)
    with pytest.raises(InputError, match=r"give --teacher"):
        run("--references", references, **student)
    assert not (tmp_path / "student").exists()
    assert not (tmp_path / "smoothsinger").exists()


def test_a_teacher_on_another_mel_is_refused(run, references, tmp_path):
    teacher = run("--references", references, exp="smoothsinger", default="smoothsinger", config=SMOOTHSINGER)
    write_definition(teacher / "features.yaml", FeatureDefinition(fmax=8000.0))
    with pytest.raises(InputError, match=r"smoothsinger and .*dump \(fmax: 8000\.0 ≠ 12000\.0"):
        run("--references", references, "--teacher", teacher, exp="student", default="student", config="")


def test_two_runs_in_one_folder(run, tmp_path):
    with ExperimentLock(tmp_path / "fastspeech2"), pytest.raises(InputError, match=r"is being trained by process \d+"):
        run()
    assert not (tmp_path / "fastspeech2/config.yaml").exists()
    run("--overwrite", "true")


def test_a_damaged_last_checkpoint_is_trained_again(run, capsys):
    exp = run()
    path = exp / "checkpoints/step-00000004.pt"
    good = load_weights(exp)["model"]
    path.write_bytes(path.read_bytes()[:-100])
    run()
    assert "resuming at step 2" in (exp / "train.log").read_text()
    assert "done" not in capsys.readouterr().out.splitlines()[-1]
    assert all(torch.equal(value, good[name]) for name, value in load_weights(exp)["model"].items())


def test_the_average_of_the_best_is_an_experiment_of_its_own(run, capsys):
    exp = run("--training.keep_best", "2")
    average.main(["--exp_dir", str(exp), "--number", "2"])
    assert "the mean of best.pt best-0000000" in capsys.readouterr().out
    folder = exp.with_name("fastspeech2_ave_2best")
    one, other = (read_checkpoint(path)["networks"]["model"] for path in list_best(exp))
    for name, value in load_trained(folder).system.networks["model"].state_dict().items():
        torch.testing.assert_close(value, (one[name] + other[name]) / 2)
    with pytest.raises(InputError, match="exists; give another --output, or --overwrite true"):
        average.main(["--exp_dir", str(exp), "--number", "2"])
    average.main(["--exp_dir", str(exp), "--number", "2", "--overwrite", "true"])
    with pytest.raises(InputError, match="is no average, so it is not overwritten"):
        average.main(["--exp_dir", str(exp), "--number", "2", "--output", str(exp), "--overwrite", "true"])
    with pytest.raises(InputError, match=r"has 2 best checkpoints, not 3: train with --training\.keep_best 3"):
        average.main(["--exp_dir", str(exp), "--number", "3"])
