"""Means over the real positions of a padded batch."""

from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits


def masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    """values: (B, T) or (B, T, C); mask: (B, T) bool → the mean where True, a scalar; 0 when nothing is."""
    weight = mask.to(values.dtype)
    if values.dim() == 3:
        values = values.mean(-1)
    return (values * weight).sum() / weight.sum().clamp(min=1.0)


def masked_l1(prediction: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Mean absolute error where `mask` is True; shapes as in masked_mean."""
    return masked_mean((prediction - target).abs(), mask)


def masked_mse(prediction: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Mean squared error where `mask` is True; shapes as in masked_mean."""
    return masked_mean((prediction - target).square(), mask)


def masked_bce(logits: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Mean binary cross-entropy (nats) where `mask` is True. logits, target: (B, T), target in [0, 1]."""
    return masked_mean(binary_cross_entropy_with_logits(logits, target, reduction="none"), mask)
