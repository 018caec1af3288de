"""Log-mel spectrograms, HiFi-GAN's to the letter; the same function makes the dump and is the vocoders' loss."""

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from svstoolkit.features.definition import FeatureDefinition


def mel_spectrogram(audio: Tensor, definition: FeatureDefinition) -> Tensor:
    """Natural-log mel amplitudes of `audio` (B, L) in [-1, 1] → (B, T, n_mels), T = L // hop_length.

    ln(max(log_floor, M·√(re² + im² + 1e-9))) with the Slaney mel basis M and a Hann window over samples reflected
    by (n_fft − hop_length)/2 at both ends (Kong et al. 2020, HiFi-GAN, official `meldataset.py`), so that frame t is
    centred at (t + ½)·hop_length. Always computed in float32 or wider, mixed precision or not; differentiable.

    Raises:
        ValueError: `audio` is not longer than the reflection.
    """
    spectrum = magnitude_spectrogram(audio, definition)
    with torch.autocast(audio.device.type, enabled=False):
        mel = mel_basis(definition, spectrum.device, spectrum.dtype) @ spectrum
    return torch.log(torch.clamp(mel, min=definition.log_floor)).transpose(1, 2)


def magnitude_spectrogram(audio: Tensor, definition: FeatureDefinition) -> Tensor:
    """√(re² + im² + 1e-9) of `audio` (B, L) → (B, n_fft//2 + 1, T); frames as in `mel_spectrogram`.

    Raises:
        ValueError: `audio` is not longer than the reflection.
    """
    padding = definition.n_fft - definition.hop_length
    if audio.shape[-1] <= padding - padding // 2:
        raise ValueError(f"{audio.shape[-1]} samples are too few for n_fft {definition.n_fft}")
    with torch.autocast(audio.device.type, enabled=False):
        audio = audio if audio.dtype == torch.float64 else audio.float()
        padded = F.pad(audio.unsqueeze(1), (padding // 2, padding - padding // 2), mode="reflect").squeeze(1)
        spectrum = torch.stft(
            padded,
            definition.n_fft,
            definition.hop_length,
            definition.win_length,
            _window(definition.win_length, padded.device, padded.dtype),
            center=False,
            return_complex=True,
        )
        return torch.sqrt(spectrum.real**2 + spectrum.imag**2 + 1e-9)


@lru_cache(maxsize=16)
def mel_basis(
    definition: FeatureDefinition, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32
) -> Tensor:
    """The Slaney mel filters (n_mels, n_fft//2 + 1) on a device, made once."""
    basis = slaney_filters(
        definition.sampling_rate, definition.n_fft, definition.n_mels, definition.fmin, definition.fmax
    )
    return torch.from_numpy(basis).to(device, dtype)


def slaney_filters(sampling_rate: int, n_fft: int, n_mels: int, fmin: float, fmax: float) -> np.ndarray:
    """Triangles of unit area, equally spaced on Slaney's mel scale (Auditory Toolbox, 1998): (n_mels, n_fft//2 + 1)."""
    edges = slaney_mel_to_hz(np.linspace(hz_to_slaney_mel(fmin), hz_to_slaney_mel(fmax), n_mels + 2))
    bins = np.arange(n_fft // 2 + 1) * sampling_rate / n_fft
    lower, centre, upper = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    triangles = np.maximum(0.0, np.minimum((bins - lower) / (centre - lower), (upper - bins) / (upper - centre)))
    return triangles * 2.0 / (upper - lower)


def hz_to_slaney_mel(hz: np.ndarray | float) -> np.ndarray:
    """Linear below 1 kHz (200/3 Hz per mel), logarithmic above (27 mels per factor 6.4)."""
    hz = np.asarray(hz, dtype=np.float64)
    return np.where(hz < 1000.0, hz * 3.0 / 200.0, 15.0 + 27.0 * np.log(np.maximum(hz, 1000.0) / 1000.0) / np.log(6.4))


def slaney_mel_to_hz(mel: np.ndarray | float) -> np.ndarray:
    """Inverse of `hz_to_slaney_mel`."""
    mel = np.asarray(mel, dtype=np.float64)
    return np.where(mel < 15.0, mel * 200.0 / 3.0, 1000.0 * 6.4 ** ((mel - 15.0) / 27.0))


@lru_cache(maxsize=16)
def _window(length: int, device: torch.device, dtype: torch.dtype) -> Tensor:
    return torch.hann_window(length, device=device, dtype=dtype)
