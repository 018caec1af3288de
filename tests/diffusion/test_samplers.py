"""Samplers against closed-form Gaussian data, for which D(x, σ) = x·σ_d²/(σ² + σ_d²), and against the textbook DDPM."""

import itertools
import math

import pytest
import torch

from svstoolkit.diffusion.discrete import DiscreteDiffusion
from svstoolkit.diffusion.samplers import ddim, ddpm
from svstoolkit.diffusion.schedules import inference_sigmas, karras_sigmas, linear_betas

SIGMA_DATA = 0.5


def denoise(x, sigma):
    return x * (SIGMA_DATA**2 / (sigma**2 + SIGMA_DATA**2))[:, None]


def schedule(steps):
    return torch.cat([karras_sigmas(steps, 1e-4, 80.0), torch.zeros(1, dtype=torch.float64)])


def test_ddim_converges_to_the_exact_solution_with_order_one():
    x = torch.full((1, 1), 80.0, dtype=torch.float64)
    exact = 80.0 * SIGMA_DATA / math.hypot(80.0, SIGMA_DATA)
    errors = [abs(float(ddim(denoise, x, schedule(n))) - exact) for n in (64, 128, 256, 512)]
    orders = [math.log2(a / b) for a, b in itertools.pairwise(errors)]
    assert all(0.9 < order < 1.15 for order in orders), orders
    assert errors[-1] < 0.01 * exact


def test_ddpm_keeps_the_marginal_variance():
    n, steps = 40_000, 400
    generator = torch.Generator().manual_seed(0)
    sigmas = schedule(steps)
    x = math.hypot(80.0, SIGMA_DATA) * torch.randn(n, 1, generator=generator, dtype=torch.float64)
    half = ddpm(denoise, x, sigmas, generator)
    standard_error = SIGMA_DATA**2 * math.sqrt(2.0 / n)
    discretisation = 0.02 * SIGMA_DATA**2  # of 400 first-order steps
    assert abs(float(half.var()) - SIGMA_DATA**2) < 4 * standard_error + discretisation
    assert abs(float(half.mean())) < 4 * SIGMA_DATA / math.sqrt(n)


def textbook_ddpm(model, x_t, betas, steps_of, generator):
    """Ho et al. 2020, algorithm 2, with σ_t² = β̃_t, in x_t coordinates."""
    alphas, alpha_bars = 1.0 - betas, torch.cumprod(1.0 - betas, 0)
    for i in reversed(range(len(betas))):
        predicted = model(x_t, steps_of[i].expand(len(x_t)))
        x_t = (x_t - betas[i] / (1.0 - alpha_bars[i]).sqrt() * predicted) / alphas[i].sqrt()
        if i > 0:
            variance = (1.0 - alpha_bars[i - 1]) / (1.0 - alpha_bars[i]) * betas[i]
            x_t = x_t + variance.sqrt() * torch.randn(x_t.shape, generator=generator, dtype=x_t.dtype)
    return x_t


@pytest.mark.parametrize("steps", [20, 200])
def test_ddpm_equals_the_textbook_update(steps):
    betas = linear_betas(steps, 1e-4, 5e-2)
    epsilon = DiscreteDiffusion(steps, 1e-4, 5e-2)

    def model(x_t, t):
        return torch.tanh(0.8 * x_t) * torch.cos(t / steps)[:, None] + 0.1

    start = torch.randn(3, 7, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    expected = textbook_ddpm(
        model, start, betas, torch.arange(steps, dtype=torch.float64), torch.Generator().manual_seed(2)
    )
    sigmas = inference_sigmas(steps, epsilon.sigmas)
    x = start * (1.0 + sigmas[0] ** 2).sqrt()
    ours = ddpm(epsilon.denoiser(model), x, sigmas, torch.Generator().manual_seed(2))
    assert torch.allclose(ours, expected, atol=1e-5)


@pytest.mark.parametrize("sigmas", [[1.0], [1.0, 2.0, 0.0], [1.0, 1.0, 0.0]])
def test_schedules_that_do_not_descend_are_refused(sigmas):
    with pytest.raises(ValueError, match="descending"):
        ddim(denoise, torch.zeros(1, 1), torch.tensor(sigmas))
