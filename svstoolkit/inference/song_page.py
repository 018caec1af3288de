"""A page of a performance: the sound, and line by line the notes with their lyrics and the F0 that was sung.

Where the user set another F0 than the voice predicted, both are drawn.
"""

from dataclasses import replace
from itertools import groupby
from pathlib import Path

import numpy as np

from svstoolkit.data.files import write_text
from svstoolkit.data.html import template_environment
from svstoolkit.features.definition import FeatureDefinition
from svstoolkit.inference.singing import Performance
from svstoolkit.score.languages.registry import is_vowel
from svstoolkit.score.song import SLUR_LYRIC, Song
from svstoolkit.score.timing import as_sung
from svstoolkit.units import hz_to_midi, note_name

LINE = 10.0  # seconds in one line
SECOND, SEMITONE = 100, 9  # units of the drawing
LEAST_DIFFERENCE = 1e-3  # of F0, about 2 cents: what cannot be seen is not drawn
MIDDLE_C = 60.0  # where nothing was voiced
MARGIN = 3  # semitones above the highest and below the lowest note


def write_song_page(
    path: str | Path, sound: str, title: str, facts: str, sung: Performance, song: Song, definition: FeatureDefinition
) -> None:
    """Writes the page, which stands alone but for the sound beside it.

    Args:
        sound: the sound's path, relative to the page.
        facts: a line below the title.
    """
    pitches = _heard_range(sung) if song.spoken else [note.pitch for note in song.notes if not note.is_rest]
    if song.spoken:
        song = _on_one_line(song, sung.boundaries, min(pitches))
    lowest, highest = int(np.floor(min(pitches))) - MARGIN, int(np.ceil(max(pitches))) + MARGIN
    times, midi, predicted = _contour(sung, definition.frame_period)
    lines = [
        {
            "start": start,
            "notes": _notes(song, start, highest),
            "contours": _contours(times, midi, start, highest),
            "predicted": _contours(times, predicted, start, highest),
        }
        for start in np.arange(0, max(song.duration, LINE / 10), LINE).tolist()
    ]
    keys = [
        {"y": (highest - m) * SEMITONE, "name": note_name(m)} for m in range(lowest + 1, highest) if m % 12 in (0, 5, 9)
    ]
    page = template_environment("svstoolkit.inference").get_template("song.html.j2")
    text = page.render(
        title=title,
        facts=facts,
        sound=sound,
        language=song.language,
        lines=lines,
        keys=keys,
        width=LINE * SECOND,
        height=(highest - lowest) * SEMITONE,
        seconds=LINE,
        overridden=bool(np.any(np.isfinite(predicted))),
    )
    write_text(path, text)


def _heard_range(sung: Performance) -> list[float]:
    """Lowest and highest pitch, octave errors of single frames aside; MIDI numbers."""
    f0 = np.concatenate([phrase.f0[phrase.f0 > 0] for phrase in sung.phrases])
    return hz_to_midi(np.percentile(f0, (2, 98))).tolist() if len(f0) else [MIDDLE_C]


def _on_one_line(song: Song, boundaries: np.ndarray, pitch: float) -> Song:
    """Speech with its words where they were spoken, all drawn at one pitch: they have none of their own."""
    timed = as_sung(song, boundaries, lambda phone: is_vowel(phone, song.language))
    return replace(song, notes=tuple(n if n.is_silent else replace(n, pitch=round(pitch)) for n in timed.notes))


def _notes(song: Song, start: float, highest: int) -> list[dict]:
    """What of the score lies in the line that begins at `start`; a note over its end is in both lines."""
    found = []
    for note in song.notes:
        if note.is_rest or note.end <= start or note.onset >= start + LINE:
            continue
        left, right = max(note.onset, start), min(note.end, start + LINE)
        lyric = "" if note.lyric == SLUR_LYRIC or note.onset < start else note.lyric
        found.append(
            {
                "x": round((left - start) * SECOND, 1),
                "y": round((highest - note.pitch - 0.5) * SEMITONE, 1),
                "width": round((right - left) * SECOND, 1),
                "lyric": lyric,
                "phones": " ".join(note.phones),
            }
        )
    return found


def _contour(sung: Performance, frame_period: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times in the song, F0 in MIDI numbers, NaN where unvoiced and between phrases, and the prediction set aside."""
    times, values, others = [np.zeros(0)], [np.zeros(0)], [np.zeros(0)]
    for phrase in sung.phrases:
        times.append(phrase.start + (np.arange(len(phrase.f0) + 1) + 0.5) * frame_period)
        values.append(np.append(_midi(phrase.f0), np.nan))
        predicted = np.zeros_like(phrase.f0) if phrase.predicted_f0 is None else phrase.predicted_f0
        aside = np.abs(predicted - phrase.f0) > LEAST_DIFFERENCE * phrase.f0
        others.append(np.append(_midi(np.where(aside, predicted, 0.0)), np.nan))
    return np.concatenate(times), np.concatenate(values), np.concatenate(others)


def _midi(f0: np.ndarray) -> np.ndarray:
    """MIDI numbers, NaN where unvoiced."""
    return np.where(f0 > 0, hz_to_midi(f0), np.nan)


def _contours(times: np.ndarray, midi: np.ndarray, start: float, highest: int) -> list[str]:
    """The voiced stretches in a line as points of polylines."""
    here = (times >= start) & (times < start + LINE)
    x, y = (times[here] - start) * SECOND, (highest - midi[here]) * SEMITONE
    runs = groupby(zip(x.tolist(), y.tolist(), strict=True), key=lambda point: point[1] == point[1])
    return [" ".join(f"{a:.1f},{b:.1f}" for a, b in run) for voiced, run in runs if voiced]
