"""Where a system fails: its errors by phone and by pitch of the score, summed over the utterances of a set."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

BY = ("phone", "pitch")
# error → (heading, unit, decimals)
ERRORS = {
    "mcd": ("MCD", "dB", 2),
    "f0_rmse": ("F0 RMSE", "cents", 0),
    "gross_pitch_error": ("GPE", "%", 1),
    "vuv_error": ("V/UV", "%", 1),
}


@dataclass(frozen=True)
class BreakdownRow:
    """A system's errors over all frames of one phone or one pitch.

    by: "phone" or "pitch"; key: the phone, or the MIDI number
    frames: paired frames behind mcd (dB) and vuv_error (%)
    f0_rmse, gross_pitch_error: cents and %, over the frames voiced in both; None where there is none
    """

    system: str
    set: str
    by: str
    key: str
    frames: int
    mcd: float
    f0_rmse: float | None
    gross_pitch_error: float | None
    vuv_error: float


def breakdown_rows(scores: Iterable[dict]) -> list[BreakdownRow]:
    """One row per set, system and phone or pitch, phones by name and pitches from low to high.

    Args:
        scores: what `score_utterance` returned; their "breakdown" {by: {key: sums}}, where it is there, holds
            frames, sum of MCD in dB, frames voiced in both, sum of squared cents, gross errors, voicing errors
    """
    sums: dict[tuple[str, str, str, str], np.ndarray] = {}
    for score in scores:
        for by, keys in (score.get("breakdown") or {}).items():
            for key, of_utterance in keys.items():
                place = (score["set"], score["system"], by, key)
                sums[place] = sums.get(place, 0.0) + np.asarray(of_utterance, dtype=np.float64)
    systems = list(dict.fromkeys(place[:2] for place in sums))  # in order of appearance
    ordered = sorted(sums, key=lambda p: (systems.index(p[:2]), BY.index(p[2]), _order(p[2], p[3])))
    return [_row(*place, *sums[place]) for place in ordered if sums[place][0] > 0]


def _order(by: str, key: str) -> tuple[float, str]:
    return (float(key), "") if by == "pitch" else (0.0, key)


def _row(
    set_name: str,
    system: str,
    by: str,
    key: str,
    frames: float,
    mcd: float,
    voiced: float,
    squared_cents: float,
    gross: float,
    vuv: float,
) -> BreakdownRow:
    f0_rmse = math.sqrt(squared_cents / voiced) if voiced else None
    gross_pitch_error = 100.0 * gross / voiced if voiced else None
    errors = (float(mcd / frames), f0_rmse, gross_pitch_error, float(100.0 * vuv / frames))
    return BreakdownRow(system, set_name, by, key, int(frames), *errors)
