"""EDM's preconditioning and loss (Karras et al. 2022), and CoMoSVC's shifted form of it (arXiv 2401.01792, eq. 6-8)."""

import math

import torch
from torch import Tensor

from svstoolkit.diffusion.discrete import Model, like
from svstoolkit.diffusion.samplers import Denoiser
from svstoolkit.diffusion.schedules import karras_sigmas, named_sigmas


class EdmDiffusion:
    """D(x, σ) = c_skip·x + c_out·F(c_in·x, c_noise), with c_in = 1/√(σ_d² + σ²) and c_noise = ln(σ)/4.

    p_mean, p_std: training draws ln σ ~ N(p_mean, p_std²)
    sigma_data: σ_d, standard deviation of the data; sigma_min, sigma_max, rho: of the Karras schedule
    shifted: CoMoSVC's c_skip = σ_d²/((σ − σ_min)² + σ_d²), c_out = σ_d·(σ − σ_min)/√(σ_d² + σ²), for which
        D(x, σ_min) = x exactly; false: Karras's own, the same without the shift
    Raises ValueError for numbers that are not positive, or σ_min ≥ σ_max.
    """

    def __init__(
        self,
        p_mean: float = -1.2,
        p_std: float = 1.2,
        sigma_data: float = 0.5,
        sigma_min: float = 0.002,
        sigma_max: float = 80.0,
        rho: float = 7.0,
        shifted: bool = True,
    ):
        if min(p_std, sigma_data, sigma_min, rho) <= 0 or sigma_min >= sigma_max:
            raise ValueError(
                "p_std, sigma_data, sigma_min and rho must be positive and sigma_min below sigma_max, not "
                f"{p_std}, {sigma_data}, {sigma_min}, {rho}, {sigma_max}"
            )
        self.p_mean, self.p_std, self.sigma_data = p_mean, p_std, sigma_data
        self.sigma_min, self.sigma_max, self.rho = sigma_min, sigma_max, rho
        self.shift = sigma_min if shifted else 0.0

    def coefficients(self, sigma: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """c_skip, c_out, c_in, c_noise of σ, any shape."""
        data = self.sigma_data
        total = (data**2 + sigma**2).sqrt()
        shifted = sigma - self.shift
        return data**2 / (shifted**2 + data**2), data * shifted / total, 1.0 / total, sigma.log() / 4.0

    def denoiser(self, model: Model) -> Denoiser:
        """D(x, σ) of a network F(input, c_noise)."""

        def denoise(x: Tensor, sigma: Tensor) -> Tensor:
            skip, out, scale, time = self.coefficients(sigma.to(x.dtype))
            output = model(like(scale, x) * x, time).to(x.dtype)
            return like(skip, x) * x + like(out, x) * output

        return denoise

    def errors(self, model: Model, x0: Tensor, highest: float | None = None) -> Tensor:
        """λ(σ)·(D(x0 + σ·ε, σ) − x0)² with λ = (σ² + σ_d²)/(σ·σ_d)², x0's shape.

        highest: σ beyond which nothing is trained (a shallow start from there); None: nothing is cut
        """
        sigma = (self.p_mean + self.p_std * torch.randn(len(x0), device=x0.device, dtype=x0.dtype)).exp()
        sigma = sigma.clamp(self.sigma_min * 1.001, math.inf if highest is None else highest)
        return self.errors_at(model, x0, sigma, torch.randn_like(x0))

    def errors_at(self, model: Model, x0: Tensor, sigma: Tensor, noise: Tensor) -> Tensor:
        """As `errors`, for given σ (B,) and ε, x0's shape."""
        denoised = self.denoiser(model)(x0 + like(sigma, x0) * noise, sigma)
        weight = (sigma**2 + self.sigma_data**2) / (sigma * self.sigma_data) ** 2
        return like(weight, x0) * (denoised - x0).square()

    def schedule(self, steps: int, name: str = "karras", highest: float | None = None) -> Tensor:
        """(steps + 1,) σ descending, the last 0, from σ_max or `highest` down; name: of `schedules.SIGMAS`.

        Raises ValueError for `highest` outside σ_min … σ_max, fewer than one step, or an unknown name.
        """
        top = self.sigma_max if highest is None else self.check_sigma(highest)
        if steps < 1:
            raise ValueError(f"{steps} sampling steps: at least one is needed")
        if name == "karras" and steps > 1:
            sigmas = karras_sigmas(steps, self.sigma_min, top, self.rho)
        else:
            sigmas = named_sigmas(name, steps, self.sigma_min, top)
        return torch.cat([sigmas, sigmas.new_zeros(1)])

    def check_sigma(self, sigma: float) -> float:
        """σ itself. Raises ValueError unless it lies in (σ_min, σ_max]."""
        if not self.sigma_min < sigma <= self.sigma_max:
            raise ValueError(f"σ {sigma:g} does not lie in the trained range, {self.sigma_min:g} to {self.sigma_max:g}")
        return sigma

    def prior(self, noise: Tensor, sigma: float) -> Tensor:
        """Where sampling begins: σ·noise (Karras et al. 2022, Algorithm 1)."""
        return sigma * noise
