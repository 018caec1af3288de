"""Phone times that a user sets, put among those that are predicted: what is not set moves as little as it can."""

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

import numpy as np

from svstoolkit.errors import InputError
from svstoolkit.inference.overrides import Overrides
from svstoolkit.score.song import Song
from svstoolkit.score.timing import nucleus_index, score_phone_boundaries, with_minimum_duration

NOMINAL = 0.05  # s of a consonant, where a score is looked at before a voice is there
AGREEMENT = 1e-3  # s within which times that are set twice are the same
END_AGREEMENT = 0.02  # s within which durations must reach the song's end
ROUNDING = 0.5  # of a phone's least duration


def place_phones(
    predicted: np.ndarray, layer: Overrides, song: Song, is_vowel: Callable[[str], bool], least: float = 0.0
) -> np.ndarray:
    """Boundaries of a song's N phones with the user's among them.

    Boundaries that are set stand where they are set. Durations that are set run on from one another; the first vowel
    or rest among them stays on its beat, unless one of their boundaries is set, and consonants alone end where the
    next phone begins. Of what is not set, vowels stay on their beats, and consonants keep their length and move with
    what follows them.

    Args:
        predicted: (N+1,) s, ascending.
        is_vowel: phone → may it carry a beat.
        least: s that a phone must be left.

    Returns:
        (N+1,) s, ascending.

    Raises:
        InputError: what is set contradicts itself or leaves no room; names the source, the notes and the phones.
    """
    names = _names(song)
    nuclei = _nuclei(song, is_vowel)
    last = len(nuclei)
    pins = {k: t for k, t in layer.boundaries.items() if 0 < k < last}
    for k in (0, last):
        if abs(layer.boundaries.get(k, predicted[k]) - predicted[k]) > AGREEMENT:
            raise InputError(
                f"{layer.source}: the song begins at {predicted[0]:g} s and ends at {predicted[-1]:g} s, not at "
                f"{layer.boundaries[k]:g} s; set another boundary, or change the score"
            )
    causes = dict.fromkeys(pins, "as set")
    for first, end in _chains(layer.durations):
        placed = _chain_pins(first, end, pins, predicted, nuclei, layer, names)
        told = names[first] if end == first + 1 else f"{names[first]}, to {names[end - 1]}"
        causes |= dict.fromkeys(placed, f"by the durations of {told}")
        pins |= placed
    fixed = {0: predicted[0], last: predicted[-1]}
    fixed |= {k: predicted[k] for k in np.flatnonzero(nuclei).tolist() if k > 0} | pins
    _check_order(fixed, causes, layer.source, names, least)
    at = np.array(predicted, dtype=np.float64)
    consonant = np.array([not is_vowel(phone) for phone in song.phones])
    for k in range(last - 1, 0, -1):
        if k in fixed:
            at[k] = fixed[k]
        elif k in layer.durations:
            at[k] = at[k + 1] - layer.durations[k]
        elif consonant[k]:
            at[k] = at[k + 1] - (predicted[k + 1] - predicted[k])
    if alone := {k: float(at[k]) for k in layer.durations if k not in fixed}:
        fixed |= alone
        causes |= {k: f"by the duration of {names[k]}" for k in alone}
        _check_order(fixed, causes, layer.source, names, least)
    return _between(at, sorted(fixed), least)


def check_phone_times(song: Song, layers: Sequence[Overrides], is_vowel: Callable[[str], bool]) -> None:
    """Raises InputError for phone times that no voice could sing, before there is one."""
    boundaries = score_phone_boundaries(song, is_vowel, NOMINAL)
    boundaries[0] = 0.0
    for layer in layers:
        if layer.times_phones:
            boundaries = place_phones(boundaries, layer, song, is_vowel)


def _nuclei(song: Song, is_vowel: Callable[[str], bool]) -> np.ndarray:
    """(N,) bool: the phones that sit on their notes' onsets, rests included."""
    return np.array([i == nucleus_index(n.phones, is_vowel) for n in song.notes for i in range(len(n.phones))])


def _names(song: Song) -> list[str]:
    """What errors call each phone."""
    return [
        f"note {number}, phone {i} ({phone})"
        for number, note in enumerate(song.notes, 1)
        for i, phone in enumerate(note.phones, 1)
    ]


def _chains(durations: Iterable[int]) -> list[tuple[int, int]]:
    """Runs of phones that follow one another: (first, the one after the last)."""
    chains: list[tuple[int, int]] = []
    for k in sorted(durations):
        if chains and chains[-1][1] == k:
            chains[-1] = (chains[-1][0], k + 1)
        else:
            chains.append((k, k + 1))
    return chains


def _chain_pins(
    first: int,
    end: int,
    pins: dict[int, float],
    predicted: np.ndarray,
    nuclei: np.ndarray,
    layer: Overrides,
    names: Sequence[str],
) -> dict[int, float]:
    """Where durations put the boundaries `first` to `end`; none for consonants that end where the next phone begins."""
    offsets = np.concatenate([[0.0], np.cumsum([layer.durations[k] for k in range(first, end)])])
    given = [k for k in range(first, end + 1) if k in pins] or [0] * (first == 0)
    beats = [k for k in range(first, end) if nuclei[k]]
    if not given and not beats:
        return {}
    anchor = (given or beats)[0]
    at = pins.get(anchor, predicted[anchor]) + offsets - offsets[anchor - first]
    if conflicts := [k for k in given if abs(at[k - first] - pins.get(k, predicted[k])) > AGREEMENT]:
        k = conflicts[0]
        raise InputError(
            f"{layer.source}: {names[k - 1]} ends at {pins[k]:g} s by the boundaries and at {at[k - first]:g} s by "
            "the durations; leave one of them out"
        )
    if end == len(names) and abs(at[-1] - predicted[-1]) > END_AGREEMENT:
        raise InputError(
            f"{layer.source}: by the durations {names[-1]} would end at {at[-1]:g} s, the song does at "
            f"{predicted[-1]:g} s; leave the duration of a phone to be predicted (null)"
        )
    return {k: float(at[k - first]) for k in range(max(first, 1), min(end, len(names) - 1) + 1) if k not in pins}


def _check_order(
    fixed: dict[int, float], causes: dict[int, str], source: str, names: Sequence[str], least: float
) -> None:
    """Raises InputError where what is fixed descends, or leaves the phones in between less than `least` each."""
    order = sorted(fixed)
    for i, j in pairwise(order):
        needed = least * (j - i - ROUNDING) if j - i > 1 else 0.0
        if fixed[j] - fixed[i] >= needed:
            continue
        begins = [
            f"{names[k] if k < len(names) else 'the song ends'} at {fixed[k]:.3f} s ({causes.get(k, 'its beat')})"
            for k in (i, j)
        ]
        raise InputError(
            f"{source}: {begins[0]} leaves no room before {begins[1]}: shorten what goes before, or set when what "
            "follows begins"
        )


def _between(at: np.ndarray, fixed: Sequence[int], least: float) -> np.ndarray:
    """Boundaries that are not fixed brought between those that are, `least` seconds apart where there is room."""
    placed = at.copy()
    for i, j in pairwise(fixed):
        room = max(at[j] - at[i], 0.0)
        apart = min(least, room / (j - i)) * (1 - 1e-9)
        placed[i : j + 1] = at[i] + with_minimum_duration(at[i : j + 1] - at[i], room, apart)
    return placed
