"""Self-attention over a sliding window, of cost linear in the length (Longformer, Beltagy et al. 2020, section 3.1)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class SlidingWindowAttention(nn.Module):
    """Multi-head self-attention in which position t sees the positions within window/2 of it, on both sides.

    The sequence is cut into chunks of window/2; each chunk's queries meet the keys of three chunks, masked to the band.
    window: even. Raises ValueError when channels are not a multiple of heads.
    """

    def __init__(self, channels: int, heads: int = 2, window: int = 512):
        super().__init__()
        if channels % heads or window < 2 or window % 2:
            raise ValueError(f"need channels % heads == 0 and an even window, not {channels}, {heads}, {window}")
        self.heads, self.reach = heads, window // 2
        self.query_key_value = nn.Linear(channels, 3 * channels)
        self.output = nn.Linear(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """x: (B, T, C) → (B, T, C)."""
        batch, length, channels = x.shape
        # a short sequence needs no wider window than its own length
        reach = min(self.reach, length)
        chunks = -(-length // reach)
        padding = chunks * reach - length
        qkv = F.pad(self.query_key_value(x), (0, 0, 0, padding))
        q, k, v = qkv.view(batch, chunks, reach, 3, self.heads, -1).permute(3, 0, 1, 4, 2, 5)
        k, v = _with_neighbours(k), _with_neighbours(v)
        mask = band_mask(length, chunks, reach, x.device)
        y = F.scaled_dot_product_attention(
            q.flatten(0, 1), k.flatten(0, 1), v.flatten(0, 1), attn_mask=_tiled(mask, batch)
        )
        y = y.view(batch, chunks, self.heads, reach, -1).transpose(2, 3).reshape(batch, chunks * reach, channels)
        return self.output(y[:, :length])


def band_mask(length: int, chunks: int, reach: int, device: torch.device) -> Tensor:
    """(chunks, reach, 3·reach) bool: which keys of the chunk before, its own and the one after a query may see."""
    query = torch.arange(chunks * reach, device=device).view(chunks, reach, 1)
    key = (torch.arange(chunks, device=device)[:, None] - 1) * reach + torch.arange(3 * reach, device=device)
    key = key[:, None, :]
    seen = ((query - key).abs() <= reach) & (key >= 0) & (key < length)
    return seen | (key == query)  # a padded query sees itself: a row without any key would be NaN


def _with_neighbours(x: Tensor) -> Tensor:
    """(B, n, H, w, d) chunks → (B, n, H, 3w, d): each with the chunk before and after it, zeros beyond the ends."""
    padded = F.pad(x, (0, 0, 0, 0, 0, 0, 1, 1))
    return torch.cat([padded[:, :-2], x, padded[:, 2:]], dim=3)


def _tiled(mask: Tensor, batch: int) -> Tensor:
    """(n, w, 3w) → (B·n, 1, w, 3w)."""
    return mask.expand(batch, *mask.shape).flatten(0, 1)[:, None]
