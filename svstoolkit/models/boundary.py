"""DiffSinger's boundary predictor: does a noisy mel come from a recording or from the auxiliary decoder?

DiffSinger, section 3.3 and 3.4, figure 5. No public code has it. The paper gives a step embedding like the denoiser's,
"a ResNet with stacked convolutional layers and a linear layer"; widths and norms are ours.
"""

import torch
from torch import Tensor, nn

from svstoolkit.models.wavenet import StepSinusoids, step_layers


class BoundaryPredictor(nn.Module):
    """n_mels: mel bands; channels: even; layers: residual blocks, five in the paper; kernel: odd, in frames.

    Raises ValueError for an even kernel, odd channels or counts below 1.
    """

    def __init__(self, n_mels: int, channels: int = 256, layers: int = 5, kernel: int = 3):
        super().__init__()
        if kernel % 2 == 0 or channels % 2 or channels < 4 or min(n_mels, layers) < 1:
            raise ValueError(
                "need an odd kernel, an even number of channels from 4 on, and positive n_mels and layers, not "
                f"{kernel}, {channels}, {n_mels}, {layers}"
            )
        self.input = nn.Conv1d(n_mels, channels, 1)
        self.sinusoids = StepSinusoids(channels)
        self.mlp = step_layers(channels)
        self.steps = nn.ModuleList(nn.Linear(channels, channels) for _ in range(layers))
        self.convs = nn.ModuleList(nn.Conv1d(channels, channels, kernel, padding=kernel // 2) for _ in range(layers))
        self.norms = nn.ModuleList(nn.LayerNorm(channels) for _ in range(layers))
        self.output = nn.Linear(channels, 1)

    def forward(self, mel: Tensor, step: Tensor, mask: Tensor) -> Tensor:
        """mel: (B, T, n_mels) at diffusion step `step` (B,); mask: (B, T) bool, True = real → logits (B,) of "it is a
        recording's". The score is of the whole utterance: the mean of its frames, padding left out."""
        keep = mask[..., None].to(mel.dtype)
        embedded = self.mlp(self.sinusoids(step))
        x = self.input(mel.transpose(1, 2)).transpose(1, 2)
        for project, conv, norm in zip(self.steps, self.convs, self.norms, strict=True):
            y = norm(x + project(embedded)[:, None]) * keep
            x = x + torch.relu(conv(y.transpose(1, 2))).transpose(1, 2)
        pooled = (x * keep).sum(1) / keep.sum(1).clamp(min=1.0)
        return self.output(pooled).squeeze(-1)
