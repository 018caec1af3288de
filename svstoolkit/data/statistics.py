"""Statistics of a training set, computed in one pass over its archives."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from svstoolkit.data.archives import ArchiveReader
from svstoolkit.data.files import write_json
from svstoolkit.data.tables import read_table
from svstoolkit.errors import InputError


@dataclass(frozen=True)
class F0Statistics:
    """Of a singer's voiced frames. log_mean, log_std: of ln(Hz); minimum, maximum: Hz."""

    log_mean: float
    log_std: float
    minimum: float
    maximum: float


@dataclass(frozen=True)
class Statistics:
    """Over all frames of the training set.

    mel_mean, mel_std: per mel bin (n_mels,), natural-log amplitude
    energy_mean, energy_std: of the linear frame energy
    f0: singer name → F0Statistics
    world_mean, world_std: per number of WORLD's features (n_world,); None where the set has none
    """

    mel_mean: list[float]
    mel_std: list[float]
    energy_mean: float
    energy_std: float
    f0: dict[str, F0Statistics]
    world_mean: list[float] | None = None
    world_std: list[float] | None = None

    def to_json(self, path: str | Path) -> None:
        write_json(path, asdict(self))

    @classmethod
    def from_json(cls, path: str | Path) -> "Statistics":
        """Reads what `to_json` wrote.

        Raises:
            InputError: the file is missing or holds something else.
        """
        try:
            values = json.loads(Path(path).read_text(encoding="utf-8"))
            f0 = {singer: F0Statistics(**numbers) for singer, numbers in values.pop("f0").items()}
            return cls(**values, f0=f0)
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({error.strerror}); run stage 2 first") from error
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise InputError(f"{path}: no statistics ({error!r}); run stage 2 again") from error


class Moments:
    """Running mean and variance of rows, combined batch by batch (Chan, Golub and LeVeque 1979)."""

    def __init__(self):
        self.count, self.mean, self.squares = 0, 0.0, 0.0

    def add(self, rows: np.ndarray) -> None:
        """rows: (n, …); the first axis is averaged over."""
        if not len(rows):
            return
        rows = np.asarray(rows, dtype=np.float64)
        mean, total = rows.mean(axis=0), self.count + len(rows)
        shift = mean - self.mean
        self.squares = self.squares + ((rows - mean) ** 2).sum(axis=0) + shift**2 * self.count * len(rows) / total
        self.mean = self.mean + shift * len(rows) / total
        self.count = total

    @property
    def std(self) -> np.ndarray | float:
        """Population standard deviation."""
        return np.sqrt(self.squares / max(1, self.count))


def compute_statistics(dump_set_dir: str | Path) -> Statistics:
    """Statistics of a finished set of the dump, one utterance in memory at a time.

    Raises:
        InputError: a singer without any voiced frame.
    """
    path = Path(dump_set_dir)
    speakers = read_table(path / "utt2spk")
    mel, energy = (_moments(path / f"{name}.scp") for name in ("mel", "energy"))
    world = _moments(path / "world.scp") if (path / "world.scp").is_file() else None
    return Statistics(
        mel_mean=mel.mean.tolist(),
        mel_std=mel.std.tolist(),
        energy_mean=float(energy.mean),
        energy_std=float(energy.std),
        f0=_f0_statistics(path, speakers),
        world_mean=None if world is None else world.mean.tolist(),
        world_std=None if world is None else world.std.tolist(),
    )


def _moments(scp: Path) -> Moments:
    moments = Moments()
    for values in ArchiveReader(scp).values():
        moments.add(values)
    return moments


def _f0_statistics(path: Path, speakers: dict[str, str]) -> dict[str, F0Statistics]:
    archive = ArchiveReader(path / "f0.scp")
    by_singer = {singer: [u for u in archive if speakers[u] == singer] for singer in sorted(set(speakers.values()))}
    statistics = {}
    for singer, utterances in by_singer.items():
        statistics[singer] = _voiced_statistics(archive[u] for u in utterances)
        if statistics[singer] is None:
            raise InputError(
                f"{path}: no voiced frame in {len(utterances)} utterances of singer {singer}; "
                "set f0_min and f0_max in conf/features.yaml to the voice's range"
            )
    return statistics


def _voiced_statistics(contours: Iterable[np.ndarray]) -> F0Statistics | None:
    moments, lowest, highest = Moments(), np.inf, 0.0
    for f0 in contours:
        voiced = f0[f0 > 0]
        if len(voiced):
            moments.add(np.log(voiced.astype(np.float64)))
            lowest, highest = min(lowest, float(voiced.min())), max(highest, float(voiced.max()))
    return F0Statistics(float(moments.mean), float(moments.std), lowest, highest) if moments.count else None
