"""Counting frames, states and boundaries of the model."""

import numpy as np
import pytest
import torch

from svstoolkit.align.change import spectral_change
from svstoolkit.align.hmm import Acoustics, PhoneHmm, ScoreWindow, alignment_of_boundaries
from svstoolkit.align.model_file import load_model, model_facts, save_model
from svstoolkit.errors import InputError


@pytest.fixture
def model() -> PhoneHmm:
    torch.manual_seed(0)
    return PhoneHmm.flat(["a", "b"], 3, torch.randn(100, 2), 10.0)


@pytest.fixture
def acoustics(model: PhoneHmm) -> Acoustics:
    torch.manual_seed(1)
    features = [torch.randn(12, 2), torch.randn(7, 2)]
    changes = [spectral_change(f) for f in features]
    return Acoustics.of(features, [model.states("ab"), model.states("b")], changes)


def test_states_of_sounds(model):
    assert model.states(["b", "a"]).tolist() == [3, 4, 5, 0, 1, 2]
    with pytest.raises(InputError, match="phone c is not"):
        model.states(["a", "c"])


def test_boundaries_there_and_back(model, acoustics):
    alignment = alignment_of_boundaries([np.array([0, 4.6, 11.2]), np.array([0, 7.0])], acoustics, 3)
    assert alignment.positions[:12].tolist() == [0, 0, 1, 2, 3, 3, 3, 4, 4, 4, 5, 5]
    found = model.sound_boundaries(acoustics, alignment)
    assert [edges.tolist() for edges in found] == [[0, 4, 12], [0, 7]]


def test_sounds_without_time_get_their_states(model, acoustics):
    alignment = alignment_of_boundaries([np.array([0, 0.0, 12.0]), np.array([5.0, 5.0])], acoustics, 3)
    assert [edges.tolist() for edges in model.sound_boundaries(acoustics, alignment)] == [[0, 3, 12], [0, 7]]


def test_one_training_step_gives_means_and_staying_probabilities(model, acoustics):
    alignment = alignment_of_boundaries([np.array([0, 6.0, 12.0]), np.array([0, 7.0])], acoustics, 3)
    trained = model.trained_once(acoustics, alignment, torch.full((2,), 1e-6), 1.0)
    torch.testing.assert_close(trained.mixtures[0].means[0], acoustics.frames[:2].mean(0).double())
    of_b = torch.cat([acoustics.frames[6:8], acoustics.frames[12:15]])
    torch.testing.assert_close(trained.mixtures[3].means[0], of_b.mean(0).double())
    torch.testing.assert_close(trained.mixtures[3].variances[0], of_b.double().var(0, correction=0))
    assert trained.stay.tolist() == pytest.approx([1 / 2, 1 / 2, 1 / 2, 3 / 5, 1 / 2, 1 / 2])


def test_window_costs_by_the_distance_from_the_place_in_the_score():
    window = ScoreWindow([torch.tensor([0.0, 4.0, 10.0])], margin=2.0, price=0.5)
    cost = window.cost(0, 10, 3)
    assert cost.shape == (10, 6)
    assert torch.equal(cost[:, 0], cost[:, 2])
    assert cost[:, 0].tolist() == [0, 0, 0, 0, 0, 0, 0, 0.5, 1.0, 1.5]
    assert cost[:, 3].tolist() == [1.0, 0.5, 0, 0, 0, 0, 0, 0, 0, 0]


def test_window_holds_an_alignment_back(model, acoustics):
    """The flat model likes all boundaries alike; near the score's place, 5, only the window decides."""
    places = [torch.tensor([0.0, 5.0, 12.0]), torch.tensor([0.0, 7.0])]
    alignment = model.align(acoustics, ScoreWindow(places, margin=0.0, price=100.0))
    assert [edges.tolist() for edges in model.sound_boundaries(acoustics, alignment)] == [[0, 5, 12], [0, 7]]


def test_alignment_does_not_depend_on_the_batch(model, acoustics):
    alignment = alignment_of_boundaries([np.array([0, 6.0, 12.0]), np.array([0, 7.0])], acoustics, 3)
    trained = model.trained_once(acoustics, alignment, torch.full((2,), 1e-3), 1.0)
    together = trained.align(acoustics)
    for i, part in enumerate(together.positions.split([12, 7])):
        alone = trained.align(acoustics.subset([i]))
        assert torch.equal(alone.positions, part)
        torch.testing.assert_close(alone.score[0], together.score[i])


def test_saved_model_aligns_the_same(model, acoustics, tmp_path):
    alignment = alignment_of_boundaries([np.array([0, 6.0, 12.0]), np.array([0, 7.0])], acoustics, 3)
    trained = model.trained_once(acoustics, alignment, torch.full((2,), 1e-3), 1.0)
    assert model_facts(tmp_path) == {}
    save_model(tmp_path, trained, "abc", offset=0.1)
    assert model_facts(tmp_path)["fingerprint"] == "abc"
    loaded = load_model(tmp_path)
    assert loaded.phones == ("a", "b")
    assert torch.equal(loaded.align(acoustics).positions, trained.align(acoustics).positions)
    assert torch.equal(loaded.align(acoustics).score, trained.align(acoustics).score)
