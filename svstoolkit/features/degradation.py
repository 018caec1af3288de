"""Degradation of a waveform as SmoothSinger trains its reference on (Sui et al. 2025, section 3.4): pure functions.

Random regions are changed by one or more of Gaussian noise, amplitude scaling, exponential distortion and the gain of
one frequency band. The paper gives the ranges of scaling and distortion; noise level, band and band gain are not
published and are keywords here, as is everything else.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

KINDS = 4  # noise, scaling, distortion, band gain


@dataclass(frozen=True)
class DegradationRanges:
    """Every range is (lowest, highest), drawn uniformly for every region.

    regions: how many regions per waveform, integers
    region_length: samples, integers
    noise_level: standard deviation of the noise relative to the RMS of the region
    scaling: amplitude factor
    distortion: γ of sign(x)·|x|^γ
    band_position, band_width: lower edge and width of the band, in fractions of half the sampling rate
    band_gain: amplitude factor of the band
    kind_probability: chance of each kind in a region; a region that draws none gets one at random
    """

    regions: tuple[int, int] = (3, 10)
    region_length: tuple[int, int] = (500, 2000)
    noise_level: tuple[float, float] = (0.02, 0.2)
    scaling: tuple[float, float] = (0.8, 1.05)
    distortion: tuple[float, float] = (0.9, 1.2)
    band_position: tuple[float, float] = (0.0, 0.75)
    band_width: tuple[float, float] = (0.05, 0.25)
    band_gain: tuple[float, float] = (0.25, 1.75)
    kind_probability: float = 0.5

    def __post_init__(self):
        for name, value in vars(self).items():
            if name != "kind_probability" and not 0 <= value[0] <= value[1]:
                raise ValueError(f"{name} must be a range 0 <= lowest <= highest, not {value}")
        if self.region_length[0] < 1 or not 0.0 <= self.kind_probability <= 1.0:
            raise ValueError(f"need region_length >= 1 and 0 <= kind_probability <= 1, not {self}")


def degrade(audio: Tensor, ranges: DegradationRanges, generator: torch.Generator | None = None) -> Tensor:
    """audio (B, L) → a degraded copy (B, L); the input is untouched.

    Every region is made from the clean waveform; where two overlap, their changes add. A waveform shorter than a region
    is one region. The region's band gain is by an STFT of 256 samples with a Hann window, hop 64.
    """
    batch, length = audio.shape
    slots = ranges.regions[1]
    if slots == 0:
        return audio.clone()
    draw = _Draw(audio, (batch, slots), generator)
    count = draw.integers(ranges.regions, (batch, 1))
    lengths = draw.integers(ranges.region_length).clamp_max(length)
    starts = (draw.uniform((0.0, 1.0)) * (length - lengths + 1)).long().clamp_max(length - 1)
    longest = min(ranges.region_length[1], length)
    offsets = torch.arange(longest, device=audio.device)
    index = (starts[..., None] + offsets).clamp_max(length - 1).flatten(1)
    inside = (offsets < lengths[..., None]) & (torch.arange(slots, device=audio.device) < count)[..., None]
    clean = audio.gather(1, index).view(batch, slots, longest) * inside
    change = (_change_regions(clean, lengths, draw, ranges) - clean) * inside
    return audio.scatter_add(1, index, change.flatten(1))


class _Draw:
    """Uniform draws of one shape, device and dtype."""

    def __init__(self, like: Tensor, shape: tuple[int, ...], generator: torch.Generator | None):
        self.shape, self.generator = shape, generator
        self.options = {"device": like.device, "dtype": like.dtype}

    def uniform(self, limits: tuple[float, float], shape: tuple[int, ...] | None = None) -> Tensor:
        low, high = limits
        return low + (high - low) * torch.rand(shape or self.shape, generator=self.generator, **self.options)

    def integers(self, limits: tuple[int, int], shape: tuple[int, ...] | None = None) -> Tensor:
        """Both limits included."""
        low, high = limits
        return self.uniform((low, high + 1), shape).floor().clamp_max(high).long()

    def normal(self, shape: tuple[int, ...]) -> Tensor:
        return torch.randn(shape, generator=self.generator, **self.options)


def _change_regions(clean: Tensor, lengths: Tensor, draw: _Draw, ranges: DegradationRanges) -> Tensor:
    """(B, R, longest) clean regions → changed ones, by the kinds drawn for each."""
    shape = clean.shape[:2]
    kinds = draw.uniform((0.0, 1.0), (*shape, KINDS)) < ranges.kind_probability
    fallback = F.one_hot(draw.integers((0, KINDS - 1)), KINDS).bool()
    kinds = torch.where(kinds.any(-1, keepdim=True), kinds, fallback)
    noisy, scaled, distorted, filtered = kinds[..., None].unbind(2)
    rms = (clean.square().sum(-1) / lengths).sqrt()

    x = torch.where(filtered, _band_gain(clean, draw, ranges), clean)
    x = torch.where(distorted, exponential_distortion(x, draw.uniform(ranges.distortion)[..., None]), x)
    x = torch.where(scaled, x * draw.uniform(ranges.scaling)[..., None], x)
    noise = draw.normal(clean.shape) * (rms * draw.uniform(ranges.noise_level))[..., None]
    return torch.where(noisy, x + noise, x)


def exponential_distortion(x: Tensor, gamma: Tensor) -> Tensor:
    """sign(x)·|x|^γ."""
    return x.sign() * x.abs().pow(gamma)


def _band_gain(x: Tensor, draw: _Draw, ranges: DegradationRanges) -> Tensor:
    """(B, R, L): multiplies one band of each region by a gain, through STFT and ISTFT."""
    low = draw.uniform(ranges.band_position)[..., None]
    high = low + draw.uniform(ranges.band_width)[..., None]
    gain = draw.uniform(ranges.band_gain)[..., None]
    bins = torch.linspace(0.0, 1.0, 129, device=x.device, dtype=x.dtype)
    gains = torch.where((bins >= low) & (bins <= high), gain, torch.ones_like(gain))
    return band_gain(x.flatten(0, 1), gains.flatten(0, 1)).view(x.shape)


def band_gain(x: Tensor, gains: Tensor) -> Tensor:
    """x (N, L), gains (N, 129) per bin of a 256-sample STFT → (N, L)."""
    window = torch.hann_window(256, device=x.device, dtype=x.dtype)
    spectrum = torch.stft(x, 256, 64, window=window, center=True, pad_mode="constant", return_complex=True)
    return torch.istft(spectrum * gains[..., None], 256, 64, window=window, center=True, length=x.shape[1])
