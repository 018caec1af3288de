"""The feature definition: what one frame of mel, F0 and energy means. Stored with everything made from it."""

from dataclasses import asdict, dataclass, fields

from svstoolkit.errors import InputError
from svstoolkit.features.f0_extractors import EXTRACTORS
from svstoolkit.features.world import World

QUIETEST, LOUDEST = -60.0, -5.0  # LUFS that a recording can be brought to
MEL_KEYS = ("sampling_rate", "n_fft", "win_length", "hop_length", "n_mels", "fmin", "fmax", "log_floor")


@dataclass(frozen=True)
class FeatureDefinition:
    """Frames are HiFi-GAN's: T = n_samples // hop_length, frame t is centred at (t + ½)·hop_length samples.

    sampling_rate: Hz
    n_fft, win_length, hop_length: samples
    n_mels: Slaney mel bands between fmin and fmax, Hz
    log_floor: smallest mel amplitude before the natural logarithm
    f0_min, f0_max: widest search range of the F0 extractor, Hz; within it each singer's own is found
    f0_extractor: harvest, dio, praat or swift_f0; several joined by `+` vote (`f0.consensus`)
    loudness: LUFS to which every recording is brought; None leaves them as they are
    world: stage 2 writes WORLD's features (`world.World`) beside all others, which stay what they are
    """

    sampling_rate: int = 24000
    n_fft: int = 1024
    win_length: int = 1024
    hop_length: int = 256
    n_mels: int = 80
    fmin: float = 0.0
    fmax: float = 12000.0
    log_floor: float = 1e-5
    f0_min: float = 50.0
    f0_max: float = 1100.0
    f0_extractor: str = "harvest"
    loudness: float | None = None
    world: bool = False

    def __post_init__(self):
        if not 0 <= self.fmin < self.fmax <= self.sampling_rate / 2:
            raise ValueError(f"need 0 <= fmin < fmax <= sampling_rate/2, not {self.fmin}, {self.fmax}")
        if not self.hop_length <= self.win_length <= self.n_fft:
            raise ValueError(f"need hop <= win <= n_fft, not {self.hop_length}, {self.win_length}, {self.n_fft}")
        if not 0 < self.f0_min < self.f0_max:
            raise ValueError(f"need 0 < f0_min < f0_max, not {self.f0_min}, {self.f0_max}")
        if self.loudness is not None and not QUIETEST <= self.loudness <= LOUDEST:
            raise ValueError(f"need {QUIETEST:g} <= loudness <= {LOUDEST:g} LUFS, not {self.loudness}")
        extractors_of(self.f0_extractor)
        if self.world:
            World.of(self)  # raises ValueError

    @property
    def frame_period(self) -> float:
        """Seconds per frame."""
        return self.hop_length / self.sampling_rate

    def to_dict(self) -> dict:
        return asdict(self)

    def decisive(self) -> dict:
        """What mel, F0, energy and audio depend on: all but `world`, which only adds to them."""
        return {key: value for key, value in self.to_dict().items() if key != "world"}

    @classmethod
    def from_dict(cls, values: dict, source: str = "features") -> "FeatureDefinition":
        known = {f.name for f in fields(cls)}
        if unknown := set(values) - known:
            raise InputError(f"{source}: unknown feature keys {sorted(unknown)}; known are {sorted(known)}")
        return cls(**values)


def extractors_of(names: str) -> list[str]:
    """Names of the extractors in `f0_extractor`; raises ValueError if one is not known or is named twice."""
    found = [name.strip() for name in names.split("+")]
    if unknown := [name for name in found if name not in EXTRACTORS]:
        raise ValueError(
            f"f0_extractor is {names!r}; expected {', '.join(EXTRACTORS)}, or several joined by +: "
            f"there is no {unknown[0]!r}"
        )
    if len(set(found)) < len(found):
        raise ValueError(f"f0_extractor is {names!r}; name each extractor once")
    return found


def require_same(a: FeatureDefinition, a_source: str, b: FeatureDefinition, b_source: str) -> None:
    """Raises InputError naming both sides and every differing key unless the two make the same of a recording."""
    _require_equal(a, a_source, b, b_source, tuple(a.decisive()), "train both on one conf/features.yaml")


def require_same_mel(a: FeatureDefinition, a_source: str, b: FeatureDefinition, b_source: str) -> None:
    """As `require_same`, of the mel alone: how F0 was found and recordings were levelled is no matter to a vocoder."""
    remedy = "train both on one conf/features.yaml, or take a vocoder of this mel"
    _require_equal(a, a_source, b, b_source, MEL_KEYS, remedy)


def _require_equal(
    a: FeatureDefinition, a_source: str, b: FeatureDefinition, b_source: str, keys: tuple[str, ...], remedy: str
) -> None:
    ours, theirs = a.to_dict(), b.to_dict()
    differing = [f"{k}: {ours[k]} ≠ {theirs[k]}" for k in keys if ours[k] != theirs[k]]
    if differing:
        raise InputError(
            f"feature definitions differ between {a_source} and {b_source} ({'; '.join(differing)}); {remedy}"
        )
