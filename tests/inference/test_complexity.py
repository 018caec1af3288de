"""Multiply-adds against counts by hand."""

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

from svstoolkit.inference.complexity import count_multiply_adds, parameter_count
from svstoolkit.models.hifigan import HifiGan
from svstoolkit.nn.attention import SelfAttention
from svstoolkit.nn.lvc import location_variable_convolution
from svstoolkit.nn.sliding_window import SlidingWindowAttention


def count(module, *inputs):
    with torch.no_grad():
        return count_multiply_adds(lambda: module(*inputs))


@pytest.mark.parametrize(
    ("module", "shape", "expected"),
    [
        (nn.Linear(4, 6), (3, 5, 4), 3 * 5 * 4 * 6),
        (nn.Conv1d(4, 6, 3, padding=1), (2, 4, 20), 2 * 20 * 3 * 4 * 6),
        (nn.Conv1d(4, 6, 3, stride=2, dilation=2, padding=2), (1, 4, 20), 10 * 3 * 4 * 6),
        (nn.Conv1d(4, 8, 3, padding=1, groups=2), (1, 4, 20), 20 * 3 * 2 * 8),
        (nn.ConvTranspose1d(4, 6, 4, stride=2, padding=1), (1, 4, 20), 20 * 4 * 4 * 6),  # each input meets each tap
        (weight_norm(nn.Conv1d(4, 6, 3, padding=1)), (1, 4, 20), 20 * 3 * 4 * 6),
    ],
)
def test_layers(module, shape, expected):
    assert count(module, torch.randn(shape)) == expected


def test_attention():
    """Projections in and out, then queries by keys and weights by values, each T·T·C."""
    length, channels = 10, 8
    expected = 4 * length * channels**2 + 2 * length**2 * channels
    assert count(SelfAttention(channels, 2), torch.randn(1, length, channels), torch.ones(1, length).bool()) == expected


def test_sliding_window():
    """Each of the chunks of window/2 queries meets three chunks of keys, padding included."""
    channels, window, length = 8, 8, 10
    positions = 12  # three chunks of four
    expected = 4 * length * channels**2 + 2 * positions * 3 * (window // 2) * channels
    assert count(SlidingWindowAttention(channels, 2, window), torch.randn(1, length, channels)) == expected


def test_location_variable_convolution():
    batch, frames, hop, kernel, wide, narrow = 2, 10, 4, 3, 6, 4
    inputs = (
        torch.randn(batch, narrow, frames * hop),
        torch.randn(batch, frames, kernel, narrow, wide),
        torch.randn(batch, frames, wide),
    )
    assert count(location_variable_convolution, *inputs) == batch * frames * hop * kernel * narrow * wide


def test_hifigan_by_hand():
    vocoder = HifiGan(
        n_mels=5,
        hop_length=8,
        upsample_rates=(4, 2),
        upsample_kernels=(8, 4),
        channels=8,
        resblock="2",
        resblock_kernels=(3,),
        resblock_dilations=((1, 3),),
    )
    frames = 7
    expected = frames * 7 * 5 * 8  # conv_pre
    expected += frames * 8 * 8 * 4 + 4 * frames * 4 * 4 * 2  # the two upsamplings, by their inputs
    expected += 2 * (4 * frames * 3 * 4 * 4) + 2 * (8 * frames * 3 * 2 * 2)  # two convolutions a block
    expected += 8 * frames * 7 * 2 * 1  # conv_post
    assert count(vocoder, torch.randn(1, frames, 5)) == expected
    with_magnitudes = sum(p.numel() for p in vocoder.parameters())
    counted = parameter_count([vocoder])
    vocoder.remove_weight_norm()
    assert counted == sum(p.numel() for p in vocoder.parameters()) < with_magnitudes


def test_what_cannot_be_counted_is_not_zero():
    assert count(nn.LSTM(4, 6), torch.randn(3, 1, 4)) is None
    assert count(torch.fft.rfft, torch.randn(64)) is None
    assert count(torch.relu, torch.randn(64)) == 0
