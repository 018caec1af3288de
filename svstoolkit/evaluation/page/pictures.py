"""Mel pictures: one pixel per frame and band. Axes, F0 and playhead are drawn over them by the page."""

from functools import lru_cache
from pathlib import Path

import numpy as np

from svstoolkit.data.files import atomic_path
from svstoolkit.features.definition import FeatureDefinition

DYNAMIC_RANGE = 9.0  # natural-log amplitude shown below the target's loudest band, 78 dB
COLOURS = "magma"  # of matplotlib: perceptually even, and readable in grey
LARGEST_DIFFERENCE = np.log(10) * 1.5  # natural-log amplitude at the ends of the diverging colours, 30 dB
# Too weak, alike, too loud. The middle is dark as the mel pictures are, so that errors are what shines
DIVERGING = (
    (173, 226, 255),
    (74, 158, 232),
    (28, 74, 128),
    (18, 18, 22),
    (122, 48, 24),
    (232, 118, 52),
    (255, 214, 160),
)
QUALITY = 50  # of WebP: at twice the pixels’ size nothing is seen to be lost


def log_mel(audio: np.ndarray, definition: FeatureDefinition) -> np.ndarray:
    """(L,) → (T, n_mels), the mel the models are trained on."""
    import torch

    from svstoolkit.features.mel import mel_spectrogram

    return mel_spectrogram(torch.from_numpy(audio.astype(np.float32))[None], definition)[0].numpy()


def mel_range(audio: np.ndarray, definition: FeatureDefinition) -> tuple[float, float]:
    """Darkest and brightest log amplitude of the pictures of one utterance, from its target."""
    return shown_range(log_mel(audio, definition))


def shown_range(mel: np.ndarray) -> tuple[float, float]:
    """Darkest and brightest log amplitude of the pictures beside a log mel (T, n_mels)."""
    highest = float(mel.max())
    return highest - DYNAMIC_RANGE, highest


def mel_pixels(mel: np.ndarray, shown: tuple[float, float]) -> np.ndarray:
    """A log mel (T, n_mels) in colours: (n_mels, T, 3) uint8, low frequencies at the bottom."""
    lowest, highest = shown
    return _coloured((mel - lowest) / (highest - lowest), _palette())


def write_mel_picture(path: Path, audio: np.ndarray, definition: FeatureDefinition, shown: tuple[float, float]) -> None:
    """Writes a picture of T × n_mels pixels, low frequencies at the bottom, `shown` spread over the colours.

    The suffix of `path` decides the format: .webp is a fifth of .png in size.
    """
    _write(path, mel_pixels(log_mel(audio, definition), shown))


def write_difference_picture(
    path: Path, audio: np.ndarray, target_audio: np.ndarray, pairs: np.ndarray, definition: FeatureDefinition
) -> None:
    """Writes a picture of the voice's log mel minus the recording's, on the voice's frames.

    Blue is too weak, orange too loud, by up to 30 dB. What lies more than 78 dB below the recording's loudest band
    counts as silence in both. A voice's frame paired with several of the recording shows the mean difference, one
    without a partner none.

    Args:
        audio, target_audio: (L,) float in [−1, 1] of the voice and of the recording
        pairs: (P, 2) of (frame of the recording, frame of the voice)
    """
    voice, target = log_mel(audio, definition), log_mel(target_audio, definition)
    silence = target.max() - DYNAMIC_RANGE
    theirs = np.minimum(pairs[:, 0], len(target) - 1)
    ours = np.minimum(pairs[:, 1], len(voice) - 1)
    difference = np.maximum(voice[ours], silence) - np.maximum(target[theirs], silence)
    total, count = np.zeros_like(voice), np.zeros(len(voice))
    np.add.at(total, ours, difference)
    np.add.at(count, ours, 1)
    mean = total / np.maximum(count, 1)[:, None]
    _write(path, _coloured(0.5 + 0.5 * mean / LARGEST_DIFFERENCE, _diverging_palette()))


def _coloured(level: np.ndarray, palette: np.ndarray) -> np.ndarray:
    """level: (T, bands) in [0, 1], clipped; palette: (256, 3) uint8 → (bands, T, 3) uint8"""
    return palette[np.rint(255 * np.clip(level, 0.0, 1.0)).astype(np.uint8).T[::-1]]


def _write(path: Path, pixels: np.ndarray) -> None:
    from PIL import Image

    with atomic_path(path) as temporary:
        Image.fromarray(np.ascontiguousarray(pixels)).save(temporary, quality=QUALITY)


@lru_cache(maxsize=1)
def _palette() -> np.ndarray:
    from matplotlib import colormaps

    return (colormaps[COLOURS](np.arange(256))[:, :3] * 255).round().astype(np.uint8)


@lru_cache(maxsize=1)
def _diverging_palette() -> np.ndarray:
    anchors = np.linspace(0, 255, len(DIVERGING))
    channels = np.asarray(DIVERGING, dtype=np.float64).T
    return np.stack([np.interp(np.arange(256), anchors, c) for c in channels], axis=1).round().astype(np.uint8)
