"""Consistency functions against closed-form Gaussian data.

With D(x, σ) = x·σ_d²/(σ² + σ_d²) the probability-flow ODE carries x at σ to x·√((σ_d² + σ_min²)/(σ_d² + σ²)) at σ_min.
"""

import itertools
import math

import pytest
import torch

from svstoolkit.diffusion.consistency import (
    consistency_function,
    distillation_loss,
    multistep_sampling,
    sampling_sigmas,
)
from svstoolkit.diffusion.samplers import ddim
from svstoolkit.diffusion.schedules import karras_sigmas

SIGMA_DATA, SIGMA_MIN, SIGMA_MAX = 0.5, 0.002, 80.0


def denoise(x, sigma):
    return x * (SIGMA_DATA**2 / (sigma**2 + SIGMA_DATA**2))[:, None]


def exact(x, sigma):
    return x * ((SIGMA_DATA**2 + SIGMA_MIN**2) / (SIGMA_DATA**2 + sigma**2)).sqrt()[:, None]


def grid_of(points):
    return karras_sigmas(points, SIGMA_MIN, SIGMA_MAX).flip(0)


def random_batch(n=4000):
    generator = torch.Generator().manual_seed(0)
    x0 = SIGMA_DATA * torch.randn(n, 1, generator=generator, dtype=torch.float64)
    return x0, torch.randn(n, 1, generator=generator, dtype=torch.float64), generator


def test_boundary_is_exact_for_any_network():
    x = torch.randn(5, 8, dtype=torch.float64)
    f = consistency_function(lambda x, sigma: torch.sin(7 * x) + 3.0, SIGMA_MIN)
    assert torch.equal(f(x, torch.full((5,), SIGMA_MIN, dtype=torch.float64)), x)


def test_untrained_student_is_one_ddim_step_of_the_teacher():
    x = 10.0 * torch.randn(6, 1, dtype=torch.float64)
    sigma = torch.full((6,), 10.0, dtype=torch.float64)
    expected = ddim(denoise, x, torch.tensor([10.0, SIGMA_MIN], dtype=torch.float64))
    assert torch.allclose(consistency_function(denoise, SIGMA_MIN)(x, sigma), expected, atol=1e-12)


def test_exact_consistency_function_is_the_fixed_point():
    x0, noise, generator = random_batch()
    losses = []
    for points in (25, 100, 400, 1600):
        grid = grid_of(points)
        index = torch.randint(points - 1, (len(x0),), generator=generator)
        losses.append(float(distillation_loss(exact, exact, denoise, x0, noise, index, grid)))
    # local error of an Euler step is O(h²): the squared loss falls as points⁻⁴
    orders = [math.log(a / b, 4) for a, b in itertools.pairwise(losses)]
    assert all(3.0 < order < 5.0 for order in orders), orders
    assert losses[-1] < 1e-9


def test_other_functions_are_no_fixed_point():
    x0, noise, generator = random_batch()
    grid = grid_of(1600)
    index = torch.randint(1599, (len(x0),), generator=generator)
    one_step = consistency_function(denoise, SIGMA_MIN)  # the untrained student: inexact away from σ_min
    assert float(distillation_loss(one_step, exact, denoise, x0, noise, index, grid)) > 1e-2


def test_no_gradient_reaches_target_or_teacher():
    x0, noise, _ = random_batch(8)
    scales = [torch.ones((), dtype=torch.float64, requires_grad=True) for _ in range(3)]
    loss = distillation_loss(
        lambda x, s: exact(x, s) * scales[0],
        lambda x, s: exact(x, s) * scales[1],
        lambda x, s: denoise(x, s) * scales[2],
        x0, noise, torch.full((8,), 10), grid_of(25),
    )  # fmt: skip
    loss.backward()
    assert scales[0].grad is not None
    assert scales[1].grad is None
    assert scales[2].grad is None


@pytest.mark.parametrize("steps", [1, 2, 4])
def test_sampling_with_the_exact_function_has_the_datas_variance(steps):
    n = 40_000
    generator = torch.Generator().manual_seed(0)
    sigmas = sampling_sigmas(steps, grid_of(25))
    x = math.hypot(SIGMA_MAX, SIGMA_DATA) * torch.randn(n, 1, generator=generator, dtype=torch.float64)
    sample = multistep_sampling(exact, x, sigmas, SIGMA_MIN, generator)
    variance = SIGMA_DATA**2 + SIGMA_MIN**2
    assert abs(float(sample.var()) - variance) < 4 * variance * math.sqrt(2.0 / n)


def test_sampling_grid_starts_at_the_top_and_descends():
    grid = grid_of(25)
    assert sampling_sigmas(1, grid).tolist() == [grid[-1]]
    four = sampling_sigmas(4, grid)
    assert torch.equal(four, grid[[24, 18, 12, 6]])
    with pytest.raises(ValueError, match="steps"):
        sampling_sigmas(25, grid)
