"""Datasets over a set of the dump: whole utterances, and waveform segments with their frames."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from svstoolkit.data import collate
from svstoolkit.data.archives import ArchiveReader
from svstoolkit.data.definition_file import read_definition
from svstoolkit.data.phone_table import DURATION, NOTE, NOTE_DURATION, NOTE_INDEX, NOTE_ONSET, PHONE, SLUR, per_frame
from svstoolkit.data.tables import read_table
from svstoolkit.data.vocabulary import Vocabulary
from svstoolkit.errors import InputError

Item = dict[str, object]
FULL_SCALE = 32768.0  # int16 sample → [-1, 1)


class DumpSet:
    """A finished set of the dump (dump/<set>): its utterances in order and its archives.

    utterances: ids, as in utt2num_frames
    n_frames: frames of each
    singers: singer id of each
    definition: the feature definition the dump was made with

    Raises:
        InputError: the set is not complete, or was made with another vocabulary than the one given.
    """

    def __init__(self, path: str | Path, vocabulary: Vocabulary):
        self.path = Path(path)
        if not (self.path / "utt2num_frames").is_file():
            raise InputError(f"{self.path}/utt2num_frames does not exist: the set has no features yet; run stage 2")
        made_with = self.path.parent / "vocabulary.json"
        if made_with.is_file() and Vocabulary.from_json(made_with) != vocabulary:
            raise InputError(
                f"{self.path} was made with {made_with}, which is not the vocabulary of the model; "
                "use the dump the model was trained on, or train again"
            )
        self.definition = read_definition(self.path.parent / "features.yaml")
        frames = read_table(self.path / "utt2num_frames")
        speakers = read_table(self.path / "utt2spk")
        self.utterances = list(frames)
        self.n_frames = [int(n) for n in frames.values()]
        self.singers = [vocabulary.singer_id(speakers[u], u) for u in self.utterances]

    def archive(self, name: str) -> ArchiveReader:
        """`name`: mel, f0, energy, audio, phones, or world where the definition has it.

        Raises:
            InputError: the set has no such archive.
        """
        if name == "world" and not self.definition.world:
            raise InputError(f"{self.path} has no WORLD features: set world: true in conf/features.yaml, run stage 2")
        return ArchiveReader(self.path / f"{name}.scp")


class UtteranceDataset:
    """Whole utterances, for models that map a score to frames.

    An item: utterance str; phones, languages (0 = none), durations, slurs, note_indices (N,) int64; notes MIDI,
    note_durations s, note_onsets s (N,) float32; singer int; mel (T, n_mels), f0 (T,) Hz, energy (T,) float32.
    sum(durations) = T.

    target: what the model predicts; for `world` an item has world (T, n_world) float32 too, see `world.World`

    Raises:
        InputError: see `DumpSet`; it has no WORLD features.
    """

    collate: Callable = staticmethod(collate.collate_utterances)

    def __init__(self, dump_set_dir: str | Path, vocabulary: Vocabulary, target: Literal["mel", "world"] = "mel"):
        self.set = DumpSet(dump_set_dir, vocabulary)
        self.utterances = self.set.utterances
        self.lengths = self.set.n_frames
        self._phone_languages = np.array(vocabulary.phone_languages, dtype=np.int64)
        self._archives = {
            name: self.set.archive(name) for name in dict.fromkeys(("phones", "mel", "f0", "energy", target))
        }

    def __len__(self) -> int:
        return len(self.utterances)

    def __getitem__(self, index: int) -> Item:
        return self.item(index)

    def item(self, index: int, seed: Sequence[int] = ()) -> Item:
        """Utterance `index`; nothing in it is random, so `seed` has no effect."""
        utterance = self.utterances[index]
        values = {name: archive[utterance] for name, archive in self._archives.items()}
        table = values.pop("phones")
        return {
            "utterance": utterance,
            "phones": table[:, PHONE].astype(np.int64),
            "languages": self._phone_languages[table[:, PHONE].astype(np.int64)],
            "durations": table[:, DURATION].astype(np.int64),
            "notes": table[:, NOTE],
            "note_durations": table[:, NOTE_DURATION],
            "slurs": table[:, SLUR].astype(np.int64),
            "note_indices": table[:, NOTE_INDEX].astype(np.int64),
            "note_onsets": table[:, NOTE_ONSET],
            "singer": self.set.singers[index],
            **values,
        }


class SegmentDataset:
    """Segments of S frames with the S·hop samples they describe, for models that write waveforms.

    An item: utterance str; singer int; mel (S, n_mels), f0 (S,) Hz, audio (S·hop,) in [-1, 1) float32;
    frame_phones (S,) int64, frame_notes MIDI, frame_note_durations s (S,) float32; with `references`, reference
    (S·hop,) float32, cut at the same place. An utterance shorter than S is padded at its end with silence: zeros,
    and the log floor in the mel.

    Args:
        hop_length: samples; must be the dump's.
        segment_frames: S; None gives whole utterances.
        references: scp of reference waveforms, one per utterance, as long as the utterance's audio.
        mels: scp of mels in place of the dump's, one per utterance, as long as it.

    Raises:
        InputError: see `DumpSet`; another hop length than the dump's; a reference or a mel is missing; a waveform has
            another length or sampling rate than the features, a mel another shape.
    """

    collate: Callable = staticmethod(collate.collate_segments)

    def __init__(
        self,
        dump_set_dir: str | Path,
        vocabulary: Vocabulary,
        hop_length: int,
        segment_frames: int | None,
        references: Path | None = None,
        mels: Path | None = None,
    ):
        if segment_frames is not None and segment_frames < 1:
            raise ValueError(f"segment_frames must be at least 1, not {segment_frames}")
        self.set = DumpSet(dump_set_dir, vocabulary)
        if hop_length != self.set.definition.hop_length:
            raise InputError(f"hop_length {hop_length} ≠ {self.set.definition.hop_length} of {self.set.path}'s dump")
        self.hop_length, self.segment_frames = hop_length, segment_frames
        self.utterances = self.set.utterances
        self.lengths = [segment_frames or n for n in self.set.n_frames]
        self._archives = {name: self.set.archive(name) for name in ("phones", "mel", "f0", "audio")}
        self._references = self._given(references, "reference waveform", "write the references again")
        if (given := self._given(mels, "mel", "run svs mels again")) is not None:
            self._archives["mel"] = given

    def _given(self, scp: Path | None, what: str, remedy: str) -> ArchiveReader | None:
        """An archive from elsewhere, which must have all utterances."""
        if scp is None:
            return None
        archive = ArchiveReader(scp)
        if missing := sorted(set(self.utterances) - set(archive)):
            named = f"{len(missing)} utterances of {self.set.path}, {missing[0]} among them"
            raise InputError(f"{scp} has no {what} for {named}; {remedy}")
        return archive

    def __len__(self) -> int:
        return len(self.utterances)

    def __getitem__(self, index: int) -> Item:
        return self.item(index)

    def item(self, index: int, seed: Sequence[int] = ()) -> Item:
        """A segment of utterance `index`, its place drawn uniformly from a generator seeded with `seed` and index."""
        utterance, n_frames = self.utterances[index], self.set.n_frames[index]
        length = self.segment_frames or n_frames
        last_start = max(0, n_frames - length)
        start = int(np.random.default_rng([*seed, index]).integers(0, last_start + 1))

        def of_table(column: int) -> np.ndarray:
            return _filled(per_frame(table, column)[start : start + length], length, 0.0)

        table = self._archives["phones"][utterance]
        item = {
            "utterance": utterance,
            "singer": self.set.singers[index],
            "mel": self._mel(index, start, length),
            "f0": _filled(self._archives["f0"].part(utterance, start, length).values, length, 0.0),
            "audio": self._samples(self._archives["audio"], index, start, length),
            "frame_phones": of_table(PHONE).astype(np.int64),
            "frame_notes": of_table(NOTE),
            "frame_note_durations": of_table(NOTE_DURATION),
        }
        if self._references is not None:
            item["reference"] = self._samples(self._references, index, start, length)
        return item

    def _mel(self, index: int, start: int, length: int) -> np.ndarray:
        """(length, n_mels) from frame `start` on."""
        archive, utterance = self._archives["mel"], self.utterances[index]
        part = archive.part(utterance, start, length)
        found, wanted = (part.total, *part.values.shape[1:]), (self.set.n_frames[index], self.set.definition.n_mels)
        if found != wanted:
            raise InputError(
                f"{archive.scp}: the mel of {utterance} is {found}, frames and bands, in {self.set.path} it is "
                f"{wanted}; run svs mels again"
            )
        return _filled(part.values, length, float(np.log(self.set.definition.log_floor)))

    def _samples(self, archive: ArchiveReader, index: int, start: int, length: int) -> np.ndarray:
        """(length·hop,) in [-1, 1) from frame `start` on."""
        utterance, n_frames = self.utterances[index], self.set.n_frames[index]
        part = archive.part(utterance, start * self.hop_length, length * self.hop_length)
        wanted = self.set.definition.sampling_rate
        if part.rate != wanted or part.total != n_frames * self.hop_length:
            raise InputError(
                f"{archive.scp}: {utterance} has {part.total} samples at {part.rate} Hz, its features are of "
                f"{n_frames * self.hop_length} at {wanted} Hz; run the stage that writes {archive.scp} again"
            )
        return _filled(part.values, length * self.hop_length, 0).astype(np.float32) / np.float32(FULL_SCALE)


def _filled(values: np.ndarray, length: int, fill: float) -> np.ndarray:
    """The rows, and as many more as are lacking to `length`."""
    missing = length - len(values)
    return np.pad(values, [(0, missing)] + [(0, 0)] * (values.ndim - 1), constant_values=fill) if missing else values
