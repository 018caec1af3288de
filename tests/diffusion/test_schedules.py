"""Schedules against their definitions and the published tables."""

import math

import pytest
import torch

from svstoolkit.diffusion.schedules import (
    FASTDIFF_BETAS,
    inference_sigmas,
    karras_sigmas,
    linear_betas,
    log_linear_sigmas,
    sigmas_from_betas,
)

TRAINED = sigmas_from_betas(linear_betas(1000, 1e-6, 1e-2))


def test_sigmas_are_those_of_the_product_of_alphas():
    betas = linear_betas(1000, 1e-6, 1e-2)
    alpha_bar = 1.0
    for beta, sigma in zip(betas.tolist(), TRAINED.tolist(), strict=True):
        alpha_bar *= 1.0 - beta
        assert sigma == pytest.approx(math.sqrt((1.0 - alpha_bar) / alpha_bar), rel=1e-6)
    assert alpha_bar == pytest.approx(0.00662, rel=1e-2)  # FastDiff's last ᾱ: not pure noise


@pytest.mark.parametrize("steps", [4, 6, 8])
def test_published_tables_are_used_as_published(steps):
    sigmas = inference_sigmas(steps, TRAINED)
    kept = 1.0
    for beta, sigma in zip(FASTDIFF_BETAS[steps], sigmas[:-1].flip(0).tolist(), strict=True):
        kept *= 1.0 - beta
        assert sigma == pytest.approx(math.sqrt(1.0 / kept - 1.0), rel=1e-5)
    assert sigmas[-1] == 0.0


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 6, 8, 24, 100, 1000])
def test_inference_schedule_descends_to_zero_within_the_trained_range(steps):
    sigmas = inference_sigmas(steps, TRAINED)
    assert len(sigmas) == steps + 1
    assert bool((sigmas.diff() < 0).all())
    assert sigmas[-1] == 0.0
    assert sigmas[0] <= TRAINED[-1] * (1 + 1e-9)


def test_a_thousand_steps_are_the_training_schedule():
    assert torch.equal(inference_sigmas(1000, TRAINED)[:-1], TRAINED.flip(0))


def test_karras_is_linear_in_the_root():
    sigmas = karras_sigmas(25, 0.002, 80.0, rho=7.0)
    assert sigmas[0] == pytest.approx(80.0)
    assert sigmas[-1] == pytest.approx(0.002)
    roots = sigmas ** (1 / 7)
    assert torch.allclose(roots.diff(), roots.diff()[:1].expand(24), rtol=1e-9)


def test_log_linear_has_equal_ratios():
    ratios = torch.exp(log_linear_sigmas(10, 1e-3, 10.0).log().diff())
    assert torch.allclose(ratios, ratios[:1].expand(9), rtol=1e-9)


@pytest.mark.parametrize("arguments", [(1, 1e-6, 1e-2), (10, 0.0, 1e-2), (10, 1e-2, 1e-6), (10, 0.1, 1.0)])
def test_impossible_betas_are_refused(arguments):
    with pytest.raises(ValueError, match="beta"):
        linear_betas(*arguments)
