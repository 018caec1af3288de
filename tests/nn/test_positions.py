"""Rotary and ALiBi attention against their papers' formulas; pre-norm blocks; the post-net of a padded batch."""

import math

import pytest
import torch
from torch.nn.functional import layer_norm

from svstoolkit.nn.attention import SelfAttention, distance_penalty, rotated
from svstoolkit.nn.postnet import PostNet
from svstoolkit.nn.transformer import FFTBlock, FFTStack


def test_rotation_is_multiplication_by_a_complex_number():
    x = torch.randn(2, 7, 6)
    as_complex = torch.view_as_complex(x.view(2, 7, 3, 2).contiguous())
    rates = torch.tensor([1.0, 10000 ** (-2 / 6), 10000 ** (-4 / 6)])
    turned = as_complex * torch.polar(torch.ones(7, 3), torch.arange(7)[:, None] * rates)
    torch.testing.assert_close(rotated(x), torch.view_as_real(turned).flatten(2))


def test_rotary_products_depend_on_the_distance_alone():
    q, k = torch.randn(1, 1, 8).expand(1, 50, 8), torch.randn(1, 1, 8).expand(1, 50, 8)
    products = rotated(q)[0] @ rotated(k)[0].T
    for distance in (-20, -1, 0, 3):
        diagonal = products.diagonal(distance)
        torch.testing.assert_close(diagonal, diagonal[:1].expand_as(diagonal), atol=1e-4, rtol=1e-4)


def test_alibi_penalises_distance_by_the_papers_slopes():
    penalty = distance_penalty(8, 5)
    assert penalty[:, 0, 0].tolist() == [0.0] * 8
    torch.testing.assert_close(-penalty[:, 0, 1], torch.tensor([2.0**-h for h in range(1, 9)]))
    torch.testing.assert_close(penalty[2, 1], -torch.tensor([1.0, 0, 1, 2, 3]) / 8)


@pytest.mark.parametrize("positions", ["rotary", "alibi"])
def test_attention_is_softmax_of_its_products(positions):
    torch.manual_seed(0)
    layer = SelfAttention(8, heads=2, positions=positions)
    x = torch.randn(1, 5, 8)
    q, k, v = layer.query_key_value(x)[0].split(8, dim=-1)
    heads = []
    for h in range(2):
        part = slice(4 * h, 4 * h + 4)
        if positions == "rotary":
            scores = rotated(q[:, part]) @ rotated(k[:, part]).T / 2
        else:
            apart = (torch.arange(5)[:, None] - torch.arange(5)).abs()
            scores = q[:, part] @ k[:, part].T / 2 - apart * 2.0 ** (-4 * (h + 1))
        scores[:, 4] = -math.inf  # the last position is masked
        heads.append(scores.softmax(-1) @ v[:, part])
    mask = torch.tensor([[True] * 4 + [False]])
    torch.testing.assert_close(layer(x, mask)[0], layer.output(torch.cat(heads, dim=-1)))


@pytest.mark.parametrize("positions", ["rotary", "alibi"])
def test_shifted_inputs_give_shifted_outputs(positions):
    """Neither knows where the utterance begins; sinusoidal positions do."""
    torch.manual_seed(0)
    stack = FFTStack(2, 8, 2, 1, 16, 0.0, positions=positions)
    x, mask = torch.randn(1, 6, 8), torch.ones(1, 6, dtype=torch.bool)
    later = torch.cat((torch.zeros(1, 4, 8), x), dim=1)
    shown = torch.cat((torch.zeros(1, 4, dtype=torch.bool), mask), dim=1)
    torch.testing.assert_close(stack(later, shown)[:, 4:], stack(x, mask), atol=1e-5, rtol=1e-5)
    absolute = FFTStack(2, 8, 2, 1, 16, 0.0)
    assert not torch.allclose(absolute(later, shown)[:, 4:], absolute(x, mask), atol=1e-3)


def test_pre_norm_block_by_hand():
    torch.manual_seed(0)
    block = FFTBlock(8, 2, 3, 16, 0.0, activation="gelu", norm="pre")
    x, mask = torch.randn(1, 5, 8), torch.ones(1, 5, dtype=torch.bool)
    y = x + block.attention(layer_norm(x, (8,)), mask)
    inner = torch.nn.functional.gelu(block.conv_in(layer_norm(y, (8,)).transpose(1, 2)).transpose(1, 2))
    torch.testing.assert_close(block(x, mask), y + block.conv_out(inner))


def test_rotary_refuses_an_odd_width_per_head():
    with pytest.raises(ValueError, match="even for rotary"):
        SelfAttention(6, heads=2, positions="rotary")


def test_postnet_of_a_padded_batch():
    torch.manual_seed(0)
    net = PostNet(4, channels=8, layers=3).eval()
    mel, mask = torch.randn(2, 9, 4), torch.tensor([[True] * 9, [True] * 5 + [False] * 4])
    together = net(mel, mask)
    torch.testing.assert_close(together[1, :5], net(mel[1:, :5], mask[1:, :5])[0], atol=1e-6, rtol=1e-6)
    assert not together[1, 5:].any()
    with pytest.raises(ValueError, match="odd kernel"):
        PostNet(4, kernel=4)
