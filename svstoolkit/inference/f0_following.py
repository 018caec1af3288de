"""F0 that the voice is to follow: a table of times and Hz, or a recording of somebody who sings or hums the song."""

import logging
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from svstoolkit.data.audio import native_audio
from svstoolkit.errors import InputError
from svstoolkit.features.definition import FeatureDefinition
from svstoolkit.features.f0 import extract_f0
from svstoolkit.inference.overrides import LIMITS, Curve, Overrides, check_times, check_values
from svstoolkit.score.song import Song
from svstoolkit.units import hz_to_midi

OCTAVE = 12
TIMES, HERTZ = ("time", "times", "time_s", "t", "seconds"), ("hz", "f0", "f0_hz", "frequency", "pitch")
SHORTEST, BRIDGED = 0.03, 0.1  # s: voiced stretches that count, and unvoiced ones between them that do not
PERIOD = 0.005  # s between values of a recording's F0
HIGHEST_RATE = 48000  # Hz that a recording is read at


def read_f0(path: str | Path, song: Song, definition: FeatureDefinition) -> Overrides:
    """F0 from a `.csv` (`f0_of_table`) or else from a recording (`f0_of_recording`), 0 s where the song begins.

    Raises:
        InputError: as those do.
    """
    if Path(path).suffix.lower() in (".csv", ".tsv", ".txt"):
        return f0_of_table(path)
    return f0_of_recording(path, song, definition)


def f0_of_table(path: str | Path) -> Overrides:
    """Reads lines of `time,hz`, with commas, semicolons or tabs; a first line may name the columns.

    0 Hz is unvoiced; a line without Hz ends a stretch, and until the next line F0 is predicted.

    Raises:
        InputError: no such table, times that descend, F0 out of range; names the line.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not UTF-8 text"
        raise InputError(f"{path}: cannot be read ({reason}); check the path") from error
    columns, pieces, last = (0, 1), [[]], -1.0
    for number, line in enumerate(lines, 1):
        cells = [cell.strip() for cell in line.replace("\t", ",").replace(";", ",").split(",")]
        if not line.strip() or line.startswith("#"):
            continue
        if number == 1 and cells[0].strip('"').isidentifier():
            columns = _named_columns(cells, f"{path}, line 1")
            continue
        where = f"{path}, line {number}"
        if len(cells) <= max(columns):
            raise InputError(f"{where}: {line.strip()!r:.40}; expected `time,hz`, seconds and Hz (0 = unvoiced)")
        time, hz = cells[columns[0]], cells[columns[1]]
        at = _number(time, where)
        try:
            check_times([at])
            if at <= last:
                raise InputError(f"time {at:g} s is not after the one before, {last:g} s; sort the lines")
            last = at
            if hz:
                check_values("f0", [_number(hz, where)])
        except InputError as error:
            raise InputError(str(error) if str(error).startswith(where) else f"{where}: {error}") from error
        if hz:
            pieces[-1].append((at, float(hz)))
        elif pieces[-1]:
            pieces.append([])
    curves = [Curve(*(np.array(column) for column in zip(*piece, strict=True))) for piece in pieces if len(piece) > 1]
    if not curves:
        raise InputError(f"{path}: holds no two lines of `time,hz` one after another; export the curve again")
    return Overrides(str(path), curves={"f0": tuple(curves)})


def f0_of_recording(path: str | Path, song: Song, definition: FeatureDefinition) -> Overrides:
    """The pitch of a recording, by whole octaves at the song's height; which frames are voiced stays predicted.

    What is hummed has no consonants, so only its pitch is followed, and only where there is any.

    Args:
        definition: of the voice, for its F0 extractor and range.

    Raises:
        InputError: the file cannot be read, or nothing in it has a pitch.
    """
    audio, rate = native_audio(path, highest_rate=HIGHEST_RATE)
    own = FeatureDefinition(
        sampling_rate=rate,
        hop_length=round(rate * PERIOD),
        fmax=min(definition.fmax, rate / 2),
        fmin=0.0,
        f0_min=definition.f0_min,
        f0_max=min(definition.f0_max, rate / 4),
        f0_extractor=definition.f0_extractor,
    )
    f0 = extract_f0(audio.astype(np.float64), own).astype(np.float64)
    times = (np.arange(len(f0)) + 0.5) * own.frame_period
    curves = [Curve(times[a:b][f0[a:b] > 0], f0[a:b][f0[a:b] > 0]) for a, b in _stretches(f0 > 0, own.frame_period)]
    if not curves:
        raise InputError(f"{path}: no pitch is heard in it; record it nearer, or give F0 as a .csv of time,hz")
    octaves = _octaves_to(song, curves)
    if octaves:
        logging.info("%s: followed %+d octaves from where it is sung, at the score's height", path, octaves)
    curves = [replace(curve, values=(curve.values * 2.0**octaves).clip(*LIMITS["f0"][:2])) for curve in curves]
    return Overrides(str(path), curves={"f0": tuple(curves)}, voicing=False)


def _stretches(voiced: np.ndarray, period: float) -> list[tuple[int, int]]:
    """Voiced stretches [a, b) in frames, over short unvoiced ones; without those that are short themselves."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], voiced.astype(np.int8), [0]]))).tolist()
    runs = list(zip(edges[::2], edges[1::2], strict=True))
    joined: list[tuple[int, int]] = runs[:1]
    for (_, before), (begin, end) in pairwise(runs):
        if (begin - before) * period < BRIDGED:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((begin, end))
    return [(a, b) for a, b in joined if (b - a) * period >= SHORTEST]


def _octaves_to(song: Song, curves: list[Curve]) -> int:
    """Whole octaves from what was recorded to the notes written at the same time; from all of them if none is."""
    sounding = [note for note in song.notes if not note.is_rest]
    apart = [
        note.pitch - float(np.median(hz_to_midi(curve.values[(curve.times >= note.onset) & (curve.times < note.end)])))
        for note in sounding
        for curve in curves
        if np.any((curve.times >= note.onset) & (curve.times < note.end))
    ]
    if not apart:
        pitches = [note.pitch for note in sounding] or [0.0]
        apart = [np.median(pitches) - np.median(hz_to_midi(np.concatenate([curve.values for curve in curves])))]
    return round(float(np.median(apart)) / OCTAVE)


def _named_columns(names: list[str], where: str) -> tuple[int, int]:
    lower = [name.strip('"').lower() for name in names]
    found = [next((i for i, name in enumerate(lower) if name in known), None) for known in (TIMES, HERTZ)]
    if None in found:
        raise InputError(f"{where}: columns {' '.join(lower)}; expected time and hz among them")
    return found[0], found[1]


def _number(text: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        raise InputError(f"{where}: {text[:40]!r} is not a number; leave Hz empty where F0 is to be predicted")
    return value
