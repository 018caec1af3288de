"""Multi-head self-attention over padded batches, with or without a sense of distance of its own."""

import math
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

Positions = Literal["sinusoidal", "rotary", "alibi"]


class SelfAttention(nn.Module):
    """Scaled dot-product self-attention ("Attention is all you need", section 3.2).

    channels: width, divisible by heads
    positions: what the layer knows of where its inputs lie: `sinusoidal`, nothing (the stack adds it to the input);
    `rotary`, queries and keys turned by their place (RoFormer, Su et al. 2021, section 3.2); `alibi`, a penalty
    proportional to the distance (ALiBi, Press et al. 2022, section 3), the same on both sides
    The weights are not dropped out: that would forbid the fused kernels, and the blocks drop out the result anyway.
    Raises ValueError when heads does not divide channels, or for rotary positions leaves an odd width.
    """

    def __init__(self, channels: int, heads: int, positions: Positions = "sinusoidal"):
        super().__init__()
        if channels % heads:
            raise ValueError(f"channels ({channels}) must be a multiple of heads ({heads})")
        if positions == "rotary" and channels // heads % 2:
            raise ValueError(f"channels ({channels}) per head ({heads}) must be even for rotary positions")
        self.heads, self.positions = heads, positions
        self.query_key_value = nn.Linear(channels, 3 * channels)
        self.output = nn.Linear(channels, channels)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """x: (B, T, C); mask: (B, T) bool, True = real → (B, T, C). Each row needs one real position."""
        batch, length, channels = x.shape
        qkv = self.query_key_value(x).view(batch, length, 3, self.heads, channels // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        if self.positions == "rotary":
            q, k = rotated(q), rotated(k)
        seen = mask[:, None, None, :]
        if self.positions == "alibi":
            seen = distance_penalty(self.heads, length, x.device).to(q.dtype).masked_fill(~seen, -math.inf)
        attended = scaled_dot_product_attention(q, k, v, attn_mask=seen)
        return self.output(attended.transpose(1, 2).reshape(batch, length, channels))


def rotated(x: Tensor) -> Tensor:
    """x: (…, T, d), d even → each pair (x₂ᵢ, x₂ᵢ₊₁) turned by t·10000^(−2i/d): products depend on distances alone."""
    length, width = x.shape[-2:]
    rates = torch.exp(torch.arange(0, width, 2, device=x.device) * (-math.log(10000.0) / width))
    angles = torch.arange(length, device=x.device)[:, None] * rates
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), dim=-1).flatten(-2)


def distance_penalty(heads: int, length: int, device: torch.device | None = None) -> Tensor:
    """(heads, length, length): −slope·|i − j| with slopes 2^(−8h/heads), h = 1 … heads."""
    slopes = torch.exp2(-8.0 / heads * torch.arange(1, heads + 1, device=device))
    places = torch.arange(length, device=device)
    return -slopes[:, None, None] * (places[:, None] - places).abs()
