"""Every system: twenty steps are ten, a stop in the middle of an epoch, and the rest, bit for bit."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from interrupted_train import stopping_loader

from svstoolkit.bin import train as program
from svstoolkit.data.archives import ArchiveReader, ArchiveWriter
from svstoolkit.training import source
from svstoolkit.training.checkpoint import checkpoint_path, list_checkpoints, read_checkpoint

DENOISER = """
      init_args: {channels: 4, cond_channels: 8, cond_hidden: 8, step_sinusoids: 8, step_hidden: 8, kernel_hidden: 8,
                  lowf_hidden: 4, lowf_channels: 2, lowf_window: 8}
"""
ACOUSTIC = """
system:
  init_args:
    model:
      init_args: {hidden: 8, encoder_layers: 1, decoder_layers: 1, kernel: 3, filter_channels: 8,
                  predictor_channels: 8, duration_layers: 1, pitch_layers: 1, energy_layers: 1}
"""
JUDGED = f"""{ACOUSTIC}
    discriminator: {{init_args: {{windows: [8, 16], channels: 4}}}}
    weights: {{feature_matching: 1.0}}
    adversarial_start_step: 7
"""
VOCODER = """
system:
  init_args:
    generator: {init_args: {channels: 16, resblock_kernels: [3], resblock_dilations: [[1]]}}
    discriminator: {init_args: {periods: [2], scales: 1, period_channels: 2, scale_channels: 16}}
    discriminator_start_step: 7
"""
LED = """
system:
  init_args:
    denoiser: {init_args: {channels: 8, layers: 2}}
"""
SYSTEMS = {
    "fastspeech2": ACOUSTIC,
    "fft_npss": ACOUSTIC,
    "gan_singer": JUDGED,
    "hifisinger": JUDGED,
    "hifigan": VOCODER,
    "nsf_hifigan": VOCODER,
    "smoothsinger": f"system:\n  init_args:\n    degraded_start_step: 8\n    denoiser:{DENOISER}",
    "student": "",
    "diffsinger": LED + "    k: 30\n",
    "edm": LED,
    "rectified_flow": LED,
    "boundary": "system: {init_args: {boundary: {init_args: {channels: 8, layers: 2}}}}\n",
}
LED_BY_ACOUSTIC = ("diffsinger", "edm", "rectified_flow", "boundary")

SEGMENTS = "data: {batch_size: 1, segment_frames: 8, num_workers: WORKERS}\n"
UTTERANCES = "data: {batch_size: 1, max_frames: null, num_workers: WORKERS}\n"
TRAINING = """
training: {max_steps: 20, save_every: 10, validate_every: 7, log_every: 5, grad_accumulation: PARTS, keep_last: 5}
"""


@pytest.fixture
def options(tiny_dump, tmp_path):
    """The options of `svs train` for a system, with references and a teacher where it wants them."""

    def options(name, exp, workers=0, parts=1):
        whole = SYSTEMS[name] in (ACOUSTIC, JUDGED) or name in LED_BY_ACOUSTIC
        config = SYSTEMS[name] + (UTTERANCES if whole else SEGMENTS) + TRAINING
        (tmp_path / f"{name}.yaml").write_text(config.replace("WORKERS", str(workers)).replace("PARTS", str(parts)))
        chosen = ["--default", name, "--config", tmp_path / f"{name}.yaml", "--dump_dir", tiny_dump]
        if name in ("smoothsinger", "student"):
            if not (tmp_path / "references").exists():
                for part in ("train", "dev"):
                    with ArchiveWriter(tmp_path / "references" / part / "reference") as writer:
                        for utterance, audio in ArchiveReader(tiny_dump / part / "audio.scp").items():
                            writer[utterance] = audio
            chosen += ["--references", tmp_path / "references"]
        if name == "student":
            teacher = tmp_path / "smoothsinger"
            if not teacher.exists():
                program.main([*options("smoothsinger", teacher), "--training.max_steps", "2"])
            chosen += ["--teacher", teacher]
        if name in LED_BY_ACOUSTIC:
            acoustic = tmp_path / "acoustic"
            if not acoustic.exists():
                program.main([*options("fastspeech2", acoustic), "--training.max_steps", "2"])
            chosen += ["--acoustic", acoustic]
        return [str(word) for word in [*chosen, "--exp_dir", exp]]

    return options


def flat(value, path=""):
    if isinstance(value, dict):
        return {k: v for key, below in value.items() for k, v in flat(below, f"{path}/{key}").items()}
    return flat(dict(enumerate(value)), path) if isinstance(value, list) else {path: value}


def assert_same_bits(one: Path, other: Path) -> None:
    a, b = (flat(read_checkpoint(checkpoint_path(path, 20))) for path in (one, other))
    assert a.keys() == b.keys()
    for key, value in a.items():
        assert torch.equal(value, b[key]) if isinstance(value, torch.Tensor) else value == b[key], key


@pytest.mark.parametrize(
    ("name", "workers", "parts"),
    [
        ("fastspeech2", 1, 2),
        *(pytest.param(name, 0, 1, marks=pytest.mark.slow) for name in SYSTEMS),
        *(pytest.param(name, 2, 3, marks=pytest.mark.slow) for name in SYSTEMS),
    ],
)
def test_one_process(options, tmp_path, monkeypatch, name, workers, parts):
    whole, halves = tmp_path / "whole", tmp_path / "halves"
    program.main(options(name, whole, workers, parts))
    torch.manual_seed(99)  # whatever ran in between must not matter
    with monkeypatch.context() as patched:
        stopping = stopping_loader(source.training_loader, 10 * parts, terminate=True)
        patched.setattr(source, "training_loader", stopping)
        with pytest.raises(SystemExit):
            program.main(options(name, halves, workers, parts))
    assert max(list_checkpoints(halves)) == 11
    program.main(options(name, halves, workers, parts))
    assert_same_bits(whole, halves)


@pytest.mark.slow
def test_two_processes(options, tmp_path):
    """Stopped in the middle of an epoch, which is two steps; every system in one start of the processes."""
    runs = [[options(name, tmp_path / way / name, workers=1) for way in ("whole", "halves")] for name in SYSTEMS]
    (tmp_path / "runs.json").write_text(json.dumps([[[*run, "--training.save_every", "7"] for run in r] for r in runs]))
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    command += [Path(__file__).with_name("interrupted_train.py"), tmp_path / "runs.json", "9"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for name in SYSTEMS:
        assert "resuming at step 7 " in (tmp_path / "halves" / name / "train.log").read_text()
        assert_same_bits(tmp_path / "whole" / name, tmp_path / "halves" / name)
