"""Where a shallow diffusion may begin: the step from which on a prediction's trajectory is a recording's.

By a classifier's scores (DiffSinger, section 3.3) and by the divergence of the two (its appendix A).
"""

import torch
from torch import Tensor

# Of the mean squared distance 0.06 that the paper reports and the k = 54 that its predictor finds, with T = 100 and β
# from 1e-4 to 0.06: ᾱ_54/(2(1 − ᾱ_54))·0.06, nats per mel value.
KL_OF_THE_PAPER = 0.0213


def boundary_step(real: Tensor, predicted: Tensor, threshold: float = 0.4, share: float = 0.95) -> Tensor:
    """k' of each pair: the earliest step from which on `share` of all later steps have a margin under `threshold`.

    real, predicted: (B, T) scores BP(M_t, t) and BP(M̃_t, t) in [0, 1], of t = 1 … T
    → (B,) int64 in 1 … T; T where no step will do
    """
    under = ((real - predicted).abs() < threshold).to(torch.float64)
    counts = torch.arange(under.shape[1], 0, -1, device=under.device)
    good = under.flip(1).cumsum(1).flip(1) / counts >= share
    first = good.to(torch.int64).argmax(1)
    return torch.where(good.any(1), first + 1, torch.full_like(first, under.shape[1]))


def divergence(sigmas: Tensor, squared_distance: float) -> Tensor:
    """KL(q(M_t) ‖ q(M̃_t)) per value, ᾱ_t/(2(1 − ᾱ_t))·‖M̃ − M‖² = ‖M̃ − M‖²/(2σ_t²) (appendix A), nats: (T,).

    sigmas: (T,) σ_t of t = 1 … T; squared_distance: the mean of (M̃ − M)²
    """
    return squared_distance / (2.0 * sigmas.double() ** 2)


def divergence_step(sigmas: Tensor, squared_distance: float, threshold: float = KL_OF_THE_PAPER) -> int:
    """k: the first of the steps 1 … T at which the divergence is no more than `threshold`; T where it never is."""
    close = divergence(sigmas, squared_distance) <= threshold
    return int(close.to(torch.int64).argmax()) + 1 if bool(close.any()) else len(sigmas)
