"""Multi-head self-attention over padded batches."""

from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention


class SelfAttention(nn.Module):
    """Scaled dot-product self-attention ("Attention is all you need", section 3.2).

    channels: width, divisible by heads
    The weights are not dropped out: that would forbid the fused kernels, and the blocks drop out the result anyway.
    Raises ValueError when heads does not divide channels.
    """

    def __init__(self, channels: int, heads: int):
        super().__init__()
        if channels % heads:
            raise ValueError(f"channels ({channels}) must be a multiple of heads ({heads})")
        self.heads = heads
        self.query_key_value = nn.Linear(channels, 3 * channels)
        self.output = nn.Linear(channels, channels)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """x: (B, T, C); mask: (B, T) bool, True = real → (B, T, C). Each row needs one real position."""
        batch, length, channels = x.shape
        qkv = self.query_key_value(x).view(batch, length, 3, self.heads, channels // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        attended = scaled_dot_product_attention(q, k, v, attn_mask=mask[:, None, None, :])
        return self.output(attended.transpose(1, 2).reshape(batch, length, channels))
