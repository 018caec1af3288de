"""Samplers beside those of an independent library, on the same network and the same noise: the same trajectories.

Every scheduler runs its own loop on its own time steps; ours is given the σ that these steps have.
"""

from inspect import signature

import numpy as np
import pytest
import torch
from diffusers import schedulers

from svstoolkit.diffusion import flow
from svstoolkit.diffusion.discrete import DiscreteDiffusion
from svstoolkit.diffusion.edm import EdmDiffusion
from svstoolkit.diffusion.flow import RectifiedFlow
from svstoolkit.diffusion.multistep import dpm_solver_pp_2m, dpm_solver_pp_sde, unipc
from svstoolkit.diffusion.samplers import ddim, ddpm, heun

STEPS, BETAS = 1000, {"beta_start": 1e-4, "beta_end": 0.02}
DISCRETE = DiscreteDiffusion(STEPS, 1e-4, 0.02)


def network(x: torch.Tensor, time: torch.Tensor) -> torch.Tensor:
    """Nonlinear in x, and different at every time."""
    time = time.reshape(-1, 1).to(x.dtype)
    return torch.tanh(0.8 * x + 0.3 * torch.sin(3.0 * x)) * (0.6 + 0.3 * torch.cos(time / 200.0)) + 0.1


def start(sigma: float = 1.0) -> torch.Tensor:
    return sigma * torch.randn(4, 9, generator=torch.Generator().manual_seed(3), dtype=torch.float64)


def theirs(scheduler, x: torch.Tensor, seed: int = 5, scaled: bool = False) -> torch.Tensor:
    """A scheduler's whole loop from x in its own coordinates."""
    generator = torch.Generator().manual_seed(seed)
    for time in scheduler.timesteps:
        seen = scheduler.scale_model_input(x, time) if scaled else x
        output = network(seen, torch.full((len(x),), float(time)))
        options = {"generator": generator} if "generator" in signature(scheduler.step).parameters else {}
        x = scheduler.step(output, time, x, **options).prev_sample.double()
    return x


def sigmas_at(timesteps: torch.Tensor) -> torch.Tensor:
    return torch.cat([DISCRETE.sigmas[timesteps.long()], torch.zeros(1, dtype=torch.float64)])


def ours(sampler, sigmas: torch.Tensor, x_t: torch.Tensor, seed: int = 5) -> torch.Tensor:
    x = x_t * (1.0 + sigmas[0] ** 2).sqrt()
    return sampler(DISCRETE.denoiser(network), x, sigmas, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("prediction", ["epsilon", "x0", "v"])
def test_ddim(prediction):
    kinds = {"epsilon": "epsilon", "x0": "sample", "v": "v_prediction"}
    scheduler = schedulers.DDIMScheduler(STEPS, **BETAS, clip_sample=False, prediction_type=kinds[prediction])
    scheduler.set_timesteps(25)
    diffusion = DiscreteDiffusion(STEPS, 1e-4, 0.02, prediction=prediction)
    sigmas = sigmas_at(scheduler.timesteps)
    x = ddim(diffusion.denoiser(network), start() * (1.0 + sigmas[0] ** 2).sqrt(), sigmas)
    torch.testing.assert_close(x, theirs(scheduler, start()), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("steps", [20, 1000])
def test_ddpm(steps):
    scheduler = schedulers.DDPMScheduler(STEPS, **BETAS, clip_sample=False, variance_type="fixed_small")
    scheduler.set_timesteps(steps)
    found = theirs(scheduler, start())
    torch.testing.assert_close(ours(ddpm, sigmas_at(scheduler.timesteps), start()), found, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("steps", [5, 10, 24])
def test_dpm_solver_pp_2m(steps):
    scheduler = schedulers.DPMSolverMultistepScheduler(STEPS, **BETAS)
    scheduler.set_timesteps(steps)
    found = ours(dpm_solver_pp_2m, sigmas_at(scheduler.timesteps), start())
    # of fewer than 15 steps theirs also takes the last but one by the first order
    if steps >= 15:
        torch.testing.assert_close(found, theirs(scheduler, start()), atol=1e-4, rtol=1e-4)
    else:
        scheduler = schedulers.DPMSolverMultistepScheduler(STEPS, **BETAS, lower_order_final=False, euler_at_final=True)
        scheduler.set_timesteps(steps)
        torch.testing.assert_close(found, theirs(scheduler, start()), atol=1e-4, rtol=1e-4)


def test_dpm_solver_pp_sde():
    scheduler = schedulers.DPMSolverMultistepScheduler(STEPS, **BETAS, algorithm_type="sde-dpmsolver++")
    scheduler.set_timesteps(20)
    found = ours(dpm_solver_pp_sde, sigmas_at(scheduler.timesteps), start().float())  # their noise is single precision
    torch.testing.assert_close(found.double(), theirs(scheduler, start()), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(("steps", "order"), [(10, 2), (24, 2), (10, 3)])
def test_unipc(steps, order):
    scheduler = schedulers.UniPCMultistepScheduler(STEPS, **BETAS, solver_order=order)
    scheduler.set_timesteps(steps)

    def sampler(denoise, x, sigmas, generator):
        return unipc(denoise, x, sigmas, generator, order)

    found = ours(sampler, sigmas_at(scheduler.timesteps), start())
    torch.testing.assert_close(found, theirs(scheduler, start()), atol=1e-4, rtol=1e-4)


def test_heun():
    scheduler = schedulers.HeunDiscreteScheduler(STEPS, **BETAS)
    scheduler.set_timesteps(10)  # which are whole numbers: between them theirs is linear in σ
    timesteps = torch.unique_consecutive(scheduler.timesteps)
    sigmas = sigmas_at(timesteps)
    x = start(float(sigmas[0]))
    found = heun(DISCRETE.denoiser(network), x, sigmas)
    torch.testing.assert_close(found, theirs(scheduler, x, scaled=True), atol=1e-4, rtol=1e-4)


def test_edm_euler():
    scheduler = schedulers.EDMEulerScheduler()
    scheduler.set_timesteps(18)
    diffusion = EdmDiffusion(shifted=False)
    sigmas = diffusion.schedule(18)
    np.testing.assert_allclose(sigmas, scheduler.sigmas, rtol=1e-5)
    x = start(80.0)
    found = ddim(diffusion.denoiser(network), x, sigmas)
    torch.testing.assert_close(found, theirs(scheduler, x, scaled=True), atol=1e-4, rtol=1e-4)


def test_flow_euler():
    scheduler = schedulers.FlowMatchEulerDiscreteScheduler(STEPS)
    scheduler.set_timesteps(15)
    diffusion = RectifiedFlow()
    times = scheduler.sigmas.double()
    found = flow.euler(diffusion.velocity(network), start(), times)
    torch.testing.assert_close(found, theirs(scheduler, start()), atol=1e-4, rtol=1e-4)
