"""Melody against the score: no reference recording is needed. Every figure in per cent, higher is better but one.

Frame by frame as melody extraction is evaluated (Salamon et al. 2014, IEEE SPM 31(2); mir_eval.melody), and note by
note as singing transcription is (Molina et al. 2014, ISMIR; mir_eval.transcription). NaN where the score has no
sounding note.

Even a recording of the best singer is far from 100: voiceless consonants are inside the score's notes, singers glide,
come early and late, and a vibrato of 100 cents is more than 50 cents from its note two thirds of the time. The
recording's figures on the same phrases are the ones to read a system's against. `score.timing.as_sung` gives a score
whose notes lie where they were sung, which takes timing out of the comparison; `note_deviations` takes vibrato and
glides out: of a Japanese nursery song sung with a vibrato of 110 cents 60 % of the frames are right and 91 % of the
notes.
"""

import numpy as np

from svstoolkit.score.song import Song
from svstoolkit.units import cents_between, midi_to_hz

PITCH_TOLERANCE = 50.0  # cents
ONSET_TOLERANCE = 0.1  # s; twice mir_eval's, as voiced consonants sound before the beat their vowel is on
OFFSET_RATIO, OFFSET_TOLERANCE = 0.2, 0.05  # of the note's duration, s; the larger counts


def score_notes(song: Song) -> tuple[np.ndarray, np.ndarray]:
    """The notes a listener can tell apart → intervals (N, 2) s, pitches (N,) Hz; rests left out.

    A slur on the pitch of the note just before it is a tie: one note.
    """
    intervals, pitches = [], []
    previous = None
    for note in song.notes:
        if note.pitch and note.duration > 0:
            if previous is not None and note.slur and note.pitch == previous.pitch:
                intervals[-1][1] = note.end
            else:
                intervals.append([note.onset, note.end])
                pitches.append(note.pitch)
        if note.duration > 0:
            previous = note
    return np.array(intervals).reshape(-1, 2), midi_to_hz(np.array(pitches))


def score_frames(song: Song, n_frames: int, frame_period: float) -> np.ndarray:
    """(T,) Hz of the note sounding at the centre of each frame, (t + ½)·frame_period; 0 in rests and after the end."""
    times = (np.arange(n_frames) + 0.5) * frame_period
    onsets = np.array([note.onset for note in song.notes])
    ends = np.array([note.end for note in song.notes])
    pitches = np.array([note.pitch or 0.0 for note in song.notes])
    index = np.searchsorted(onsets, times, side="right") - 1
    inside = (index >= 0) & (times < np.append(ends, -np.inf)[index])  # index −1, before the first note, is outside
    return np.where(inside, midi_to_hz(np.append(pitches, 0.0)[index]), 0.0)


def melody_scores(f0: np.ndarray, score_f0: np.ndarray) -> dict[str, float]:
    """Frame-wise accuracies of a voice (T,) Hz against `score_frames` (T,) Hz; 0 = unvoiced, rest.

    Returns:
        raw_pitch_accuracy: sounding frames of the score whose F0 is less than 50 cents off; unvoiced is wrong
        raw_chroma_accuracy: the same with octave errors forgiven
        voiced_pitch_accuracy: raw pitch accuracy of those sounding frames in which the voice is voiced; 0 if none is
        voicing_recall: sounding frames in which the voice is voiced
        voicing_false_alarm: frames of rest in which the voice is voiced (lower is better; NaN without a rest)
        overall_accuracy: frames right in both: less than 50 cents off in a note, unvoiced in a rest

    Raises:
        ValueError: the two are not of one length, or empty.
    """
    if f0.shape != score_f0.shape or not f0.size:
        raise ValueError(f"need two equal, non-empty F0 tracks, not {f0.shape} and {score_f0.shape}")
    sounding, voiced = score_f0 > 0, f0 > 0
    both = sounding & voiced
    cents = np.abs(cents_between(f0[both], score_f0[both]))
    right = np.count_nonzero(cents < PITCH_TOLERANCE)
    to_octave = np.abs(cents - 1200.0 * np.floor(cents / 1200.0 + 0.5))
    n_sounding, n_rests = np.count_nonzero(sounding), np.count_nonzero(~sounding)
    if not n_sounding:
        return dict.fromkeys(MELODY_SCORES, float("nan"))
    right_rests = np.count_nonzero(~sounding & ~voiced)
    values = (
        right / n_sounding,
        np.count_nonzero(to_octave < PITCH_TOLERANCE) / n_sounding,
        right / len(cents) if len(cents) else 0.0,
        len(cents) / n_sounding,
        1.0 - right_rests / n_rests if n_rests else float("nan"),
        (right + right_rests) / len(f0),
    )
    return {name: 100.0 * float(value) for name, value in zip(MELODY_SCORES, values, strict=True)}


