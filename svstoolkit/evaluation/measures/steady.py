"""Pitch against the score on the steady parts of its notes, where neither transition nor consonant excuses an error.

A note's pitch moves quickly during about 120 ms at its beginning and at its end (Dai and Dixon 2019, JASA 146(2)); its
steady part is what lies between, and never less than its middle half.
"""

import numpy as np

from svstoolkit.evaluation.measures.pitch import gross_pitch_error, gross_pitch_error_20

TRANSIENT = 0.12  # s


def steady_parts(spans: np.ndarray) -> np.ndarray:
    """(N, 2) s, begin and end of notes → (N, 2) s, of their steady parts."""
    spans = np.asarray(spans, dtype=np.float64).reshape(-1, 2)
    margin = np.minimum(TRANSIENT, np.diff(spans, axis=1) / 4)
    return spans + np.concatenate([margin, -margin], axis=1)


def steady_pitch_errors(f0: np.ndarray, score: tuple[np.ndarray, np.ndarray], frame_period: float) -> dict[str, float]:
    """Gross pitch errors over the voiced frames whose centres lie in the steady part of a note.

    Args:
        f0: (T,) Hz, 0 = unvoiced; frame t is centred at (t + ½)·frame_period
        score: intervals (N, 2) s and pitches (N,) Hz, of `melody.score_notes`

    Returns:
        steady_pitch_error: per cent more than 50 cents from the written pitch
        steady_pitch_error_20: per cent more than 20 % from it, the gross pitch error of speech research
        Both are 100 where no such frame is voiced and NaN where the score has no note.
    """
    times = (np.arange(len(f0)) + 0.5) * frame_period
    written = np.zeros(len(f0))
    for (begin, end), hz in zip(np.searchsorted(times, steady_parts(score[0])), score[1], strict=True):
        written[begin:end] = hz
    inside = written > 0
    if not np.any(inside):
        return {"steady_pitch_error": float("nan"), "steady_pitch_error_20": float("nan")}
    tracks = f0[inside], written[inside]
    return {"steady_pitch_error": gross_pitch_error(*tracks), "steady_pitch_error_20": gross_pitch_error_20(*tracks)}
