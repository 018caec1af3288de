"""The even beat of a sung phrase: from marked onsets by a robust line fit, or from the sound alone."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

HOP_SECONDS = 0.01
_RANGE_DB = 30.0  # voice is what lies within this of the loud parts …
_MARGIN_DB = 10.0  # … and at least this above the noise
_CORE_DB = 15.0  # a vowel is within this of the loud parts
_LONGEST_CLOSURE = 0.1  # s; between a consonant's burst and its vowel
_LONGEST_GAP = 0.4  # s; a closure or a geminate inside the phrase
_LONGEST_CONSONANT = 0.3  # s
_SHORTEST_BEAT, _LONGEST_BEAT = 0.15, 2.5  # s; what a mora may take


@dataclass(frozen=True)
class Beat:
    """Vowel i of the phrase starts at start + i·period, seconds."""

    start: float
    period: float

    def onsets(self, count: int) -> np.ndarray:
        return self.start + self.period * np.arange(count)


def frame_levels(samples: np.ndarray, sampling_rate: int) -> np.ndarray:
    """Level in dB of each 10 ms of mono samples, (n_frames,)."""
    hop = round(sampling_rate * HOP_SECONDS)
    frames = samples[: len(samples) // hop * hop].reshape(-1, hop)
    return 10.0 * np.log10(np.mean(np.square(frames, dtype=np.float64), axis=1) + 1e-12)


def voice_extent(samples: np.ndarray, sampling_rate: int) -> tuple[float, float] | None:
    """Start and end, in seconds, of the loudest stretch of voice; gaps up to 0.4 s belong to it. None: no voice."""
    levels = frame_levels(samples, sampling_rate)
    if len(levels) < 5:
        return None
    loud, noise = np.percentile(levels, 95), np.percentile(levels, 5)
    threshold = max(loud - _RANGE_DB, min(noise + _MARGIN_DB, loud - 6.0))
    active = np.flatnonzero(levels > threshold)
    if len(active) == 0 or loud < -80.0:
        return None
    breaks = np.flatnonzero(np.diff(active) > _LONGEST_GAP / HOP_SECONDS) + 1
    power = 10.0 ** (levels / 10.0)
    stretch = max(np.split(active, breaks), key=lambda frames: power[frames].sum())
    sung = stretch[levels[stretch] > loud - _CORE_DB]
    before = stretch[stretch <= sung[0]]  # a breath before the phrase ends earlier than its first consonant begins
    pauses = np.flatnonzero(np.diff(before) > _LONGEST_CLOSURE / HOP_SECONDS)
    first = before[pauses[-1] + 1] if len(pauses) else before[0]
    return first * HOP_SECONDS, (stretch[-1] + 1) * HOP_SECONDS


def fit_beat(
    times: np.ndarray, fitting: np.ndarray, count: int, extent: tuple[float, float], tolerance: float = 0.15
) -> Beat | None:
    """The even beat through as many marked onsets as possible; outliers do not pull it.

    Every pair of marks proposes a line. A line scores one for each mora with a mark within `tolerance` beats, half
    one more if the mark's own mora fits there (banks do carry swapped aliases, so the time alone counts more), and
    loses one for each end of the phrase that disagrees with the sound. The best line's marks are then fitted by
    least squares.

    Args:
        times: (M,) seconds, the marks.
        fitting: (M, count) bool, mark m may mark mora i.
        count: morae of the phrase, at least 2.
        extent: start and end of the voice, seconds.

    Returns:
        None when fewer than two marks agree.
    """
    first, second = np.meshgrid(np.arange(len(times)), np.arange(len(times)), indexing="ij")
    rows, columns = np.meshgrid(np.arange(count), np.arange(count), indexing="ij")
    later = (times[second] - times[first] > _SHORTEST_BEAT)[:, :, None, None] & (columns > rows)
    m, n, i, j = np.nonzero(later & fitting[:, None, :, None] | later & fitting[None, :, None, :])
    period = (times[n] - times[m]) / (j - i)
    start = times[m] - i * period
    keep = (period >= _SHORTEST_BEAT) & (period <= _LONGEST_BEAT) & (start >= 0)
    lines = np.unique(np.round(np.stack([start[keep], period[keep]], axis=1), 3), axis=0)
    if len(lines) == 0:
        return None
    distance = np.abs(_line_onsets(lines, count)[:, None, :] - times[None, :, None])  # (lines, M, count)
    near = distance <= tolerance * lines[:, 1, None, None]
    hit, fit = near.any(axis=1), (near & fitting).any(axis=1)
    score = hit.sum(axis=1) + 0.5 * fit.sum(axis=1) - _disagreement(lines, count, extent)
    residual = np.where(hit, distance.min(axis=1), 0.0).sum(axis=1)
    best = np.lexsort((residual, -score))[0]
    if hit[best].sum() < 2:
        return None
    return _least_squares(times, near[best], distance[best], lines[best])


def _line_onsets(lines: np.ndarray, count: int) -> np.ndarray:
    return lines[:, :1] + lines[:, 1:] * np.arange(count)


def _disagreement(lines: np.ndarray, count: int, extent: tuple[float, float]) -> np.ndarray:
    """0–2 per line: the first vowel is not near the voice's start, the last mora does not reach its end."""
    start, period = lines.T
    early, late = start < extent[0] - 0.15, start > extent[0] + 0.8 * period
    left = (extent[1] - start - (count - 1) * period) / period  # beats from the last vowel to the end of the voice
    return (early | late).astype(float) + ((left < 0.2) | (left > 2.5))


