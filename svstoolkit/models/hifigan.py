"""HiFi-GAN's generator (Kong et al., NeurIPS 2020) and its NSF variant: mel, and F0 → waveform.

Module names and shapes are those of the published checkpoints (`weight_g` and `weight_v` load as they are).
"""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu
from torch.nn.utils.parametrizations import weight_norm
from torch.nn.utils.parametrize import is_parametrized, remove_parametrizations

from svstoolkit.nn.excitation import HarmonicSource, bridge_unvoiced, gliding_sine
from svstoolkit.nn.resblocks import SLOPE, ResBlock1, ResBlock2

RESBLOCKS = {"1": ResBlock1, "2": ResBlock2}


def check_upsampling(hop_length: int, upsample_rates: Sequence[int], upsample_kernels: Sequence[int]) -> None:
    """Raises ValueError unless the upsampling gives exactly hop_length samples per frame."""
    if len(upsample_rates) != len(upsample_kernels):
        raise ValueError(f"{len(upsample_rates)} upsample_rates but {len(upsample_kernels)} upsample_kernels")
    if math.prod(upsample_rates) != hop_length:
        raise ValueError(
            f"the product of upsample_rates {list(upsample_rates)} is {math.prod(upsample_rates)}, "
            f"but hop_length is {hop_length}; they must be equal"
        )
    for rate, kernel in zip(upsample_rates, upsample_kernels, strict=True):
        if kernel < rate or (kernel - rate) % 2:
            raise ValueError(f"upsample kernel {kernel} must exceed its rate {rate} by an even number")


