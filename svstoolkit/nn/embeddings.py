"""Fixed encodings of position, time and pitch: no parameters, no tables with an end."""

import math

import torch
from torch import Tensor


def sinusoidal_positions(length: int, channels: int, device: torch.device | None = None) -> Tensor:
    """(length, channels): "Attention is all you need", section 3.5; computed, so any length will do.

    channels: even
    """
    rates = torch.exp(torch.arange(0, channels, 2, device=device) * (-math.log(10000.0) / channels))
    angles = torch.arange(length, device=device)[:, None] * rates
    return torch.stack((angles.sin(), angles.cos()), dim=-1).flatten(1)


def time_features(seconds: Tensor, frequencies: Tensor, decays: Tensor) -> Tensor:
    """Functions of an elapsed time from which a layer can build a vibrato or a transient.

    seconds: (…); frequencies: (K,) Hz; decays: (D,) time constants in seconds
    → (…, 2K + D): sin and cos of 2π·frequency·seconds, then exp(−seconds / decay)
    """
    angles = 2 * math.pi * seconds[..., None] * frequencies
    return torch.cat((angles.sin(), angles.cos(), torch.exp(-seconds[..., None] / decays)), dim=-1)


def harmonic_comb(f0: Tensor, frequencies: Tensor) -> Tensor:
    """Where the harmonics of `f0` lie on a frequency axis: cos(2π·frequency / f0), 1 on a harmonic, −1 midway.

    f0: (…) Hz, 0 = unvoiced; frequencies: (M,) Hz → (…, M), 0 where unvoiced
    """
    voiced = f0 > 0
    cycles = frequencies / torch.where(voiced, f0, torch.ones_like(f0))[..., None]
    return torch.cos(2 * math.pi * cycles) * voiced[..., None]