def _least_squares(times: np.ndarray, near: np.ndarray, distance: np.ndarray, line: np.ndarray) -> Beat:
    """Straight line through each mora's nearest mark, the given line where that leaves fewer than two morae."""
    index = np.flatnonzero(near.any(axis=0))
    marks = times[np.argmin(np.where(near, distance, np.inf)[:, index], axis=0)]
    if len(index) < 2:
        return Beat(*map(float, line))
    period, start = np.polyfit(index, marks, 1)
    return Beat(float(max(start, 0.0)), float(period))


def vowel_novelty(samples: np.ndarray, sampling_rate: int) -> np.ndarray:
    """How much louder, band by band below 4 kHz, the next 40 ms are than the last 40 ms; (n_frames,), 10 ms hop.

    It peaks where a vowel sets in, whether after a consonant or after another vowel.
    """
    from scipy.signal import stft

    hop = round(sampling_rate * HOP_SECONDS)
    frequencies, _, spectrum = stft(samples, sampling_rate, nperseg=3 * hop, noverlap=2 * hop, padded=True)
    edges = np.geomspace(150.0, 4000.0, 13)
    bands = np.stack(
        [
            np.mean(np.abs(spectrum[(frequencies >= low) & (frequencies < high)]) ** 2, axis=0)
            for low, high in pairwise(edges)
        ]
    )
    level = 10.0 * np.log10(np.maximum(bands / bands.max(), 1e-3))
    width = 4
    total = np.pad(np.cumsum(level, axis=1), ((0, 0), (1, 0)))
    mean = (total[:, width:] - total[:, :-width]) / width
    rise = np.zeros_like(level)
    rise[:, width:-width] = np.maximum(mean[:, width + 1 :] - mean[:, : -width - 1], 0.0)
    return rise.mean(axis=0)


def estimate_beat(samples: np.ndarray, sampling_rate: int, count: int, extent: tuple[float, float]) -> Beat:
    """The even beat of `count` morae from the sound alone: the line whose onsets gather the most novelty.

    Lines are weighed by how well `count` beats fill the voice.
    """
    novelty = vowel_novelty(samples, sampling_rate)
    begin, end = extent
    if count == 1:
        first = round(begin / HOP_SECONDS)
        last = max(first + 1, min(round((begin + 0.5 * (end - begin)) / HOP_SECONDS), first + 40))
        start = (first + int(np.argmax(novelty[first:last]))) * HOP_SECONDS
        return Beat(start, max(end - start, 0.05))
    typical = (end - begin) / count
    period = typical * np.linspace(0.75, 1.25, 51)[:, None]
    start = begin + np.arange(-0.03, min(0.6 * typical, _LONGEST_CONSONANT), HOP_SECONDS)[None, :]
    index = np.rint((start[..., None] + period[..., None] * np.arange(count)) / HOP_SECONDS).astype(int)
    inside = (index >= 0) & (index < len(novelty))
    smooth = np.convolve(novelty, np.hanning(7) / np.hanning(7).sum(), mode="same")
    gathered = np.where(inside, smooth[np.clip(index, 0, len(smooth) - 1)], 0.0).mean(axis=-1)
    unfilled = (end - start - count * period) / period
    score = gathered / smooth.max() - 0.3 * unfilled**2
    row, column = np.unravel_index(np.argmax(score), score.shape)
    return Beat(float(start[0, column]), float(period[row, 0]))
