"""Training and validation batches from a dump."""

from itertools import islice
from pathlib import Path
from typing import Any, Literal

from accelerate import Accelerator

from svstoolkit.data.batching import TrainingBatches, training_loader, validation_loader
from svstoolkit.data.dataset import SegmentDataset, UtteranceDataset
from svstoolkit.data.vocabulary import Vocabulary
from svstoolkit.errors import InputError
from svstoolkit.features.definition import FeatureDefinition
from svstoolkit.training.loop import Source
from svstoolkit.training.options import DataOptions


def dump_source(
    kind: str,
    options: DataOptions,
    sets: tuple[Path, Path],
    references: tuple[Path, Path] | None,
    vocabulary: Vocabulary,
    features: FeatureDefinition,
    seed: int,
    accelerator: Accelerator,
    target: Literal["mel", "world"] = "mel",
    mels: tuple[Path, Path] | None = None,
) -> Source:
    """Batches of the kind that a system takes.

    kind: "utterance" or "segment"
    sets: the dump's folders of the training and the development set
    references: archives (scp) of their reference waveforms, for systems that take them
    target: what a system of utterances predicts, see `UtteranceDataset`
    mels: archives (scp) of mels in place of the dump's, for systems of segments

    Raises:
        InputError: a set is not complete, or the options fit neither the kind nor its longest utterance.
    """
    if options.batch_size is None and options.max_frames is None:
        raise InputError("data: give batch_size, max_frames or both")
    if kind == "segment" and options.segment_frames is None:
        raise InputError("data.segment_frames: this system trains on segments; give their length in frames")

    def segments(index: int, frames: int | None) -> SegmentDataset:
        given = [scps[index] if scps else None for scps in (references, mels)]
        return SegmentDataset(sets[index], vocabulary, features.hop_length, frames, *given)

    def dataset(index: int) -> Any:
        if kind == "utterance":
            return UtteranceDataset(sets[index], vocabulary, target)
        return segments(index, options.segment_frames)

    training, development = dataset(0), dataset(1)
    require_budget(options.max_frames, training, sets[0])
    batches = TrainingBatches(training.lengths, seed, options.batch_size, options.max_frames)
    share = {"rank": accelerator.process_index, "world": accelerator.num_processes}
    size = options.batch_size or max(1, (options.max_frames or 1) // max(development.lengths))

    def phrases() -> Any:
        return validation_loader(development if kind == "utterance" else segments(1, None), 1)

    return Source(
        training=lambda start: training_loader(training, batches, start, options.num_workers, **share),
        validation=lambda: validation_loader(development, size, **share),
        epoch_length=batches.steps_per_epoch(accelerator.num_processes),
        phrases=lambda: islice(phrases(), options.phrases),
    )


def require_budget(max_frames: int | None, dataset: UtteranceDataset | SegmentDataset, folder: Path) -> None:
    """Raises InputError when an utterance, or segment, has more frames than a batch may hold."""
    longest = max(range(len(dataset)), key=lambda i: dataset.lengths[i], default=None)
    if max_frames is not None and longest is not None and dataset.lengths[longest] > max_frames:
        raise InputError(
            f"data.max_frames: {max_frames} is less than the {dataset.lengths[longest]} frames of {folder}'s longest "
            f"utterance, {dataset.utterances[longest]}: give at least {dataset.lengths[longest]}, or leave it out"
        )
