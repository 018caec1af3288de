"""Attention against its formula, positions against the paper's, masks against counting."""

import math

import pytest
import torch

from svstoolkit.nn.attention import SelfAttention
from svstoolkit.nn.embeddings import harmonic_comb, sinusoidal_positions, time_features
from svstoolkit.nn.masks import length_mask


def test_length_mask():
    assert length_mask(torch.tensor([2, 0, 3]), 3).tolist() == [[True, True, False], [False] * 3, [True] * 3]


def test_attention_is_softmax_of_scaled_dot_products():
    torch.manual_seed(0)
    layer = SelfAttention(6, heads=2).eval()
    x = torch.randn(1, 5, 6)
    q, k, v = layer.query_key_value(x)[0].split(6, dim=-1)
    heads = []
    for h in range(2):
        part = slice(3 * h, 3 * h + 3)
        scores = q[:, part] @ k[:, part].T / math.sqrt(3)
        scores[:, 4] = -math.inf  # the last position is masked
        heads.append(scores.softmax(-1) @ v[:, part])
    mask = torch.tensor([[True] * 4 + [False]])
    torch.testing.assert_close(layer(x, mask)[0], layer.output(torch.cat(heads, dim=-1)))


def test_attention_refuses_heads_that_do_not_divide():
    with pytest.raises(ValueError, match="multiple of heads"):
        SelfAttention(8, heads=3)


def test_positions_are_the_papers():
    positions = sinusoidal_positions(50, 8)
    for i in range(4):
        angle = 37 / 10000 ** (2 * i / 8)
        assert positions[37, 2 * i].item() == pytest.approx(math.sin(angle), abs=1e-5)
        assert positions[37, 2 * i + 1].item() == pytest.approx(math.cos(angle), abs=1e-5)


def test_time_features():
    features = time_features(torch.tensor([0.25]), torch.tensor([1.0, 2.0]), torch.tensor([0.5]))
    expected = [1.0, 0.0, 0.0, -1.0, math.exp(-0.5)]
    torch.testing.assert_close(features[0], torch.tensor(expected), atol=1e-6, rtol=0)


def test_comb_peaks_on_harmonics_and_is_silent_when_unvoiced():
    comb = harmonic_comb(torch.tensor([200.0, 0.0]), torch.tensor([200.0, 300.0, 400.0]))
    torch.testing.assert_close(comb, torch.tensor([[1.0, -1.0, 1.0], [0.0, 0.0, 0.0]]), atol=1e-5, rtol=0)
