"""Spectral change: how much the sound differs before and after each moment, which is largest where phones meet.

A state chain alone is vague about where in a transition a boundary lies, and can settle, all phones alike, tens of
milliseconds beside it at a better likelihood than the truth's. The change of the spectrum (Furui 1986) is sharp there
and knows nothing of the chain, so it decides between starts and draws boundaries to itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

FRAMES = 2  # compared on each side
LEAST = 1e-2  # distance of cepstra that counts as none
MOST_FOR, MOST_AGAINST = 6.0, 4.0  # log likelihood ratio beyond which change says no more


def spectral_change(cepstra: Tensor) -> Tensor:
    """Log Euclidean distance between the mean cepstra of the two frames from t on and of the two before it.

    Args:
        cepstra: (T, D), not normalised

    Returns:
        (T,); entry t belongs to a boundary between frames t − 1 and t. Entry 0 is entry 1.
    """
    count = len(cepstra)
    sums = torch.cat([cepstra.new_zeros(1, cepstra.shape[1]), cepstra.cumsum(0)])
    here = torch.arange(count, device=cepstra.device)
    before, after = (here - FRAMES).clamp_min(0), (here + FRAMES).clamp_max(count)
    left = (sums[here] - sums[before]) / (here - before).clamp_min(1)[:, None]
    right = (sums[after] - sums[here]) / (after - here)[:, None]
    distance = (right - left).norm(dim=1)
    distance[:1] = distance[1:2] if count > 1 else 0.0
    return torch.log(distance + LEAST)


@dataclass(frozen=True)
class ChangeModel:
    """Log change at boundaries and everywhere, each a Gaussian (mean, standard deviation)."""

    at_boundaries: tuple[float, float]
    everywhere: tuple[float, float]

    @classmethod
    def fitted(cls, at_boundaries: Tensor, everywhere: Tensor) -> "ChangeModel":
        """From the changes at the boundaries of an alignment and at all frames.

        The deviation at boundaries is at least half of that everywhere: an early alignment is surer than it is right.
        """
        deviation = max(float(everywhere.std(correction=0)), 1e-3)
        spread = max(float(at_boundaries.std(correction=0)), 0.5 * deviation)
        return cls((float(at_boundaries.mean()), spread), (float(everywhere.mean()), deviation))

    def log_ratio(self, change: Tensor) -> Tensor:
        """Log likelihood ratio of a boundary against any frame, limited to both sides; shape as `change`."""
        (mean, spread), (usual, deviation) = self.at_boundaries, self.everywhere
        ratio = ((change - usual) / deviation).square() / 2 - ((change - mean) / spread).square() / 2
        return (ratio + float(np.log(deviation / spread))).clamp(-MOST_AGAINST, MOST_FOR)


def mean_change(change: Sequence[Tensor], boundaries: Sequence[np.ndarray]) -> float:
    """Mean distance at inner boundaries (frames) of all utterances: how well they sit where the sound changes."""
    at = torch.cat([c[torch.as_tensor(edges[1:-1]).to(c.device)] for c, edges in zip(change, boundaries, strict=True)])
    return float(at.exp().mean()) if len(at) else 0.0
