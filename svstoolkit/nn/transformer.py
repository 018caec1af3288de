"""Feed-forward Transformer blocks (FastSpeech, section 3.1): self-attention and two convolutions, post-norm."""

from torch import Tensor, nn

from svstoolkit.nn.attention import SelfAttention
from svstoolkit.nn.embeddings import sinusoidal_positions


class FFTBlock(nn.Module):
    """One block: x ← LN(x + attention(x)); x ← LN(x + conv₁(ReLU(conv_k(x)))).

    channels: width; heads: of attention; kernel: odd, of the first convolution (the second is 1)
    filter_channels: between the two convolutions; dropout: after both sublayers
    """

    def __init__(self, channels: int, heads: int, kernel: int, filter_channels: int, dropout: float):
        super().__init__()
        if kernel % 2 == 0:
            raise ValueError(f"kernel must be odd, not {kernel}")
        self.attention = SelfAttention(channels, heads)
        self.attention_norm = nn.LayerNorm(channels)
        self.conv_in = nn.Conv1d(channels, filter_channels, kernel, padding=kernel // 2)
        self.conv_out = nn.Linear(filter_channels, channels)  # the convolution of kernel 1
        self.conv_norm = nn.LayerNorm(channels)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """x: (B, T, C), 0 where masked; mask: (B, T) → (B, T, C), 0 where masked."""
        keep = mask[..., None]
        x = self.attention_norm(x + self.dropout(self.attention(x, mask))) * keep
        hidden = self.conv_in(x.transpose(1, 2)).relu().transpose(1, 2)
        return self.conv_norm(x + self.dropout(self.conv_out(hidden))) * keep


class FFTStack(nn.Module):
    """Sinusoidal positions, dropout, then `layers` FFT blocks. A masked position changes no other."""

    def __init__(self, layers: int, channels: int, heads: int, kernel: int, filter_channels: int, dropout: float):
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(FFTBlock(channels, heads, kernel, filter_channels, dropout) for _ in range(layers))

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """x: (B, T, C); mask: (B, T) bool, True = real → (B, T, C), 0 where masked."""
        x = x + sinusoidal_positions(x.shape[1], x.shape[2], x.device)
        x = self.dropout(x) * mask[..., None]
        for block in self.blocks:
            x = block(x, mask)
        return x
