"""What learned metrics are given, and how they go through it."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from svstoolkit.errors import InputError
from svstoolkit.evaluation.measures.resampling import resampled


class Take(NamedTuple):
    """One utterance of a system.

    audio: (L,) in [−1, 1]; reference: the recording (L',), or None; text: the lyrics, or None
    """

    audio: np.ndarray
    reference: np.ndarray | None = None
    text: str | None = None


def score_takes(takes: Sequence[Take], score: Callable[[Take], float]) -> list[float]:
    """One value a take, in order; NaN where `score` raises ValueError, which an InputError is not taken for."""
    values = []
    for take in takes:
        try:
            values.append(float(score(Take(*take))))
        except InputError:
            raise
        except ValueError:
            values.append(float("nan"))
    return values


def at_rate(audio: np.ndarray, source: int, target: int, shortest: int) -> np.ndarray:
    """(L,) at `source` Hz → (L',) float32 at `target` Hz.

    Raises:
        ValueError: not finite, or shorter than `shortest` samples at the target rate.
    """
    if not np.isfinite(audio).all():
        raise ValueError("has samples that are not finite")
    audio = resampled(audio, source, target)
    if len(audio) < shortest:
        raise ValueError(f"is shorter than {shortest / target:.3f} s")
    return audio.astype(np.float32)
