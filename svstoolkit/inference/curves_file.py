"""What was sung, as a file of overrides that sings the same again: for a user to edit."""

from pathlib import Path

import numpy as np

from svstoolkit.data.files import write_text
from svstoolkit.features.definition import FeatureDefinition
from svstoolkit.features.energy import level_of_energy
from svstoolkit.inference.singing import Performance
from svstoolkit.score.song import Song

PER_LINE = 16  # values
HEADER = """\
# What was sung, to be edited and sung again by svs sing SCORE --overrides {name}; see docs/singing.md.
# Times in seconds and F0 in Hz (0 = unvoiced) of the score as written; energy in dB. What is deleted is predicted.
"""


def write_curves(
    path: str | Path,
    song: Song,
    sung: Performance,
    definition: FeatureDefinition,
    transpose: float = 0,
    speed: float = 1,
) -> None:
    """Writes where each phone of a song begins, and F0 and energy of every frame of its phrases.

    Args:
        song: as written.
        transpose, speed: semitones and times as fast, by which what was sung differs from it.
    """
    lines = [HEADER.format(name=Path(path).name), "notes:\n"]
    starts = iter((sung.boundaries * speed).tolist())
    for number, note in enumerate(song.notes, 1):
        lines.append(f"  {number}:\n    lyric: {_quoted(note.lyric)}\n    phones:\n")
        for i, phone in enumerate(note.phones, 1):
            lines.append(f"      {i}: {{phone: {_quoted(phone)}, start: {max(next(starts), 0.0):.12g}}}\n")
    step = definition.frame_period
    curves: dict[str, list[tuple[float, np.ndarray]]] = {"f0": [], "energy": []}
    for phrase in sung.phrases:
        first = phrase.start + step / 2
        curves["f0"].append((first, phrase.f0.astype(np.float64) / 2.0 ** (transpose / 12)))
        if phrase.energy is not None:
            curves["energy"].append((first, level_of_energy(phrase.energy, definition)))
    for control, pieces in curves.items():
        lines += [f"{control}:\n"] if pieces else []
        for start, values in pieces:
            lines.append(f"  - start: {start * speed!r}\n    step: {step * speed!r}\n    values: >-\n")
            rows = [values[i : i + PER_LINE] for i in range(0, len(values), PER_LINE)]
            lines += [f"      {' '.join(f'{value:.9g}' for value in row.tolist())}\n" for row in rows]
    write_text(path, "".join(lines))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
