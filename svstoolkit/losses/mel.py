"""The distance of two waveforms through their mel spectrograms (HiFi-GAN, equation 3)."""

import torch
from torch import Tensor

from svstoolkit.features.definition import FeatureDefinition
from svstoolkit.features.mel import mel_spectrogram


def mel_loss(audio: Tensor, target: Tensor, definition: FeatureDefinition) -> Tensor:
    """audio, target: (B, L) samples → mean absolute difference of their natural-log mels, a scalar.

    Both go through the same transform, so what a segment's edges do to its mel cancels. No gradient flows into target.
    """
    with torch.no_grad():
        target_mel = mel_spectrogram(target, definition)
    return (mel_spectrogram(audio, definition) - target_mel).abs().mean()
