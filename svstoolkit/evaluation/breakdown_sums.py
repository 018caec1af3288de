"""Where a voice fails: the sums of its frame errors for every phone and every written pitch of one utterance."""

from collections.abc import Sequence

import numpy as np

from svstoolkit.evaluation.comparison import Comparison
from svstoolkit.evaluation.measures.mcd import frame_distortion
from svstoolkit.evaluation.measures.pitch import GROSS_CENTS
from svstoolkit.score.song import Song
from svstoolkit.units import cents_between


def breakdown_sums(comparison: Comparison) -> dict[str, dict[str, list[float]]]:
    """Error sums over the paired frames, by the phone and by the note that the recording sings in them.

    Phones need the recording's labels; pitches, MIDI numbers of the score (rests left out), follow the labels where
    there are any and the score's own clock otherwise.

    Returns:
        {"phone" | "pitch": {key: [frames, Σ MCD in dB, frames voiced in both, Σ cents², gross pitch errors,
        V/UV errors]}}; empty without a score
    """
    song, bounds = comparison.song, comparison.reference_bounds
    if song is None or not song.notes:
        return {}
    times = (comparison.pairs[:, 0] + 0.5) * comparison.definition.frame_period
    errors = _frame_errors(comparison)
    if bounds is None:
        notes = _index(times, [song.notes[0].onset, *(note.end for note in song.notes)])
        return {"pitch": _sums(_note_pitches(song), notes, errors)}
    phones = _index(times, bounds)
    note_of_phone = np.repeat(np.arange(len(song.notes)), [len(note.phones) for note in song.notes])
    pitches = [_note_pitches(song)[note] for note in note_of_phone]
    return {"phone": _sums(song.phones, phones, errors), "pitch": _sums(pitches, phones, errors)}


def _frame_errors(comparison: Comparison) -> np.ndarray:
    """(P, 6) in the order of the sums."""
    voice, reference = comparison.voice_f0, comparison.reference_f0
    both = (voice > 0) & (reference > 0)
    cents = np.zeros(len(voice))
    cents[both] = cents_between(voice[both], reference[both])
    distortion = frame_distortion(comparison.voice_cepstra, comparison.reference_cepstra)
    columns = [
        np.ones(len(voice)),
        distortion,
        both,
        cents**2,
        np.abs(cents) > GROSS_CENTS,
        (voice > 0) != (reference > 0),
    ]
    return np.stack(columns, axis=1).astype(np.float64)


def _index(times: np.ndarray, bounds: Sequence[float]) -> np.ndarray:
    """Which interval each time lies in; −1 outside all of them."""
    index = np.searchsorted(bounds, times, side="right") - 1
    return np.where(index < len(bounds) - 1, index, -1)


def _note_pitches(song: Song) -> list[str]:
    """The MIDI number of each note, "" for rests."""
    return ["" if note.is_rest else str(round(note.pitch)) for note in song.notes]


def _sums(keys: Sequence[str], intervals: np.ndarray, errors: np.ndarray) -> dict[str, list[float]]:
    names = sorted(set(keys) - {""})
    of_interval = np.array([names.index(key) if key else -1 for key in keys])
    group = np.where(intervals >= 0, of_interval[intervals], -1)
    inside = group >= 0
    sums = np.zeros((len(names), errors.shape[1]))
    np.add.at(sums, group[inside], errors[inside])
    return {name: [round(float(x), 6) for x in row] for name, row in zip(names, sums, strict=True) if row[0]}
