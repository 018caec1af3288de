"""Discriminators that judge windows of a mel: GAN-Singer's and HiFiSinger's.

GAN-Singer (Wu & Luan, Interspeech 2020, "Adversarially trained multi-singer sequence-to-sequence singing synthesizer";
the baseline of that name in DiffSinger): several discriminators, each of which sees a random stretch of another length.
HiFiSinger (Chen et al. 2020, arXiv 2009.01776): the same for the low, the middle and the high bands by themselves
(sub-frequency GAN).

The papers say neither the layers nor all lengths. Here as in the public re-implementations of such discriminators:
windows of 32, 64 and 128 frames, three convolutions 3×3 of stride 2, 128 channels, leaky ReLU of slope 0.2, one linear
score of the whole map. That is 0.926 M parameters at 80 bands, where DiffSinger's table 5 has 0.963 M for its
GAN-Singer. Weight norm stands in place of their batch norm, which would tie the judgements of a batch together.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout2d, leaky_relu
from torch.nn.utils.parametrizations import weight_norm

from svstoolkit.models.hifigan_discriminators import Judgement

SLOPE = 0.2
STRIDE = 2
WHOLE = ((0.0, 1.0),)
LOW_MIDDLE_HIGH = ((0.0, 0.5), (0.25, 0.75), (0.5, 1.0))


class WindowDiscriminator(nn.Module):
    """One score of a picture of fixed size. maps: pictures on top of each other; frames, bands: their size."""

    def __init__(self, maps: int, frames: int, bands: int, channels: int, kernel: int, layers: int, dropout: float):
        super().__init__()
        self.convs = nn.ModuleList(
            weight_norm(nn.Conv2d(channels if i else maps, channels, kernel, STRIDE, kernel // 2))
            for i in range(layers)
        )
        self.dropout = dropout
        for _ in range(layers):
            frames, bands = -(-frames // STRIDE), -(-bands // STRIDE)
        self.score = nn.Linear(channels * frames * bands, 1)

    def forward(self, x: Tensor) -> Judgement:
        """x: (B, maps, frames, bands) → scores (B, 1), and each layer's map."""
        features = []
        for conv in self.convs:
            x = dropout2d(leaky_relu(conv(x), SLOPE), self.dropout, self.training)
            features.append(x)
        return self.score(x.flatten(1)), features


class ScorePicture(nn.Module):
    """What is to be sung and by whom, as a second picture beside the mel: (B, T, n_mels)."""

    def __init__(self, n_phones: int, n_singers: int, n_mels: int):
        super().__init__()
        self.phone = nn.Embedding(n_phones, n_mels)
        self.singer = nn.Embedding(n_singers, n_mels)
        self.note = nn.Linear(2, n_mels)

    def forward(self, phones: Tensor, notes: Tensor, singers: Tensor) -> Tensor:
        """phones: (B, T) int64; notes: (B, T) MIDI, 0 = rest; singers: (B,) int64."""
        sounding = (notes > 0).float()
        note = torch.stack(((notes - 60.0) / 12.0 * sounding, sounding), dim=-1)
        return self.phone(phones) + self.note(note) + self.singer(singers)[:, None]


