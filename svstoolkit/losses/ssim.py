"""Structural similarity of spectrograms, as images of time by frequency."""

import torch
from torch import Tensor
from torch.nn.functional import conv2d

from svstoolkit.losses.masked import masked_mean


def structural_similarity(
    x: Tensor, y: Tensor, mask: Tensor, window: int = 11, sigma: float = 1.5, value_range: float = 1.0
) -> Tensor:
    """SSIM at every place (Wang et al. 2004, equation 13): 1 where the two agree.

    Means, variances and covariances are of a Gaussian window; beyond an utterance and beyond the bands there are
    zeros, so that padding changes nothing.

    x, y: (B, T, M); mask: (B, T) bool, True = real; window: odd, places on a side; sigma: of the Gaussian, in places
    value_range: L of the constants (0.01·L)² and (0.03·L)²
    → (B, T, M), meaningful where the mask is True
    """
    if window % 2 == 0:
        raise ValueError(f"window must be odd, not {window}")
    with torch.autocast(x.device.type, enabled=False):  # variances as differences of squares want all digits
        return _similarity(x.double(), y.double(), mask, window, sigma, value_range).to(x.dtype)


def _similarity(x: Tensor, y: Tensor, mask: Tensor, window: int, sigma: float, value_range: float) -> Tensor:
    places = torch.arange(window, dtype=x.dtype, device=x.device) - window // 2
    weights = torch.exp(-(places**2) / (2 * sigma**2))
    weights = weights / weights.sum()
    x, y = x * mask[..., None], y * mask[..., None]
    images = torch.stack((x, y, x * x, y * y, x * y), dim=1).flatten(0, 1)[:, None]
    along_time = conv2d(images, weights.view(1, 1, -1, 1), padding=(window // 2, 0))
    smooth = conv2d(along_time, weights.view(1, 1, 1, -1), padding=(0, window // 2))
    mean_x, mean_y, xx, yy, xy = smooth.view(x.shape[0], 5, *x.shape[1:]).unbind(1)
    c1, c2 = (0.01 * value_range) ** 2, (0.03 * value_range) ** 2
    similar_means = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    similar_structure = (2 * (xy - mean_x * mean_y) + c2) / (xx - mean_x**2 + yy - mean_y**2 + c2)
    return similar_means * similar_structure


def masked_ssim_loss(prediction: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Mean of 1 − SSIM where `mask` is True. prediction, target: (B, T, M) on a scale of about 0 to some units."""
    return masked_mean(1.0 - structural_similarity(prediction, target, mask), mask)
