"""Location-variable convolution: every frame of the condition predicts the kernel its own samples are convolved with.

Zeng et al. 2021 (LVCNet, arXiv 2102.10815), section 3.1; FastDiff (arXiv 2204.09934), section 3.2.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def location_variable_convolution(x: Tensor, kernels: Tensor, bias: Tensor) -> Tensor:
    """Convolves the samples of frame s, with their neighbours across its edges, with frame s's own kernel.

    x: (B, C_in, S·hop); kernels: (B, S, K, C_in, C_out), K odd; bias: (B, S, C_out) → (B, C_out, S·hop), zero-padded.
    Raises ValueError unless the length is a multiple of the number of frames.
    """
    batch, channels, length = x.shape
    frames, size = kernels.shape[1], kernels.shape[2]
    if length % frames or size % 2 == 0:
        raise ValueError(f"{length} samples must be a multiple of {frames} frames, and the kernel ({size}) odd")
    # One copy of x per tap, side by side, makes the whole layer one batched matrix product: measured on CPU, this beats
    # convolving B·S groups and products over an unfolded view, in the backward pass by about a third.
    padded = F.pad(x.transpose(1, 2), (0, 0, size // 2, size // 2))
    taps = torch.cat([padded[:, j : j + length] for j in range(size)], dim=2)
    taps = taps.view(batch * frames, length // frames, size * channels)
    weight = kernels.reshape(batch * frames, size * channels, -1)
    y = torch.baddbmm(bias.reshape(batch * frames, 1, -1), taps, weight)
    return y.view(batch, length, -1).transpose(1, 2)


class KernelPredictor(nn.Module):
    """Condition (B, C_cond, S) → kernels (B, S, layers, K, C_in, C_out) and biases (B, S, layers, C_out).

    As in FastDiff: a convolution of 5 frames, three residual pairs of 3-frame convolutions, then two 3-frame heads.
    hidden: width of the trunk; the kernel head, hidden·layers·K·C_in·C_out·3 weights, holds most of the whole model.
    """

    def __init__(
        self,
        cond_channels: int,
        in_channels: int,
        out_channels: int,
        layers: int,
        kernel_size: int = 3,
        hidden: int = 64,
    ):
        super().__init__()
        self.kernel_shape = (layers, kernel_size, in_channels, out_channels)
        self.bias_shape = (layers, out_channels)
        self.input = nn.Conv1d(cond_channels, hidden, 5, padding=2)
        self.residuals = nn.ModuleList(
            nn.Sequential(
                nn.Conv1d(hidden, hidden, 3, padding=1),
                nn.LeakyReLU(0.1),
                nn.Conv1d(hidden, hidden, 3, padding=1),
                nn.LeakyReLU(0.1),
            )
            for _ in range(3)
        )
        self.kernel_head = nn.Conv1d(hidden, layers * kernel_size * in_channels * out_channels, 3, padding=1)
        self.bias_head = nn.Conv1d(hidden, layers * out_channels, 3, padding=1)

    def forward(self, condition: Tensor) -> tuple[Tensor, Tensor]:
        h = F.leaky_relu(self.input(condition), 0.1)
        for residual in self.residuals:
            h = h + residual(h)
        kernels = self.kernel_head(h).transpose(1, 2).unflatten(2, self.kernel_shape)
        return kernels, self.bias_head(h).transpose(1, 2).unflatten(2, self.bias_shape)
