"""Orders of convergence on data ~ N(0, σ_d²), where D(x, σ) = x·σ_d²/(σ² + σ_d²) and the solution has a closed form.

x(σ') = x(σ)·√(σ'² + σ_d²)/√(σ² + σ_d²) along the probability flow, whatever the parameterisation it comes from.
"""

import itertools
import math

import pytest
import torch

from svstoolkit.diffusion import flow
from svstoolkit.diffusion.sampling import NAMES, SAMPLERS, sample
from svstoolkit.diffusion.schedules import log_linear_sigmas

DATA, TOP, LOW = 0.5, 10.0, 1e-3
STEPS = (16, 32, 64, 128)


def denoise(x, sigma):
    return x * (DATA**2 / (sigma**2 + DATA**2))[:, None]


def observed_orders(errors):
    return [math.log2(a / b) for a, b in itertools.pairwise(errors)]


# PLMS has its fourth order on equal steps alone; UniPC's corrector gains one order on its two estimates
@pytest.mark.parametrize(
    ("name", "order"), [("ddim", 1), ("euler", 1), ("heun", 2), ("plms", 2), ("dpm_solver_pp_2m", 2), ("unipc", 3)]
)
def test_samplers_converge_with_their_order(name, order):
    start = torch.full((1, 1), TOP, dtype=torch.float64)
    exact = TOP * math.hypot(LOW, DATA) / math.hypot(TOP, DATA)
    errors = [
        abs(float(SAMPLERS[name](denoise, start, log_linear_sigmas(n + 1, LOW, TOP), None)) - exact) for n in STEPS
    ]
    assert all(abs(found - order) < 0.25 for found in observed_orders(errors)[1:]), (errors, observed_orders(errors))


@pytest.mark.parametrize(("method", "order"), [(flow.euler, 1), (flow.rk4, 4)])
def test_flow_methods_converge_with_their_order(method, order):
    """x_t = (1 − t)·x0 + t·ε of Gaussian data: dx/dt = x·(t − (1 − t)·σ_d²)/((1 − t)²σ_d² + t²)."""

    def velocity(x, t):
        spread = (1 - t) ** 2 * DATA**2 + t**2
        return x * ((t - (1 - t) * DATA**2) / spread)[:, None]

    start = torch.ones(1, 1, dtype=torch.float64)
    errors = [
        abs(float(method(velocity, start, torch.linspace(1, 0, n + 1, dtype=torch.float64))) - DATA)
        for n in (16, 32, 64, 128)
    ]
    assert all(abs(found - order) < 0.35 for found in observed_orders(errors)[1:]), (errors, observed_orders(errors))


@pytest.mark.parametrize("name", NAMES)
def test_every_sampler_ends_on_the_data(name):
    """From noise, by a DDPM whose ε is exact: the samples' variance is the data's within Monte-Carlo error."""
    from svstoolkit.diffusion.discrete import DiscreteDiffusion

    diffusion = DiscreteDiffusion(100, 1e-4, 0.2)

    def model(x_t, step):
        low = step.floor().long().clamp(0, 98)
        logs = diffusion.sigmas.log()
        sigma = (logs[low] + (step - low) * (logs[low + 1] - logs[low])).exp()[:, None]
        x = x_t * (1 + sigma**2).sqrt()
        return (x - x * DATA**2 / (sigma**2 + DATA**2)) / sigma

    count = 20_000
    noise = torch.randn(count, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    drawn = sample(diffusion, model, noise, name, 60, "exponential", generator=torch.Generator().manual_seed(1))
    expected = DATA**2
    if name == "ddpm":  # of first order: what its 60 steps do to the variance can be summed exactly
        sigmas = diffusion.schedule(60, "exponential")
        expected = 1.0 + float(sigmas[0]) ** 2
        for sigma, following in itertools.pairwise(sigmas.tolist()):
            share, kept = DATA**2 / (DATA**2 + sigma**2), (following / sigma) ** 2
            expected = (share + kept * (1 - share)) ** 2 * expected + following**2 * (1 - kept)
        assert expected < 0.9 * DATA**2
    error = 4 * expected * math.sqrt(2.0 / count)
    assert abs(float(drawn.var()) - expected) < error + (0.0 if name == "ddpm" else 0.04 * DATA**2)


def test_a_shallow_start_is_exact():
    """M̃ + σ_k·z with M̃ from the data's own distribution is the marginal at σ_k: sampling from there gives the data."""
    from svstoolkit.diffusion.edm import EdmDiffusion

    diffusion, count = EdmDiffusion(sigma_min=0.002, sigma_max=80.0, shifted=False), 40_000
    generator = torch.Generator().manual_seed(2)
    start, noise = (torch.randn(count, 1, generator=generator, dtype=torch.float64) for _ in range(2))

    def model(x, noise_level):  # F of the exact denoiser: D = c_skip·x, since the data are Gaussian of that very σ_d
        return torch.zeros_like(x)

    drawn = sample(diffusion, model, noise, "heun", 40, start=DATA * start, highest=1.5)
    assert abs(float(drawn.var()) - DATA**2) < 4 * DATA**2 * math.sqrt(2.0 / count) + 2e-3
    along = float((drawn * start).mean()) / DATA  # what is left of M̃: σ_d²/(σ_d² + σ_k²) is lost in the noise
    assert along == pytest.approx(DATA / math.hypot(DATA, 1.5), abs=0.02)
