"""The mel distance of gains is known: a factor g is ln g in every band above the floor."""

import math

import pytest
import torch

from svstoolkit.features.definition import FeatureDefinition
from svstoolkit.losses.mel import mel_loss


def test_a_gain_costs_its_logarithm():
    torch.manual_seed(0)
    audio = 0.1 * torch.randn(2, 4096)
    definition = FeatureDefinition()
    assert mel_loss(audio, audio, definition) == 0
    assert mel_loss(2 * audio, audio, definition).item() == pytest.approx(math.log(2), rel=1e-3)


def test_gradient_reaches_the_generated_side_alone():
    generated = (0.1 * torch.randn(1, 4096)).requires_grad_()
    target = (0.1 * torch.randn(1, 4096)).requires_grad_()
    mel_loss(generated, target, FeatureDefinition()).backward()
    assert generated.grad.abs().sum() > 0
    assert target.grad is None
