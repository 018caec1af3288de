"""The least-squares GAN and feature matching losses of HiFi-GAN (its equations 1, 2 and 4)."""

from collections.abc import Sequence

import torch
from torch import Tensor


def discriminator_loss(real: Sequence[Tensor], fake: Sequence[Tensor]) -> Tensor:
    """Equation 1: Σ over discriminators of E[(D(x) − 1)²] + E[D(G(s))²]. real, fake: scores, any shapes."""
    return torch.stack([(r - 1).square().mean() + f.square().mean() for r, f in zip(real, fake, strict=True)]).sum()


def generator_loss(fake: Sequence[Tensor]) -> Tensor:
    """Equation 2: Σ over discriminators of E[(D(G(s)) − 1)²]. fake: scores, any shapes."""
    return torch.stack([(f - 1).square().mean() for f in fake]).sum()


def feature_matching_loss(real: Sequence[Sequence[Tensor]], fake: Sequence[Sequence[Tensor]]) -> Tensor:
    """Equation 4: Σ over discriminators and layers of the mean absolute difference. real, fake: feature maps.

    No gradient flows into `real`.
    """
    return torch.stack(
        [
            (r.detach() - f).abs().mean()
            for real_maps, fake_maps in zip(real, fake, strict=True)
            for r, f in zip(real_maps, fake_maps, strict=True)
        ]
    ).sum()
