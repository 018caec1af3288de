"""Devices and processes: CPU, one GPU, or several processes started by torchrun or by Slurm's srun."""

import atexit
import ctypes
import gc
import os
import signal
import subprocess
import sys
from collections.abc import MutableMapping, Sequence
from contextlib import suppress
from typing import Any

import psutil

from svstoolkit.errors import InputError

PORTS = range(20000, 30000)  # of which a Slurm job's meeting point is one, so that jobs on a node do not meet
PARENT_TELLS = "SVS_PARENT_TELLS_STATUS"  # set for processes whose parent turns their common end into a status
SIGNALS = (signal.SIGTERM, signal.SIGUSR1, signal.SIGINT)
PR_SET_PDEATHSIG = 1  # Linux's prctl(2)


def is_distributed(environment: MutableMapping[str, str] = os.environ) -> bool:
    """Whether this process is one of several; srun's variables are first translated to torchrun's."""
    if "RANK" not in environment and int(environment.get("SLURM_STEP_NUM_TASKS", 1)) > 1:
        hosts = ["scontrol", "show", "hostnames", environment["SLURM_STEP_NODELIST"]]
        try:
            first = subprocess.run(hosts, check=True, capture_output=True, text=True).stdout.split()[0]
        except (OSError, subprocess.CalledProcessError) as error:
            raise InputError(f"under srun with several tasks, `{' '.join(hosts)}` must work, but: {error}") from error
        step = int(environment.get("SLURM_JOB_ID", 0)) * 10 + int(environment.get("SLURM_STEP_ID", 0)) % 10
        environment.setdefault("MASTER_ADDR", first)
        environment.setdefault("MASTER_PORT", str(PORTS[step % len(PORTS)]))
        environment["RANK"] = environment["SLURM_PROCID"]
        environment["WORLD_SIZE"] = environment["SLURM_STEP_NUM_TASKS"]
        environment["LOCAL_RANK"] = environment["SLURM_LOCALID"]
    return "RANK" in environment and int(environment.get("WORLD_SIZE", 1)) > 1


def require_gpus(ngpu: int) -> None:
    """Raises InputError when there are fewer GPUs than asked for."""
    import torch

    if ngpu < 0:
        raise InputError(f"--ngpu {ngpu} must not be negative; 0 trains on the CPU")
    if ngpu > torch.cuda.device_count():
        raise InputError(f"--ngpu {ngpu}, but torch sees {torch.cuda.device_count()} GPUs; --ngpu 0 trains on the CPU")


def accelerator_for(ngpu: int, precision: str) -> Any:
    """accelerate's handle of the devices and processes. precision: fp32, bf16 or fp16.

    Raises:
        InputError: fp16 on the CPU, which has no kernels for it.
    """
    from accelerate import Accelerator, DistributedDataParallelKwargs

    if PARENT_TELLS in os.environ:  # torchrun starts its processes in sessions of their own, which outlive it
        _die_with_parent()
    if ngpu == 0 and precision == "fp16":
        raise InputError("training.precision: fp16 needs a GPU; take bf16 or fp32 with --ngpu 0")
    accelerator = Accelerator(
        cpu=ngpu == 0,
        mixed_precision="no" if precision == "fp32" else precision,
        # buffers change in forward, which several forwards before one backward must not find changed by a broadcast
        kwargs_handlers=[DistributedDataParallelKwargs(broadcast_buffers=False)],
    )
    leave_group_at_exit(accelerator)
    return accelerator


def leave_group_at_exit(accelerator: Any) -> None:
    """Lets a process on the CPU leave the others in order when it ends: else the threads that exchange gradients may
    outlive the interpreter, and what was trained and saved would end with an abort."""
    import torch.distributed

    def leave() -> None:
        if torch.distributed.is_initialized() and torch.distributed.get_backend() == "gloo":
            accelerator.free_memory()  # its networks hold the group
            gc.collect()
            torch.distributed.destroy_process_group()

    atexit.register(leave)


