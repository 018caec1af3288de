"""Samplers: free functions (denoise, x, sigmas) → x in the variance-exploding coordinates x = x0 + σ·ε.

x: (B, …), drawn as σ_0·ε (plus a starting point, for a shallow start); sigmas: (n + 1,) descending, the last 0.
"""

import itertools
from collections.abc import Callable

import torch
from torch import Tensor

Denoiser = Callable[[Tensor, Tensor], Tensor]  # D(x (B, …), σ (B,)) → estimate of x0 (B, …)


def ddim(denoise: Denoiser, x: Tensor, sigmas: Tensor) -> Tensor:
    """DDIM with η = 0 (Song et al. 2021), in these coordinates Euler's method on dx/dσ = (x − D)/σ."""
    for sigma, sigma_next in _pairs(sigmas, x):
        denoised = denoise(x, sigma.expand(len(x)))
        x = denoised + (sigma_next / sigma) * (x - denoised)
    return x


def ddpm(denoise: Denoiser, x: Tensor, sigmas: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """DDPM's posterior steps (Ho et al. 2020, eq. 6-7), here ancestral Euler steps.

    x_{next} = D + (σ_n²/σ²)(x − D) + σ_n·√(1 − σ_n²/σ²)·z; divided by √(1 + σ_n²) these are the posterior mean and
    variance β̃ of x_{t−1} given x_t and x0 = D. The last step, to σ = 0, adds no noise.
    """
    for sigma, sigma_next in _pairs(sigmas, x):
        denoised = denoise(x, sigma.expand(len(x)))
        kept = (sigma_next / sigma) ** 2
        x = denoised + kept * (x - denoised)
        if sigma_next > 0:
            noise = torch.randn(x.shape, generator=generator, dtype=x.dtype, device=x.device)
            x = x + sigma_next * (1.0 - kept).sqrt() * noise
    return x


def _pairs(sigmas: Tensor, x: Tensor) -> list[tuple[Tensor, Tensor]]:
    if len(sigmas) < 2 or not bool((sigmas[:-1] > sigmas[1:]).all()):
        raise ValueError(f"sigmas must be at least two numbers, descending, not {sigmas.tolist()}")
    sigmas = sigmas.to(device=x.device, dtype=x.dtype)
    return list(itertools.pairwise(sigmas))
