"""Mel pictures: one pixel per frame and band. Axes, F0 and playhead are drawn over them by the page."""

from functools import lru_cache
from pathlib import Path

import numpy as np

from svstoolkit.data.files import atomic_path
from svstoolkit.features.definition import FeatureDefinition

DYNAMIC_RANGE = 9.0  # natural-log amplitude shown below the target's loudest band, 78 dB
COLOURS = "magma"  # of matplotlib: perceptually even, and readable in grey


def log_mel(audio: np.ndarray, definition: FeatureDefinition) -> np.ndarray:
    """(L,) → (T, n_mels), the mel the models are trained on."""
    import torch

    from svstoolkit.features.mel import mel_spectrogram

    return mel_spectrogram(torch.from_numpy(audio.astype(np.float32))[None], definition)[0].numpy()


def mel_range(audio: np.ndarray, definition: FeatureDefinition) -> tuple[float, float]:
    """Darkest and brightest log amplitude of the pictures of one utterance, from its target."""
    highest = float(log_mel(audio, definition).max())
    return highest - DYNAMIC_RANGE, highest


def write_mel_picture(path: Path, audio: np.ndarray, definition: FeatureDefinition, shown: tuple[float, float]) -> None:
    """Writes a PNG of T × n_mels pixels, low frequencies at the bottom, `shown` spread over the colours."""
    from PIL import Image

    lowest, highest = shown
    level = (log_mel(audio, definition) - lowest) / (highest - lowest)
    pixels = np.rint(255 * np.clip(level, 0.0, 1.0)).astype(np.uint8).T[::-1]
    image = Image.fromarray(np.ascontiguousarray(pixels), mode="P")
    image.putpalette(_palette())
    with atomic_path(path) as temporary:
        image.save(temporary)


@lru_cache(maxsize=1)
def _palette() -> bytes:
    from matplotlib import colormaps

    return (colormaps[COLOURS](np.arange(256))[:, :3] * 255).round().astype(np.uint8).tobytes()
