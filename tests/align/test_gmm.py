"""Mixtures against torch.distributions and data of known origin."""

import itertools

import pytest
import torch
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal

from svstoolkit.align.gmm import (
    Mixture,
    StateLikelihoods,
    component_targets,
    reestimated,
    single_gaussian,
    split,
)


def random_mixture(components: int, generator: torch.Generator) -> Mixture:
    weights = torch.rand(components, generator=generator, dtype=torch.float64) + 0.1
    means = torch.randn(components, 4, generator=generator, dtype=torch.float64)
    variances = torch.rand(components, 4, generator=generator, dtype=torch.float64) + 0.2
    return Mixture(weights / weights.sum(), means, variances)


def density(mixture: Mixture) -> MixtureSameFamily:
    return MixtureSameFamily(
        Categorical(mixture.weights), Independent(Normal(mixture.means, mixture.variances.sqrt()), 1)
    )


def test_likelihoods_equal_torch_distributions():
    generator = torch.Generator().manual_seed(0)
    mixtures = [random_mixture(k, generator) for k in (3, 1, 2, 3, 1, 5)]
    frames = torch.randn(50, 4, generator=generator, dtype=torch.float64)
    states = torch.tensor([4, 0, 5, 3, 2])
    found = StateLikelihoods(mixtures, torch.float64)(frames, states)
    expected = torch.stack([density(mixtures[i]).log_prob(frames) for i in states], dim=1)
    torch.testing.assert_close(found, expected)
    single = StateLikelihoods(mixtures)(frames.float(), states)
    torch.testing.assert_close(single.double(), expected, atol=1e-4, rtol=1e-4)


def test_em_finds_two_clusters_and_never_loses_likelihood():
    generator = torch.Generator().manual_seed(1)
    truth = Mixture(torch.tensor([0.3, 0.7]), torch.tensor([[-2.0, 1.0], [2.0, 0.0]]), torch.tensor([[0.25, 1.0]] * 2))
    torch.manual_seed(1)
    frames = density(truth).sample((4000,))
    mixture = split(single_gaussian(frames), 2, 0.2, generator)
    likelihoods = []
    for _ in range(30):
        likelihoods.append(float(density(mixture).log_prob(frames.double()).mean()))
        mixture = reestimated(mixture, frames, torch.full((2,), 1e-3), 5.0)
    assert all(b >= a - 1e-9 for a, b in itertools.pairwise(likelihoods))
    order = mixture.means[:, 0].argsort()
    torch.testing.assert_close(mixture.means[order], truth.means.double(), atol=0.08, rtol=0)
    torch.testing.assert_close(mixture.weights[order], truth.weights.double(), atol=0.03, rtol=0)
    torch.testing.assert_close(mixture.variances[order], truth.variances.double(), atol=0.1, rtol=0)


def test_variance_floor_and_empty_components():
    frames = torch.cat([torch.zeros(50, 2), torch.ones(2, 2) * 9])
    mixture = Mixture(
        torch.tensor([0.5, 0.5]).double(), torch.tensor([[0.0, 0], [9, 9]]).double(), torch.ones(2, 2).double()
    )
    kept = reestimated(mixture, frames, torch.full((2,), 0.04).double(), least_frames=5.0)
    assert len(kept.weights) == 1
    assert kept.variances.tolist() == [pytest.approx([0.04, 0.04])]
    assert reestimated(mixture, frames[:1], torch.ones(2), 5.0) is mixture


def test_targets_follow_occupancy():
    targets = component_targets([1000.0, 1000.0, 16.0, 0.0], 12, 0.5, 10.0)
    assert sum(targets) == 12
    assert targets[0] == targets[1] == 5
    assert targets[2:] == [1, 1]
    assert component_targets([30.0, 5.0], 100, 0.25, 10.0) == [3, 1]


def test_split_keeps_weight_and_mean():
    generator = torch.Generator().manual_seed(2)
    mixture = random_mixture(2, generator)
    grown = split(mixture, 5, 0.1, generator)
    assert len(grown.weights) == 5
    assert float(grown.weights.sum()) == pytest.approx(1.0)
    torch.testing.assert_close(grown.weights @ grown.means, mixture.weights @ mixture.means)
    assert len(mixture.weights) == 2
