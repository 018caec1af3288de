"""Rectified flow (Liu et al. 2022a): x_t = (1 − t)·x0 + t·ε, and a network that says the velocity ε − x0.

In the coordinates of the samplers σ = t/(1 − t) and x = x_t/(1 − t), so that D = x_t − t·v.
"""

import itertools
from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from svstoolkit.diffusion.discrete import Model, like
from svstoolkit.diffusion.samplers import Denoiser
from svstoolkit.diffusion.schedules import named_sigmas

Velocity = Callable[[Tensor, Tensor], Tensor]  # v(x_t (B, …), t (B,)) → dx/dt (B, …)
TOP = 1.0 - 1e-4  # t where the samplers in σ begin: at 1, which is all noise, σ has no end


class RectifiedFlow:
    """time_scale: the network is told time_scale·t (1000 in openvpi's DiffSinger)
    times: training draws t evenly (`uniform`) or as σ(N(0, 1)) (`lognorm`, Esser et al. 2024, section 3.1)
    Raises ValueError for a time scale that is not positive.
    """

    sigma_min = 1e-3

    def __init__(self, time_scale: float = 1000.0, times: Literal["uniform", "lognorm"] = "uniform"):
        if time_scale <= 0:
            raise ValueError(f"time_scale must be positive, not {time_scale}")
        self.time_scale, self.times = time_scale, times
        self.sigma_max = TOP / (1.0 - TOP)

    def velocity(self, model: Model) -> Velocity:
        """v(x_t, t) of a network."""
        return lambda x, t: model(x, t * self.time_scale).to(x.dtype)

    def denoiser(self, model: Model) -> Denoiser:
        """D(x, σ) = x_t − t·v(x_t, t), with t = σ/(1 + σ) and x_t = x/(1 + σ)."""

        def denoise(x: Tensor, sigma: Tensor) -> Tensor:
            t = (sigma / (1.0 + sigma)).to(x.dtype)
            x_t = x / (1.0 + like(sigma, x))
            return x_t - like(t, x) * self.velocity(model)(x_t, t)

        return denoise

    def errors(self, model: Model, x0: Tensor, highest: float | None = None) -> Tensor:
        """(v(x_t, t) − (ε − x0))², x0's shape; highest: the largest t that is trained, None: 1."""
        t = torch.rand(len(x0), device=x0.device, dtype=x0.dtype)
        if self.times == "lognorm":
            t = torch.randn(len(x0), device=x0.device, dtype=x0.dtype).sigmoid()
        return self.errors_at(model, x0, t * (1.0 if highest is None else highest), torch.randn_like(x0))

    def errors_at(self, model: Model, x0: Tensor, t: Tensor, noise: Tensor) -> Tensor:
        """As `errors`, for given t (B,) and ε, x0's shape."""
        x_t = x0 + like(t, x0) * (noise - x0)
        return (self.velocity(model)(x_t, t) - (noise - x0)).square()

    def schedule(self, steps: int, name: str = "flow", highest: float | None = None) -> Tensor:
        """(steps + 1,) σ descending, the last 0, from t = `highest` (None: 1) down; name: of `schedules.SIGMAS`.

        Raises ValueError for a t outside (0, 1], fewer than one step, or an unknown name.
        """
        if steps < 1:
            raise ValueError(f"{steps} sampling steps: at least one is needed")
        top = self.sigma_max if highest is None else sigma_of(self.check_time(highest))
        sigmas = named_sigmas(name, steps, min(self.sigma_min, top / 2), top)
        return torch.cat([sigmas, sigmas.new_zeros(1)])

    def check_time(self, t: float) -> float:
        """t itself. Raises ValueError unless it lies in (0, 1]."""
        if not 0.0 < t <= 1.0:
            raise ValueError(f"t {t:g} does not lie between 0, the data, and 1, noise alone")
        return t

    def prior(self, noise: Tensor, sigma: float) -> Tensor:
        """Where sampling begins: x_1 = noise, here (1 + σ)·noise."""
        return (1.0 + sigma) * noise


def sigma_of(t: float) -> float:
    """t/(1 − t), t at most `TOP`."""
    t = min(t, TOP)
    return t / (1.0 - t)


def euler(velocity: Velocity, x: Tensor, times: Tensor) -> Tensor:
    """Euler's method on dx/dt = v. x: x_t at times[0]; times: (n + 1,) descending to 0."""
    for t, t_next in itertools.pairwise(times):
        x = x + (t_next - t) * _at(velocity, x, t)
    return x


def rk4(velocity: Velocity, x: Tensor, times: Tensor) -> Tensor:
    """The classical Runge-Kutta method on dx/dt = v: four evaluations a step. Arguments as `euler`'s."""
    for t, t_next in itertools.pairwise(times):
        step, middle = t_next - t, (t + t_next) / 2
        first = _at(velocity, x, t)
        second = _at(velocity, x + step / 2 * first, middle)
        third = _at(velocity, x + step / 2 * second, middle)
        fourth = _at(velocity, x + step * third, t_next)
        x = x + step / 6 * (first + 2 * second + 2 * third + fourth)
    return x


def _at(velocity: Velocity, x: Tensor, t: Tensor) -> Tensor:
    """v(x, t) for one t. Raises FloatingPointError where it is not finite."""
    found = velocity(x, t.to(x.dtype).expand(len(x)))
    if not bool(found.isfinite().all()):
        raise FloatingPointError(f"the velocity is not finite at t = {float(t):.4g}: training diverged, or NaN came in")
    return found
