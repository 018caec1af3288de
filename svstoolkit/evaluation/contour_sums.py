"""The pitch contour of one utterance, kept for the tables and pictures of a whole set: transitions and vibrato."""

import numpy as np

from svstoolkit.evaluation.comparison import Comparison
from svstoolkit.evaluation.measures import melody, vibrato
from svstoolkit.evaluation.measures.transitions import Transitions, note_transitions


def contour_sums(comparison: Comparison) -> dict:
    """The voice's own transitions and vibrato, from its sound.

    Returns:
        transitions: {"up" | "down": {figures: [[start ms, duration ms, overshoot %, preparation %]] of those measured,
            weights, curve: (46,) sums over them of step² and of step² · curve, steps in semitones; written: how many
            the score has}}
        vibrato: {sustained: notes long enough to have any, notes: [[rate Hz, extent cents]] of those that do}
        Empty without a score, and of speech.
    """
    if not comparison.melody_known or not comparison.song.notes:
        return {}
    period = comparison.definition.frame_period
    found = transitions_of(comparison)
    trembling = vibrato.note_vibrato(comparison.voice.f0, melody.score_notes(comparison.song)[0], period)
    notes = np.stack([trembling.rate, trembling.extent], axis=1)[trembling.present]
    return {
        "transitions": {
            "up": _sums(found, found.written > 0),
            "down": _sums(found, found.written < 0),
        },
        "vibrato": {"sustained": int(trembling.sustained.sum()), "notes": np.round(notes, 3).tolist()},
    }


def transitions_of(comparison: Comparison, reference: bool = False) -> Transitions:
    """Of the voice, or of the recording, each looked for where it sings its notes."""
    side, song = (comparison.reference if reference else comparison.voice), comparison.song
    return note_transitions(side.f0, comparison.definition.frame_period, song, comparison.song_as_sung(reference))


def _sums(found: Transitions, chosen: np.ndarray) -> dict:
    measured = found.measured & chosen
    figures = np.stack(
        [1000 * found.start, 1000 * found.duration, 100 * found.overshoot, 100 * found.preparation], axis=1
    )
    weights = np.square(found.sung[measured])[:, None] * np.isfinite(found.curve[measured])
    curve = weights * np.nan_to_num(found.curve[measured])
    return {
        "written": int(chosen.sum()),
        "figures": np.round(figures[measured], 3).tolist(),
        "weights": np.round(weights.sum(axis=0), 4).tolist(),
        "curve": np.round(curve.sum(axis=0), 4).tolist(),
    }
