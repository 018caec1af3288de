"""Frame energy."""

import math

import numpy as np
import torch
from torch import Tensor

from svstoolkit.features.definition import FeatureDefinition
from svstoolkit.features.mel import magnitude_spectrogram

QUIETEST = -200.0  # dB, told of digital silence


def frame_energy(audio: Tensor, definition: FeatureDefinition) -> Tensor:
    """L2 norm of each frame's magnitude spectrum, `audio` (B, L) in [-1, 1] → (B, T).

    FastSpeech 2 (Ren et al. 2021), section 2.3. Linear, not logarithmic; frames are those of the mel spectrogram,
    T = L // hop_length.

    Raises:
        ValueError: `audio` is too short for one frame.
    """
    return torch.linalg.vector_norm(magnitude_spectrogram(audio, definition), dim=1)


def energy_of_level(level: np.ndarray, definition: FeatureDefinition) -> np.ndarray:
    """The energy of frames whose RMS through the window is `level` dB of full scale, any shape.

    By Parseval's theorem the squared magnitudes of all n_fft bins sum to n_fft·Σ(w·x)², of which the n_fft/2 + 1 that
    are kept hold half, and for a signal of that RMS Σ(w·x)² is RMS²·Σw² on average, with Σw² = 3/8·win_length of Hann's
    window.
    """
    return 10.0 ** (np.asarray(level, dtype=np.float64) / 20.0) * _energy_of_full_scale(definition)


def level_of_energy(energy: np.ndarray, definition: FeatureDefinition) -> np.ndarray:
    """What `energy_of_level` undoes: dB, -200 at the lowest."""
    relative = np.asarray(energy, dtype=np.float64) / _energy_of_full_scale(definition)
    return 20.0 * np.log10(np.maximum(relative, 10.0 ** (QUIETEST / 20.0)))


def _energy_of_full_scale(definition: FeatureDefinition) -> float:
    return math.sqrt(definition.n_fft / 2 * 0.375 * definition.win_length)
