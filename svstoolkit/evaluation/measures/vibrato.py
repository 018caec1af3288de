"""Vibrato: its rate and extent on each sustained note, and how they differ from the recording's.

Rate in Hz; extent in cents to either side of the note's pitch, half the distance from peak to trough (Prame 1994 and
1997, JASA). In every window of half a second a sine of each rate is fitted to F0 in cents by least squares, together
with a parabola, so that neither the note's pitch nor its drift counts. A window has vibrato if the best sine
- has a rate of 4 to 8.5 Hz; sines from 2.5 to 10.5 Hz may compete, so that a glide does not pass for a slow vibrato,
- has an extent of 20 to 300 cents; singers' vibrato has 34 to 123 (Prame 1997), the jitter of a straight note about 10,
- explains 70 % of what the parabola leaves: the share of power Nakano et al. 2006 (Interspeech, section 2.2) look at.
A note has vibrato where such windows follow one another over at least three cycles.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

WINDOW_SECONDS = 0.5
RATES = np.arange(2.5, 10.5, 0.025)  # Hz
LOWEST_RATE, HIGHEST_RATE = 4.0, 8.5  # Hz
SMALLEST_EXTENT, LARGEST_EXTENT = 20.0, 300.0  # cents
EXPLAINED = 0.7
FEWEST_CYCLES = 3.0


@dataclass(frozen=True)
class Vibrato:
    """Of N notes: rate (N,) Hz and extent (N,) cents, NaN where a note has none.

    sustained: (N,) bool, F0 lasts for a window and there is something to judge
    """

    rate: np.ndarray
    extent: np.ndarray
    sustained: np.ndarray

    @property
    def present(self) -> np.ndarray:
        return np.isfinite(self.rate)


def note_vibrato(f0: np.ndarray, spans: np.ndarray, frame_period: float) -> Vibrato:
    """Vibrato of each note.

    Args:
        f0: (T,) Hz, 0 = unvoiced; frame t is centred at (t + ½)·frame_period
        spans: (N, 2) s, begin and end of notes that do not overlap, of `melody.score_notes` or of phones

    Returns:
        the vibrato of the longest stretch of each note that has any: medians of its windows' rates and extents
    """
    length = max(round(WINDOW_SECONDS / frame_period), 8)
    spans = np.asarray(spans, dtype=np.float64).reshape(-1, 2)
    rate, extent = np.full(len(spans), np.nan), np.full(len(spans), np.nan)
    sustained = np.zeros(len(spans), dtype=bool)
    starts, notes = _windows_in_notes(f0, spans, frame_period, length)
    if not len(starts):
        return Vibrato(rate, extent, sustained)
    sustained[notes] = True
    cents = 1200.0 * np.log2(np.where(f0 > 0, f0, 1.0))
    rates, extents, explained = _fit_sines(sliding_window_view(cents, length)[starts], frame_period)
    found = (rates >= LOWEST_RATE) & (rates <= HIGHEST_RATE) & (explained >= EXPLAINED)
    found &= (extents >= SMALLEST_EXTENT) & (extents <= LARGEST_EXTENT)
    for note in np.unique(notes[found]):
        own = np.flatnonzero(found & (notes == note))
        stretches = np.split(own, np.flatnonzero(np.diff(starts[own]) != 1) + 1)
        stretch = max(stretches, key=len)
        seconds = (len(stretch) - 1 + length) * frame_period
        if np.median(rates[stretch]) * seconds >= FEWEST_CYCLES:
            rate[note], extent[note] = np.median(rates[stretch]), np.median(extents[stretch])
    return Vibrato(rate, extent, sustained)


def vibrato_errors(voice: Vibrato, reference: Vibrato) -> dict[str, float]:
    """How the vibrato of a voice differs from the recording's on the same N notes; NaN where there is none to compare.

    Returns:
        vibrato_rate_error: mean absolute error, Hz, over notes on which both have vibrato
        vibrato_extent_error: the same in cents
        vibrato_agreement: per cent of the notes sustained in the recording on which both or neither have vibrato

    Raises:
        ValueError: the two have not the same number of notes.
    """
    if voice.rate.shape != reference.rate.shape:
        raise ValueError(f"need vibrato of the same notes, not {voice.rate.shape} and {reference.rate.shape}")
    both, judged = voice.present & reference.present, reference.sustained
    agree = voice.present == reference.present
    return {
        "vibrato_rate_error": _mean(np.abs(voice.rate - reference.rate)[both]),
        "vibrato_extent_error": _mean(np.abs(voice.extent - reference.extent)[both]),
        "vibrato_agreement": 100.0 * _mean(agree[judged]),
    }


def _mean(values: np.ndarray) -> float:
    return float(np.mean(values)) if values.size else float("nan")


def _windows_in_notes(
    f0: np.ndarray, spans: np.ndarray, frame_period: float, length: int
) -> tuple[np.ndarray, np.ndarray]:
    """Windows that lie in one note and are voiced throughout: first frames (M,), notes (M,)."""
    if len(f0) < length or not len(spans):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    times = (np.arange(len(f0)) + 0.5) * frame_period
    order = np.argsort(spans[:, 0], kind="stable")
    at = np.searchsorted(spans[order, 0], times, side="right") - 1
    note = np.where(at >= 0, order[at], -1)
    note = np.where((f0 > 0) & (at >= 0) & (times < spans[note, 1]), note, -1)
    changes = np.cumsum(np.r_[0, np.diff(note) != 0])
    starts = np.flatnonzero((note[: len(note) - length + 1] >= 0) & (changes[length - 1 :] == changes[: -length + 1]))
    return starts, note[starts]


def _fit_sines(windows: np.ndarray, frame_period: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Windows (M, L) cents → of each window's best sine: rate Hz, extent cents, share of the power explained."""
    parabola, sines, to_extent = _bases(windows.shape[1], frame_period)
    centred = windows - windows.mean(axis=1, keepdims=True)
    wavy = centred - (centred @ parabola) @ parabola.T
    power = (wavy**2).sum(axis=1)
    projections = (wavy @ sines).reshape(len(windows), len(RATES), 2)
    explained = (projections**2).sum(axis=2)
    best = explained.argmax(axis=1)
    rows = np.arange(len(windows))
    amplitudes = np.einsum("mij,mj->mi", to_extent[best], projections[rows, best])
    share = np.divide(explained[rows, best], power, out=np.zeros(len(windows)), where=power > 1e-9)
    return RATES[best], np.hypot(*amplitudes.T), share


@lru_cache(maxsize=8)
def _bases(length: int, frame_period: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Orthonormal bases of the parabolas (L, 3) and, R rates side by side, of what sines add to them (L, 2R).

    The third (R, 2, 2) takes coefficients in the latter to the amplitudes of cosine and sine.
    """
    times = (np.arange(length) - (length - 1) / 2) * frame_period
    parabola, _ = np.linalg.qr(np.vander(times, 3))
    angles = 2 * np.pi * RATES[:, None] * times
    waves = np.stack([np.cos(angles), np.sin(angles)], axis=2)  # (R, L, 2)
    q, r = np.linalg.qr(waves - parabola @ (parabola.T @ waves))
    return parabola, q.transpose(1, 0, 2).reshape(length, -1), np.linalg.inv(r)
