"""What is to be scored: one job per utterance, with the recording and every system's take of it."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from svstoolkit.evaluation.metrics import FLOOR, SCORE, set_label
from svstoolkit.evaluation.sounds import Sound
from svstoolkit.features.definition import FeatureDefinition
from svstoolkit.score.song import Song

METHOD = 3  # raised whenever a metric, the floor or the analysis changes, so that no old figure survives it


@dataclass(frozen=True)
class Take:
    """A recording to be scored; `sound` is None for the rows made from the reference itself.

    mode: one of metrics.MODES: whose timing it was sung with
    frames: npz with the `durations` (N,) in frames it was sung with, where the system left one
    """

    system: str
    mode: str
    sound: Sound | None = None
    frames: Path | None = None


@dataclass(frozen=True)
class Settings:
    """How a whole run scores.

    metrics: names of the metrics wanted
    resample: bring sounds of other sampling rates to the definition's instead of listing them as failures
    output: exp/score; scores are kept in scored/<set>/, sound in audio/ and pictures in figures/
    """

    definition: FeatureDefinition
    f0_extractor: str
    metrics: tuple[str, ...]
    output: Path
    resample: bool = False
    overwrite: bool = False


@dataclass(frozen=True)
class Job:
    """One utterance with all its takes.

    song: its score, None if unknown; singer: "" if unknown
    bounds: phone boundaries (N + 1,) of the recording in seconds, None without labels
    on_page: its sounds and pictures are wanted
    """

    set_name: str
    utterance: str
    reference: Sound
    takes: tuple[Take, ...]
    settings: Settings
    on_page: bool
    song: Song | None = None
    singer: str = ""
    bounds: tuple[float, ...] | None = None

    @property
    def record(self) -> Path:
        return self.settings.output / "scored" / self.set_name / f"{self.utterance}.json"

    def sound_asset(self, take: Take) -> Path:
        """The take's sound for the page, relative to `output`; noise, which FLAC cannot shrink, as MP3."""
        return self._asset(take, "audio", ".mp3" if take.system == FLOOR else ".flac")

    def picture_asset(self, take: Take) -> Path:
        """The take's mel picture for the page, relative to `output`."""
        return self._asset(take, "pictures", ".webp")

    def difference_asset(self, take: Take) -> Path | None:
        """Its mel's difference from the recording's; None for the recording itself."""
        return self._asset(take, "differences", ".webp") if take.sound else None

    def assets(self, take: Take) -> tuple[Path, ...]:
        """Every file the page wants of a take, relative to `output`."""
        if not self.on_page:
            return ()
        files = (self.sound_asset(take), self.picture_asset(take), self.difference_asset(take))
        return tuple(path for path in files if path is not None)

    def _asset(self, take: Take, folder: str, suffix: str) -> Path:
        """Rows made from the recording are the same in all modes."""
        return (
            Path(folder) / take.system / (take.mode if take.sound else "") / self.set_name / f"{self.utterance}{suffix}"
        )

    def label(self, take: Take) -> str:
        """The `set` of the take's results."""
        return set_label(self.set_name, take.mode)

    def fingerprint(self, take: Take, reference: bytes) -> str:
        """Of everything the take's score follows from; `reference` is the recording's content."""
        settings = self.settings
        what = [METHOD, take.system, take.mode, settings.f0_extractor, settings.definition.decisive()]
        what += [settings.resample, settings.metrics, repr(self.song), self.bounds, self.on_page]
        digest = hashlib.sha256(json.dumps(what).encode())
        digest.update(reference)
        for path in (take.sound.path if take.sound else None, take.frames):
            if path is not None:
                digest.update(path.read_bytes() if path.is_file() else b"missing")
        return digest.hexdigest()


def equal_timing(take: Take) -> bool:
    """Whether frame t of the take belongs to frame t of the recording."""
    return take.mode != SCORE
