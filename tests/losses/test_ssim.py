"""SSIM against scipy's Gaussian filter, closed forms and its own definition; padding changes nothing."""

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from svstoolkit.losses.ssim import masked_ssim_loss, structural_similarity


def everywhere(x: torch.Tensor) -> torch.Tensor:
    return torch.ones(x.shape[:2], dtype=torch.bool)


def by_scipy(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Wang et al. 2004, equation 13, on one image in float64, zeros outside."""

    def smooth(image):
        return gaussian_filter(image, 1.5, truncate=5 / 1.5, mode="constant")

    mx, my = smooth(x), smooth(y)
    vx, vy, cov = smooth(x * x) - mx**2, smooth(y * y) - my**2, smooth(x * y) - mx * my
    c1, c2 = 0.01**2, 0.03**2
    return (2 * mx * my + c1) * (2 * cov + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2))


def test_ssim_is_scipys():
    rng = np.random.default_rng(0)
    x = 3 + rng.normal(size=(40, 20))
    y = x + 0.5 * rng.normal(size=x.shape)
    pair = torch.tensor(np.stack((x, y)), dtype=torch.float32)[:, None].unbind(0)
    found = structural_similarity(*pair, everywhere(pair[0]))[0]
    np.testing.assert_allclose(found, by_scipy(x, y), atol=1e-5)


def test_a_factor_between_flat_images_has_a_closed_form():
    x = torch.full((1, 40, 40), 2.0)
    found = structural_similarity(x, 3 * x, everywhere(x))[0, 20, 20].item()  # far from the zeros outside
    assert found == pytest.approx((2 * 2 * 6 + 1e-4) / (4 + 36 + 1e-4), abs=1e-5)


def test_the_same_is_1_and_the_opposite_below_0():
    x = torch.randn(2, 30, 20)
    torch.testing.assert_close(structural_similarity(x, x, everywhere(x)), torch.ones_like(x), atol=1e-6, rtol=0)
    inverted = structural_similarity(5 + x, 5 - x, everywhere(x))[:, 6:-6, 6:-6]  # the same means, away from the rim
    assert inverted.mean() < -0.8


def test_padding_changes_neither_loss_nor_gradient():
    x, y = torch.randn(2, 30, 8), torch.randn(2, 30, 8)
    mask = torch.arange(30) < torch.tensor([[30], [17]])
    padded = x.clone().requires_grad_()
    similarity = structural_similarity(padded, y, mask)
    similarity[mask].sum().backward()
    for i, length in enumerate((30, 17)):
        alone = x[i : i + 1, :length].clone().requires_grad_()
        expected = structural_similarity(alone, y[i : i + 1, :length], mask[i : i + 1, :length])
        expected.sum().backward()
        torch.testing.assert_close(similarity[i, :length], expected[0], atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(padded.grad[i, :length], alone.grad[0], atol=1e-5, rtol=1e-4)
    assert not padded.grad[1, 17:].any()
    expected = 1 - structural_similarity(x, y, mask)[mask].mean()
    torch.testing.assert_close(masked_ssim_loss(x, y, mask), expected)


def test_an_even_window_is_refused():
    x = torch.randn(1, 12, 12)
    with pytest.raises(ValueError, match="odd"):
        structural_similarity(x, x, everywhere(x), window=10)
