"""FastSpeech 2's variance adaptor for singing: durations and F0 as departures from what the score asks."""

from typing import Literal

import torch
from torch import Tensor, nn

from svstoolkit.nn.embeddings import harmonic_comb
from svstoolkit.nn.melody import MelodyContext
from svstoolkit.nn.variance_predictor import VariancePredictor

Pitch = Literal["response", "residual", "absolute"]
A3 = 57.0  # MIDI number, the origin of absolute pitch


def midi_to_hz(midi: Tensor) -> Tensor:
    """MIDI numbers → Hz, any shape."""
    return 440.0 * torch.exp2((midi - 69.0) / 12.0)


def hz_to_midi(hz: Tensor) -> Tensor:
    """Hz, positive → MIDI numbers, any shape."""
    return 69.0 + 12.0 * torch.log2(hz / 440.0)


def scaled_gradient(x: Tensor, factor: float) -> Tensor:
    """x itself, of which `factor` of the gradient flows back."""
    return x if factor == 1.0 else x.detach() + factor * (x - x.detach())


class DurationPredictor(nn.Module):
    """ln(frames + 1) of each phone.

    from_note: between a duration of its own and that of its note: ln(d + 1) = (1 − g)·own + g·ln(note frames + 1),
    g = σ(gate): a vowel lasts as its note asks, a consonant as such a consonant lasts. Without, it is own alone.
    """

    def __init__(
        self, channels: int, filter_channels: int, kernel: int, layers: int, dropout: float, from_note: bool = True
    ):
        super().__init__()
        self.from_note = from_note
        self.predictor = VariancePredictor(channels, filter_channels, 2 if from_note else 1, kernel, layers, dropout)
        nn.init.constant_(self.predictor.output.bias, 1.0)

    def forward(self, x: Tensor, mask: Tensor, note_frames: Tensor) -> Tensor:
        """x: (B, N, C); mask: (B, N); note_frames: (B, N) float → (B, N) ln(frames + 1), 0 where masked."""
        predicted = self.predictor(x, mask)
        if not self.from_note:
            return 2.0 * predicted[..., 0]
        own, gate = predicted.unbind(-1)
        return torch.lerp(2.0 * own, torch.log1p(note_frames), torch.sigmoid(gate)) * mask


class PitchPredictor(nn.Module):
    """F0 as its departure from the note contour, in semitones, and the voicing of each frame.

    kind "response": departure = previous·a + following·b + c with a, b, c predicted per frame and previous, following
    the intervals to the neighbouring notes: preparation and overshoot are responses to a step, hence proportional to
    it (Saitou et al. 2007, equation 1), while vibrato (c) is not
    kind "residual": c alone (XiaoiceSing, Lu et al. 2020, its residual connection)
    kind "absolute": log2 F0 itself, whatever the notes are (FFT-Singer)
    """

    def __init__(
        self, channels: int, filter_channels: int, kernel: int, layers: int, dropout: float, kind: Pitch = "response"
    ):
        super().__init__()
        self.kind = kind
        outputs = 4 if kind == "response" else 2
        self.predictor = VariancePredictor(channels, filter_channels, outputs, kernel, layers, dropout)
        if kind == "response":
            with torch.no_grad():
                self.predictor.output.weight[:3].mul_(0.1)  # training starts near the notes themselves

    def forward(self, x: Tensor, mask: Tensor, contour: Tensor, melody: MelodyContext) -> tuple[Tensor, Tensor]:
        """x: (B, T, C); mask: (B, T); contour: (B, T) MIDI → semitones (B, T), voicing logits (B, T)."""
        return departure(self.predictor(x, mask), self.kind, contour, melody)


def departure(predicted: Tensor, kind: Pitch, contour: Tensor, melody: MelodyContext) -> tuple[Tensor, Tensor]:
    """predicted: (B, T, 4 or 2), see `PitchPredictor` → semitones from the contour (B, T), voicing logits (B, T)."""
    if kind == "response":
        a, b, c, voicing = predicted.unbind(-1)
        return melody.previous * a + melody.following * b + c, voicing
    value, voicing = predicted.unbind(-1)
    return (value if kind == "residual" else A3 + 12.0 * value - contour), voicing


class PitchEmbedding(nn.Module):
    """F0 as the decoder sees it: voicing, log F0, the note, and where the harmonics fall among the mel bands.

    The last spares the decoder learning how harmonics move with F0 (a mel band below about 2 kHz resolves them).
    """

    def __init__(self, channels: int, harmonic_frequencies: int = 64, highest: float = 3000.0):
        super().__init__()
        self.register_buffer(
            "frequencies", torch.linspace(0.0, highest, harmonic_frequencies + 1)[1:], persistent=False
        )
        self.linear = nn.Linear(harmonic_frequencies + 3, channels)

    def forward(self, f0: Tensor, contour: Tensor) -> Tensor:
        """f0: (B, T) Hz, 0 = unvoiced; contour: (B, T) MIDI → (B, T, channels)."""
        voiced = (f0 > 0).to(f0.dtype)
        octaves = torch.log2(f0.clamp(min=1.0) / 220.0) * voiced
        numbers = torch.stack((voiced, octaves, (contour - 57.0) / 12.0), dim=-1)
        return self.linear(torch.cat((numbers, harmonic_comb(f0, self.frequencies)), dim=-1))