class HifiGan(nn.Module):
    """The generator; the defaults are V1 (V2: channels 128; V3: see conf/hifigan.yaml).

    n_mels: mel bands; hop_length: samples per frame, equal to the product of upsample_rates
    upsample_rates, upsample_kernels: of the transposed convolutions; channels: before the first, halved by each
    resblock: "1" or "2"; resblock_kernels, resblock_dilations: one residual block for each pair
    mel_mean, mel_scale: the network reads (mel − mel_mean) / mel_scale; the published one reads the mel itself
    noise_sigma: standard deviation of noise added to the first convolution's output (openvpi's SingingVocoders)
    Raises ValueError for rates whose product is not hop_length, and for lists that do not fit.
    """

    def __init__(
        self,
        n_mels: int,
        hop_length: int,
        upsample_rates: Sequence[int] = (8, 8, 2, 2),
        upsample_kernels: Sequence[int] = (16, 16, 4, 4),
        channels: int = 512,
        resblock: str = "1",
        resblock_kernels: Sequence[int] = (3, 7, 11),
        resblock_dilations: Sequence[Sequence[int]] = ((1, 3, 5), (1, 3, 5), (1, 3, 5)),
        mel_mean: float = 0.0,
        mel_scale: float = 1.0,
        noise_sigma: float = 0.0,
    ):
        super().__init__()
        check_upsampling(hop_length, upsample_rates, upsample_kernels)
        if resblock not in RESBLOCKS:
            raise ValueError(f'resblock must be "1" or "2", not {resblock!r}')
        if len(resblock_kernels) != len(resblock_dilations):
            raise ValueError(f"{len(resblock_kernels)} resblock_kernels, {len(resblock_dilations)} resblock_dilations")
        if channels % 2 ** len(upsample_rates):
            raise ValueError(f"channels ({channels}) cannot be halved {len(upsample_rates)} times")
        if mel_scale <= 0:
            raise ValueError(f"mel_scale must be positive, not {mel_scale}")
        if noise_sigma < 0:
            raise ValueError(f"noise_sigma must not be negative, but is {noise_sigma}")
        self.mel_mean, self.mel_scale, self.noise_sigma = mel_mean, mel_scale, noise_sigma
        # The published code's N(0, 0.01) initialisation is overwritten by weight norm before its first use, so
        # torch's default is what the published models started from.
        self.conv_pre = weight_norm(nn.Conv1d(n_mels, channels, 7, padding=3))
        self.ups = nn.ModuleList()
        self.resblocks = nn.ModuleList()
        for level, (rate, kernel) in enumerate(zip(upsample_rates, upsample_kernels, strict=True)):
            wide, narrow = channels >> level, channels >> (level + 1)
            up = nn.ConvTranspose1d(wide, narrow, kernel, stride=rate, padding=(kernel - rate) // 2)
            self.ups.append(weight_norm(up))
            for k, dilations in zip(resblock_kernels, resblock_dilations, strict=True):
                self.resblocks.append(RESBLOCKS[resblock](narrow, k, dilations))
        self.conv_post = weight_norm(nn.Conv1d(channels >> len(upsample_rates), 1, 7, padding=3))

    def source(self, f0: Tensor | None) -> Tensor | None:
        """The wave that drives an NSF variant: f0 (B, T) Hz → (B, 1, T·points); None here."""
        return None

    def excitation(self, source: Tensor | None) -> list[Tensor | None]:
        """What is added after each upsampling: nothing here; of the NSF variants, (B, C, L) made of the source."""
        return [None] * len(self.ups)

    def forward(self, mel: Tensor, f0: Tensor | None = None, source: Tensor | None = None) -> Tensor:
        """mel: (B, T, n_mels) natural-log amplitude; f0: (B, T) Hz, 0 = unvoiced → (B, T·hop_length) in [−1, 1].

        source: what `source` makes of f0, given in its place: a part of a longer one, whose phases go on
        """
        excitation = self.excitation(self.source(f0) if source is None else source)
        x = self.conv_pre((mel.transpose(1, 2) - self.mel_mean) / self.mel_scale)
        if self.noise_sigma:
            x = x + self.noise_sigma * torch.randn_like(x)
        per_level = len(self.resblocks) // len(self.ups)
        for level, up in enumerate(self.ups):
            x = up(leaky_relu(x, SLOPE, inplace=True))
            if excitation[level] is not None:
                x += excitation[level]
            first, *others = self.resblocks[level * per_level : (level + 1) * per_level]
            total = first(x)
            for block in others:
                total += block(x)
            x = total / per_level
        return self.conv_post(leaky_relu(x, inplace=True)).tanh().squeeze(1)

    def remove_weight_norm(self) -> None:
        """Folds every weight norm into its weight: the same function, faster, no longer trainable as it was."""
        for module in self.modules():
            if is_parametrized(module, "weight"):
                remove_parametrizations(module, "weight")


class NsfHifiGan(HifiGan):
    """HiFi-GAN driven by a harmonic source: the pitch of the output is F0's, whatever the mel.

    sampling_rate: Hz; harmonics: above the fundamental; sine_amplitude, random_phase, aliasing: see SineGenerator
    f0_upsampling: "linear" or "hold", see HarmonicSource
    interpolate_unvoiced: the source goes on through unvoiced frames, see `bridge_unvoiced`; else it is noise there
    The other arguments are HifiGan's. openvpi's checkpoints want "hold", aliasing and interpolate_unvoiced.
    """

    def __init__(
        self,
        n_mels: int,
        hop_length: int,
        sampling_rate: int,
        upsample_rates: Sequence[int] = (8, 8, 2, 2),
        upsample_kernels: Sequence[int] = (16, 16, 4, 4),
        channels: int = 512,
        resblock: str = "1",
        resblock_kernels: Sequence[int] = (3, 7, 11),
        resblock_dilations: Sequence[Sequence[int]] = ((1, 3, 5), (1, 3, 5), (1, 3, 5)),
        mel_mean: float = 0.0,
        mel_scale: float = 1.0,
        noise_sigma: float = 0.0,
        harmonics: int = 8,
        sine_amplitude: float = 0.1,
        random_phase: bool = True,
        aliasing: bool = False,
        f0_upsampling: str = "linear",
        interpolate_unvoiced: bool = False,
    ):
        super().__init__(
            n_mels,
            hop_length,
            upsample_rates,
            upsample_kernels,
            channels,
            resblock,
            resblock_kernels,
            resblock_dilations,
            mel_mean,
            mel_scale,
            noise_sigma,
        )
        self.interpolate_unvoiced = interpolate_unvoiced
        self.m_source = HarmonicSource(
            sampling_rate,
            hop_length,
            harmonics,
            sine_amplitude,
            random_phase=random_phase,
            f0_upsampling=f0_upsampling,
            aliasing=aliasing,
        )
        self.noise_convs = nn.ModuleList()
        for level in range(len(upsample_rates)):
            stride = math.prod(upsample_rates[level + 1 :])
            kernel = 2 * stride if stride > 1 else 1
            padding = (kernel - stride + 1) // 2
            self.noise_convs.append(nn.Conv1d(1, channels >> (level + 1), kernel, stride=stride, padding=padding))

    def source(self, f0: Tensor | None) -> Tensor:
        """f0: (B, T) Hz → (B, 1, T·hop_length). Raises ValueError without f0."""
        return self.m_source(required(f0, self.interpolate_unvoiced))

    def excitation(self, source: Tensor) -> list[Tensor | None]:
        """One (B, C, L) for each level."""
        return [conv(source) for conv in self.noise_convs]


class MiniNsfHifiGan(HifiGan):
    """openvpi's MiniNSF: one sine, no harmonics and no noise, enters after the second upsampling (pc-nsf-hifigan).

    sampling_rate: Hz; interpolate_unvoiced: see NsfHifiGan; where F0 is 0, the sine stands still
    generator: HifiGan's other arguments. Raises ValueError for fewer than two upsamplings.
    """

    LEVEL = 1

    def __init__(
        self, n_mels: int, hop_length: int, sampling_rate: int, interpolate_unvoiced: bool = True, **generator: Any
    ):
        super().__init__(n_mels, hop_length, **generator)
        if len(self.ups) <= self.LEVEL:
            raise ValueError("the sine of MiniNSF enters after the second upsampling; there is only one")
        self.interpolate_unvoiced = interpolate_unvoiced
        self.points = math.prod(up.stride[0] for up in self.ups[: self.LEVEL + 1])
        self.source_rate = sampling_rate * self.points / hop_length
        self.source_conv = nn.Conv1d(1, self.ups[self.LEVEL].out_channels, 1)

    def source(self, f0: Tensor | None) -> Tensor:
        """f0: (B, T) Hz → (B, 1, T·points). Raises ValueError without f0."""
        return gliding_sine(required(f0, self.interpolate_unvoiced), self.source_rate, self.points)

    def excitation(self, source: Tensor) -> list[Tensor | None]:
        """(B, C, T·points) for the second level alone."""
        return [self.source_conv(source) if level == self.LEVEL else None for level in range(len(self.ups))]


def required(f0: Tensor | None, interpolate_unvoiced: bool) -> Tensor:
    """f0, bridged over unvoiced frames if wanted. Raises ValueError where there is none."""
    if f0 is None:
        raise ValueError("the NSF vocoder needs f0 beside the mel")
    return bridge_unvoiced(f0) if interpolate_unvoiced else f0
