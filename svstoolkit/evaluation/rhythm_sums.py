"""The timing of one utterance, kept for the tables and pictures of a whole set: every boundary, every beat."""

import numpy as np

from svstoolkit.errors import InputError
from svstoolkit.evaluation.comparison import Comparison
from svstoolkit.evaluation.measures.beats import vowel_deviations
from svstoolkit.score.languages.articulation import class_of_phone
from svstoolkit.score.languages.registry import is_vowel
from svstoolkit.score.song import Song

CONTINUATION = "held vowel"  # a slur's vowel, repeated: where it starts is a matter of the notes, not of the phones
UNKNOWN = "other consonant"  # without an articulation in the language's table


def rhythm_sums(comparison: Comparison) -> dict:
    """How late every phone and every vowel starts.

    Returns:
        boundaries: {class of phone: [ms]} of the phones' starts, sung − recorded; the first phone, which starts with
            the recording, left out
        beats: [ms] of the notes' vowels, sung − written, rests and slurs left out
        Empty without score and labels, and where the timing is the recording's own.
    """
    song, reference = comparison.song, comparison.reference_bounds
    if song is None or reference is None or comparison.equal_timing:
        return {}
    sung = comparison.sung_bounds
    late = (np.asarray(sung) - np.asarray(reference))[1:-1]
    boundaries: dict[str, list[float]] = {}
    for name, seconds in zip(phone_classes(song)[1:], late, strict=True):
        boundaries.setdefault(name, []).append(_milliseconds(seconds))
    deviations = vowel_deviations(song, sung, lambda phone: is_vowel(phone, song.language))
    return {"boundaries": boundaries, "beats": [_milliseconds(x) for x in deviations[np.isfinite(deviations)]]}


def phone_classes(song: Song) -> list[str]:
    """The class of every phone of a song: one of PHONE_CLASSES, "held vowel" or "other consonant"."""
    return [
        CONTINUATION if note.slur and not k else _class(phone, song.language)
        for note in song.notes
        for k, phone in enumerate(note.phones)
    ]


def _class(phone: str, language: str) -> str:
    try:
        return class_of_phone(phone, language)
    except InputError:
        return "vowel" if is_vowel(phone, language) else UNKNOWN


def _milliseconds(seconds: float) -> float:
    return round(1000.0 * float(seconds), 2)
