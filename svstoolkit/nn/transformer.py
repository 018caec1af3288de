"""Feed-forward Transformer blocks (FastSpeech, section 3.1): self-attention and two convolutions."""

from typing import Literal

from torch import Tensor, nn
from torch.nn.functional import gelu, relu

from svstoolkit.nn.attention import Positions, SelfAttention
from svstoolkit.nn.embeddings import sinusoidal_positions

Activation = Literal["relu", "gelu"]
Norm = Literal["post", "pre"]


class FFTBlock(nn.Module):
    """One block, LN being layer normalisation and φ the activation:

    norm "post", FastSpeech: x ← LN(x + attention(x)); x ← LN(x + conv₁(φ(conv_k(x))))
    norm "pre", ESPnet and DiffSinger: x ← x + attention(LN(x)); x ← x + conv₁(φ(conv_k(LN(x))))

    channels: width; heads: of attention; kernel: odd, of the first convolution (the second is 1)
    filter_channels: between the two convolutions; dropout: after both sublayers
    positions: what attention knows of distance, see `SelfAttention`
    """

    def __init__(
        self,
        channels: int,
        heads: int,
        kernel: int,
        filter_channels: int,
        dropout: float,
        activation: Activation = "relu",
        norm: Norm = "post",
        positions: Positions = "sinusoidal",
    ):
        super().__init__()
        if kernel % 2 == 0:
            raise ValueError(f"kernel must be odd, not {kernel}")
        self.activation = gelu if activation == "gelu" else relu
        self.norm_first = norm == "pre"
        self.attention = SelfAttention(channels, heads, positions)
        self.attention_norm = nn.LayerNorm(channels)
        self.conv_in = nn.Conv1d(channels, filter_channels, kernel, padding=kernel // 2)
        self.conv_out = nn.Linear(filter_channels, channels)  # the convolution of kernel 1
        self.conv_norm = nn.LayerNorm(channels)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """x: (B, T, C), 0 where masked; mask: (B, T) → (B, T, C), 0 where masked."""
        keep = mask[..., None]
        if self.norm_first:
            x = (x + self.dropout(self.attention(self.attention_norm(x), mask))) * keep
            return (x + self.dropout(self.convolved(self.conv_norm(x) * keep))) * keep
        x = self.attention_norm(x + self.dropout(self.attention(x, mask))) * keep
        return self.conv_norm(x + self.dropout(self.convolved(x))) * keep

    def convolved(self, x: Tensor) -> Tensor:
        """x: (B, T, C), 0 where masked → (B, T, C)."""
        return self.conv_out(self.activation(self.conv_in(x.transpose(1, 2))).transpose(1, 2))


class FFTStack(nn.Module):
    """Positions, dropout, then `layers` FFT blocks, and with norm "pre" a last normalisation.

    A masked position changes no other. Arguments as of `FFTBlock`; sinusoidal positions are added to the input.
    """

    def __init__(
        self,
        layers: int,
        channels: int,
        heads: int,
        kernel: int,
        filter_channels: int,
        dropout: float,
        activation: Activation = "relu",
        norm: Norm = "post",
        positions: Positions = "sinusoidal",
    ):
        super().__init__()
        self.sinusoidal = positions == "sinusoidal"
        self.dropout = nn.Dropout(dropout)
        block = (channels, heads, kernel, filter_channels, dropout, activation, norm, positions)
        self.blocks = nn.ModuleList(FFTBlock(*block) for _ in range(layers))
        self.norm = nn.LayerNorm(channels) if norm == "pre" else None

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """x: (B, T, C); mask: (B, T) bool, True = real → (B, T, C), 0 where masked."""
        keep = mask[..., None]
        if self.sinusoidal:
            x = x + sinusoidal_positions(x.shape[1], x.shape[2], x.device)
        x = self.dropout(x) * keep
        for block in self.blocks:
            x = block(x, mask)
        return x if self.norm is None else self.norm(x) * keep
