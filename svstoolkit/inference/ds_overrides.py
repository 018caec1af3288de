"""What a `.ds` file says of phone times, F0, energy and singers, as overrides of the song it holds."""

from itertools import pairwise
from pathlib import Path

import numpy as np

from svstoolkit.errors import InputError
from svstoolkit.inference.overrides import EDGE, Curve, Overrides, check_values
from svstoolkit.score.formats.ds import JOIN_TOLERANCE, read_ds_segments
from svstoolkit.score.formats.ds_segment import DsSegment
from svstoolkit.score.song import Song


def ds_overrides(path: str | Path, song: Song, language: str | None = None, singers: bool = True) -> Overrides:
    """The overrides in a `.ds` file; what it does not have stays predicted.

    openvpi's f0_seq runs on through consonants and rests; unless it has a 0 somewhere, what is voiced is predicted.

    Args:
        song: what `read_ds` made of the file, its phrases joined.
        language: as `read_ds` was given it.
        singers: False leaves out who sings.

    Raises:
        InputError: as `read_ds`, or a curve out of range; names the segment.
    """
    segments = sorted(read_ds_segments(path, language), key=lambda segment: segment.offset)
    onsets = np.array([note.onset for note in song.notes])
    firsts = np.cumsum([0, *(len(note.phones) for note in song.notes)])
    ends: dict[int, float] = {}
    starts: dict[int, float] = {}
    curves: dict[str, list[Curve]] = {"f0": [], "energy": [], "singers": []}
    for number, segment in enumerate(segments, 1):
        where = f"{path}: the segment at {segment.offset:g} s"
        until = segments[number].offset if number < len(segments) else np.inf
        for index, begin, end in _timed_notes(segment, song, onsets):
            for i, at in enumerate(begin.tolist()):
                starts[int(firsts[index]) + i] = at
            ends[int(firsts[index + 1])] = end
        for control, curve in _curves(segment, where, singers):
            if curve := _before(curve, until):
                curves[control].append(curve)
    boundaries = {k: t for k, t in sorted((ends | starts).items()) if 0 < k < len(song.phones)}
    _check_ascending(boundaries, song, str(path))
    voicing = any(np.any(curve.values == 0) for curve in curves["f0"])
    found = {control: tuple(pieces) for control, pieces in curves.items() if pieces}
    return Overrides(str(path), boundaries=boundaries, curves=found, voicing=voicing)


def _timed_notes(segment: DsSegment, song: Song, onsets: np.ndarray) -> list[tuple[int, np.ndarray, float]]:
    """(index in the song, starts of its phones, end of the last), s, of the segment's notes that the song has."""
    if segment.durations is None:
        return []
    edges = segment.offset + np.concatenate([[0.0], np.cumsum(segment.durations)])
    found, first = [], 0
    for note in segment.song.notes:
        last = first + len(note.phones)
        nearest = int(np.abs(onsets - segment.offset - note.onset).argmin())
        same = abs(onsets[nearest] - segment.offset - note.onset) <= 2 * JOIN_TOLERANCE
        if same and song.notes[nearest].phones == note.phones:
            found.append((nearest, edges[first:last], float(edges[last])))
        first = last
    return found


def _curves(segment: DsSegment, where: str, singers: bool) -> list[tuple[str, Curve]]:
    """The segment's curves; each holds its last value to the segment's end, as openvpi's inference does."""
    end = segment.song.duration
    found = []
    for control, values, step in (
        ("f0", segment.f0, segment.f0_timestep),
        ("energy", segment.energy, segment.energy_timestep),
    ):
        if values is not None:
            try:
                check_values(control, values)
            except InputError as error:
                raise InputError(f"{where}: {control}: {error}") from error
            found.append((control, _held(values, step, segment.offset, end)))
    if segment.singers and singers:
        shares = np.stack(list(segment.singers.values()), axis=1)
        curve = _held(shares / shares.sum(axis=1, keepdims=True), segment.singers_timestep or end, segment.offset, end)
        found.append(("singers", Curve(curve.times, curve.values, tuple(segment.singers))))
    return found


def _held(values: np.ndarray, step: float, offset: float, seconds: float) -> Curve:
    times = offset + step * np.arange(len(values))
    end = offset + seconds
    if times[-1] < end - EDGE:
        times, values = np.append(times, end), np.concatenate([values, values[-1:]])
    return Curve(times, values)


def _before(curve: Curve, until: float) -> Curve | None:
    """The curve as far as the next phrase's begin."""
    keep = curve.times < until
    return Curve(curve.times[keep], curve.values[keep], curve.names) if keep.sum() > 1 else None


def _check_ascending(boundaries: dict[int, float], song: Song, path: str) -> None:
    order = sorted(boundaries)
    for before, after in pairwise(order):
        if boundaries[after] < boundaries[before]:
            names = f"{song.phones[before]!r} at {boundaries[before]:.3f} s and {song.phones[after]!r}"
            raise InputError(
                f"{path}: by ph_dur {names} at {boundaries[after]:.3f} s go backwards; mend ph_dur or offset, or sing "
                "with --ds_curves false"
            )
