"""Weights and inputs that are computed from names, alike where the official denoiser runs and where it is compared."""

from collections.abc import Mapping
from pathlib import Path

import torch
from seeded_vocoders import normal
from torch import Tensor

MELS, CONDITION, CHANNELS, LAYERS = 20, 24, 32, 6
CYCLES = (1, 4)
STEPS = (3, 87)
FRAMES = 40
NUMBERS = Path(__file__).with_name("denoiser.npz")


def weights(like: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """One tensor for each of the official names, of the spread that keeps the signal's size."""
    return {
        name: torch.tensor(normal(name, *value.shape) / max(1, value[0].numel()) ** 0.5, dtype=value.dtype)
        for name, value in like.items()
    }


def inputs() -> tuple[Tensor, Tensor]:
    """mel (2, T, n_mels), condition (2, T, channels)."""
    return tuple(
        torch.tensor(normal(name, len(STEPS), FRAMES, size), dtype=torch.float32)
        for name, size in (("mel", MELS), ("condition", CONDITION))
    )
