"""The blocks of SmoothSinger: condition encoder, down blocks, time-aware LVC up blocks, LowF blocks, fusion."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from svstoolkit.nn.lvc import KernelPredictor, location_variable_convolution
from svstoolkit.nn.sliding_window import SlidingWindowAttention

SLOPE = 0.2  # of every LeakyReLU (FastDiff)


def zero_conv1x1(in_channels: int, out_channels: int) -> nn.Conv1d:
    """1×1 convolution that starts as zero, so that what it joins starts untouched (ControlNet)."""
    conv = nn.Conv1d(in_channels, out_channels, 1)
    nn.init.zeros_(conv.weight)
    nn.init.zeros_(conv.bias)
    return conv


class FrameCondition(nn.Module):
    """Phoneme, note, note duration, F0 and singer of every frame → (B, cond_channels, S).

    Each is embedded into `hidden` channels; their sum passes a residual convolution network.
    """

    def __init__(self, n_phones: int, n_singers: int, cond_channels: int, hidden: int, kernel_size: int = 5):
        super().__init__()
        self.phone = nn.Embedding(n_phones, hidden)
        self.note = nn.Embedding(128, hidden)  # MIDI numbers, rounded; 0 is a rest
        self.singer = nn.Embedding(n_singers, hidden)
        self.continuous = nn.Linear(3, hidden)  # note duration, log F0, voiced
        self.convolutions = nn.ModuleList(
            nn.Conv1d(hidden, hidden, kernel_size, padding=kernel_size // 2) for _ in range(2)
        )
        self.output = nn.Conv1d(hidden, cond_channels, 1)

    def forward(
        self, frame_phones: Tensor, frame_notes: Tensor, frame_note_durations: Tensor, f0: Tensor, singers: Tensor
    ) -> Tensor:
        """frame_phones (B, S) ids; frame_notes (B, S) MIDI; frame_note_durations (B, S) s; f0 (B, S) Hz, 0 unvoiced;
        singers (B,) ids."""
        voiced = (f0 > 0).to(f0.dtype)
        # octaves from 220 Hz: of the order of one over the range of a voice
        log_f0 = torch.log2(f0.clamp_min(1.0) / 220.0) * voiced
        h = self.continuous(torch.stack([frame_note_durations, log_f0, voiced], dim=2))
        notes = frame_notes.round().long().clamp(0, 127)
        h = h + self.phone(frame_phones) + self.note(notes) + self.singer(singers)[:, None]
        h = h.transpose(1, 2)
        for convolution in self.convolutions:
            h = h + F.leaky_relu(convolution(h), SLOPE)
        return self.output(h)


class DownBlock(nn.Module):
    """Takes every stride-th sample, then three convolutions of dilation 1, 2, 4 beside a 1×1 shortcut (FastDiff).

    (B, C, L) → (B, C, L / stride).
    """

    def __init__(self, channels: int, stride: int):
        super().__init__()
        self.stride = stride
        self.shortcut = nn.Conv1d(channels, channels, 1)
        self.convolutions = nn.ModuleList(nn.Conv1d(channels, channels, 3, dilation=d, padding=d) for d in (1, 2, 4))

    def forward(self, x: Tensor) -> Tensor:
        x = x[..., :: self.stride]
        h = x
        for convolution in self.convolutions:
            h = convolution(F.leaky_relu(h, SLOPE))
        return self.shortcut(x) + h


class LVCUpBlock(nn.Module):
    """Time-aware location-variable convolutions (FastDiff, section 3.2): up by `stride`, then one layer per dilation
    {x += skip; dilated convolution; LVC to 2C by predicted kernels; sigmoid·tanh gate; residual}.

    The step embedding is added to the condition before the kernels are predicted from it.
    """

    def __init__(
        self,
        channels: int,
        stride: int,
        cond_channels: int,
        step_channels: int,
        kernel_hidden: int,
        dilations: tuple[int, ...] = (1, 3, 9, 27),
    ):
        super().__init__()
        # k = 2·stride overlaps neighbours by half; the padding cuts the result to exactly stride·L
        self.up = nn.ConvTranspose1d(
            channels, channels, 2 * stride, stride, padding=stride // 2 + stride % 2, output_padding=stride % 2
        )
        self.step = nn.Linear(step_channels, cond_channels)
        self.kernels = KernelPredictor(cond_channels, channels, 2 * channels, len(dilations), 3, kernel_hidden)
        self.convolutions = nn.ModuleList(nn.Conv1d(channels, channels, 3, dilation=d, padding=d) for d in dilations)

    def forward(self, x: Tensor, skip: Tensor, condition: Tensor, step: Tensor) -> Tensor:
        """x (B, C, L), skip (B, C, stride·L), condition (B, C_cond, S), step (B, C_step) → (B, C, stride·L)."""
        kernels, biases = self.kernels(condition + self.step(step)[:, :, None])
        x = self.up(F.leaky_relu(x, SLOPE))
        for i, convolution in enumerate(self.convolutions):
            x = x + skip
            h = F.leaky_relu(convolution(F.leaky_relu(x, SLOPE)), SLOPE)
            h = location_variable_convolution(h, kernels[:, :, i], biases[:, :, i])
            gate, value = h.chunk(2, dim=1)
            x = x + gate.sigmoid() * value.tanh()
        return x


class LowFrequencyBlock(nn.Module):
    """SmoothSinger's LowF block: convolutions and sliding-window attention at a low rate, then `factor` times the
    channels, reshaped into samples at the full rate. It bypasses the chain of up blocks (section 3.3).

    (B, C, T) → (B, out_channels, T·factor). The step embedding joins in, since the outputs reach the last layer
    without meeting another time-aware layer.
    """

    def __init__(
        self, channels: int, hidden: int, out_channels: int, factor: int, step_channels: int, heads: int, window: int
    ):
        super().__init__()
        self.factor = factor
        self.input = nn.Conv1d(channels, hidden, 3, padding=1)
        self.step = nn.Linear(step_channels, hidden)
        self.norm = nn.LayerNorm(hidden)
        self.attention = SlidingWindowAttention(hidden, heads, window)
        self.convolution = nn.Conv1d(hidden, hidden, 3, padding=1)
        self.widen = nn.Conv1d(hidden, out_channels * factor, 1)

    def forward(self, x: Tensor, step: Tensor) -> Tensor:
        h = F.leaky_relu(self.input(x) + self.step(step)[:, :, None], SLOPE)
        h = h + self.attention(self.norm(h.transpose(1, 2))).transpose(1, 2)
        h = h + F.leaky_relu(self.convolution(h), SLOPE)
        return self.widen(h).unflatten(1, (-1, self.factor)).transpose(2, 3).flatten(2)
