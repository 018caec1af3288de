"""Errors of timing between two sets of phone boundaries: N phones, (N+1,) seconds, ascending.

"boundaries" are those the system sang with, "reference" those of the recording's labels. For singing that comes
without boundaries, `warped_boundaries` carries the reference's over along a warping path.

The first phone's start is left out of every figure on onsets: it is where the recording starts, in both. Figures are
NaN where nothing is left to measure.
"""

import numpy as np

TOLERANCES = (0.02, 0.05)  # s; the two at which forced alignments are usually reported


def onset_error(boundaries: np.ndarray, reference: np.ndarray, phones: np.ndarray | None = None) -> float:
    """Mean absolute error of the phones' starts, ms.

    Args:
        phones: (N,) bool, which phones to look at, e.g. the vowels, which carry the beat; all by default.

    Raises:
        ValueError: the two have not the same phones, are not finite or not ascending. So do all functions below.
    """
    errors = _onset_errors(boundaries, reference, phones)
    return 1000.0 * float(np.mean(np.abs(errors))) if errors.size else float("nan")


def onset_bias(boundaries: np.ndarray, reference: np.ndarray, phones: np.ndarray | None = None) -> float:
    """Mean error of the phones' starts, ms: positive if the voice is late."""
    errors = _onset_errors(boundaries, reference, phones)
    return 1000.0 * float(np.mean(errors)) if errors.size else float("nan")


def onsets_within(
    boundaries: np.ndarray, reference: np.ndarray, tolerance: float, phones: np.ndarray | None = None
) -> float:
    """Per cent of the phones' starts that are off by at most `tolerance` seconds."""
    errors = _onset_errors(boundaries, reference, phones)
    # a tenth of a microsecond for what subtraction leaves of times printed in milliseconds
    return 100.0 * float(np.mean(np.abs(errors) <= tolerance + 1e-7)) if errors.size else float("nan")


def duration_rmse(boundaries: np.ndarray, reference: np.ndarray, phones: np.ndarray | None = None) -> float:
    """Root mean square error of the phones' durations, ms."""
    ours, theirs = _durations(boundaries, reference, phones)
    return 1000.0 * float(np.sqrt(np.mean((ours - theirs) ** 2))) if ours.size else float("nan")


def duration_correlation(boundaries: np.ndarray, reference: np.ndarray, phones: np.ndarray | None = None) -> float:
    """Pearson's correlation of the phones' durations; NaN for less than two phones or durations all equal."""
    ours, theirs = _durations(boundaries, reference, phones)
    if len(ours) < 2 or np.ptp(ours) < 1e-9 or np.ptp(theirs) < 1e-9:
        return float("nan")
    return float(np.corrcoef(ours, theirs)[0, 1])


def timing_errors(boundaries: np.ndarray, reference: np.ndarray, vowels: np.ndarray | None = None) -> dict[str, float]:
    """Every figure of timing: name → value; the two on vowels only if `vowels` (N,) bool says which phones they are.

    onset_error, onset_bias, vowel_onset_error, duration_rmse: ms; onsets_within_20ms, …_50ms, vowel_onsets_within_50ms:
    per cent; duration_correlation: −1 … 1.
    """
    values = {
        "onset_error": onset_error(boundaries, reference),
        "onset_bias": onset_bias(boundaries, reference),
        "duration_rmse": duration_rmse(boundaries, reference),
        "duration_correlation": duration_correlation(boundaries, reference),
    }
    for tolerance in TOLERANCES:
        values[f"onsets_within_{1000 * tolerance:.0f}ms"] = onsets_within(boundaries, reference, tolerance)
    if vowels is not None:
        values["vowel_onset_error"] = onset_error(boundaries, reference, vowels)
        values["vowel_onsets_within_50ms"] = onsets_within(boundaries, reference, 0.05, vowels)
    return values


def warped_boundaries(boundaries: np.ndarray, pairs: np.ndarray, frame_period: float) -> np.ndarray:
    """The reference's boundaries carried to the voice along a warping path, (N+1,) seconds.

    The edge between two neighbouring frames of the reference lies, in the voice, half way between the end of the last
    frame paired with the first and the start of the first frame paired with the second; between edges time runs
    evenly. With frames paired one to one nothing moves. What the path cannot tell, such as where inside a steady
    vowel a repeated one begins, this cannot either. Of 9 s of a real song, resynthesised with every phone 0.7 to 1.4
    times as long, the path of the mel-cepstra gave the phones' starts to 3.6 ms on average, all of them to 20 ms; of
    another singer's voice it will give less.

    Args:
        boundaries: (N+1,) seconds, of the reference
        pairs: (P, 2) of (reference frame, voice frame), from (0, 0) to both last frames in steps of at most one
        frame_period: seconds
    """
    frames, first = np.unique(pairs[:, 0], return_index=True)
    last = np.append(first[1:], len(pairs)) - 1
    starts, ends = pairs[first, 1], pairs[last, 1] + 1
    edges = np.concatenate([[starts[0]], (ends[:-1] + starts[1:]) / 2, [ends[-1]]])
    positions = np.asarray(boundaries, dtype=np.float64) / frame_period
    return np.interp(positions, np.arange(len(frames) + 1), edges) * frame_period


def _onset_errors(boundaries: np.ndarray, reference: np.ndarray, phones: np.ndarray | None) -> np.ndarray:
    ours, theirs = _checked(boundaries, reference)
    errors = (ours - theirs)[1:-1]
    return errors if phones is None else errors[np.asarray(phones, dtype=bool)[1:]]


def _durations(
    boundaries: np.ndarray, reference: np.ndarray, phones: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    ours, theirs = (np.diff(edges) for edges in _checked(boundaries, reference))
    return (ours, theirs) if phones is None else (ours[np.asarray(phones, bool)], theirs[np.asarray(phones, bool)])


def _checked(boundaries: np.ndarray, reference: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    ours, theirs = np.asarray(boundaries, dtype=np.float64), np.asarray(reference, dtype=np.float64)
    if ours.shape != theirs.shape or ours.ndim != 1 or len(ours) < 2:
        raise ValueError(f"need the boundaries of the same phones, not {ours.shape} and {theirs.shape}")
    for edges in (ours, theirs):
        if not np.all(np.diff(edges) >= 0):
            raise ValueError("has phone boundaries that are not ascending or not finite")
    return ours, theirs
