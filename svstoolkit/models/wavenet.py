"""The non-causal WaveNet that denoises mels in DiffSinger and CoMoSVC (DiffSinger, section 3.4 and figure 9).

Module names and shapes are those of the published code, whose checkpoints load as they are.
"""

import math

import torch
from torch import Tensor, nn


class StepSinusoids(nn.Module):
    """Sinusoids of a step that need not be whole, the sines first. channels: even, of the result."""

    def __init__(self, channels: int):
        super().__init__()
        half = channels // 2
        rates = torch.exp(torch.arange(half) * (-math.log(10000.0) / (half - 1)))
        self.register_buffer("rates", rates, persistent=False)

    def forward(self, step: Tensor) -> Tensor:
        """step: (B,) → (B, channels)."""
        angles = step[:, None].to(self.rates.dtype) * self.rates
        return torch.cat((angles.sin(), angles.cos()), dim=-1)


def step_layers(channels: int) -> nn.Sequential:
    """What follows the sinusoids: two linear layers with Mish between them, (B, channels) → (B, channels)."""
    return nn.Sequential(nn.Linear(channels, 4 * channels), nn.Mish(), nn.Linear(4 * channels, channels))


class ResidualBlock(nn.Module):
    """x + step → dilated convolution + condition → gate → half to the next block, half to the sum of all blocks."""

    def __init__(self, condition_channels: int, channels: int, kernel: int, dilation: int):
        super().__init__()
        padding = dilation * (kernel - 1) // 2
        self.dilated_conv = _conv(channels, 2 * channels, kernel, dilation=dilation, padding=padding)
        self.diffusion_projection = nn.Linear(channels, channels)
        self.conditioner_projection = _conv(condition_channels, 2 * channels, 1)
        self.output_projection = _conv(channels, 2 * channels, 1)

    def forward(self, x: Tensor, step: Tensor, condition: Tensor, keep: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """x: (B, C, T); step: (B, C); condition: (B, 2C, T), projected already; keep: (B, 1, T), 0 where padded
        → what follows, what is collected."""
        y = x + self.diffusion_projection(step)[..., None]
        y = self.dilated_conv(y if keep is None else y * keep) + condition
        gate, filtered = y.chunk(2, dim=1)
        residual, skip = self.output_projection(gate.sigmoid() * filtered.tanh()).chunk(2, dim=1)
        return (x + residual) / math.sqrt(2.0), skip


class WaveNet(nn.Module):
    """Denoises mels under a condition; what its output stands for, ε, x0, v or a velocity, is the diffusion's matter.

    n_mels: mel bands; condition_channels: of the condition
    channels: C, even; layers: L; kernel: odd; dilation_cycle: dilations 1, 2, 4 … begin again after as many layers
        (1: no dilation, as in the paper; the official configs for scores have 4)
    Raises ValueError for an even kernel, odd channels or counts below 1.
    """

    def __init__(
        self,
        n_mels: int,
        condition_channels: int,
        channels: int = 256,
        layers: int = 20,
        kernel: int = 3,
        dilation_cycle: int = 1,
    ):
        super().__init__()
        if kernel % 2 == 0 or channels % 2 or channels < 4 or min(n_mels, layers, dilation_cycle) < 1:
            raise ValueError(
                "need an odd kernel, an even number of channels from 4 on, and positive n_mels, layers and "
                f"dilation_cycle, not {kernel}, {channels}, {n_mels}, {layers}, {dilation_cycle}"
            )
        self.input_projection = _conv(n_mels, channels, 1)
        self.diffusion_embedding = StepSinusoids(channels)
        self.mlp = step_layers(channels)
        self.residual_layers = nn.ModuleList(
            ResidualBlock(condition_channels, channels, kernel, 2 ** (i % dilation_cycle)) for i in range(layers)
        )
        self.skip_projection = _conv(channels, channels, 1)
        self.output_projection = _conv(channels, n_mels, 1)
        nn.init.zeros_(self.output_projection.weight)

    def project(self, condition: Tensor) -> list[Tensor]:
        """condition (B, T, condition_channels) → what each block adds, (B, 2C, T). It depends on no step: sampling
        computes it once."""
        condition = condition.transpose(1, 2)
        return [block.conditioner_projection(condition) for block in self.residual_layers]

    def denoise(self, x: Tensor, step: Tensor, projected: list[Tensor], mask: Tensor | None = None) -> Tensor:
        """x: (B, T, n_mels); step: (B,); projected: see `project`; mask: (B, T) bool, True = real → (B, T, n_mels).

        With a mask a padded batch gives what each utterance alone gives: padding is 0 before every convolution.
        """
        keep = None if mask is None else mask[:, None].to(x.dtype)
        x = self.input_projection(x.transpose(1, 2)).relu()
        step = self.mlp(self.diffusion_embedding(step))
        collected = 0.0
        for block, condition in zip(self.residual_layers, projected, strict=True):
            x, skip = block(x, step, condition, keep)
            collected = collected + skip
        x = self.skip_projection(collected / math.sqrt(len(self.residual_layers))).relu()
        return self.output_projection(x).transpose(1, 2)

    def forward(self, x: Tensor, step: Tensor, condition: Tensor, mask: Tensor | None = None) -> Tensor:
        """As `denoise`, from the condition (B, T, condition_channels) itself."""
        return self.denoise(x, step, self.project(condition), mask)


def _conv(channels_in: int, channels_out: int, kernel: int, **options: int) -> nn.Conv1d:
    """A convolution initialised as the published code has it."""
    conv = nn.Conv1d(channels_in, channels_out, kernel, **options)
    nn.init.kaiming_normal_(conv.weight)
    return conv
