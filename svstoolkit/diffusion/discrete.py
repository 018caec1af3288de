"""Models of a discrete DDPM schedule (DiffSinger, SmoothSinger, FastDiff) seen as denoisers D(x, σ)."""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from svstoolkit.diffusion.samplers import Denoiser
from svstoolkit.diffusion.schedules import BETAS, named, named_sigmas, sigmas_from_betas

Model = Callable[[Tensor, Tensor], Tensor]  # (network's input (B, …), network's time (B,)) → its output (B, …)
Prediction = Literal["epsilon", "x0", "v"]


class DiscreteDiffusion:
    """Joins DDPM's x_t = √ᾱ_t·x0 + √(1 − ᾱ_t)·ε to the coordinates x = x0 + σ·ε: σ² = (1 − ᾱ)/ᾱ, x = x_t·√(1 + σ²).

    Steps are counted from 0. A σ between two trained steps maps to a fractional step, interpolated in log σ; beyond
    the trained range it maps to the nearest trained step.

    steps: T; beta_min, beta_max: of β; schedule: `linear` (Ho et al. 2020) or `cosine` (Nichol & Dhariwal 2021), which
        needs neither
    prediction: what the network says: `epsilon` (Ho et al. 2020), `x0`, or `v` = √ᾱ·ε − √(1 − ᾱ)·x0 (Salimans and Ho
        2022)
    distance: of the loss, `l2` (Ho et al. 2020, eq. 14) or `l1` (DiffSinger's official code)
    Raises ValueError for a schedule that is not known, and for one that does not rise within (0, 1).
    """

    def __init__(
        self,
        steps: int = 1000,
        beta_min: float = 1e-4,
        beta_max: float = 2e-2,
        schedule: str = "linear",
        prediction: Prediction = "epsilon",
        distance: Literal["l1", "l2"] = "l2",
    ):
        self.sigmas = sigmas_from_betas(named(BETAS, schedule, "schedule")(steps, beta_min, beta_max))  # (T,) ascending
        self.prediction, self.distance = prediction, distance

    @property
    def sigma_min(self) -> float:
        return float(self.sigmas[0])

    @property
    def sigma_max(self) -> float:
        return float(self.sigmas[-1])

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
        sigma = like(self.sigma(step), x0)
        return (x0 + sigma * noise) / (1.0 + sigma**2).sqrt()

    def errors(self, model: Model, x0: Tensor, highest: int | None = None) -> Tensor:
        """What the network gets wrong at steps drawn evenly from the lowest `highest` ones (None: all): x0's shape."""
        step = torch.randint(highest or len(self.sigmas), (len(x0),), device=x0.device)
        return self.errors_at(model, x0, step, torch.randn_like(x0))

    def errors_at(self, model: Model, x0: Tensor, step: Tensor, noise: Tensor) -> Tensor:
        """|output − target| or its square, x0's shape. step: (B,) integers; noise: ε, x0's shape."""
        sigma = like(self.sigma(step), x0)
        output = model(self.add_noise(x0, step, noise), step.to(x0.dtype)).to(x0.dtype)
        if self.prediction == "epsilon":
            target = noise
        else:
            target = x0 if self.prediction == "x0" else (noise - sigma * x0) / (1.0 + sigma**2).sqrt()
        return (output - target).abs() if self.distance == "l1" else (output - target).square()

    def denoiser(self, model: Model) -> Denoiser:
        """D(x, σ) of a network: for ε x − σ·ε_θ(x/√(1 + σ²), t(σ)), for v (x − σ·√(1 + σ²)·v_θ)/(1 + σ²)."""

        def denoise(x: Tensor, sigma: Tensor) -> Tensor:
            wide = like(sigma, x)
            scale = (1.0 + wide**2).sqrt()
            output = model(x / scale, self.step(sigma))
            if self.prediction == "x0":
                return output
            if self.prediction == "v":
                return (x / scale - wide * output) / scale
            return x - wide * output

        return denoise

    def schedule(self, steps: int, name: str = "uniform", highest: int | None = None) -> Tensor:
        """(steps + 1,) σ descending, the last 0: from trained step `highest` (1 … T; None: T) down.

        name: `uniform` takes evenly spaced trained steps, others are of `schedules.SIGMAS`
        Raises ValueError for more steps than there are, `highest` beyond 1 … T, or an unknown name.
        """
        trained = self.sigmas[: self.check_step(highest)] if highest is not None else self.sigmas
        if name == "uniform":
            if not 1 <= steps <= len(trained):
                raise ValueError(f"{steps} sampling steps: the schedule has {len(trained)} to take them from")
            chosen = torch.linspace(len(trained) - 1, 0 if steps > 1 else len(trained) - 1, steps, dtype=torch.float64)
            sigmas = trained[chosen.round().long()]
        else:
            sigmas = named_sigmas(name, steps, float(trained[0]), float(trained[-1]))
        return torch.cat([sigmas, sigmas.new_zeros(1)])

    def check_step(self, step: int) -> int:
        """The step itself. Raises ValueError unless it is one of 1 … T."""
        if not 1 <= step <= len(self.sigmas):
            raise ValueError(f"step {step} is not one of the schedule's: 1 … {len(self.sigmas)}")
        return step

    def prior(self, noise: Tensor, sigma: float) -> Tensor:
        """Where sampling without a shallow start begins: x_T ~ N(0, I), here √(1 + σ²)·noise."""
        return (1.0 + sigma**2) ** 0.5 * noise


def like(values: Tensor, x: Tensor) -> Tensor:
    """(B,) → (B, 1, …) with x's number of dimensions and dtype."""
    return values.to(x.dtype).reshape(-1, *[1] * (x.dim() - 1))