class SubFrequencyDiscriminators(nn.Module):
    """One discriminator per band and window length (HiFiSinger's SF-GAN).

    n_mels: mel bands; bands: pairs of fractions of them; the paper's, of 80: 0–40, 20–60 and 40–80
    windows: frames; channels, kernel (odd), layers, dropout: of each discriminator. The paper's widths are not known
    here: 64 channels make nine discriminators together smaller than GAN-Singer's three.
    n_phones, n_singers: vocabulary sizes; with both the discriminators know the score too, with 0 and 0 the mel alone
    mel_mean, mel_scale: the discriminators read (mel − mel_mean) / mel_scale
    Raises ValueError for windows or bands that are none, even kernels, and one of n_phones and n_singers without the
    other.
    """

    def __init__(
        self,
        n_mels: int,
        bands: Sequence[Sequence[float]] = LOW_MIDDLE_HIGH,
        windows: Sequence[int] = (32, 64, 128),
        channels: int = 64,
        kernel: int = 3,
        layers: int = 3,
        dropout: float = 0.25,
        n_phones: int = 0,
        n_singers: int = 0,
        mel_mean: float = -5.0,
        mel_scale: float = 2.0,
    ):
        super().__init__()
        if not windows or min(windows) < 1:
            raise ValueError(f"windows must be positive numbers of frames, not {list(windows)}")
        if kernel % 2 == 0 or min(channels, layers) < 1:
            raise ValueError("kernel must be odd, channels and layers positive")
        if bool(n_phones) != bool(n_singers):
            raise ValueError("n_phones and n_singers are both 0 or both positive")
        if any(len(band) != 2 for band in bands):
            raise ValueError(f"bands must be pairs of fractions, not {list(bands)}")
        edges = [(round(low * n_mels), round(high * n_mels)) for low, high in bands]
        if not edges or any(not 0 <= low < high <= n_mels for low, high in edges):
            raise ValueError(f"bands must be pairs of rising fractions from 0 to 1, not {list(bands)}")
        self.mel_mean, self.mel_scale = mel_mean, mel_scale
        self.views = [(low, high, window) for low, high in edges for window in windows]
        self.score_picture = ScorePicture(n_phones, n_singers, n_mels) if n_phones else None
        self.discriminators = nn.ModuleList(
            WindowDiscriminator(2 if n_phones else 1, window, high - low, channels, kernel, layers, dropout)
            for low, high, window in self.views
        )

    @property
    def knows_the_score(self) -> bool:
        """Whether `forward` wants phones, notes and singers."""
        return self.score_picture is not None

    def draw(self, lengths: Tensor) -> Tensor:
        """lengths: (B,) real frames → (discriminators, B) int64, the first frame of each window.

        Every window lies within its utterance, each place being as likely as any other; where an utterance is shorter
        than the window it starts at 0. From torch's global generator.
        """
        windows = torch.tensor([window for *_, window in self.views], device=lengths.device)
        places = (lengths - windows[:, None] + 1).clamp(min=1)
        drawn = torch.rand(places.shape, device=lengths.device, dtype=torch.float64) * places
        return torch.minimum(drawn.long(), places - 1)

    def forward(
        self,
        mel: Tensor,
        lengths: Tensor,
        starts: Tensor,
        phones: Tensor | None = None,
        notes: Tensor | None = None,
        singers: Tensor | None = None,
    ) -> list[Judgement]:
        """For each discriminator its scores (B, 1) and its feature maps.

        mel: (B, T, n_mels) natural-log amplitude; lengths: (B,) real frames; starts: (discriminators, B), by `draw`
        phones: (B, T) int64, notes: (B, T) MIDI, singers: (B,) int64: for those that know the score
        What a window holds beyond an utterance's end is 0, whatever stands in the padding.
        """
        pictures = [(mel - self.mel_mean) / self.mel_scale]
        if self.score_picture is not None:
            pictures.append(self.score_picture(phones, notes, singers))
        x = torch.stack(pictures, dim=1)
        return [
            discriminator(cut(x, first, window, lengths)[..., low:high])
            for discriminator, (low, high, window), first in zip(self.discriminators, self.views, starts, strict=True)
        ]


class RandomWindowDiscriminators(SubFrequencyDiscriminators):
    """One discriminator per window length, of all bands (GAN-Singer's). Arguments as of SubFrequencyDiscriminators.

    Whether GAN-Singer's discriminators know the score and the singer, the sources at hand do not say; by default
    these do not.
    """

    def __init__(
        self,
        n_mels: int,
        windows: Sequence[int] = (32, 64, 128),
        channels: int = 128,
        kernel: int = 3,
        layers: int = 3,
        dropout: float = 0.25,
        n_phones: int = 0,
        n_singers: int = 0,
        mel_mean: float = -5.0,
        mel_scale: float = 2.0,
    ):
        sizes = (channels, kernel, layers, dropout, n_phones, n_singers, mel_mean, mel_scale)
        super().__init__(n_mels, WHOLE, windows, *sizes)


def cut(x: Tensor, starts: Tensor, window: int, lengths: Tensor) -> Tensor:
    """x: (B, maps, T, bands); starts, lengths: (B,) → (B, maps, window, bands), 0 from each length on."""
    frames = starts[:, None] + torch.arange(window, device=x.device)
    inside = frames < lengths[:, None]
    index = frames.clamp(max=x.shape[2] - 1)[:, None, :, None].expand(-1, x.shape[1], -1, x.shape[3])
    return x.gather(2, index).masked_fill(~inside[:, None, :, None], 0.0)
