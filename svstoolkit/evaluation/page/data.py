"""What the page's script needs, as JSON: contours, values, comparisons and errors, kept small."""

from collections.abc import Sequence

import numpy as np

from svstoolkit.evaluation.breakdown import ERRORS, BreakdownRow
from svstoolkit.evaluation.contour_rows import FIGURES, TransitionRow, VibratoRow
from svstoolkit.evaluation.metrics import GROUND_TRUTH, METRICS
from svstoolkit.evaluation.results import Value
from svstoolkit.evaluation.rhythm_rows import RhythmRow
from svstoolkit.evaluation.statistics import PairedComparison

MOST_NOTES = 200  # of a system in the picture of vibrato
DIGITS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"  # of base 64


def packed_contour(contour: Sequence[int]) -> str:
    """F0 in twentieths of a semitone (0 = unvoiced) as two characters per frame, 64·first + second."""
    steps = np.clip(np.asarray(contour, dtype=np.int64), 0, 64 * 64 - 1)
    digits = np.frombuffer(DIGITS, dtype=np.uint8)
    return digits[np.stack([steps >> 6, steps & 63], axis=1)].tobytes().decode("ascii")


def phrase_data(phrase: dict) -> dict:
    """A phrase of `phrases.phrase` without what already stands in the HTML."""
    tracks = []
    for track in phrase["tracks"]:
        kept = {key: track.get(key) for key in ("system", "mode", "seconds", "audio", "bounds")}
        tracks.append(kept | {"f0": packed_contour(track["f0"])})
    return {
        "timeline": phrase["timeline"],
        "roll": {key: phrase["roll"][key] for key in ("height", "semitone", "top")},
        "phones": phrase["phones"],
        "tracks": tracks,
    }


def metric_data() -> dict[str, dict]:
    """What the script has to know of each metric."""
    return {
        m.name: {"title": f"{m.short} {m.arrow}", "unit": m.unit, "decimals": m.decimals, "higher": m.higher_is_better}
        for m in METRICS.values()
    }


def value_data(values: Sequence[Value]) -> dict:
    """set → utterances, systems, and for every metric a row per system of values per utterance."""
    sets: dict[str, dict] = {}
    for v in values:
        of_set = sets.setdefault(v.set, {"utterances": {}, "systems": {}, "cells": {}})
        of_set["systems"][v.system] = of_set["utterances"][v.utterance] = None  # in order of appearance
        of_set["cells"].setdefault(v.metric, {})[v.system, v.utterance] = _short(v.value)
    return {
        name: {
            "utterances": list(s["utterances"]),
            "systems": list(s["systems"]),
            "metrics": {
                metric: [
                    [cells.get((system, utterance)) for utterance in s["utterances"]]
                    if any((system, utterance) in cells for utterance in s["utterances"])
                    else None
                    for system in s["systems"]
                ]
                for metric, cells in s["cells"].items()
            },
        }
        for name, s in sets.items()
    }


def comparison_data(comparisons: Sequence[PairedComparison]) -> dict:
    """set → metric → [a, b, n, difference, [low, high], p, corrected p, significant,
    decidable] of every pair"""
    sets: dict[str, dict[str, list]] = {}
    for c in comparisons:
        ci = c.ci and [_short(end) for end in c.ci]
        row = [
            c.a,
            c.b,
            c.n,
            _short(c.difference),
            ci,
            _short(c.p),
            _short(c.p_holm),
            int(c.significant),
            int(c.decidable),
        ]
        sets.setdefault(c.set, {}).setdefault(c.metric, []).append(row)
    return sets


def breakdown_data(rows: Sequence[BreakdownRow]) -> dict:
    """set → phone or pitch → key → system → [frames, errors in the order of ERRORS]"""
    sets: dict[str, dict] = {}
    for r in rows:
        of_key = sets.setdefault(r.set, {}).setdefault(r.by, {}).setdefault(r.key, {})
        of_key[r.system] = [r.frames, *(_short(getattr(r, error)) for error in ERRORS)]
    return sets


def rhythm_data(rows: Sequence[RhythmRow]) -> dict:
    """set → [systems that sang with the same timing, {phones: [n, median, percentiles 50 and 90 of the distance, per
    cent within 20, 30 and 50 ms, quantiles]}]"""
    sets: dict[str, dict[str, dict]] = {}
    for r in rows:
        figures = (r.median, r.absolute_50, r.absolute_90, r.within_20, r.within_30, r.within_50)
        row = [r.n, *map(_short, figures), [round(q, 1) for q in r.quantiles]]
        sets.setdefault(r.set, {}).setdefault(r.system, {})[r.phones] = row
    return {name: _alike(systems) for name, systems in sets.items()}


def _alike(systems: dict[str, dict]) -> list[list]:
    """Systems that share one rhythm, as those that refine one singer's do, are drawn once."""
    groups: list[list] = []
    for system, phones in systems.items():
        same = next((group for group in groups if group[1] == phones), None)
        if same and GROUND_TRUTH not in same[0]:
            same[0].append(system)
        else:
            groups.append([[system], phones])
    return groups


def contour_data(transitions: Sequence[TransitionRow], vibrato: Sequence[VibratoRow]) -> dict:
    """set → transitions: direction → system → [measured, written, figures, distance of the curves, curve in per mille];
    vibrato: system → [sustained, share, rate, its deviation, extent, its deviation, notes of (rate, extent)]"""
    sets: dict[str, dict[str, dict]] = {}
    for t in transitions:
        figures = (*(getattr(t, figure) for figure in FIGURES), t.curve_distance)
        curve = [None if x is None else round(1000 * x) for x in t.curve]
        of_set = sets.setdefault(t.set, {"transitions": {}, "vibrato": {}})
        row = [t.n, t.written, *map(_short, figures), curve]
        of_set["transitions"].setdefault(t.direction, {})[t.system] = row
    for v in vibrato:
        figures = (v.share, v.rate, v.rate_sd, v.extent, v.extent_sd)
        step = -(-len(v.notes) // MOST_NOTES) or 1
        notes = [[round(rate, 2), round(extent, 1)] for rate, extent in v.notes[::step]]
        of_set = sets.setdefault(v.set, {"transitions": {}, "vibrato": {}})
        of_set["vibrato"][v.system] = [v.sustained, *map(_short, figures), notes]
    return sets


def _short(value: float | None) -> float | None:
    """Four significant digits."""
    return None if value is None else float(f"{value:.4g}")
