"""Where a syllable goes on to its next note: the spectrum does not show it, F0 does."""

from collections.abc import Mapping

import numpy as np

from svstoolkit.align.transcript import Transcript
from svstoolkit.data.workers import Workers
from svstoolkit.features.definition import FeatureDefinition
from svstoolkit.features.f0 import extract_f0
from svstoolkit.units import hz_to_midi

DEFINITION = FeatureDefinition(sampling_rate=16000, n_fft=1024, win_length=640, hop_length=80, fmax=8000.0)
SMALLEST_STEP = 0.9  # semitones; notes closer than this F0 cannot tell apart
REACH = 0.25  # s around the score's place in which the step is looked for
LEAST = 0.03  # s of each of the two notes
WRONG = 3.0  # semitones: farther from both notes F0 says nothing
CONTEXT = 0.1  # s of sound before and after, which F0 is estimated from
WORTH_PROCESSES = 500  # utterances; starting processes takes seconds, a slur milliseconds


def refine_slurs(
    boundaries: Mapping[str, np.ndarray], transcripts: Mapping[str, Transcript], wavs: Mapping[str, str], nj: int
) -> dict[str, np.ndarray]:
    """Moves the boundaries between notes of one sound to where F0 goes from one pitch to the other.

    Args:
        boundaries: utterance → (N+1,) seconds
        wavs: utterance → path; only those with slurs of at least a semitone are read

    Returns:
        the same utterances; other boundaries are as they were
    """
    tasks = [(u, wavs[u], edges, transcripts[u]) for u, edges in boundaries.items() if len(_steps(transcripts[u]))]
    with Workers(nj if len(tasks) > WORTH_PROCESSES else 1) as workers:
        return {**boundaries, **dict(workers.map(_refined, tasks))}


def _steps(transcript: Transcript) -> np.ndarray:
    """Phones (K,) that carry on the sound before them on another pitch."""
    continued = np.diff(transcript.sound_of_phone, prepend=-1) == 0
    step = np.abs(np.diff(transcript.pitches, prepend=0.0))
    sounding = (transcript.pitches > 0) & (np.append(0.0, transcript.pitches[:-1]) > 0)
    return np.flatnonzero(continued & sounding & (step >= SMALLEST_STEP))


def _refined(task: tuple[str, str, np.ndarray, Transcript]) -> tuple[str, np.ndarray]:
    from svstoolkit.data.audio import read_audio

    utterance, wav, boundaries, transcript = task
    audio = np.asarray(read_audio(wav, DEFINITION.sampling_rate, utterance), dtype=np.float64)
    edges = boundaries.copy()
    for phone in _steps(transcript):
        low = max(edges[phone - 1] + LEAST, boundaries[phone] - REACH)
        high = min(boundaries[phone + 1] - LEAST, boundaries[phone] + REACH)
        if high > low:
            edges[phone] = _step_time(audio, transcript.pitches[phone - 1], transcript.pitches[phone], low, high)
    return utterance, edges


def _step_time(audio: np.ndarray, before: float, after: float, low: float, high: float) -> float:
    """Seconds in [low, high] that part frames nearer to one pitch best from those nearer to the other.

    Least absolute error, unvoiced frames aside; of several equally good moments the middle one. audio: (L,), the
    whole recording; before, after: MIDI numbers
    """
    period, hop = DEFINITION.frame_period, DEFINITION.hop_length
    first, last = round(low / period), max(round(low / period) + 1, round(high / period))
    margin = round(CONTEXT / period)
    begin = max(0, first - margin)
    pitch = hz_to_midi(extract_f0(audio[begin * hop : (last + margin) * hop], DEFINITION, "dio"))
    inside = pitch[first - begin : last - begin]
    errors = [np.where(inside > 0, np.minimum(np.abs(inside - note), WRONG), 0.0) for note in (before, after)]
    cost = np.append(0.0, np.cumsum(errors[0])) + np.append(np.cumsum(errors[1][::-1])[::-1], 0.0)
    best = np.flatnonzero(cost <= cost.min() + 1e-9)
    return float(np.clip((first + best[len(best) // 2]) * period, low, high))
