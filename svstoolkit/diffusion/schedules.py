"""Noise schedules as descending lists of σ in the variance-exploding coordinates x = x0 + σ·ε."""

import difflib
import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

# FastDiff's published inference schedules (Huang et al. 2022), as β of a short diffusion of that many steps. They were
# found by its noise-schedule predictor for a training schedule of β linear 1e-6 → 1e-2 in 1000 steps.
FASTDIFF_BETAS: dict[int, tuple[float, ...]] = {
    4: (3.2176e-04, 2.5743e-03, 2.5376e-02, 7.0414e-01),
    6: (
        1.7838445955931093e-06,
        2.7984189728158526e-05,
        4.3231004383414984e-04,
        6.634317338466644e-03,
        9.357017278671265e-02,
        0.6,
    ),
    8: (
        6.689325005027058e-07,
        1.0033881153503899e-05,
        1.5496854030061513e-04,
        2.387222135439515e-03,
        3.5597629845142365e-02,
        0.3681158423423767,
        0.4735414385795593,
        0.5,
    ),
}


def linear_betas(steps: int, beta_min: float, beta_max: float) -> Tensor:
    """β_1 … β_T, linear (Ho et al. 2020, section 4) → (T,) float64. Raises ValueError unless 0 < β_min ≤ β_max < 1."""
    if steps < 2 or not 0.0 < beta_min <= beta_max < 1.0:
        raise ValueError(f"need steps >= 2 and 0 < beta_min <= beta_max < 1, not {steps}, {beta_min}, {beta_max}")
    return torch.linspace(beta_min, beta_max, steps, dtype=torch.float64)


def cosine_betas(steps: int, beta_min: float = 0.0, beta_max: float = 0.999) -> Tensor:
    """β of ᾱ_t = cos²((t/T + s)/(1 + s)·π/2), s = 0.008, at most beta_max (Nichol & Dhariwal 2021, eq. 17) → (T,)."""
    if steps < 2:
        raise ValueError(f"need steps >= 2, not {steps}")
    offset = 0.008
    t = torch.linspace(0.0, 1.0, steps + 1, dtype=torch.float64)
    kept = torch.cos((t + offset) / (1.0 + offset) * (math.pi / 2)) ** 2
    return (1.0 - kept[1:] / kept[:-1]).clamp(min=max(beta_min, 1e-8), max=min(beta_max, 0.999))


def sigmas_from_betas(betas: Tensor) -> Tensor:
    """β (T,) → σ_t = √((1 − ᾱ_t) / ᾱ_t), (T,) ascending float64, with ᾱ_t = Π(1 − β)."""
    # log1p and expm1 keep the digits that 1 − ᾱ would lose where β is 1e-6
    return torch.expm1(-torch.log1p(-betas.double()).cumsum(0)).sqrt()


def karras_sigmas(steps: int, sigma_min: float, sigma_max: float, rho: float = 7.0) -> Tensor:
    """σ_max → σ_min, descending (steps,) float64 (Karras et al. 2022, eq. 5, without the closing zero)."""
    _check_range(steps, sigma_min, sigma_max)
    ramp = torch.linspace(0.0, 1.0, steps, dtype=torch.float64)
    high, low = sigma_max ** (1 / rho), sigma_min ** (1 / rho)
    return (high + ramp * (low - high)) ** rho


def log_linear_sigmas(steps: int, sigma_min: float, sigma_max: float) -> Tensor:
    """σ_max → σ_min, descending (steps,) float64, equal ratios."""
    _check_range(steps, sigma_min, sigma_max)
    return torch.linspace(math.log(sigma_max), math.log(sigma_min), steps, dtype=torch.float64).exp()


def linear_time_sigmas(steps: int, sigma_min: float, sigma_max: float) -> Tensor:
    """σ = t/(1 − t) of t evenly spaced, descending (steps,) float64: a rectified flow's own steps, when its last one
    goes on to 0; `sigma_min` only keeps the signature, the steps are t_max·(1 − i/steps)."""
    _check_range(steps, sigma_min, sigma_max, least=1)
    t = sigma_max / (1.0 + sigma_max) * (1.0 - torch.arange(steps, dtype=torch.float64) / steps)
    return t / (1.0 - t)


BETAS = {"linear": linear_betas, "cosine": cosine_betas}
SIGMAS = {"karras": karras_sigmas, "exponential": log_linear_sigmas, "flow": linear_time_sigmas}


def named(known: Mapping[str, Any], name: str, what: str) -> Any:
    """known[name]; raises ValueError, which lists the nearest names, where there is none."""
    if name not in known:
        near = difflib.get_close_matches(name, known, n=3) or sorted(known)
        raise ValueError(f"there is no {what} {name!r}; do you mean {' or '.join(near)}?")
    return known[name]


def named_sigmas(name: str, steps: int, sigma_min: float, sigma_max: float) -> Tensor:
    """A schedule of `SIGMAS`, (steps,) descending float64; one step is σ_max alone."""
    schedule = named(SIGMAS, name, "schedule")
    if steps == 1:
        return torch.tensor([sigma_max], dtype=torch.float64)
    return schedule(steps, sigma_min, sigma_max)


def inference_sigmas(steps: int, trained: Tensor) -> Tensor:
    """Schedule of an n-step decoding: (n + 1,) descending float64, the last 0.

    trained: σ of the training steps, (T,) ascending.
    4, 6 and 8 steps: FastDiff's published tables; T steps: the training schedule itself; any other number: equal
    ratios of σ over the trained range. The tables themselves are nearly of equal ratios (β grows about 15-fold from
    step to step), and for waveforms, whose partials lie many decibels apart, no octave of σ is idle.
    """
    if steps in FASTDIFF_BETAS:
        sigmas = sigmas_from_betas(torch.tensor(FASTDIFF_BETAS[steps], dtype=torch.float64)).flip(0)
    elif steps == len(trained):
        sigmas = trained.double().flip(0)
    elif steps == 1:
        sigmas = trained[-1:].double()
    else:
        sigmas = log_linear_sigmas(steps, float(trained[0]), float(trained[-1]))
    return torch.cat([sigmas, sigmas.new_zeros(1)])


def _check_range(steps: int, sigma_min: float, sigma_max: float, least: int = 2) -> None:
    if steps < least or not 0.0 < sigma_min < sigma_max:
        raise ValueError(f"need steps >= {least} and 0 < sigma_min < sigma_max, not {steps}, {sigma_min}, {sigma_max}")
