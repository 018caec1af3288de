"""Vibrato as listeners hear it, by rate and extent: its phase is nobody's to predict, and L1 would average it away."""

import torch
from torch import Tensor
from torch.nn.functional import avg_pool1d

WINDOW = 0.5  # s, three periods of vibrato at 6 Hz
BAND = (3.0, 9.0)  # Hz, which holds the vibrato of singers
SLOW = 0.36  # s over which the other part of a sustained note is averaged: two periods at 5.6 Hz
SETTLED = 0.12  # s from a change of pitch, where preparation and overshoot have their say


def steady_frames(since_change: Tensor, to_change: Tensor, pitched: Tensor, frame_period: float) -> Tensor:
    """Where notes are sustained: pitched frames at least `SETTLED` from a change of pitch.

    since_change, to_change: (B, T) frames, as nn.melody has them; pitched: (B, T) bool → (B, T) bool
    """
    settled = SETTLED / frame_period
    return pitched & (since_change >= settled) & (to_change >= settled)


def modulation_spectrum(semitones: Tensor, frame_period: float) -> Tensor:
    """Amplitudes of F0's modulation between 3 and 9 Hz in windows of half a second, a quarter of it apart.

    semitones: (B, T) → (B, W, bins), semitones; the linear trend of each window is taken out. W = 0 if T is too short.
    """
    windows = semitones.unfold(1, *_window(frame_period)) if semitones.shape[1] >= _window(frame_period)[0] else None
    if windows is None:
        return semitones.new_zeros(len(semitones), 0, 1)
    width = windows.shape[-1]
    ramp = torch.linspace(-1.0, 1.0, width, device=semitones.device, dtype=semitones.dtype)
    centred = windows - windows.mean(-1, keepdim=True)
    straight = centred - ramp * (centred * ramp).sum(-1, keepdim=True) / ramp.square().sum()
    shape = torch.hann_window(width, periodic=False, device=semitones.device, dtype=semitones.dtype)
    size = 4 * width
    spectrum = torch.fft.rfft(straight * shape, size).abs() * (2.0 / shape.sum())
    rates = torch.fft.rfftfreq(size, frame_period, device=semitones.device)
    return spectrum[..., (rates >= BAND[0]) & (rates <= BAND[1])]


def vibrato_windows(steady: Tensor, frame_period: float) -> Tensor:
    """(B, T) bool → (B, W) bool: the windows of `modulation_spectrum` that are sustained throughout."""
    width, hop = _window(frame_period)
    if steady.shape[1] < width:
        return steady.new_zeros(len(steady), 0)
    return steady.unfold(1, width, hop).all(-1)


def vibrato_loss(prediction: Tensor, target: Tensor, steady: Tensor, frame_period: float) -> Tensor:
    """Mean absolute difference of the modulation spectra in sustained windows, semitones; 0 where there is none.

    prediction, target: (B, T) semitones; steady: (B, T) bool, see `steady_frames`
    """
    kept = vibrato_windows(steady, frame_period).to(prediction.dtype)
    target = torch.where(steady, target, torch.zeros_like(target))
    difference = modulation_spectrum(prediction, frame_period) - modulation_spectrum(target, frame_period)
    return (difference.abs().mean(-1) * kept).sum() / kept.sum().clamp(min=1.0)


def without_vibrato(difference: Tensor, steady: Tensor, frame_period: float) -> Tensor:
    """A difference of two F0 contours (B, T) in which, on sustained notes, only what is slower than vibrato is left.

    There it is the mean over the sustained frames of `SLOW` seconds around; elsewhere as it was.
    """
    width = round(SLOW / frame_period) | 1  # odd, so that it has a centre
    weight = steady.to(difference.dtype)
    kept = torch.where(steady, difference, torch.zeros_like(difference))
    pool = {"kernel_size": width, "stride": 1, "padding": width // 2}
    total, count = (avg_pool1d(x[:, None], **pool)[:, 0] for x in (kept, weight))
    return torch.where(steady, total / count.clamp(min=1e-6), difference)


def _window(frame_period: float) -> tuple[int, int]:
    """Frames of a window, and between two."""
    width = round(WINDOW / frame_period)
    return width, max(1, width // 4)
