"""Masks of padded batches: True where a position is real."""

import torch
from torch import Tensor


def length_mask(lengths: Tensor, max_length: int) -> Tensor:
    """lengths: (B,) → (B, max_length) bool, True at positions below each length."""
    return torch.arange(max_length, device=lengths.device) < lengths[:, None]
