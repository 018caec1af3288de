"""Processes on several nodes, and signals through torchrun."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from svstoolkit.errors import InputError
from svstoolkit.training.checkpoint import list_checkpoints
from svstoolkit.training.launch import become_distributed, is_distributed, srun_command

SLOW_TRAINING = Path(__file__).parents[1] / "slurm"
JOB = {"SLURM_JOB_ID": "7", "SLURM_JOB_NUM_NODES": "2", "SLURM_CPUS_ON_NODE": "17"}


def test_srun_starts_a_task_per_gpu_on_every_node():
    command = srun_command(4, 2, "package.module", ["--ngpu", "4"], JOB)
    assert command[0] == "srun"
    assert set(command[1:7]) == {
        "--nodes=2", "--ntasks=8", "--ntasks-per-node=4", "--cpus-per-task=4", "--kill-on-bad-exit=1", "--export=ALL"
    }  # fmt: skip
    assert command[7:] == [sys.executable, "-m", "package.module", "--ngpu", "4"]
    assert "--ntasks=2" in srun_command(0, 2, "package.module", [], JOB)


@pytest.mark.parametrize(
    ("num_nodes", "environment", "said"),
    [(2, {}, "needs a Slurm job of 2 nodes"), (3, JOB, "--num_nodes 3, but Slurm gave this job 2")],
)
def test_several_nodes_need_such_a_job(num_nodes, environment, said):
    with pytest.raises(InputError, match=said):
        srun_command(1, num_nodes, "m", [], environment)


def test_one_process_is_enough_for_one_gpu():
    become_distributed(0, 1, "m", [])
    become_distributed(1, 1, "m", [])
    with pytest.raises(InputError, match="--num_nodes 0"):
        become_distributed(1, 0, "m", [])


def test_jobs_on_one_node_meet_at_ports_of_their_own(monkeypatch, tmp_path):
    (tmp_path / "scontrol").write_text("#!/bin/sh\necho n1\n")
    (tmp_path / "scontrol").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    task = {"SLURM_STEP_NUM_TASKS": "2", "SLURM_STEP_NODELIST": "n1", "SLURM_PROCID": "0", "SLURM_LOCALID": "0"}
    tasks = [task | {"SLURM_JOB_ID": job, "SLURM_STEP_ID": step} for job, step in (("7", "0"), ("7", "1"), ("8", "0"))]
    assert all(is_distributed(variables) for variables in tasks)
    ports = [int(variables["MASTER_PORT"]) for variables in tasks]
    assert len(set(ports)) == 3
    assert all(1024 < port < 32768 for port in ports)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGUSR1, signal.SIGTERM])
def test_torchrun_lets_its_processes_save(number, tmp_path):
    program = (
        "import sys; from svstoolkit.training.launch import become_torchrun as b; b(2, 'slow_training', sys.argv[1:])"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": str(SLOW_TRAINING), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    while not (tmp_path / "at").exists() and process.poll() is None:
        time.sleep(0.1)
    process.send_signal(number)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 128 + number, stderr
    assert "ChildFailedError" not in stderr
    assert list(list_checkpoints(tmp_path)) == [10]
    assert subprocess.run(command, env=environment).returncode == 0
    assert 20 in list_checkpoints(tmp_path)
