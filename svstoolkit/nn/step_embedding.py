"""Embedding of a diffusion step, which need not be an integer."""

import math

import torch
from torch import Tensor, nn


class StepEmbedding(nn.Module):
    """Sinusoids of t, then two linear layers with swish (DiffWave, Kong et al. 2021, section 3.2).

    sinusoids: number of sine and cosine values, even; hidden: width of both layers.
    """

    def __init__(self, sinusoids: int = 128, hidden: int = 512):
        super().__init__()
        if sinusoids < 4 or sinusoids % 2:
            raise ValueError(f"sinusoids must be even and at least 4, not {sinusoids}")
        half = sinusoids // 2
        rates = torch.exp(torch.arange(half) * (-math.log(10000.0) / (half - 1)))
        self.register_buffer("rates", rates, persistent=False)
        self.layers = nn.Sequential(nn.Linear(sinusoids, hidden), nn.SiLU(), nn.Linear(hidden, hidden), nn.SiLU())

    def forward(self, step: Tensor) -> Tensor:
        """step: (B,) float → (B, hidden)."""
        angles = step.to(self.rates.dtype)[:, None] * self.rates
        return self.layers(torch.cat([angles.sin(), angles.cos()], dim=1))
