"""The way F0 takes from one note to the next: portamento, overshoot and preparation.

Between two notes that touch, F0 is put on a scale on which the pitch sung on the first is 0 and on the second 1
(medians over their steady parts), so that neither interval nor intonation counts. On it, as of any step response,
- the transition lasts from the last frame at 10 % before it is half way to the first at 90 % after,
- overshoot is by how much it then goes beyond 1, preparation by how much it went below 0 before: the two deflections
  of Saitou et al. 2005 (Speech Communication 46) and 2007 (WASPAA, section 3.1), there of second-order systems,
both within 150 ms of half way: later ones are vibrato. A transition is measured if F0 is known all that time, as on
slurs and through voiced consonants, and if its notes were sung at least half the written interval apart: one that a
voiceless consonant hides has no shape. Gaps of up to 22 ms, in which F0 was lost rather than the voice, are bridged.
"""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from svstoolkit.evaluation.measures.steady import steady_parts
from svstoolkit.score.song import Note, Song
from svstoolkit.units import hz_to_midi

CURVE_TIMES = np.arange(-20, 26) * 0.01  # s from half way
LOW, HALF, HIGH = 0.1, 0.5, 0.9
LONGEST_GAP = 0.022  # s without voice that are bridged: two frames
DEFLECTION_WINDOW = 0.15  # s on either side of half way
SMALLEST_STEP = 0.5  # semitones of the score
SUNG_STEP = 0.5  # of the written step
FEWEST_STEADY = 3  # voiced frames on which a note's pitch is judged
TOUCHING = 1e-3  # s between notes that are one after the other


@dataclass(frozen=True)
class Transitions:
    """Of the M changes of pitch of a score, as sung; NaN where one could not be measured.

    written: (M,) semitones, upwards positive, always known
    sung: (M,) semitones between the pitches sung
    start: (M,) s from the beat of the second note to where 10 % of the way are covered, negative before the beat
    duration: (M,) s from 10 % to 90 %
    overshoot, preparation: (M,) share of the step
    curve: (M, 46) at CURVE_TIMES, 0 = the note before, 1 = the note after
    """

    written: np.ndarray
    sung: np.ndarray
    start: np.ndarray
    duration: np.ndarray
    overshoot: np.ndarray
    preparation: np.ndarray
    curve: np.ndarray

    @property
    def measured(self) -> np.ndarray:
        """(M,) bool"""
        return np.isfinite(self.duration)


def note_transitions(f0: np.ndarray, frame_period: float, song: Song, sung: Song | None = None) -> Transitions:
    """Every change of pitch between notes that touch.

    Args:
        f0: (T,) Hz, 0 = unvoiced; frame t is centred at (t + ½)·frame_period
        song: the score, whose beats starts are counted from
        sung: the same notes where they were sung, of `score.timing.as_sung`; by default as written
    """
    times = (np.arange(len(f0)) + 0.5) * frame_period
    midi = np.where(f0 > 0, hz_to_midi(f0), np.nan)
    bridged = _bridged(midi, round(LONGEST_GAP / frame_period))
    changes = _changes(song, sung or song)
    written = np.array([after.pitch - before.pitch for before, after, _ in changes])
    figures = np.full((5, len(changes)), np.nan)
    curve = np.full((len(changes), len(CURVE_TIMES)), np.nan)
    for m, (before, after, beat) in enumerate(changes):
        found = _transition(times, midi, bridged, before, after)
        if found is not None:
            step, start, *shape, curve[m] = found
            figures[:, m] = step, start - beat, *shape
    return Transitions(written, *figures, curve)


def transition_errors(voice: Transitions, reference: Transitions) -> dict[str, float]:
    """How far a voice's transitions are from the recording's, over those measured in both; NaN where there is none.

    Returns:
        transition_error: mean absolute difference of the two curves, per cent of the step
        transition_duration_error: mean absolute difference of the durations, ms
        overshoot_error: mean absolute difference of the overshoots, per cent of the step

    Raises:
        ValueError: the two are not of the same score.
    """
    if not np.array_equal(voice.written, reference.written):
        raise ValueError(f"need transitions of one score, not {len(voice.written)} and {len(reference.written)}")
    return {
        "transition_error": 100.0 * _mean_distance(voice.curve, reference.curve),
        "transition_duration_error": 1000.0 * _mean_distance(voice.duration, reference.duration),
        "overshoot_error": 100.0 * _mean_distance(voice.overshoot, reference.overshoot),
    }


