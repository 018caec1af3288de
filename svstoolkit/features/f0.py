"""Fundamental frequency by WORLD, at the centres of the frames."""

import numpy as np

from svstoolkit.features.definition import FeatureDefinition
from svstoolkit.features.voicing import love_train

WORLD_PERIOD = 0.005  # s, the grid on which WORLD is asked
LOVE_TRAIN = 0.85  # least share of the power below 4 kHz in that below 7.9 kHz; WORLD's default
MARGIN = 1.5  # a musical fifth
EXTRACTORS = ("harvest", "dio")


def extract_f0(audio: np.ndarray, definition: FeatureDefinition, extractor: str = "harvest") -> np.ndarray:
    """F0 of `audio` (L,) float64 → (T,) float32 Hz, T = L // hop_length, 0 = unvoiced.

    "dio": DIO refined by StoneMask (Morise et al. 2009), ten times faster than Harvest, which misses voiced frames
    of rough voices. "harvest": WORLD's Harvest (Morise 2017) in two passes (Hirst 2011): searched only around the
    range in which DIO finds most of this recording, it makes fewer octave errors in less time. Both find F0 in noise
    too, Harvest in half of all unvoiced consonants; those frames are taken out by D4C Love Train, WORLD's own
    voicing decision (Morise 2016).
    Frame t is read at (t + ½)·hop_length samples: voiced if WORLD's nearest value is, and then interpolated in log F0
    between the voiced ones of its two neighbours.

    Raises:
        ValueError: an extractor other than "harvest" or "dio".
    """
    import pyworld

    if extractor not in EXTRACTORS:
        raise ValueError(f"extractor must be one of {EXTRACTORS}, not {extractor!r}")
    audio = np.ascontiguousarray(audio, dtype=np.float64)
    rate = definition.sampling_rate
    coarse, times = pyworld.dio(audio, rate, definition.f0_min, definition.f0_max, frame_period=1000 * WORLD_PERIOD)
    if extractor == "harvest":
        low, high = search_range(coarse, definition.f0_min, definition.f0_max)
        f0, times = pyworld.harvest(audio, rate, low, high, frame_period=1000 * WORLD_PERIOD)
    else:
        f0 = pyworld.stonemask(audio, coarse, times, rate)
    f0 = np.where(love_train(audio, f0, times, rate) > LOVE_TRAIN, f0, 0.0)
    centres = (np.arange(len(audio) // definition.hop_length) + 0.5) * definition.frame_period
    return sample_f0(f0, WORLD_PERIOD, centres).astype(np.float32)


def search_range(coarse: np.ndarray, f0_min: float, f0_max: float) -> tuple[float, float]:
    """Where to search a recording whose contour is roughly `coarse` (K,) Hz: all but the extremes, and a fifth beyond.

    The whole of f0_min to f0_max if less than a tenth of the contour is voiced, which is too little to judge by.
    """
    voiced = coarse[coarse > 0]
    if len(voiced) < 0.1 * len(coarse):
        return f0_min, f0_max
    low, high = np.percentile(voiced, [5, 95])
    return max(f0_min, low / MARGIN), min(f0_max, high * MARGIN)


def sample_f0(f0: np.ndarray, period: float, times: np.ndarray) -> np.ndarray:
    """A contour (K,) Hz given at 0, period, 2·period … s, read at `times` (T,) s → (T,) Hz; 0 = unvoiced.

    Voiced where the nearest value is voiced; log-linear between two voiced neighbours, else the voiced one's value.
    """
    position = np.clip(np.asarray(times) / period, 0, len(f0) - 1)
    left = np.floor(position).astype(np.int64)
    right = np.minimum(left + 1, len(f0) - 1)
    weight = position - left
    nearest = np.where(weight < 0.5, left, right)
    low = np.where(f0[left] > 0, f0[left], f0[right])
    high = np.where(f0[right] > 0, f0[right], f0[left])
    with np.errstate(divide="ignore", invalid="ignore"):
        between = np.exp((1 - weight) * np.log(low) + weight * np.log(high))
    return np.where(f0[nearest] > 0, between, 0.0)
