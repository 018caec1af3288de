"""Devices and processes: CPU, one GPU, or several processes started by torchrun or by Slurm's srun."""

import os
import subprocess
import sys
from collections.abc import MutableMapping, Sequence
from typing import Any

from svstoolkit.errors import InputError

MASTER_PORT = "29500"


def is_distributed(environment: MutableMapping[str, str] = os.environ) -> bool:
    """Whether this process is one of several; srun's variables are first translated to torchrun's."""
    if "RANK" not in environment and int(environment.get("SLURM_STEP_NUM_TASKS", 1)) > 1:
        hosts = ["scontrol", "show", "hostnames", environment["SLURM_STEP_NODELIST"]]
        try:
            first = subprocess.run(hosts, check=True, capture_output=True, text=True).stdout.split()[0]
        except (OSError, subprocess.CalledProcessError) as error:
            raise InputError(f"under srun with several tasks, `{' '.join(hosts)}` must work, but: {error}") from error
        environment.setdefault("MASTER_ADDR", first)
        environment.setdefault("MASTER_PORT", MASTER_PORT)
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

    if ngpu == 0 and precision == "fp16":
        raise InputError("training.precision: fp16 needs a GPU; take bf16 or fp32 with --ngpu 0")
    return Accelerator(
        cpu=ngpu == 0,
        mixed_precision="no" if precision == "fp32" else precision,
        # buffers change in forward, which several forwards before one backward must not find changed by a broadcast
        kwargs_handlers=[DistributedDataParallelKwargs(broadcast_buffers=False)],
    )


def become_torchrun(ngpu: int, module: str, arguments: Sequence[str]) -> None:
    """Replaces this process by torchrun with one process per GPU, so that signals and exit status are its own."""
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(ngpu), "-m", module]
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, *launcher, *arguments])
