"""A post-net: convolutions over a whole mel that mend what was predicted frame by frame."""

from itertools import pairwise

from torch import Tensor, nn


class PostNet(nn.Module):
    """`layers` convolutions, tanh after all but the last (Tacotron 2, Shen et al. 2018, section 2.2).

    n_mels: in and out; channels: between; kernel: odd; layers: at least 2; dropout: after each
    Layer normalisation stands where the paper has batch normalisation, whose statistics would make an utterance depend
    on its batch and on the padding.
    """

    def __init__(self, n_mels: int, channels: int = 512, kernel: int = 5, layers: int = 5, dropout: float = 0.5):
        super().__init__()
        if kernel % 2 == 0 or layers < 2:
            raise ValueError(f"a post-net needs an odd kernel and at least 2 layers, not {kernel} and {layers}")
        widths = [n_mels, *[channels] * (layers - 1), n_mels]
        pairs = list(pairwise(widths))
        self.convs = nn.ModuleList(nn.Conv1d(a, b, kernel, padding=kernel // 2) for a, b in pairs)
        self.norms = nn.ModuleList(nn.LayerNorm(b) for _, b in pairs[:-1])
        self.dropout = nn.Dropout(dropout)

    def forward(self, mel: Tensor, mask: Tensor) -> Tensor:
        """mel: (B, T, n_mels); mask: (B, T) bool, True = real → what to add (B, T, n_mels), 0 where masked."""
        keep = mask[..., None]
        x = mel * keep
        for conv, norm in zip(self.convs[:-1], self.norms, strict=True):
            x = self.dropout(norm(conv(x.transpose(1, 2)).transpose(1, 2)).tanh()) * keep
        return self.dropout(self.convs[-1](x.transpose(1, 2)).transpose(1, 2)) * keep
