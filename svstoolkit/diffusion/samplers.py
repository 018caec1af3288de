"""Samplers: free functions (denoise, x, sigmas) → x in the variance-exploding coordinates x = x0 + σ·ε.

x: (B, …), drawn as σ_0·ε (plus a starting point, for a shallow start); sigmas: (n + 1,) descending, the last 0. The
deterministic ones take the generator too, and draw nothing from it. All raise FloatingPointError when the denoiser says
something that is not finite, naming σ.
"""

import itertools
from collections.abc import Callable

import torch
from torch import Tensor

Denoiser = Callable[[Tensor, Tensor], Tensor]  # D(x (B, …), σ (B,)) → estimate of x0 (B, …)
Sampler = Callable[[Denoiser, Tensor, Tensor, torch.Generator | None], Tensor]


def ddim(denoise: Denoiser, x: Tensor, sigmas: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """DDIM with η = 0 (Song et al. 2021), in these coordinates Euler's method on dx/dσ = (x − D)/σ.

    On σ = t/(1 − t) it is Euler's method of a rectified flow too.
    """
    for sigma, sigma_next in pairs(sigmas, x):
        denoised = estimate(denoise, x, sigma)
        x = denoised + (sigma_next / sigma) * (x - denoised)
    return x


def ddpm(denoise: Denoiser, x: Tensor, sigmas: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """DDPM's posterior steps (Ho et al. 2020, eq. 6-7), here ancestral Euler steps.

    x_{next} = D + (σ_n²/σ²)(x − D) + σ_n·√(1 − σ_n²/σ²)·z; divided by √(1 + σ_n²) these are the posterior mean and
    variance β̃ of x_{t−1} given x_t and x0 = D. The last step, to σ = 0, adds no noise.
    """
    for sigma, sigma_next in pairs(sigmas, x):
        denoised = estimate(denoise, x, sigma)
        kept = (sigma_next / sigma) ** 2
        x = denoised + kept * (x - denoised)
        if sigma_next > 0:
            x = x + sigma_next * (1.0 - kept).sqrt() * noise_like(x, generator)
    return x


def heun(denoise: Denoiser, x: Tensor, sigmas: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Heun's second-order method (Karras et al. 2022, Algorithm 1): two evaluations a step, one for the last."""
    for sigma, sigma_next in pairs(sigmas, x):
        slope = (x - estimate(denoise, x, sigma)) / sigma
        ahead = x + (sigma_next - sigma) * slope
        if sigma_next > 0:
            slope = 0.5 * (slope + (ahead - estimate(denoise, ahead, sigma_next)) / sigma_next)
            ahead = x + (sigma_next - sigma) * slope
        x = ahead
    return x


# Adams and Bashforth's weights of the slopes, newest first, by order
ADAMS_BASHFORTH = ((1.0,), (3 / 2, -1 / 2), (23 / 12, -16 / 12, 5 / 12), (55 / 24, -59 / 24, 37 / 24, -9 / 24))


def plms(denoise: Denoiser, x: Tensor, sigmas: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Pseudo linear multi-step, PNDM's second half (Liu et al. 2022, section 3.2), as DiffSinger's code begins it.

    ε of the last four steps extrapolated by Adams and Bashforth, and DDIM's transfer with it; the first step averages
    ε here and where it leads (Heun). The weights are those of equal steps, whatever the schedule, as published.
    """
    slopes: list[Tensor] = []
    for sigma, sigma_next in pairs(sigmas, x):
        slopes = [(x - estimate(denoise, x, sigma)) / sigma, *slopes[:3]]
        weights = ADAMS_BASHFORTH[len(slopes) - 1]
        slope = sum(weight * past for weight, past in zip(weights, slopes, strict=True))
        if len(slopes) == 1 and sigma_next > 0:
            ahead = x + (sigma_next - sigma) * slope
            slope = 0.5 * (slope + (ahead - estimate(denoise, ahead, sigma_next)) / sigma_next)
        x = x + (sigma_next - sigma) * slope
    return x


def estimate(denoise: Denoiser, x: Tensor, sigma: Tensor) -> Tensor:
    """D(x, σ) for one σ (a scalar). Raises FloatingPointError where it is not finite."""
    denoised = denoise(x, sigma.expand(len(x)))
    if not bool(denoised.isfinite().all()):
        raise FloatingPointError(
            f"the denoiser's output is not finite at σ = {float(sigma):.4g}: training diverged, or the input holds NaN"
        )
    return denoised


def pairs(sigmas: Tensor, x: Tensor) -> list[tuple[Tensor, Tensor]]:
    """(σ, next σ) of every step, on x's device. Raises ValueError unless they descend."""
    if len(sigmas) < 2 or not bool((sigmas[:-1] > sigmas[1:]).all()):
        raise ValueError(f"sigmas must be at least two numbers, descending, not {sigmas.tolist()}")
    return list(itertools.pairwise(sigmas.to(device=x.device, dtype=x.dtype)))


def noise_like(x: Tensor, generator: torch.Generator | None) -> Tensor:
    return torch.randn(x.shape, generator=generator, dtype=x.dtype, device=x.device)
