"""Errors of F0 and voicing, on frames that are already paired. F0 in Hz, 0 = unvoiced, shape (P,).

Where the reference sings and the voice is nowhere voiced there is no pitch to be right about: shares of wrong frames
are then 100 % and shares of right ones 0 %, so that whispering cannot win, while means over frames voiced in both are
NaN. Shares of frames voiced in both are NaN where the reference itself is nowhere voiced.
"""

import numpy as np

from svstoolkit.units import cents_between

GROSS_CENTS = 50.0  # half a semitone: beyond it a listener hears another note
GROSS_RATIO = 0.2  # of the reference's F0, 316 cents up: the threshold of speech research
C0_HZ = 440.0 * 2.0**-4.75


def f0_rmse(f0: np.ndarray, reference: np.ndarray) -> float:
    """Root mean square error of F0 in cents over frames voiced in both; NaN when there are none."""
    cents = _cents_where_both_voiced(f0, reference)
    return float(np.sqrt(np.mean(cents**2))) if cents.size else float("nan")


def log_f0_rmse(f0: np.ndarray, reference: np.ndarray) -> float:
    """Root mean square error of the natural logarithm of F0 over frames voiced in both, as ESPnet reports it.

    It is `f0_rmse` · ln 2 / 1200. NaN when no frame is voiced in both.
    """
    return f0_rmse(f0, reference) * float(np.log(2.0)) / 1200.0


def f0_correlation(f0: np.ndarray, reference: np.ndarray) -> float:
    """Pearson's correlation of F0 in Hz over frames voiced in both, −1 … 1: the F0 Pearson correlation (FPC).

    In Hz, as singing voice conversion reports it. Unvoiced frames are left out: counted as 0 Hz they would turn the
    figure into one of voicing. It is blind to a transposition by a constant factor. NaN where it is undefined: less
    than two frames voiced in both, or an F0 that does not move.
    """
    both = _both_voiced(f0, reference)
    if np.count_nonzero(both) < 2 or np.ptp(f0[both]) == 0 or np.ptp(reference[both]) == 0:
        return float("nan")
    return float(np.corrcoef(f0[both], reference[both])[0, 1])


def gross_pitch_error(f0: np.ndarray, reference: np.ndarray, threshold: float = GROSS_CENTS) -> float:
    """Per cent of the frames voiced in both whose F0 is off by more than `threshold` cents."""
    return _share_of_both_voiced(np.abs(_cents_where_both_voiced(f0, reference)) > threshold, reference, worst=100.0)


def gross_pitch_error_20(f0: np.ndarray, reference: np.ndarray) -> float:
    """GPE of speech research: per cent of the frames voiced in both whose F0 is off by more than 20 % of the reference.

    Nakatani et al. 2008; the definition of SoulX-Singer-Eval, which writes 0 instead of 100 where no frame is voiced
    in both.
    """
    both = _both_voiced(f0, reference)
    return _share_of_both_voiced(_grossly_off(f0, reference)[both], reference, worst=100.0)


def vuv_error(f0: np.ndarray, reference: np.ndarray) -> float:
    """Per cent of all frames that are voiced in one and unvoiced in the other.

    Also called voicing decision error, VDE (Nakatani et al. 2008; SoulX-Singer-Eval); ESPnet's VUV error.
    """
    _both_voiced(f0, reference)
    return 100.0 * float(np.mean((f0 > 0) != (reference > 0)))


voicing_decision_error = vuv_error


def f0_frame_error(f0: np.ndarray, reference: np.ndarray) -> float:
    """Per cent of all frames that are wrong in voicing, or voiced in both and off by more than 20 %.

    FFE of Chu & Alwan 2009, section 2.3; the definition of SoulX-Singer-Eval.
    """
    wrong_pitch = _both_voiced(f0, reference) & _grossly_off(f0, reference)
    return 100.0 * float(np.mean(wrong_pitch)) + vuv_error(f0, reference)


def semitone_accuracy(f0: np.ndarray, reference: np.ndarray, count_silence: bool = False) -> float:
    """Per cent of the frames whose F0 rounds to the same note of the equally tempered scale, A4 = 440 Hz.

    Args:
        count_silence: False: of the frames voiced in both. True: of all frames, unvoiced in both being right and
            unvoiced in one wrong; ESPnet's definition, in which silence of the recording raises the figure.
    """
    both = _both_voiced(f0, reference)
    right = _semitone(f0) == _semitone(reference)
    if count_silence:
        return 100.0 * float(np.mean(right))
    return _share_of_both_voiced(right[both], reference, worst=0.0)


def cut_or_pad(f0: np.ndarray, n_frames: int) -> np.ndarray:
    """(T,) F0 as (n_frames,), going on unvoiced: SoulX-Singer-Eval's pairing, frame by frame without warping.

    Its extractors share one clock, so its nearest-neighbour reading of the voice at the reference's times is this.
    """
    return np.pad(f0[:n_frames], (0, max(0, n_frames - len(f0))))


def _both_voiced(f0: np.ndarray, reference: np.ndarray) -> np.ndarray:
    if f0.shape != reference.shape or not f0.size:
        raise ValueError(f"need two equal, non-empty F0 tracks, not {f0.shape} and {reference.shape}")
    return (f0 > 0) & (reference > 0)


def _cents_where_both_voiced(f0: np.ndarray, reference: np.ndarray) -> np.ndarray:
    both = _both_voiced(f0, reference)
    return cents_between(f0[both], reference[both])


def _share_of_both_voiced(flags: np.ndarray, reference: np.ndarray, worst: float) -> float:
    """Per cent of True among frames voiced in both; `worst` where the voice has none of the reference's."""
    if flags.size:
        return 100.0 * float(np.mean(flags))
    return worst if np.any(reference > 0) else float("nan")


def _grossly_off(f0: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """(P,) bool, meaningful where both are voiced. SoulX-Singer-Eval divides by reference + 1e-8 Hz: so do we."""
    return np.abs(f0 / (reference + 1e-8) - 1.0) > GROSS_RATIO


def _semitone(f0: np.ndarray) -> np.ndarray:
    """(P,) semitones above C0, −inf where unvoiced."""
    with np.errstate(divide="ignore"):
        return np.rint(12.0 * np.log2(np.maximum(f0, 0.0) / C0_HZ))
