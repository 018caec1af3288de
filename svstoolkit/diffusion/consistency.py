"""Consistency functions, their distillation from any denoiser, and their sampling, in coordinates x = x0 + σ·ε.

Song et al. 2023, "Consistency Models"; the distillation is CoMoSVC's Algorithm 1 (arXiv 2401.01792).
"""

from collections.abc import Callable

import torch
from torch import Tensor

from svstoolkit.diffusion.samplers import Denoiser

ConsistencyFunction = Callable[[Tensor, Tensor], Tensor]  # f(x (B, …), σ (B,)) → x at σ_min (B, …)


def consistency_function(denoise: Denoiser, sigma_min: float) -> ConsistencyFunction:
    """f(x, σ) = x + (σ_min/σ − 1)·(x − D(x, σ)), one DDIM step to σ_min.

    f(x, σ_min) = x holds exactly for any network (the boundary condition of Song et al. 2023, eq. 5), and a student
    that starts with its teacher's weights starts as that teacher's single DDIM step; Kim et al. 2024 (CTM) build
    their jump the same way.
    """

    def consistent(x: Tensor, sigma: Tensor) -> Tensor:
        return euler_step(denoise, x, sigma, torch.full_like(sigma, sigma_min))

    return consistent


def euler_step(denoise: Denoiser, x: Tensor, sigma: Tensor, sigma_next: Tensor) -> Tensor:
    """x (B, …) at σ (B,) → σ_next (B,): (σ_n/σ)·x + ((σ − σ_n)/σ)·D(x, σ) (CoMoSVC, Alg. 1)."""
    ratio = (sigma_next / sigma).to(x.dtype).reshape(-1, *[1] * (x.dim() - 1))
    return x + (ratio - 1.0) * (x - denoise(x, sigma))


def distillation_loss(
    student: ConsistencyFunction,
    target: ConsistencyFunction,
    teacher: Denoiser,
    x0: Tensor,
    noise: Tensor,
    index: Tensor,
    grid: Tensor,
) -> Tensor:
    """Mean of ‖f_θ(x_{n+1}, σ_{n+1}) − f_θ⁻(x̂_n, σ_n)‖² per element (CoMoSVC, Alg. 1) → scalar.

    x_{n+1} = x0 + σ_{n+1}·noise, and x̂_n is one Euler step of the frozen teacher from there.
    x0, noise: (B, …); index: n (B,) integers in [0, N − 2]; grid: (N,) ascending σ, the first being σ_min.
    """
    sigma, sigma_next = grid[index + 1], grid[index]
    x = x0 + sigma.to(x0.dtype).reshape(-1, *[1] * (x0.dim() - 1)) * noise
    with torch.no_grad():
        goal = target(euler_step(teacher, x, sigma, sigma_next), sigma_next)
    return (student(x, sigma) - goal).square().mean()


def sampling_sigmas(steps: int, grid: Tensor) -> Tensor:
    """Where a k-step sampling enters the grid (N,), ascending: k of its points from the top, evenly spaced in index,
    descending (k,). The lowest point is never one of them: f is the identity there."""
    if not 1 <= steps < len(grid):
        raise ValueError(f"a grid of {len(grid)} points allows 1 to {len(grid) - 1} steps, not {steps}")
    top = len(grid) - 1
    return grid[[round(top * (1.0 - k / steps)) for k in range(steps)]]


def multistep_sampling(
    consistent: ConsistencyFunction,
    x: Tensor,
    sigmas: Tensor,
    sigma_min: float,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Multistep consistency sampling (Song et al. 2023, Alg. 1): x ← f(x + √(σ_i² − σ_min²)·z, σ_i).

    x: (B, …) = σ_0·ε; sigmas: (k,) descending, as `sampling_sigmas` gives.
    """
    sigmas = sigmas.to(device=x.device, dtype=x.dtype)
    for i, sigma in enumerate(sigmas):
        if i > 0:
            noise = torch.randn(x.shape, generator=generator, dtype=x.dtype, device=x.device)
            x = x + (sigma**2 - sigma_min**2).clamp_min(0.0).sqrt() * noise
        x = consistent(x, sigma.expand(len(x)))
    return x
