"""What `svs vocode` reads: recordings, files of mels, Kaldi archives of mels, sets of a dump."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

from svstoolkit.data.archives import ArchiveReader
from svstoolkit.data.audio import Cut, native_audio, resample
from svstoolkit.data.dataset import FULL_SCALE
from svstoolkit.data.definition_file import read_definition
from svstoolkit.data.segments import read_recordings
from svstoolkit.data.tables import read_table
from svstoolkit.errors import InputError
from svstoolkit.features.definition import FeatureDefinition, require_same_mel
from svstoolkit.features.f0 import extract_f0
from svstoolkit.features.loudness import loudness_gain
from svstoolkit.features.mel import mel_spectrogram
from svstoolkit.inference.vocoding import Utterance

RECORDINGS, MELS = (".wav", ".flac", ".ogg", ".mp3"), (".npy", ".npz")
KINDS = "a recording (wav, flac), a .npy or .npz mel, a wav.scp, a mel.scp, a set of a dump, or a folder of such files"


@dataclass(frozen=True)
class Source:
    """One utterance before it is read.

    name: of the output, without suffix; may hold folders
    place: a recording, a file of a mel, or an archive's scp; key: in that archive
    f0: scp of F0, which must hold `name`'s last part; None: from the recording, or from the .npz
    """

    name: str
    place: str | Path | Cut
    key: str | None = None
    f0: Path | None = None

    def __str__(self) -> str:
        return str(self.place) if self.key is None else f"{self.place}: {self.key}"


@dataclass(frozen=True)
class Reading:
    """How sources become utterances.

    definition: the vocoder's; needs_f0: whether F0 is wanted; extractor: of F0, instead of the definition's
    """

    definition: FeatureDefinition
    needs_f0: bool
    extractor: str | None = None

    def __call__(self, source: Source) -> Utterance | InputError:
        """The utterance, or what is wrong with it: the others go on."""
        try:
            return self.read(source)
        except InputError as error:
            return error

    def read(self, source: Source) -> Utterance:
        """Raises InputError naming the file."""
        gain, f0 = 1.0, None
        if source.key is not None:
            value = _archive(source.place)[source.key]
            if isinstance(value, tuple):
                samples = value[1].astype(np.float32) / FULL_SCALE
                mel, f0, gain = self.analysed(samples, value[0], str(source), source.f0 is None)
            else:
                mel = value
        elif Path(source.place).suffix.lower() in MELS:
            mel, f0 = _mel_file(Path(source.place))
        else:
            samples, rate = native_audio(source.place)
            mel, f0, gain = self.analysed(samples, rate, str(source), source.f0 is None)
        if self.needs_f0 and source.f0 is not None:
            f0 = _f0_of(source)
        return Utterance(source.name, mel, f0 if self.needs_f0 else None, gain)

    def analysed(
        self, samples: np.ndarray, rate: int, where: str, with_f0: bool = True
    ) -> tuple[np.ndarray, np.ndarray | None, float]:
        """Mel (T, n_mels), F0 (T,) if it is needed, and gain of a recording (L,), as stage 2 computes them.

        A recording of a lower rate is brought up: its highest bands stay empty.

        Raises:
            InputError: shorter than one window, or too quiet to have a loudness where the definition wants one.
        """
        definition, gain = self.definition, 1.0
        samples = resample(samples, rate, definition.sampling_rate)
        if definition.loudness is not None:
            try:
                gain, _ = loudness_gain(samples, definition.sampling_rate, definition.loudness)
            except ValueError as error:
                raise InputError(f"{where} is {error}; replace it or leave it out") from error
        if (n_frames := len(samples) // definition.hop_length) * definition.hop_length < definition.n_fft:
            raise InputError(
                f"{where} has {len(samples)} samples at {definition.sampling_rate} Hz, fewer than one window of "
                f"{definition.n_fft}; leave it out"
            )
        samples = gain * samples[: n_frames * definition.hop_length]
        mel = mel_spectrogram(torch.from_numpy(samples)[None], definition)[0].numpy()
        if not (self.needs_f0 and with_f0):
            return mel, None, gain
        return mel, extract_f0(samples.astype(np.float64), definition, self.extractor), gain


def sources_of(inputs: Sequence[Path], definition: FeatureDefinition, f0: Path | None = None) -> list[Source]:
    """Everything the inputs name, in order.

    f0: scp of F0, for mels that have none and in place of that of recordings

    Raises:
        InputError: an input that is not there or is nothing of the kind, a dump of another mel, an utterance that is
            in no F0 archive, or two that would be written to one file.
    """
    found = [source for place in inputs for source in _sources(place, definition, f0)]
    known = {scp: set(_archive(scp)) for scp in {source.f0 for source in found} if scp is not None}
    seen: dict[str, Source] = {}
    for source in found:
        if source.name in seen:
            raise InputError(f"{seen[source.name]} and {source} would both be {source.name}.wav; vocode them apart")
        seen[source.name] = source
        if source.f0 is not None and _key(source) not in known[source.f0]:
            raise InputError(f"{source.f0} has no F0 of {_key(source)} ({source}); add it or leave it out")
    return found


def _sources(place: Path, definition: FeatureDefinition, f0: Path | None) -> Iterator[Source]:
    if place.is_dir():
        if (place / "mel.scp").is_file():
            yield from _archived(place / "mel.scp", definition, f0)
        elif (place / "wav.scp").is_file():
            yield from _listed(place / "wav.scp", f0)
        else:
            files = sorted(p for p in place.rglob("*") if p.suffix.lower() in RECORDINGS + MELS and p.is_file())
            if not files:
                raise InputError(f"{place}: nothing to vocode in this folder; expected {KINDS}")
            for path in files:
                yield Source(str(path.relative_to(place).with_suffix("")), path, f0=f0)
    elif not place.is_file():
        raise InputError(f"{place} does not exist; expected {KINDS}")
    elif place.suffix == ".scp":
        yield from _archived(place, definition, f0) if _is_of_archives(place) else _listed(place, f0)
    elif place.suffix.lower() in RECORDINGS + MELS:
        yield Source(place.stem, place, f0=f0)
    else:
        raise InputError(f"{place}: not one of the kinds that can be vocoded; expected {KINDS}")


def _listed(scp: Path, f0: Path | None) -> Iterable[Source]:
    """Recordings, or stretches of them, of a wav.scp with or without `segments` beside it."""
    recordings = read_recordings(scp.parent)[0] if scp.name == "wav.scp" else read_table(scp)
    return (Source(name, wav, f0=f0) for name, wav in recordings.items())


def _archived(scp: Path, definition: FeatureDefinition, f0: Path | None) -> Iterable[Source]:
    """Mels, or audio, of an archive; of a dump with its F0, and only if its definition is the vocoder's."""
    for features in (scp.parent / "features.yaml", scp.parent.parent / "features.yaml"):
        if features.is_file():
            require_same_mel(read_definition(features), str(features), definition, "the vocoder")
            break
    beside = scp.parent / "f0.scp"
    if f0 is None and scp.name == "mel.scp" and beside.is_file():
        f0 = beside
    return (Source(key, scp, key, f0) for key in _archive(scp))


