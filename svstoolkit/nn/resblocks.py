"""The residual blocks of HiFi-GAN's multi-receptive field fusion (Kong et al., NeurIPS 2020, appendix A.1)."""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn.functional import leaky_relu
from torch.nn.utils.parametrizations import weight_norm

SLOPE = 0.1  # of every leaky ReLU but the generator's last


def same_conv(channels: int, kernel: int, dilation: int) -> nn.Module:
    """A weight-normed convolution that keeps width and length."""
    padding = dilation * (kernel - 1) // 2
    return weight_norm(nn.Conv1d(channels, channels, kernel, dilation=dilation, padding=padding))


class ResBlock1(nn.Module):
    """V1's and V2's: for each dilation, x += conv(leaky(dilated conv(leaky(x)))). kernel: odd."""

    def __init__(self, channels: int, kernel: int, dilations: Sequence[int]):
        super().__init__()
        self.convs1 = nn.ModuleList(same_conv(channels, kernel, d) for d in dilations)
        self.convs2 = nn.ModuleList(same_conv(channels, kernel, 1) for _ in dilations)

    def forward(self, x: Tensor) -> Tensor:
        """x: (B, channels, L) → the same shape."""
        for dilated, plain in zip(self.convs1, self.convs2, strict=True):
            # In place on what a convolution has just made: its backward does not need it, and memory is a third less.
            x = plain(leaky_relu(dilated(leaky_relu(x, SLOPE)), SLOPE, inplace=True)).add_(x)
        return x


class ResBlock2(nn.Module):
    """V3's: for each dilation, x += dilated conv(leaky(x)). kernel: odd."""

    def __init__(self, channels: int, kernel: int, dilations: Sequence[int]):
        super().__init__()
        self.convs = nn.ModuleList(same_conv(channels, kernel, d) for d in dilations)

    def forward(self, x: Tensor) -> Tensor:
        """x: (B, channels, L) → the same shape."""
        for dilated in self.convs:
            x = dilated(leaky_relu(x, SLOPE)).add_(x)
        return x
