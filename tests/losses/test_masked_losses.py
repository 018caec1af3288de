"""Masked losses against the plain ones on the unmasked part."""

import torch
from torch.nn.functional import binary_cross_entropy_with_logits, l1_loss, mse_loss

from svstoolkit.losses.masked import masked_bce, masked_l1, masked_mean, masked_mse

MASK = torch.tensor([[True, True, False], [True, False, False]])


def test_padding_counts_for_nothing():
    torch.manual_seed(0)
    a, b = torch.randn(2, 3, 4), torch.randn(2, 3, 4)
    torch.testing.assert_close(masked_l1(a, b, MASK), l1_loss(a[MASK], b[MASK]))
    torch.testing.assert_close(masked_mse(a[..., 0], b[..., 0], MASK), mse_loss(a[MASK][:, 0], b[MASK][:, 0]))
    target = (b[..., 0] > 0).float()
    expected = binary_cross_entropy_with_logits(a[MASK][:, 0], target[MASK])
    torch.testing.assert_close(masked_bce(a[..., 0], target, MASK), expected)


def test_an_empty_mask_gives_zero():
    assert masked_mean(torch.ones(2, 3), torch.zeros(2, 3, dtype=torch.bool)) == 0
