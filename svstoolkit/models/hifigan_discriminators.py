"""HiFi-GAN's multi-period and multi-scale discriminators (Kong et al., NeurIPS 2020, section 2.3).

Module names and shapes are the published code's at the default widths.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn
from torch.nn.functional import avg_pool1d, leaky_relu, pad
from torch.nn.utils.parametrizations import spectral_norm, weight_norm

from svstoolkit.nn.resblocks import SLOPE

Judgement = tuple[Tensor, list[Tensor]]
"""One discriminator's scores (B, n), and the feature maps that led to them."""


class PeriodDiscriminator(nn.Module):
    """Reads the samples as a (L / period, period) picture. period: samples; channels: of the first layer (32)."""

    def __init__(self, period: int, channels: int = 32):
        super().__init__()
        self.period = period
        widths = [1, channels, 4 * channels, 16 * channels, 32 * channels]
        self.convs = nn.ModuleList(
            weight_norm(nn.Conv2d(a, b, (5, 1), (3, 1), padding=(2, 0))) for a, b in pairwise(widths)
        )
        self.convs.append(weight_norm(nn.Conv2d(widths[-1], widths[-1], (5, 1), padding=(2, 0))))
        self.conv_post = weight_norm(nn.Conv2d(widths[-1], 1, (3, 1), padding=(1, 0)))

    def forward(self, audio: Tensor) -> Judgement:
        """audio: (B, L), L at least a period."""
        x = audio[:, None]
        x = pad(x, (0, -x.shape[-1] % self.period), mode="reflect").unflatten(-1, (-1, self.period))
        features = []
        for conv in self.convs:
            x = leaky_relu(conv(x), SLOPE, inplace=True)
            features.append(x)
        x = self.conv_post(x)
        return x.flatten(1), [*features, x]


class ScaleDiscriminator(nn.Module):
    """Strided grouped convolutions on the samples. channels: of the first layer (128); norm: a parametrization."""

    def __init__(self, channels: int = 128, norm=weight_norm):
        super().__init__()
        # (width out, kernel, stride, groups), widths in multiples of `channels`
        layers = [
            (1, 15, 1, 1),
            (1, 41, 2, 4),
            (2, 41, 2, 16),
            (4, 41, 4, 16),
            (8, 41, 4, 16),
            (8, 41, 1, 16),
            (8, 5, 1, 1),
        ]
        self.convs = nn.ModuleList()
        before = 1
        for width, kernel, stride, groups in layers:
            after = width * channels
            shared = math.gcd(groups, before, after)  # narrow layers cannot be cut into all the groups
            self.convs.append(norm(nn.Conv1d(before, after, kernel, stride, kernel // 2, groups=shared)))
            before = after
        self.conv_post = norm(nn.Conv1d(before, 1, 3, padding=1))

    def forward(self, audio: Tensor) -> Judgement:
        """audio: (B, L)."""
        x = audio[:, None]
        features = []
        for conv in self.convs:
            x = leaky_relu(conv(x), SLOPE, inplace=True)
            features.append(x)
        x = self.conv_post(x)
        return x.flatten(1), [*features, x]


class HifiGanDiscriminators(nn.Module):
    """All of them: one per period, then one per scale (the audio halved by average pooling from each to the next).

    periods: samples; scales: how many; period_channels, scale_channels: widths of the first layers
    The first scale has spectral norm, all others weight norm.
    """

    def __init__(
        self,
        periods: Sequence[int] = (2, 3, 5, 7, 11),
        scales: int = 3,
        period_channels: int = 32,
        scale_channels: int = 128,
    ):
        super().__init__()
        if len(periods) + scales < 1:
            raise ValueError("at least one period or scale is needed")
        self.periods = nn.ModuleList(PeriodDiscriminator(p, period_channels) for p in periods)
        self.scales = nn.ModuleList(
            ScaleDiscriminator(scale_channels, weight_norm if i else spectral_norm) for i in range(scales)
        )

    def forward(self, audio: Tensor) -> list[Judgement]:
        """audio: (B, L) in [−1, 1] → for each discriminator its scores (B, n) and its feature maps."""
        judgements = [discriminator(audio) for discriminator in self.periods]
        for i, discriminator in enumerate(self.scales):
            if i:
                audio = avg_pool1d(audio[:, None], 4, 2, padding=2).squeeze(1)
            judgements.append(discriminator(audio))
        return judgements
