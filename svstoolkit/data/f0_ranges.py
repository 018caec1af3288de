"""Each singer's F0 search range, from a first look at some of the training set: dump/f0_ranges.json."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from svstoolkit.data.audio import read_audio
from svstoolkit.data.files import write_json
from svstoolkit.data.fingerprint import fingerprint
from svstoolkit.data.phone_table import NOTE
from svstoolkit.data.utterance_features import Task
from svstoolkit.data.workers import Workers
from svstoolkit.errors import InputError
from svstoolkit.features.definition import FeatureDefinition
from svstoolkit.features.f0_extractors import dio
from svstoolkit.features.f0_range import covering, search_range
from svstoolkit.units import hz_to_midi, midi_to_hz

LOOKED_AT = 30  # recordings of each singer, spread evenly over the set
LONGEST = 20.0  # s of a recording, from its middle
EXTREMES = 2.0  # percent of the voiced frames at either end that may be errors


@dataclass(frozen=True)
class F0Ranges:
    """singers: name → (lowest, highest) Hz; fingerprint: of what they were found in"""

    fingerprint: str
    singers: dict[str, tuple[float, float]]

    def to_json(self, path: Path) -> None:
        write_json(path, {"fingerprint": self.fingerprint, "singers": self.singers})

    @classmethod
    def from_json(cls, path: Path) -> "F0Ranges | None":
        """None if there is no such file, or another."""
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            singers = {singer: (float(low), float(high)) for singer, (low, high) in values["singers"].items()}
            return cls(values["fingerprint"], singers)
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None


def find_ranges(
    known: F0Ranges | None,
    tasks: Sequence[Task],
    singer_of: Mapping[str, str],
    definition: FeatureDefinition,
    workers: Workers,
) -> F0Ranges:
    """`known` if it was found in the same recordings with the same definition; else found anew.

    All but the extremes of what DIO finds and a fifth beyond, widened to the singer's notes and a minor third
    beyond, to whole semitones, within the definition's range. DIO because it is fast; what it misses, notes know.

    Args:
        tasks: of the training set.
        singer_of: utterance → singer.
    """
    by_singer: dict[str, list[Task]] = {}
    for task in tasks:
        by_singer.setdefault(singer_of[task.utterance], []).append(task)
    chosen = {singer: [them[i] for i in _spread(len(them))] for singer, them in by_singer.items()}
    notes = {s: midi_to_hz(np.unique(np.concatenate([t.table[:, NOTE] for t in by_singer[s]]))) for s in by_singer}
    key = fingerprint(
        stamps=[task.wav for them in chosen.values() for task in them],
        cuts=[[task.utterance, str(task.wav)] for them in chosen.values() for task in them],
        notes={singer: hz.tolist() for singer, hz in notes.items()},
        definition=definition.decisive(),
        method=[LOOKED_AT, LONGEST, EXTREMES],
    )
    if known is not None and known.fingerprint == key:
        return known
    looks = workers.map(partial(_look, definition=definition), [task for them in chosen.values() for task in them])
    widest = definition.f0_min, definition.f0_max
    found = {}
    for singer, them in chosen.items():
        limits = search_range(np.concatenate([next(looks) for _ in them]), *widest, EXTREMES)
        found[singer] = _whole_semitones(covering(limits, notes[singer], *widest), widest)
    return F0Ranges(key, found)


def _spread(count: int) -> list[int]:
    return sorted({round(i) for i in np.linspace(0, count - 1, min(count, LOOKED_AT))})


def _look(task: Task, definition: FeatureDefinition) -> np.ndarray:
    """DIO's contour of a recording; of a faulty one nothing, its faults are told when it is extracted."""
    rate = definition.sampling_rate
    try:
        samples = read_audio(task.wav, rate, task.utterance).astype(np.float64)
    except InputError:
        return np.zeros(0)
    longest = round(LONGEST * rate)
    start = max(0, (len(samples) - longest) // 2)
    return dio(np.ascontiguousarray(samples[start : start + longest]), rate, definition.f0_min, definition.f0_max).f0


def _whole_semitones(limits: tuple[float, float], widest: tuple[float, float]) -> tuple[float, float]:
    """Outwards, so that a recording more or less rarely changes them, within the widest range."""
    low, high = hz_to_midi(np.array(limits))
    rounded = midi_to_hz(np.array([np.floor(low), np.ceil(high)])).round(2)
    return max(widest[0], float(rounded[0])), min(widest[1], float(rounded[1]))
