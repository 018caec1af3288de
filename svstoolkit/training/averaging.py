"""Exponential moving averages of a network's weights."""

import copy

import torch
from torch import nn


class AveragedNetwork:
    """A copy of a network whose parameters follow the original's average; its buffers are the original's.

    After n updates the decay is min(decay, (1+n)/(10+n)), so that the initial weights are soon forgotten.
    """

    def __init__(self, network: nn.Module, decay: float):
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self.decay = decay
        self._parameters = list(self.network.parameters()), list(network.parameters())
        self._buffers = list(self.network.buffers()), list(network.buffers())

    @torch.no_grad()
    def update(self, n: int) -> None:
        """Moves the average towards the network's present weights; `n` updates were made before."""
        weight = 1 - min(self.decay, (1 + n) / (10 + n))
        torch._foreach_lerp_(*self._parameters, weight)
        if self._buffers[0]:
            torch._foreach_copy_(*self._buffers)
