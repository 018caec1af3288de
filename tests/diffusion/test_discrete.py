"""The adapter between DDPM's coordinates and x = x0 + σ·ε."""

import torch

from svstoolkit.diffusion.discrete import DiscreteDiffusion
from svstoolkit.diffusion.schedules import inference_sigmas, linear_betas

EPSILON = DiscreteDiffusion(1000, 1e-6, 1e-2)


def test_trained_sigmas_map_to_their_own_steps():
    steps = torch.arange(1000)
    assert torch.allclose(EPSILON.step(EPSILON.sigmas), steps.double(), atol=1e-6)


def test_fractional_steps_of_the_four_step_table_are_fastdiffs():
    # FastDiff's own mapping of its table, linear in √ᾱ, gives 7.41, 23.47, 74.99, 498.05
    steps = EPSILON.step(inference_sigmas(4, EPSILON.sigmas)[:-1].flip(0))
    assert torch.allclose(steps, torch.tensor([7.41, 23.47, 74.99, 498.05], dtype=torch.float64), atol=0.06)


def test_steps_beyond_the_trained_range_are_the_nearest():
    outside = torch.tensor([float(EPSILON.sigmas[0]) / 2, float(EPSILON.sigmas[-1]) * 2])
    assert EPSILON.step(outside).tolist() == [0.0, 999.0]


def test_noised_signal_has_ddpms_coefficients():
    alpha_bar = torch.cumprod(1.0 - linear_betas(1000, 1e-6, 1e-2), 0)
    step = torch.tensor([0, 10, 500, 999])
    x0, noise = torch.randn(4, 50, dtype=torch.float64), torch.randn(4, 50, dtype=torch.float64)
    kept = alpha_bar[step][:, None]
    expected = kept.sqrt() * x0 + (1.0 - kept).sqrt() * noise
    assert torch.allclose(EPSILON.add_noise(x0, step, noise), expected, atol=1e-6)


def test_denoiser_of_the_true_noise_returns_the_clean_signal():
    x0, noise = torch.randn(3, 20, dtype=torch.float64), torch.randn(3, 20, dtype=torch.float64)
    step = torch.tensor([5, 300, 999])
    sigma = EPSILON.sigmas[step]
    seen = {}

    def model(x_t, t):
        seen["x_t"], seen["t"] = x_t, t
        return noise

    denoised = EPSILON.denoiser(model)(x0 + sigma[:, None] * noise, sigma)
    assert torch.allclose(denoised, x0, atol=1e-9)
    assert torch.allclose(seen["x_t"], EPSILON.add_noise(x0, step, noise), atol=1e-5)
    assert torch.allclose(seen["t"], step.double(), atol=1e-6)
