"""Frame energy."""

import torch
from torch import Tensor

from svstoolkit.features.definition import FeatureDefinition
from svstoolkit.features.mel import magnitude_spectrogram


def frame_energy(audio: Tensor, definition: FeatureDefinition) -> Tensor:
    """L2 norm of each frame's magnitude spectrum, `audio` (B, L) in [-1, 1] → (B, T).

    FastSpeech 2 (Ren et al. 2021), section 2.3. Linear, not logarithmic; frames are those of the mel spectrogram,
    T = L // hop_length.

    Raises:
        ValueError: `audio` is too short for one frame.
    """
    return torch.linalg.vector_norm(magnitude_spectrogram(audio, definition), dim=1)
