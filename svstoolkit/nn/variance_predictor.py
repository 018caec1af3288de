"""The convolutional predictor of FastSpeech 2's variance adaptor (its section 2.3, figure 1c)."""

from itertools import pairwise

from torch import Tensor, nn


class VariancePredictor(nn.Module):
    """`layers` times {convolution, ReLU, layer norm, dropout}, then a linear layer.

    channels: of the input; filter_channels: of the convolutions; outputs: numbers per position
    kernel: odd; layers: 2 in the paper
    """

    def __init__(
        self, channels: int, filter_channels: int, outputs: int, kernel: int = 3, layers: int = 2, dropout: float = 0.5
    ):
        super().__init__()
        if kernel % 2 == 0:
            raise ValueError(f"kernel must be odd, not {kernel}")
        widths = [channels] + [filter_channels] * layers
        self.convs = nn.ModuleList(nn.Conv1d(a, b, kernel, padding=kernel // 2) for a, b in pairwise(widths))
        self.norms = nn.ModuleList(nn.LayerNorm(filter_channels) for _ in range(layers))
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(widths[-1], outputs)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """x: (B, T, C); mask: (B, T) bool, True = real → (B, T, outputs), 0 where masked."""
        keep = mask[..., None]
        x = x * keep
        for conv, norm in zip(self.convs, self.norms, strict=True):
            x = self.dropout(norm(conv(x.transpose(1, 2)).relu().transpose(1, 2))) * keep
        return self.output(x) * keep