def _is_of_archives(scp: Path) -> bool:
    """Whether the scp's lines are `key archive:offset`."""
    return all(place.rpartition(":")[2].isdigit() for place in read_table(scp).values())


@lru_cache(maxsize=64)
def _archive(scp: Path) -> ArchiveReader:
    return ArchiveReader(scp)


def _key(source: Source) -> str:
    return source.key or Path(source.name).name


def _f0_of(source: Source) -> np.ndarray:
    f0 = np.asarray(_archive(source.f0)[_key(source)], np.float32)
    return f0[:, 0] if f0.ndim == 2 and f0.shape[1] == 1 else f0  # a vector, or Kaldi's matrix of one column


def _mel_file(path: Path) -> tuple[np.ndarray, np.ndarray | None]:
    """Mel, and F0 if there is one, of a .npy or of a .npz with `mel` and `f0`."""
    try:
        values = np.load(path, allow_pickle=False)
        if isinstance(values, np.ndarray):
            arrays = {"mel": values}
        else:
            with values:
                arrays = {name: values[name] for name in ("mel", "f0") if name in values}
        if "mel" not in arrays:
            raise ValueError(f"it has {' '.join(values.files) or 'nothing'}, not mel")
        mel, f0 = (arrays[n].astype(np.float32) if n in arrays else None for n in ("mel", "f0"))
    except (OSError, ValueError, EOFError, KeyError) as error:
        raise InputError(
            f"{path}: no mel that can be read ({error}); expected an array (frames, bands), or a .npz of mel and f0"
        ) from error
    return mel, f0
