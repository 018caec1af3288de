"""Gaussian mixtures with diagonal covariances, one mixture per HMM state, grown by splitting."""

import heapq
import math
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Mixture:
    """weights (K,), means (K, D), variances (K, D): double precision."""

    weights: Tensor
    means: Tensor
    variances: Tensor

    def log_terms(self) -> tuple[Tensor, Tensor, Tensor]:
        """What log(weight·N(x; μ, σ²)) is made of: constant (K,), factor of x (K, D), factor of x² (K, D)."""
        log_norm = (math.log(2 * math.pi) + self.variances.log() + self.means.square() / self.variances).sum(1)
        return self.weights.log() - log_norm / 2, self.means / self.variances, -0.5 / self.variances


def single_gaussian(frames: Tensor) -> Mixture:
    """The maximum-likelihood Gaussian of frames (n, D)."""
    x = frames.double()
    return Mixture(x.new_ones(1), x.mean(0)[None], x.var(0, correction=0).clamp_min(1e-8)[None])


class StateLikelihoods:
    """Log likelihoods of frames under many mixtures at once: one matrix product, then a log-sum per mixture.

    Mixtures of equal size are summed together, so no component is padding.
    """

    def __init__(self, mixtures: list[Mixture], dtype: torch.dtype = torch.float32):
        self.sizes = torch.tensor([len(m.weights) for m in mixtures])
        self.starts = self.sizes.cumsum(0) - self.sizes
        constant, linear, quadratic = (torch.cat(p) for p in zip(*(m.log_terms() for m in mixtures), strict=True))
        self.constant = constant.to(dtype)
        self.factors = torch.cat([linear, quadratic], dim=1).to(dtype)

    def __call__(self, frames: Tensor, states: Tensor) -> Tensor:
        """frames (F, D), states (P,) int64 on the CPU → (F, P) log likelihood of each frame in each of the states."""
        sizes = self.sizes[states]
        groups = [(k, states[sizes == k]) for k in sizes.unique().tolist()]
        columns = torch.cat([(torch.arange(k)[:, None] + self.starts[group]).reshape(-1) for k, group in groups])
        columns = columns.to(frames.device)
        inputs = torch.cat([frames, frames.square()], dim=1)
        each = torch.addmm(self.constant[columns], inputs, self.factors[columns].T)
        sums = [
            part if k == 1 else part.reshape(len(frames), k, -1).logsumexp(1)
            for part, (k, _) in zip(each.split([k * len(g) for k, g in groups], dim=1), groups, strict=True)
        ]
        order = torch.argsort(torch.argsort(sizes, stable=True), stable=True)
        return torch.cat(sums, dim=1)[:, order.to(frames.device)]


def reestimated(mixture: Mixture, frames: Tensor, variance_floor: Tensor, least_frames: float) -> Mixture:
    """One EM step of a mixture on the frames (n, D) of its state.

    Args:
        variance_floor: (D,) least variance.
        least_frames: components with fewer expected frames are dropped; the heaviest always stays.

    Returns:
        The mixture unchanged when the state has fewer than two frames.
    """
    if len(frames) < 2:
        return mixture
    x = frames.double()
    constant, linear, quadratic = mixture.log_terms()
    posterior = (constant + x @ linear.T + x.square() @ quadratic.T).softmax(1)
    occupancy = posterior.sum(0)
    keep = occupancy >= min(least_frames, float(occupancy.max()))
    posterior, occupancy = posterior[:, keep], occupancy[keep]
    means = posterior.T @ x / occupancy[:, None]
    variances = (posterior.T @ x.square() / occupancy[:, None] - means.square()).maximum(variance_floor)
    return Mixture(occupancy / occupancy.sum(), means, variances)


def component_targets(occupancy: list[float], total: int, power: float, least_frames: float) -> list[int]:
    """How many components each state should have when `total` are shared out.

    Components go one at a time to the state with the most `frames**power` per component (Kaldi's rule), as long as
    each component keeps `least_frames` frames.

    Args:
        occupancy: frames per state.
    """
    targets = [1] * len(occupancy)
    heap = [(-(n**power), i) for i, n in enumerate(occupancy) if n >= 2 * least_frames]
    heapq.heapify(heap)
    for _ in range(total - len(occupancy)):
        if not heap:
            break
        _, i = heapq.heappop(heap)
        targets[i] += 1
        if occupancy[i] >= (targets[i] + 1) * least_frames:
            heapq.heappush(heap, (-(occupancy[i] ** power) / targets[i], i))
    return targets


def split(mixture: Mixture, target: int, perturbation: float, generator: torch.Generator) -> Mixture:
    """Splits the heaviest component until there are `target`: two halves, ±perturbation·σ·N(0, 1) apart."""
    weights, means, variances = mixture.weights, mixture.means, mixture.variances
    while len(weights) < target:
        heaviest = int(weights.argmax())
        offset = torch.randn(means.shape[1], dtype=means.dtype, generator=generator).to(means.device)
        offset = offset * variances[heaviest].sqrt() * perturbation
        weights = torch.cat([weights, weights[heaviest : heaviest + 1]])
        weights[[heaviest, -1]] = weights[heaviest] / 2
        means = torch.cat([means, (means[heaviest] - offset)[None]])
        means[heaviest] += offset
        variances = torch.cat([variances, variances[heaviest : heaviest + 1]])
    return Mixture(weights, means, variances)
