"""Randomness as a function of (seed, step): no random state has to be stored to resume a run exactly."""

import random

import numpy as np
import torch


def seed_everything(*key: int) -> None:
    """Seeds Python, numpy and torch (CPU and GPUs) from a tuple of integers, e.g. (seed, step, process).

    The tuple is hashed (numpy's SeedSequence), so neighbouring steps have unrelated streams. A step that is
    redone after a crash draws what it drew before, and whatever ran in between (validation) changes nothing.
    """
    torch_seed, other_seed = (int(n) for n in np.random.SeedSequence(key).generate_state(2))
    torch.manual_seed(torch_seed)
    random.seed(other_seed)
    np.random.seed(other_seed)  # libraries that draw from the global stream


def use_deterministic_kernels(device: torch.device) -> None:
    """Deterministic kernels on the CPU, where they cost nothing; on a GPU the fastest for fixed-size segments."""
    if device.type == "cpu":
        torch.use_deterministic_algorithms(True, warn_only=True)
        torch.utils.deterministic.fill_uninitialized_memory = False
    else:
        torch.set_float32_matmul_precision("high")  # TF32
