"""Errors of F0 and voicing, on frames that are already paired. F0 in Hz, 0 = unvoiced, shape (P,)."""

import numpy as np

from svstoolkit.units import cents_between

GROSS_CENTS = 50.0  # half a semitone: beyond it a listener hears another note


def f0_rmse(f0: np.ndarray, reference: np.ndarray) -> float:
    """Root mean square error of F0 in cents over frames voiced in both; NaN when there are none."""
    cents = _cents_where_both_voiced(f0, reference)
    return float(np.sqrt(np.mean(cents**2))) if cents.size else float("nan")


def gross_pitch_error(f0: np.ndarray, reference: np.ndarray, threshold: float = GROSS_CENTS) -> float:
    """Per cent of the frames voiced in both whose F0 is off by more than `threshold` cents.

    A voice without a single voiced frame where the reference sings has no pitch at all, and gets 100 %, so that
    whispering cannot win. NaN only when the reference itself is nowhere voiced.
    """
    cents = _cents_where_both_voiced(f0, reference)
    if cents.size:
        return 100.0 * float(np.mean(np.abs(cents) > threshold))
    return 100.0 if np.any(reference > 0) else float("nan")


def vuv_error(f0: np.ndarray, reference: np.ndarray) -> float:
    """Per cent of all frames that are voiced in one and unvoiced in the other."""
    return 100.0 * float(np.mean((f0 > 0) != (reference > 0)))


def _cents_where_both_voiced(f0: np.ndarray, reference: np.ndarray) -> np.ndarray:
    if f0.shape != reference.shape or not f0.size:
        raise ValueError(f"need two equal, non-empty F0 tracks, not {f0.shape} and {reference.shape}")
    both = (f0 > 0) & (reference > 0)
    return cents_between(f0[both], reference[both])
