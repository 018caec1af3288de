import numpy as np
import pytest
import torch

from svstoolkit.align.change import MOST_FOR, ChangeModel, mean_change, spectral_change


def steps(places, size=5.0, frames=60):
    """Cepstra that jump by `size` at the given frames."""
    level = torch.zeros(frames)
    for n, place in enumerate(places, start=1):
        level[place:] = n * size
    return torch.stack([level, torch.zeros(frames)], dim=1)


def test_change_is_the_size_of_the_step_and_lies_on_it():
    change = spectral_change(steps([20, 40])).exp()
    assert change.argmax() in (20, 40)
    assert change[20] == pytest.approx(5.0, abs=0.02)
    assert change[19] == pytest.approx(2.5, abs=0.02)  # half of what follows is beyond the step
    assert change[30] == pytest.approx(0.01, abs=1e-3)


def test_boundaries_beside_the_steps_see_less_change():
    changes = [spectral_change(steps([20, 40]))]
    on, late = (mean_change(changes, [np.array([0, 20 + d, 40 + d, 60])]) for d in (0, 4))
    assert on > 100 * late
    assert mean_change(changes, [np.array([0, 60])]) == 0


def test_a_step_is_likelier_at_a_boundary_by_a_limited_amount():
    change = spectral_change(steps([20, 40]) + 0.3 * torch.randn(60, 2, generator=torch.Generator().manual_seed(0)))
    ratio = ChangeModel.fitted(change[[20, 40]], change).log_ratio(change)
    assert ratio[20] > 1
    assert ratio[30] < 0
    assert float(ratio.max()) <= MOST_FOR
