"""Samplers that are exact for a linear term and look back at earlier estimates: DPM-Solver++ and UniPC.

Both solve in λ = −ln σ, half the log signal-to-noise ratio: x(σ') = (σ'/σ)·x + σ'·∫ e^λ D dλ from λ to λ'. Arguments as
in `samplers`. A step to σ = 0 is the estimate itself.
"""

import torch
from torch import Tensor

from svstoolkit.diffusion.samplers import Denoiser, estimate, noise_like, pairs


def dpm_solver_pp_2m(denoise: Denoiser, x: Tensor, sigmas: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """DPM-Solver++(2M) (Lu et al. 2022b, Algorithm 2): second order with one evaluation a step."""
    before: tuple[Tensor, Tensor] | None = None  # the step before: its h and its estimate
    for sigma, sigma_next in pairs(sigmas, x):
        denoised = estimate(denoise, x, sigma)
        if sigma_next == 0:
            return denoised
        h = torch.log(sigma / sigma_next)
        extrapolated = denoised
        if before is not None:
            extrapolated = denoised + 0.5 * (h / before[0]) * (denoised - before[1])
        x = (sigma_next / sigma) * x - torch.expm1(-h) * extrapolated
        before = (h, denoised)
    return x


def dpm_solver_pp_sde(denoise: Denoiser, x: Tensor, sigmas: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """SDE-DPM-Solver++(2M) (Lu et al. 2022b, section 5): the same on the diffusion SDE, with fresh noise each step."""
    before: tuple[Tensor, Tensor] | None = None
    for sigma, sigma_next in pairs(sigmas, x):
        denoised = estimate(denoise, x, sigma)
        if sigma_next == 0:
            return denoised
        h = torch.log(sigma / sigma_next)
        gained = -torch.expm1(-2.0 * h)
        x = (sigma_next / sigma) * torch.exp(-h) * x + gained * denoised
        if before is not None:
            x = x + 0.5 * gained * (h / before[0]) * (denoised - before[1])
        x = x + sigma_next * gained.sqrt() * noise_like(x, generator)
        before = (h, denoised)
    return x


def unipc(
    denoise: Denoiser, x: Tensor, sigmas: Tensor, generator: torch.Generator | None = None, order: int = 2
) -> Tensor:
    """UniPC (Zhao et al. 2023, Algorithms 1-2, data prediction, B(h) = e^h − 1): predictor and corrector of `order`.

    Each estimate corrects the step that led to it, so a step still costs one evaluation. The order grows from 1 at the
    first step and is at most the number of steps that are left.
    """
    steps = pairs(sigmas, x)
    history: list[tuple[Tensor, Tensor]] = []  # (σ, estimate) of the steps before, newest first
    arrived = None  # (x it left from, step's σ pair, order) of the last step, to be corrected
    for number, (sigma, sigma_next) in enumerate(steps):
        denoised = estimate(denoise, x, sigma)
        if arrived is not None:
            start, left, used = arrived
            x = _correct(start, left, sigma, history[:used], denoised)
        history = [(sigma, denoised), *history[: order - 1]]
        if sigma_next == 0:
            return denoised
        used = min(order, number + 1, len(steps) - number)
        arrived = (x, sigma, used)
        x = _predict(x, sigma, sigma_next, history[:used])
    return x


def _predict(x: Tensor, sigma: Tensor, sigma_next: Tensor, history: list[tuple[Tensor, Tensor]]) -> Tensor:
    """UniP-p: from σ to σ', with the estimates at σ and before."""
    h = torch.log(sigma / sigma_next)
    base = (sigma_next / sigma) * x - torch.expm1(-h) * history[0][1]
    ratios, differences = _differences(sigma, h, history)
    if not differences:
        return base
    if len(differences) == 1:
        weights = torch.full((1,), 0.5, dtype=x.dtype, device=x.device)  # as published: any choice has order 2
    else:
        weights = torch.linalg.solve(*_system(torch.stack(ratios), h))
    return base - torch.expm1(-h) * sum(w * d for w, d in zip(weights, differences, strict=True))


def _correct(
    x: Tensor, sigma: Tensor, sigma_next: Tensor, history: list[tuple[Tensor, Tensor]], arrived: Tensor
) -> Tensor:
    """UniC-p: the same step once more, with the estimate where it led to."""
    h = torch.log(sigma / sigma_next)
    base = (sigma_next / sigma) * x - torch.expm1(-h) * history[0][1]
    ratios, differences = _differences(sigma, h, history)
    ratios, differences = [*ratios, torch.ones_like(h)], [*differences, arrived - history[0][1]]
    if len(differences) == 1:
        weights = torch.full((1,), 0.5, dtype=x.dtype, device=x.device)
    else:
        weights = torch.linalg.solve(*_system(torch.stack(ratios), h))
    return base - torch.expm1(-h) * sum(w * d for w, d in zip(weights, differences, strict=True))


def _differences(sigma: Tensor, h: Tensor, history: list[tuple[Tensor, Tensor]]) -> tuple[list[Tensor], list[Tensor]]:
    """r_i = (λ_i − λ)/h of the earlier estimates, and their divided differences D_i/r_i from the newest one."""
    ratios = [torch.log(sigma / earlier) / h for earlier, _ in history[1:]]
    return ratios, [(past - history[0][1]) / r for r, (_, past) in zip(ratios, history[1:], strict=True)]


def _system(ratios: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
    """The matrix (r_i^(k−1)) and right-hand side (k!·φ_{k+1}(−h)·(−h)^… / B) whose solution weighs the differences."""
    rows, right = [], []
    step = -h
    phi, factorial = torch.expm1(step) / step - 1.0, 1.0
    for k in range(1, len(ratios) + 1):
        rows.append(ratios ** (k - 1))
        right.append(phi * factorial / torch.expm1(step))
        factorial *= k + 1
        phi = phi / step - 1.0 / factorial
    return torch.stack(rows), torch.stack(right)
