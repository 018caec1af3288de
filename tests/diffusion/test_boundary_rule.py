"""The paper's rule for k, and its estimate by divergence, on curves whose answer is known."""

import pytest
import torch

from svstoolkit.diffusion.boundary import boundary_step, divergence, divergence_step
from svstoolkit.diffusion.discrete import DiscreteDiffusion


def curves(margins):
    margins = torch.as_tensor(margins, dtype=torch.float64)
    return 0.5 + margins / 2, 0.5 - margins / 2


def test_the_first_step_from_which_all_margins_are_small():
    real, predicted = curves([[0.9] * 30 + [0.1] * 70, [0.1] * 100, [0.9] * 100])
    assert boundary_step(real, predicted, 0.4, 1.0).tolist() == [31, 1, 100]


def test_one_step_in_twenty_may_have_a_large_margin():
    """Of the 20 steps from 81 on one has a large margin: 95 % have not. Of the 21 from 80 on, two have."""
    margins = [0.9] * 80 + [0.1] * 20
    margins[90] = 0.9
    real, predicted = curves([margins])
    assert boundary_step(real, predicted, 0.4, 0.95).tolist() == [81]
    assert boundary_step(real, predicted, 0.4, 1.0).tolist() == [92]


def test_the_threshold_itself_is_not_under_it():
    real, predicted = curves([[0.5] * 10 + [0.25] * 10])
    assert boundary_step(real, predicted, 0.5, 1.0).tolist() == [11]
    assert boundary_step(real, predicted, 0.25, 1.0).tolist() == [20]


def test_divergence_is_that_of_two_gaussians():
    """Appendix A, against torch's own KL of N(√ᾱ·a, 1 − ᾱ) and N(√ᾱ·b, 1 − ᾱ)."""
    diffusion = DiscreteDiffusion(100, 1e-4, 0.06)
    kept = 1.0 / (1.0 + diffusion.sigmas**2)
    ours, theirs = (torch.distributions.Normal(kept.sqrt() * mean, (1 - kept).sqrt()) for mean in (0.3, 0.7))
    expected = torch.distributions.kl_divergence(ours, theirs)
    torch.testing.assert_close(divergence(diffusion.sigmas, (0.7 - 0.3) ** 2), expected)


def test_the_paper_s_numbers_give_the_paper_s_k():
    sigmas = DiscreteDiffusion(100, 1e-4, 0.06).sigmas
    assert divergence_step(sigmas, 0.06) == 54
    assert divergence_step(sigmas, 1e-9) == 1
    assert divergence_step(sigmas, 1e9) == 100


@pytest.mark.parametrize("distance", [0.01, 0.1, 0.5])
def test_a_worse_prediction_begins_later(distance):
    sigmas = DiscreteDiffusion(100, 1e-4, 0.06).sigmas
    assert divergence_step(sigmas, distance) <= divergence_step(sigmas, 2 * distance)