def become_distributed(ngpu: int, num_nodes: int, module: str, arguments: Sequence[str]) -> None:
    """Runs `python -m module arguments` in a process per GPU instead of this one; returns if this one is enough.

    Raises:
        InputError: several nodes without a Slurm job of as many.
    """
    if num_nodes < 1:
        raise InputError(f"--num_nodes {num_nodes} must be at least 1")
    if num_nodes > 1:
        become_srun(srun_command(ngpu, num_nodes, module, arguments))
    if ngpu > 1:
        become_torchrun(ngpu, module, arguments)


def run_apart(module: str, arguments: Sequence[str]) -> int:
    """Runs `python -m module arguments` in a process of its own and returns its status.

    Signals are handed on to it; once it has ended after one, so does this process, with 128 + the signal.
    """
    sys.stdout.flush()
    process = subprocess.Popen([sys.executable, "-m", module, *arguments])
    got: list[int] = []

    def hand_on(number: int, frame: object) -> None:
        got.append(number)
        with suppress(OSError):
            process.send_signal(number)

    before = {number: signal.signal(number, hand_on) for number in SIGNALS}
    status = process.wait()
    for number, handler in before.items():
        signal.signal(number, handler)
    if got:
        sys.exit(128 + got[0])
    return status


def become_torchrun(ngpu: int, module: str, arguments: Sequence[str]) -> None:
    """Runs torchrun with one process per GPU and ends this process with its status.

    torchrun itself would stop its processes half a minute after SIGTERM and die of SIGUSR1; so it gets no signals, and
    this process hands them to the training processes, waits until these have saved, and ends with 128 + the signal.
    """
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(ngpu)]
    sys.stdout.flush()
    agent = subprocess.Popen(
        [*command, "-m", module, *arguments],
        env=os.environ | {PARENT_TELLS: "1"},
        start_new_session=True,
        preexec_fn=_die_with_parent,  # noqa: PLW1509 - one system call, which takes no locks
    )
    got: list[int] = []

    def hand_on(number: int, frame: object) -> None:
        got.append(number)
        for process in _training_processes(agent.pid, module) or [agent]:
            with suppress(OSError, psutil.Error):
                process.send_signal(number)

    for number in SIGNALS:
        signal.signal(number, hand_on)
    status = agent.wait()
    status = 128 - status if status < 0 else status
    sys.exit(128 + got[0] if got else status)


def _training_processes(agent: int, module: str) -> list[psutil.Process]:
    with suppress(psutil.Error):
        return [child for child in psutil.Process(agent).children() if module in child.cmdline()]
    return []


def _die_with_parent() -> None:
    libc = ctypes.CDLL(None)
    if hasattr(libc, "prctl"):
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def srun_command(
    ngpu: int,
    num_nodes: int,
    module: str,
    arguments: Sequence[str],
    environment: MutableMapping[str, str] = os.environ,
) -> list[str]:
    """srun with a task per GPU (one per node without GPUs) on all nodes of this Slurm job.

    Raises:
        InputError: this is no Slurm job, or one of another number of nodes.
    """
    if "SLURM_JOB_ID" not in environment:
        raise InputError(f"--num_nodes {num_nodes} needs a Slurm job of {num_nodes} nodes; cmd.sh: cmd_backend=slurm")
    nodes = int(environment.get("SLURM_JOB_NUM_NODES", 1))
    if nodes != num_nodes:
        raise InputError(
            f"--num_nodes {num_nodes}, but Slurm gave this job {nodes}; conf/slurm.conf: option num_nodes=* --nodes $0"
        )
    tasks = max(1, ngpu)
    cpus = max(1, int(environment.get("SLURM_CPUS_ON_NODE", tasks)) // tasks)
    return [
        *("srun", "--export=ALL", "--kill-on-bad-exit=1", f"--nodes={num_nodes}", f"--ntasks={num_nodes * tasks}"),
        *(f"--ntasks-per-node={tasks}", f"--cpus-per-task={cpus}", sys.executable, "-m", module, *arguments),
    ]


def become_srun(command: Sequence[str]) -> None:
    """Replaces this process by srun, which hands signals on to its tasks and ends with the worst of their statuses."""
    os.environ.pop("SLURM_CPUS_PER_GPU", None)  # contradicts --cpus-per-task
    sys.stdout.flush()
    os.execvp(command[0], list(command))
