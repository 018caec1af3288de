"""SmoothSinger (Sui et al. 2025, arXiv 2506.21478): a waveform diffusion network led by a reference waveform.

FastDiff's U-net of location-variable convolutions, a second down path that reads the reference, zero-initialised fusion
of the two at every resolution, and a parallel low-frequency path to the output.
"""

import copy
import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from svstoolkit.models.smoothsinger_blocks import (
    DownBlock,
    FrameCondition,
    LowFrequencyBlock,
    LVCUpBlock,
    zero_conv1x1,
)
from svstoolkit.nn.step_embedding import StepEmbedding


class SmoothSinger(nn.Module):
    """ε-predicting network: noisy waveform, fractional step, score condition, reference waveform → noise.

    n_phones, n_singers: sizes of the vocabulary
    hop_length: samples per frame of the condition; the product of the strides
    channels: width of the waveform layers
    strides: of the up path, first to last; the down path takes them in reverse
    cond_channels, cond_hidden: width of the condition and of its encoder
    step_sinusoids, step_hidden: step embedding
    kernel_hidden: width of the kernel predictors, which hold nine tenths of the parameters
    lowf_hidden, lowf_channels, lowf_heads, lowf_window: width, output channels, heads and window of the LowF blocks
    use_reference, use_lowf: ablations (the paper's Table 2)
    share_reference_weights: the reference goes through the main down path itself instead of a copy of it
    combine: how the LowF outputs reach the last layer, `sum` or `concat`
    """

    def __init__(
        self,
        n_phones: int,
        n_singers: int,
        hop_length: int = 256,
        channels: int = 32,
        strides: Sequence[int] = (8, 8, 4),
        cond_channels: int = 80,
        cond_hidden: int = 128,
        step_sinusoids: int = 128,
        step_hidden: int = 512,
        kernel_hidden: int = 64,
        lowf_hidden: int = 32,
        lowf_channels: int = 8,
        lowf_heads: int = 2,
        lowf_window: int = 512,
        use_reference: bool = True,
        use_lowf: bool = True,
        share_reference_weights: bool = False,
        combine: str = "sum",
    ):
        super().__init__()
        if math.prod(strides) != hop_length:
            raise ValueError(f"the strides {list(strides)} must multiply to hop_length {hop_length}")
        if combine not in ("sum", "concat"):
            raise ValueError(f"combine must be sum or concat, not {combine!r}")
        down = list(strides)[::-1]
        self.hop_length, self.use_reference, self.use_lowf = hop_length, use_reference, use_lowf
        self.share_reference_weights, self.combine = share_reference_weights, combine
        self.frame_condition = FrameCondition(n_phones, n_singers, cond_channels, cond_hidden)
        self.step_embedding = StepEmbedding(step_sinusoids, step_hidden)
        self.first = nn.Conv1d(1, channels, 7, padding=3)
        self.downs = nn.ModuleList(DownBlock(channels, stride) for stride in down)
        if use_reference:
            self.fusions = nn.ModuleList(zero_conv1x1(2 * channels, channels) for _ in range(len(down) + 1))
            if not share_reference_weights:
                self.reference_first = copy.deepcopy(self.first)
                self.reference_downs = copy.deepcopy(self.downs)
        self.ups = nn.ModuleList(
            LVCUpBlock(channels, stride, cond_channels, step_hidden, kernel_hidden) for stride in strides
        )
        if use_lowf:
            factors = [math.prod(down[: i + 1]) for i in range(len(down))]
            self.lowf = nn.ModuleList(
                LowFrequencyBlock(channels, lowf_hidden, lowf_channels, f, step_hidden, lowf_heads, lowf_window)
                for f in factors
            )
            self.lowf_outputs = nn.ModuleList(zero_conv1x1(lowf_channels, channels) for _ in factors)
        widened = 1 + len(down) if use_lowf and combine == "concat" else 1
        self.last = nn.Conv1d(channels * widened, 1, 7, padding=3)

    def initialise_reference_from_main(self) -> None:
        """Copies the main down path into the reference branch: the start of reference training."""
        if self.use_reference and not self.share_reference_weights:
            self.reference_first.load_state_dict(self.first.state_dict())
            self.reference_downs.load_state_dict(self.downs.state_dict())

    def condition(
        self, frame_phones: Tensor, frame_notes: Tensor, frame_note_durations: Tensor, f0: Tensor, singers: Tensor
    ) -> Tensor:
        """(B, S) phone ids, MIDI notes, note durations in s, F0 in Hz (0 unvoiced), (B,) singer ids → (B, C, S).

        It does not depend on the step: once per utterance."""
        return self.frame_condition(frame_phones, frame_notes, frame_note_durations, f0, singers)

    def reference_features(self, reference: Tensor | None) -> list[Tensor] | None:
        """Reference waveform (B, L) → Y_0 … Y_3, (B, C, L / 1, 4, 32, 256). Once per utterance."""
        if not self.use_reference:
            return None
        if reference is None:
            raise ValueError("this SmoothSinger reads a reference waveform: none was given (use_reference: true)")
        shared = self.share_reference_weights
        first, downs = (self.first, self.downs) if shared else (self.reference_first, self.reference_downs)
        features = [first(reference[:, None])]
        for down in downs:
            features.append(down(features[-1]))
        return features

    def predict_noise(self, x: Tensor, step: Tensor, condition: Tensor, references: list[Tensor] | None) -> Tensor:
        """x: noisy waveform x_t (B, L), L = S·hop; step: (B,) fractional, from 0; condition (B, C, S);
        references: `reference_features` → ε (B, L)."""
        if x.shape[1] != condition.shape[2] * self.hop_length:
            raise ValueError(f"{x.shape[1]} samples are not {condition.shape[2]} frames of {self.hop_length}")
        step = self.step_embedding(step)
        levels = [self._fuse(0, self.first(x[:, None]), references)]
        for i, down in enumerate(self.downs):
            levels.append(self._fuse(i + 1, down(levels[-1]), references))
        h = levels[-1]
        for up, skip in zip(self.ups, levels[-2::-1], strict=True):
            h = up(h, skip, condition, step)
        if self.use_lowf:
            h = self._combine(h, levels[1:], step)
        return self.last(h)[:, 0]

    def forward(
        self,
        x: Tensor,
        step: Tensor,
        frame_phones: Tensor,
        frame_notes: Tensor,
        frame_note_durations: Tensor,
        f0: Tensor,
        singers: Tensor,
        reference: Tensor | None = None,
    ) -> Tensor:
        """As `predict_noise`, from the raw condition and the reference waveform (B, L) → ε (B, L)."""
        condition = self.condition(frame_phones, frame_notes, frame_note_durations, f0, singers)
        return self.predict_noise(x, step, condition, self.reference_features(reference))

    def _fuse(self, level: int, x: Tensor, references: list[Tensor] | None) -> Tensor:
        """X + zero_conv1x1(concat(X, Y)): residual, since a literal zero would silence the level below at step 0."""
        if references is None:
            return x
        return x + self.fusions[level](torch.cat([x, references[level]], dim=1))

    def _combine(self, h: Tensor, levels: list[Tensor], step: Tensor) -> Tensor:
        outputs = [
            project(block(level, step))
            for block, project, level in zip(self.lowf, self.lowf_outputs, levels, strict=True)
        ]
        return h + sum(outputs) if self.combine == "sum" else torch.cat([h, *outputs], dim=1)
