"""Conversions between Hz, MIDI numbers and cents, and between seconds, samples and frames."""

import numpy as np


def hz_to_midi(hz: np.ndarray | float) -> np.ndarray:
    """Hz → MIDI number (69 = 440 Hz); 0 Hz (unvoiced) → 0."""
    hz = np.asarray(hz, dtype=np.float64)
    return np.where(hz > 0, 69.0 + 12.0 * np.log2(np.maximum(hz, 1e-9) / 440.0), 0.0)


def midi_to_hz(midi: np.ndarray | float) -> np.ndarray:
    """MIDI number → Hz; 0 (rest) → 0 Hz."""
    midi = np.asarray(midi, dtype=np.float64)
    return np.where(midi > 0, 440.0 * 2.0 ** ((midi - 69.0) / 12.0), 0.0)


def cents_between(hz: np.ndarray, reference_hz: np.ndarray) -> np.ndarray:
    """1200·log2(hz / reference_hz); both must be positive."""
    return 1200.0 * np.log2(np.asarray(hz, dtype=np.float64) / np.asarray(reference_hz, dtype=np.float64))


def boundaries_to_frames(boundaries: np.ndarray, frame_period: float, n_frames: int) -> np.ndarray:
    """Phone boundaries in seconds (N+1, ascending) → frame counts (N,) that sum to `n_frames`.

    Boundaries are rounded, not durations, so that no error accumulates; the last phone ends with the audio.
    """
    frames = np.clip(np.rint(np.asarray(boundaries) / frame_period).astype(np.int64), 0, n_frames)
    frames[0], frames[-1] = 0, n_frames
    return np.diff(np.maximum.accumulate(frames))