def _mean_distance(a: np.ndarray, b: np.ndarray) -> float:
    distance = np.abs(a - b)
    distance = distance[np.isfinite(distance)]
    return float(np.mean(distance)) if distance.size else float("nan")


def _changes(song: Song, sung: Song) -> list[tuple[Note, Note, float]]:
    """(note before, note after, both as sung with what is tied to them; written beat of the second)."""
    held: list[tuple[Note, Note]] = []  # (as written, as sung)
    for written, note in zip(song.notes, sung.notes, strict=True):
        if held and written.slur and written.pitch == held[-1][0].pitch and _touch(held[-1][0], written):
            held[-1] = (_lengthened(held[-1][0], written), _lengthened(held[-1][1], note))
        else:
            held.append((written, note))
    return [
        (before, after, beat.onset)
        for (first, before), (beat, after) in pairwise(held)
        if first.pitch and beat.pitch and _touch(first, beat) and abs(beat.pitch - first.pitch) >= SMALLEST_STEP
    ]


def _lengthened(note: Note, tied: Note) -> Note:
    return replace(note, duration=tied.end - note.onset)


def _touch(before: Note, after: Note) -> bool:
    return abs(after.onset - before.end) < TOUCHING


def _bridged(midi: np.ndarray, longest: int) -> np.ndarray:
    """(T,) with stretches of at most `longest` NaN between numbers filled by straight lines."""
    known = np.flatnonzero(np.isfinite(midi))
    if not len(known):
        return midi
    frames = np.arange(len(midi))
    filled = np.interp(frames, known, midi[known])
    after = np.minimum(np.searchsorted(known, frames), len(known) - 1)
    before = np.maximum(np.searchsorted(known, frames, side="right") - 1, 0)
    gap = known[after] - known[before] - 1
    inside = (frames >= known[0]) & (frames <= known[-1])
    return np.where(inside & (gap <= longest), filled, midi)


def _transition(
    times: np.ndarray, midi: np.ndarray, bridged: np.ndarray, before: Note, after: Note
) -> tuple[float, float, float, float, float, np.ndarray] | None:
    """(step, time of 10 %, duration, overshoot, preparation, curve), or None where it cannot be measured."""
    steady = steady_parts(np.array([[before.onset, before.end], [after.onset, after.end]]))
    low, high = (_level(midi[slice(*np.searchsorted(times, part))]) for part in steady)
    step, written = high - low, after.pitch - before.pitch
    if not step * np.sign(written) >= SUNG_STEP * abs(written):  # also where one of them is unvoiced
        return None
    inside = slice(*np.searchsorted(times, (steady[0, 0], steady[1, 1])))
    t, x = times[inside], (bridged[inside] - low) / step
    half = _crossing_near(t, x, after.onset)
    if half is None:
        return None
    centre = np.interp(HALF, x[half : half + 2], t[half : half + 2])
    after_half = x[(t > centre) & (t <= centre + DEFLECTION_WINDOW)]
    before_half = x[(t < centre) & (t >= centre - DEFLECTION_WINDOW)]
    if not np.isfinite([*before_half, *after_half]).all():
        return None
    start, end = _reached(t[half + 1 :: -1], 1.0 - x[half + 1 :: -1], 1.0 - LOW), _reached(t[half:], x[half:], HIGH)
    if start is None or end is None:
        return None
    overshoot, preparation = max(0.0, np.max(after_half) - 1.0), max(0.0, -np.min(before_half))
    curve = np.interp(centre + CURVE_TIMES, t, x, left=np.nan, right=np.nan)
    return step, start, end - start, overshoot, preparation, curve


def _level(midi: np.ndarray) -> float:
    voiced = midi[np.isfinite(midi)]
    return float(np.median(voiced)) if len(voiced) >= FEWEST_STEADY else float("nan")


def _crossing_near(t: np.ndarray, x: np.ndarray, moment: float) -> int | None:
    """The frame before which half way is not reached and after which it is; of several the one nearest to `moment`."""
    crossings = np.flatnonzero((x[:-1] < HALF) & (x[1:] >= HALF))
    return int(crossings[np.argmin(np.abs(t[crossings] - moment))]) if len(crossings) else None


def _reached(t: np.ndarray, x: np.ndarray, level: float) -> float | None:
    """The time, between frames, at which x, below the level at first, reaches it; None if voice ends before."""
    reached = np.flatnonzero(~(x < level))
    if not len(reached) or not np.isfinite(x[reached[0]]):
        return None
    k = reached[0]
    return float(np.interp(level, x[k - 1 : k + 1], t[k - 1 : k + 1]))
