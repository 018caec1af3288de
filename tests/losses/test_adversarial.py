"""LSGAN and feature matching at their known values."""

import pytest
import torch

from svstoolkit.losses.adversarial import discriminator_loss, feature_matching_loss, generator_loss


def test_least_squares_by_hand():
    real = [torch.tensor([[1.0, 0.0]]), torch.tensor([[2.0]])]
    fake = [torch.tensor([[0.0, 2.0]]), torch.tensor([[-1.0]])]
    assert discriminator_loss(real, fake).item() == pytest.approx((0 + 1) / 2 + (0 + 4) / 2 + 1 + 1)
    assert generator_loss(fake).item() == pytest.approx((1 + 1) / 2 + 4)


def test_a_perfect_discriminator_and_a_perfect_generator_lose_nothing():
    assert discriminator_loss([torch.ones(2, 3)], [torch.zeros(2, 3)]) == 0
    assert generator_loss([torch.ones(2, 3)]) == 0


def test_feature_matching_sums_layers_and_trains_only_the_generator():
    real = [[torch.zeros(1, 2, requires_grad=True), torch.ones(1, 4)], [torch.ones(3)]]
    fake = [[torch.full((1, 2), 2.0, requires_grad=True), torch.ones(1, 4)], [torch.zeros(3)]]
    loss = feature_matching_loss(real, fake)
    assert loss.item() == pytest.approx(2 + 0 + 1)
    loss.backward()
    assert real[0][0].grad is None
    assert fake[0][0].grad is not None
    assert feature_matching_loss(real, real) == 0
