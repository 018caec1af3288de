"""What a user sets of a song by hand: phone times, F0, energy, singers; for the song, a note, a phone, a time.

Absolute values (f0, energy, singers): the most specific stands: curve, then phone, note, song; what none sets is
predicted. Relative ones (cents, gain) are added up and change what stands. Several overrides are laid one on another:
what the first leaves is what the second takes for predicted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from svstoolkit.errors import InputError

LIMITS = {  # of each control: lowest, highest, what it is
    "f0": (20.0, 2000.0, "F0 is 0 (unvoiced) or 20 to 2000 Hz"),
    "cents": (-4800.0, 4800.0, "a shift is -4800 to 4800 cents"),
    "energy": (-200.0, 20.0, "energy is the RMS in dB of full scale, -200 to 20"),
    "gain": (-60.0, 60.0, "a gain is -60 to 60 dB"),
    "singers": (0.0, 1.0, "a singer's weight is 0 to 1"),
}
CONTROLS = tuple(LIMITS)
EDGE = 1e-6  # s that rounding may take from either end of a curve
WEIGHTS_SUM = 1e-3  # how far from 1 the weights of singers may be together


@dataclass(frozen=True)
class Curve:
    """Values over a stretch of the song; straight lines between them, F0's in its logarithm.

    times: (K,) s, ascending, K ≥ 2
    values: (K,), or (K, S) of the singers `names`. F0 is voiced or not as its nearest value is

    Raises InputError for times that descend, fewer than two, or as many values as times are not.
    """

    times: np.ndarray
    values: np.ndarray
    names: tuple[str, ...] = ()

    def __post_init__(self):
        if len(self.times) != len(self.values):
            raise InputError(f"{len(self.times)} times and {len(self.values)} values; give as many of each")
        if len(self.times) < 2:
            raise InputError(f"has {len(self.times)} value(s); a curve needs two at least, from when to when it holds")
        check_times(self.times)

    def sampled(self, at: np.ndarray, logarithmic: bool = False) -> np.ndarray:
        """(T,), or (T, S), read at times (T,) s; NaN outside the curve."""
        if self.values.ndim == 2:
            return np.stack([Curve(self.times, column).sampled(at) for column in self.values.T], axis=1)
        inside = (at >= self.times[0] - EDGE) & (at <= self.times[-1] + EDGE)
        if not logarithmic:
            return np.where(inside, np.interp(at, self.times, self.values), np.nan)
        right = np.clip(np.searchsorted(self.times, at), 1, len(self.times) - 1)
        left = right - 1
        weight = np.clip((at - self.times[left]) / (self.times[right] - self.times[left]), 0.0, 1.0)
        before, after = self.values[left], self.values[right]
        low, high = np.where(before > 0, before, after), np.where(after > 0, after, before)
        with np.errstate(divide="ignore", invalid="ignore"):
            between = low * (high / low) ** weight
        voiced = np.where(weight < 0.5, before, after) > 0
        return np.where(inside, np.where(voiced, between, 0.0), np.nan)


@dataclass(frozen=True)
class Settings:
    """What is set for a whole song, note or phone; None = not set.

    f0: Hz, the pitch of what is voiced there, 0 = all of it unvoiced; cents: shift of F0
    energy: dB, RMS of full scale; gain: dB
    singers: {name: weight}, together 1
    """

    f0: float | None = None
    cents: float | None = None
    energy: float | None = None
    gain: float | None = None
    singers: Mapping[str, float] | None = None

    def __post_init__(self):
        for name in CONTROLS[:-1]:
            if getattr(self, name) is not None:
                check_values(name, [getattr(self, name)])
        if self.singers is not None:
            check_weights(self.singers, np.array([list(self.singers.values())], dtype=np.float64))


@dataclass(frozen=True)
class Overrides:
    """One set of overrides, in the times and at the pitch of one song.

    source: what errors call it
    song; notes {index of the note: …}; phones {index in song.phones: …}: what is set for them
    curves: {control: curves one after another}
    durations: {index in song.phones: s}; a vowel begins on its beat and a consonant ends where the next phone begins
    boundaries: {k: s} where phone k begins, the last phone ends for k = the number of phones; goes before durations
    voicing: False: f0's curves set the pitch of what is voiced, not what is
    """

    source: str = "overrides"
    song: Settings = Settings()
    notes: Mapping[int, Settings] = field(default_factory=dict)
    phones: Mapping[int, Settings] = field(default_factory=dict)
    curves: Mapping[str, Sequence[Curve]] = field(default_factory=dict)
    durations: Mapping[int, float] = field(default_factory=dict)
    boundaries: Mapping[int, float] = field(default_factory=dict)
    voicing: bool = True

    def __post_init__(self):
        for name, curves in self.curves.items():
            for number, curve in enumerate(curves, 1):
                where = f"{self.source}: {name}, curve {number}"
                _check_curve(name, curve, where)
                if number > 1 and curve.times[0] < curves[number - 2].times[-1]:
                    raise InputError(f"{where} begins at {curve.times[0]:g} s, before the last one ends; part them")

    @property
    def times_phones(self) -> bool:
        return bool(self.durations or self.boundaries)

    def sets(self, *controls: str) -> bool:
        """Whether any of these controls is set anywhere."""
        settings = [self.song, *self.notes.values(), *self.phones.values()]
        return any(self.curves.get(c) or any(getattr(s, c) is not None for s in settings) for c in controls)

    @property
    def singer_names(self) -> set[str]:
        settings = [self.song, *self.notes.values(), *self.phones.values()]
        named = {name for s in settings if s.singers for name in s.singers}
        return named | {name for curve in self.curves.get("singers", ()) for name in curve.names}

    def retimed(self, transpose: float, speed: float) -> "Overrides":
        """The same for the song `transpose` semitones higher and `speed` times as fast (`singing.retimed`)."""
        if not transpose and speed == 1:
            return self
        ratio = 2.0 ** (transpose / 12)

        def moved(settings: Settings) -> Settings:
            return settings if settings.f0 is None else replace(settings, f0=settings.f0 * ratio)

        curves = {
            name: tuple(
                replace(c, times=c.times / speed, values=c.values * (ratio if name == "f0" else 1)) for c in them
            )
            for name, them in self.curves.items()
        }
        return replace(
            self,
            song=moved(self.song),
            notes={i: moved(s) for i, s in self.notes.items()},
            phones={i: moved(s) for i, s in self.phones.items()},
            curves=curves,
            durations={i: seconds / speed for i, seconds in self.durations.items()},
            boundaries={i: seconds / speed for i, seconds in self.boundaries.items()},
        )


def check_times(times: Sequence[float]) -> None:
    """Raises InputError unless times are finite, not negative and ascending; names the first that is not."""
    times = np.asarray(times, dtype=np.float64)
    for number in np.flatnonzero(~np.isfinite(times) | (times < 0)).tolist()[:1]:
        raise InputError(f"time {number + 1} is {times[number]:g}; times are seconds from 0 on")
    for number in np.flatnonzero(np.diff(times) <= 0).tolist()[:1]:
        raise InputError(
            f"time {number + 2}, {times[number + 1]:g} s, is not after the one before, {times[number]:g} s; sort them"
        )


def check_values(control: str, values: Sequence[float]) -> None:
    """Raises InputError if a control's values are not in its range; names the first."""
    values = np.asarray(values, dtype=np.float64).ravel()
    lowest, highest, told = LIMITS[control]
    wrong = ~((values >= lowest) & (values <= highest) | ((values == 0) & (control == "f0")))
    for number in np.flatnonzero(wrong).tolist()[:1]:
        which = f"value {number + 1} is " if len(values) > 1 else ""
        raise InputError(f"{which}{values[number]:g}; {told}")


def check_weights(names: Sequence[str], weights: np.ndarray) -> None:
    """Raises InputError unless weights (K, S) are 0 to 1 and sum to 1 in each row."""
    check_values("singers", weights)
    for number in np.flatnonzero(np.abs(weights.sum(axis=1) - 1) > WEIGHTS_SUM).tolist()[:1]:
        total = weights[number].sum()
        raise InputError(f"the weights of {' '.join(names)} are {total:g} together (value {number + 1}); make them 1")


def _check_curve(control: str, curve: Curve, where: str) -> None:
    if control not in CONTROLS:
        raise InputError(f"{where}: is no control; known are {' '.join(CONTROLS)}")
    try:
        if control == "singers":
            if curve.values.ndim != 2 or curve.values.shape[1] != len(curve.names):
                raise InputError("needs a value for each singer at each time")
            check_weights(curve.names, curve.values)
        else:
            check_values(control, curve.values)
    except InputError as error:
        raise InputError(f"{where}: {error}") from error
