"""Sliding-window attention against full attention with a band mask."""

import pytest
import torch
import torch.nn.functional as F

from svstoolkit.nn.sliding_window import SlidingWindowAttention


def banded_full_attention(module, x, reach):
    batch, length, channels = x.shape
    qkv = module.query_key_value(x).view(batch, length, 3, module.heads, channels // module.heads)
    q, k, v = qkv.permute(2, 0, 3, 1, 4)
    position = torch.arange(length)
    band = (position[:, None] - position[None]).abs() <= reach
    scores = (q @ k.transpose(2, 3)) / (channels // module.heads) ** 0.5
    y = scores.masked_fill(~band, -torch.inf).softmax(-1) @ v
    return module.output(y.transpose(1, 2).reshape(batch, length, channels))


@pytest.mark.parametrize("length", [1, 3, 7, 8, 9, 16, 33])
def test_equals_full_attention_with_a_band_mask(length):
    torch.manual_seed(0)
    module = SlidingWindowAttention(8, heads=2, window=8).double()
    x = torch.randn(2, length, 8, dtype=torch.float64)
    assert torch.allclose(module(x), banded_full_attention(module, x, 4), atol=1e-12)


def test_gradients_are_finite_and_stay_in_the_window():
    module = SlidingWindowAttention(4, heads=1, window=6)
    x = torch.randn(1, 20, 4, requires_grad=True)
    module(x)[0, 10].sum().backward()
    touched = x.grad[0].abs().sum(1) > 0
    assert torch.isfinite(x.grad).all()
    assert touched.nonzero().flatten().tolist() == list(range(7, 14))


def test_memory_is_linear_in_the_length():
    module = SlidingWindowAttention(4, heads=1, window=8)
    sizes = []

    def record(q, k, v, attn_mask=None):
        sizes.append(q.shape[0] * q.shape[2] * k.shape[2])
        return attention(q, k, v, attn_mask=attn_mask)

    attention, F.scaled_dot_product_attention = F.scaled_dot_product_attention, record
    try:
        module(torch.randn(1, 100, 4))
        module(torch.randn(1, 200, 4))
    finally:
        F.scaled_dot_product_attention = attention
    assert sizes[1] == 2 * sizes[0]


@pytest.mark.parametrize("arguments", [(6, 4, 8), (8, 2, 7), (8, 2, 0)])
def test_impossible_shapes_are_refused(arguments):
    with pytest.raises(ValueError, match="window"):
        SlidingWindowAttention(*arguments)
