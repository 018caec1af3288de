import subprocess
import sys
from pathlib import Path

import pytest
import torch
from linear_regression import main

from svstoolkit.errors import InputError
from svstoolkit.training.checkpoint import checkpoint_path, list_checkpoints, read_checkpoint
from svstoolkit.training.launch import is_distributed, require_gpus


def test_two_processes_are_one_with_the_whole_batch(tmp_path):
    script = Path(__file__).with_name("linear_regression.py")
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    done = subprocess.run([*torchrun, script, tmp_path / "two"], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    main(tmp_path / "one")
    assert list(list_checkpoints(tmp_path / "two")) == [20]
    two, one = (read_checkpoint(checkpoint_path(tmp_path / name, 20)) for name in ("two", "one"))
    for part in ("networks", "averages"):
        for network, weights in one[part].items():
            for name, value in weights.items():
                torch.testing.assert_close(two[part][network][name], value, atol=1e-6, rtol=1e-5)
    assert two["best"]["loss"] == pytest.approx(one["best"]["loss"], rel=1e-5)
    assert_same_losses(tmp_path / "two", tmp_path / "one")


def assert_same_losses(two, one):
    """Those that TensorBoard shows: of all processes, not of the first alone."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    a, b = (EventAccumulator(str(path / "tensorboard")).Reload() for path in (two, one))
    names = [name for name in b.Tags()["scalars"] if name.startswith(("loss/", "validation/", "gradient_norm/"))]
    assert len(names) > 4
    for name in names:
        assert [e.value for e in a.Scalars(name)] == pytest.approx([e.value for e in b.Scalars(name)], rel=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("way", ["alone", "judged"])
def test_two_processes_are_one_for_padded_utterances_too(tiny_dump, tmp_path, way):
    """FastSpeech 2, whose losses are means over phones, frames and voiced frames, of which each process has another
    number; and GAN-Singer, whose adversarial losses are means over utterances."""
    script = Path(__file__).with_name("padded_utterances.py")
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    for name, launcher in (("two", torchrun), ("one", [sys.executable])):
        command = [*launcher, script, tiny_dump, tmp_path / name, way]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    assert_same_losses(tmp_path / "two", tmp_path / "one")


def test_variables_of_srun_are_translated(tmp_path, monkeypatch):
    scontrol = tmp_path / "scontrol"
    scontrol.write_text('#!/bin/sh\n[ "$1 $2 $3" = "show hostnames node[3-4]" ] && printf "node3\\nnode4\\n"\n')
    scontrol.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    task = {
        "SLURM_STEP_NUM_TASKS": "4",
        "SLURM_STEP_NODELIST": "node[3-4]",
        "SLURM_PROCID": "3",
        "SLURM_LOCALID": "1",
    }
    assert is_distributed(task)
    assert (task["RANK"], task["WORLD_SIZE"], task["LOCAL_RANK"], task["MASTER_ADDR"]) == ("3", "4", "1", "node3")
    assert not is_distributed({"SLURM_STEP_NUM_TASKS": "1"})
    assert not is_distributed({})
    assert not is_distributed({"RANK": "0", "WORLD_SIZE": "1"})
    scontrol.unlink()
    with pytest.raises(InputError, match="scontrol show hostnames"):
        is_distributed({"SLURM_STEP_NUM_TASKS": "2", "SLURM_STEP_NODELIST": "n1"})


def test_more_gpus_than_there_are_is_refused():
    with pytest.raises(InputError, match="--ngpu 0 trains on the CPU"):
        require_gpus(torch.cuda.device_count() + 1)
    with pytest.raises(InputError, match="must not be negative"):
        require_gpus(-1)
