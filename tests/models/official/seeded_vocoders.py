"""Weights and inputs that are computed from names, alike where the official codes run and where their numbers are
compared: numpy's RandomState gives the same numbers in every version."""

import zlib
from collections.abc import Mapping
from math import gcd
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

OPENVPI = {  # openvpi's sizes and its mel (configs/base_hifi.yaml), as its exported config.json has them
    "resblock": "1",
    "upsample_rates": [8, 8, 2, 2, 2],
    "upsample_kernel_sizes": [16, 16, 4, 4, 4],
    "upsample_initial_channel": 512,
    "resblock_kernel_sizes": [3, 7, 11],
    "resblock_dilation_sizes": [[1, 3, 5], [1, 3, 5], [1, 3, 5]],
    "discriminator_periods": [3, 5, 7, 11, 17, 23, 37],
    "sampling_rate": 44100,
    "num_mels": 128,
    "hop_size": 512,
    "n_fft": 2048,
    "win_size": 2048,
    "fmin": 40,
    "fmax": 16000,
    "pc_aug": False,
    "noise_sigma": 0.0,
}
NUMBERS = Path(__file__).with_name("vocoders.npz")
FRAMES = 6
F0 = [[0.0, 310.75, 330.125, 0.0, 0.0, 2610.5]]  # the ninth harmonic of the last lies above half the sampling rate
NARROWER = 16  # the discriminators of the training step have a sixteenth of the official channels


def normal(name: str, *shape: int) -> np.ndarray:
    return np.random.RandomState(zlib.crc32(name.encode())).standard_normal(shape)


def seeded_state(
    shapes: Mapping[str, tuple[int, ...]], uv: Mapping[str, np.ndarray] | None = None
) -> dict[str, Tensor]:
    """A value for every official name: sizes that neither fade nor saturate. uv: spectral norm's vectors."""
    state = {}
    for name, shape in shapes.items():
        if uv and name in uv:
            value = uv[name]
        else:
            value = normal(name, *shape)
            if name.endswith("weight_g"):
                value = (0.3 if "conv_post" in name else 0.7) + 0.3 * np.abs(value)
            elif name.endswith("bias"):
                value = 0.05 * value
        state[name] = torch.from_numpy(np.asarray(value, dtype=np.float64))
    return state


def singular_vectors(state: Mapping[str, Tensor]) -> dict[str, np.ndarray]:
    """What spectral norm's power iteration converges to: {…weight_u, …weight_v} for every …weight_orig."""
    found = {}
    for name, weight in state.items():
        if name.endswith("weight_orig"):
            u, _, v = np.linalg.svd(weight.flatten(1).numpy(), full_matrices=False)
            found |= {name.replace("weight_orig", "weight_u"): u[:, 0], name.replace("weight_orig", "weight_v"): v[0]}
    return found


def mel(n_mels: int, frames: int = FRAMES, batch: int = 1, name: str = "mel") -> Tensor:
    """(B, T, n_mels), as loud as singing."""
    return torch.from_numpy(1.5 * normal(name, batch, frames, n_mels) - 5)


def audio(samples: int, batch: int = 1, name: str = "audio") -> Tensor:
    """(B, L)"""
    return torch.from_numpy(0.1 * normal(name, batch, samples)).clamp(-1, 1)


def uniform(*shape: int, device: torch.device | None = None) -> Tensor:
    """What stands for torch.rand."""
    return torch.from_numpy(np.random.RandomState(5).random_sample(shape)).to(torch.get_default_dtype())


def gaussian(like: Tensor) -> Tensor:
    """What stands for torch.randn_like."""
    return torch.from_numpy(normal("noise", *like.shape)).to(like.dtype)


def narrower(channels: int) -> int:
    return channels if channels == 1 else channels // NARROWER


def groups_of(groups: int, before: int, after: int) -> int:
    return gcd(groups, before, after)


def digest(value: Tensor, count: int = 8) -> np.ndarray:
    """The mean, the mean absolute value, and `count` values at fixed places."""
    flat = value.detach().double().flatten()
    places = np.random.RandomState(len(flat) % 2**31).randint(0, len(flat), count)
    return np.array([flat.mean().item(), flat.abs().mean().item(), *flat[places].tolist()])
