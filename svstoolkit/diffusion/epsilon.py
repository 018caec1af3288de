"""ε-predicting models of a discrete DDPM schedule (SmoothSinger, FastDiff, DiffSinger) seen as denoisers D(x, σ)."""

from collections.abc import Callable

import torch
from torch import Tensor

from svstoolkit.diffusion.samplers import Denoiser
from svstoolkit.diffusion.schedules import sigmas_from_betas

EpsilonModel = Callable[[Tensor, Tensor], Tensor]  # (x_t (B, …), fractional step t (B,)) → ε (B, …)


class DiscreteEpsilon:
    """Joins DDPM's x_t = √ᾱ_t·x0 + √(1 − ᾱ_t)·ε to the coordinates x = x0 + σ·ε: σ² = (1 − ᾱ)/ᾱ, x = x_t·√(1 + σ²).

    Steps are counted from 0. A σ between two trained steps maps to a fractional step, interpolated in log σ; beyond
    the trained range it maps to the nearest trained step.
    """

    def __init__(self, betas: Tensor):
        self.sigmas = sigmas_from_betas(betas)  # (T,) ascending, float64

    def sigma(self, step: Tensor) -> Tensor:
        """Integer steps (B,) → σ (B,), float32."""
        return self.sigmas.to(step.device)[step].float()

    def step(self, sigma: Tensor) -> Tensor:
        """σ (B,) → fractional step (B,), of σ's dtype."""
        log_sigmas = self.sigmas.log().to(sigma.device)
        wanted = sigma.double().log().clamp(log_sigmas[0], log_sigmas[-1])
        above = torch.searchsorted(log_sigmas, wanted).clamp(1, len(log_sigmas) - 1)
        low, high = log_sigmas[above - 1], log_sigmas[above]
        return (above - 1 + (wanted - low) / (high - low)).to(sigma.dtype)

    def add_noise(self, x0: Tensor, step: Tensor, noise: Tensor) -> Tensor:
        """x_t = √ᾱ_t·x0 + √(1 − ᾱ_t)·ε (Ho et al. 2020, eq. 4). x0, noise: (B, …); step: (B,) integers."""
        sigma = _like(self.sigma(step), x0)
        return (x0 + sigma * noise) / (1.0 + sigma**2).sqrt()

    def denoiser(self, model: EpsilonModel) -> Denoiser:
        """D(x, σ) = x − σ·ε_θ(x/√(1 + σ²), t(σ))."""

        def denoise(x: Tensor, sigma: Tensor) -> Tensor:
            wide = _like(sigma, x)
            return x - wide * model(x / (1.0 + wide**2).sqrt(), self.step(sigma))

        return denoise


def _like(sigma: Tensor, x: Tensor) -> Tensor:
    """(B,) → (B, 1, …) with x's number of dimensions and dtype."""
    return sigma.to(x.dtype).reshape(-1, *[1] * (x.dim() - 1))