def note_deviations(f0: np.ndarray, score: tuple[np.ndarray, np.ndarray], frame_period: float) -> np.ndarray:
    """How far each note of the score is out of tune: (N,) cents, positive = sharp, NaN where the voice is unvoiced.

    The median over the voiced frames whose centres lie in the note, which vibrato and glides hardly move.

    Args:
        f0: (T,) Hz, 0 = unvoiced
        score: intervals (N, 2) s and pitches (N,) Hz, of `score_notes`
    """
    times = (np.arange(len(f0)) + 0.5) * frame_period
    spans = np.searchsorted(times, score[0])
    deviations = np.full(len(spans), np.nan)
    for i, (begin, end) in enumerate(spans):
        if np.any(voiced := f0[begin:end] > 0):
            deviations[i] = np.median(cents_between(f0[begin:end][voiced], score[1][i]))
    return deviations


def notes_in_tune(deviations: np.ndarray) -> float:
    """Per cent of the score's notes less than 50 cents out of tune, from `note_deviations`; unvoiced is wrong."""
    return 100.0 * float(np.mean(np.abs(deviations) < PITCH_TOLERANCE)) if len(deviations) else float("nan")


MELODY_SCORES = (
    "raw_pitch_accuracy",
    "raw_chroma_accuracy",
    "voiced_pitch_accuracy",
    "voicing_recall",
    "voicing_false_alarm",
    "overall_accuracy",
)
NOTE_CRITERIA = ("onset", "onset_pitch", "onset_pitch_offset")


def note_scores(
    sung: tuple[np.ndarray, np.ndarray],
    score: tuple[np.ndarray, np.ndarray],
    onset_tolerance: float = ONSET_TOLERANCE,
) -> dict[str, float]:
    """Precision, recall and F1 of the notes sung, by mir_eval.transcription.

    A sung note is right if it can be matched, one to one, with a note of the score whose onset is within
    `onset_tolerance`; for onset_pitch also its pitch within 50 cents; for onset_pitch_offset also its offset within
    20 % of the duration or 50 ms, whichever is larger (Molina's COn, COnP and COnPOff, which have 50 ms for onsets).

    Args:
        sung, score: intervals (N, 2) s and pitches (N,) Hz, of `transcribe` and `score_notes`
        onset_tolerance: seconds

    Returns:
        {onset, onset_pitch, onset_pitch_offset} × {_precision, _recall, _f1}; 0 if nothing was sung.
    """
    import mir_eval.transcription as mir

    names = [f"{criterion}_{figure}" for criterion in NOTE_CRITERIA for figure in ("precision", "recall", "f1")]
    if not len(score[1]) or not len(sung[1]):
        return dict.fromkeys(names, 0.0 if len(score[1]) else float("nan"))
    tolerances = {"onset_tolerance": onset_tolerance, "pitch_tolerance": PITCH_TOLERANCE}
    offsets = {"offset_ratio": OFFSET_RATIO, "offset_min_tolerance": OFFSET_TOLERANCE}
    figures = (
        *mir.onset_precision_recall_f1(score[0], sung[0], onset_tolerance=onset_tolerance),
        *mir.precision_recall_f1_overlap(*score, *sung, **tolerances, offset_ratio=None)[:3],
        *mir.precision_recall_f1_overlap(*score, *sung, **tolerances, **offsets)[:3],
    )
    return {name: 100.0 * float(figure) for name, figure in zip(names, figures, strict=True)}
