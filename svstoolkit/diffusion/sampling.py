"""Samplers by name, for every diffusion, and the shallow start they can begin from."""

import torch
from torch import Tensor

from svstoolkit.diffusion import flow
from svstoolkit.diffusion.discrete import DiscreteDiffusion, Model
from svstoolkit.diffusion.edm import EdmDiffusion
from svstoolkit.diffusion.flow import RectifiedFlow
from svstoolkit.diffusion.multistep import dpm_solver_pp_2m, dpm_solver_pp_sde, unipc
from svstoolkit.diffusion.samplers import Sampler, ddim, ddpm, heun, plms
from svstoolkit.diffusion.schedules import named

Diffusion = DiscreteDiffusion | EdmDiffusion | RectifiedFlow

SAMPLERS: dict[str, Sampler] = {
    "ddpm": ddpm,
    "ddim": ddim,
    "euler": ddim,
    "heun": heun,
    "plms": plms,
    "dpm_solver_pp_2m": dpm_solver_pp_2m,
    "dpm_solver_pp_sde": dpm_solver_pp_sde,
    "unipc": unipc,
}
RK4 = "rk4"
NAMES = (*SAMPLERS, RK4)


def check_sampler(name: str) -> str:
    """The name itself. Raises ValueError, which lists the nearest ones, where there is no such sampler."""
    named(dict.fromkeys(NAMES), name, "sampler")
    return name


def sample(
    diffusion: Diffusion,
    model: Model,
    noise: Tensor,
    sampler: str,
    steps: int,
    schedule: str | None = None,
    start: Tensor | None = None,
    highest: int | float | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    """x0 (B, …) from `noise` (B, …), standard normal.

    sampler: one of `NAMES`; `rk4` follows the velocity of the flow in t, four evaluations a step
    schedule: of the diffusion's `schedule`; None: its own
    start: M̃ (B, …), from which a shallow start M̃ + σ·noise at `highest` is made; None: from noise alone
    highest: where sampling begins: a step k of a discrete diffusion, σ of EDM's, t of a flow; None: at the top

    Raises:
        ValueError: an unknown name, more steps than there are, `highest` outside what was trained.
        FloatingPointError: the network says something that is not finite; names σ.
    """
    check_sampler(sampler)
    chosen = {} if schedule is None else {"name": schedule}
    sigmas = diffusion.schedule(steps, highest=highest, **chosen)
    top = float(sigmas[0])
    x = diffusion.prior(noise, top) if start is None else start + top * noise
    if sampler == RK4:
        return _rk4(diffusion, model, x, sigmas)
    return SAMPLERS[sampler](diffusion.denoiser(model), x, sigmas, generator)


def _rk4(diffusion: Diffusion, model: Model, x: Tensor, sigmas: Tensor) -> Tensor:
    """RK4 of the flow's own velocity, or of v = (x_t − D)/t for a diffusion of another kind."""
    times = sigmas / (1.0 + sigmas)
    x_t = x / (1.0 + float(sigmas[0]))
    if isinstance(diffusion, RectifiedFlow):
        return flow.rk4(diffusion.velocity(model), x_t, times)
    denoise, least = diffusion.denoiser(model), diffusion.sigma_min / (1.0 + diffusion.sigma_min)

    def velocity(x_t: Tensor, t: Tensor) -> Tensor:
        t = t.clamp(min=least)  # at 0 the quotient has no value; the network was not trained below either
        wide = t.reshape(-1, *[1] * (x_t.dim() - 1))
        return (x_t - denoise(x_t / (1.0 - wide), t / (1.0 - t))) / wide

    return flow.rk4(velocity, x_t, times)
