"""Batches as a pure function of (seed, step), so that training resumes anywhere without stored sampler state."""

import signal
from collections.abc import Iterator, Sequence
from itertools import count

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from svstoolkit.data.collate import Batch
from svstoolkit.data.dataset import SegmentDataset, UtteranceDataset
from svstoolkit.errors import InputError

CHUNK_BATCHES = 8  # batches by count: this many are sorted by length together
LENGTH_RATIO = 0.9  # batches by frames: the shortest utterance of a bucket is this much of its longest


class TrainingBatches:
    """Which utterances make up the batch of a training step.

    Each epoch is one shuffled pass: every utterance exactly once, those of one batch of similar length, batches in
    random order. The number of batches per epoch is the same in every epoch, hence `batch(step)` needs no history.
    With several ranks the epoch's batches are dealt out in turn; if they do not divide evenly, the last step of an
    epoch borrows from the epoch's first batches.

    Args:
        lengths: frames of each utterance.
        seed: of the shuffling.
        batch_size: utterances per batch at most.
        max_frames: frames per batch at most, padding included. An utterance that is longer makes a batch alone.
            At least one of the two limits must be given.
    """

    def __init__(self, lengths: Sequence[int], seed: int, batch_size: int | None = None, max_frames: int | None = None):
        if not len(lengths):
            raise ValueError("no utterances to make batches of")
        if batch_size is None and max_frames is None:
            raise ValueError("give batch_size, max_frames or both")
        for name, value in (("batch_size", batch_size), ("max_frames", max_frames)):
            if value is not None and value < 1:
                raise ValueError(f"{name} must be at least 1, not {value}")
        self.lengths = np.asarray(lengths, dtype=np.int64)
        self.seed = seed
        self.batch_size = batch_size or len(lengths)
        self.max_frames = max_frames
        self._buckets = None if max_frames is None else _buckets(self.lengths, self.batch_size, max_frames)
        self._cached: tuple[int, list[list[int]]] = (-1, [])
        self.n_batches = len(self._epoch(0))

    def steps_per_epoch(self, world: int = 1) -> int:
        """Steps until every utterance was seen once, with `world` ranks."""
        return -(-self.n_batches // world)

    def batch(self, step: int, rank: int = 0, world: int = 1) -> list[int]:
        """Indices of the utterances that `rank` of `world` trains on at `step` (0, 1, …)."""
        epoch, within = divmod(step, self.steps_per_epoch(world))
        return self._epoch(epoch)[(within * world + rank) % self.n_batches]

    def _epoch(self, epoch: int) -> list[list[int]]:
        if self._cached[0] != epoch:
            rng = np.random.default_rng([self.seed, epoch])
            batches = self._by_count(rng) if self._buckets is None else self._by_frames(rng)
            self._cached = (epoch, [batches[i] for i in rng.permutation(len(batches))])
        return self._cached[1]

    def _by_count(self, rng: np.random.Generator) -> list[list[int]]:
        """Chunks of a permutation, each sorted by length, cut into batches of `batch_size`."""
        order = rng.permutation(len(self.lengths))
        width = CHUNK_BATCHES * self.batch_size
        chunks = [order[i : i + width] for i in range(0, len(order), width)]
        return _batches([(self.batch_size, chunk[np.argsort(self.lengths[chunk], kind="stable")]) for chunk in chunks])

    def _by_frames(self, rng: np.random.Generator) -> list[list[int]]:
        """Shuffles within buckets of like length; a bucket's batch size keeps its longest within `max_frames`."""
        return _batches([(size, rng.permutation(members)) for size, members in self._buckets])


def training_loader(
    dataset: UtteranceDataset | SegmentDataset,
    batches: TrainingBatches,
    start_step: int = 0,
    num_workers: int = 0,
    *,
    rank: int = 0,
    world: int = 1,
) -> Iterator[Batch]:
    """Batches of steps start_step, start_step + 1, … without end; the same whatever `num_workers` is.

    Segments are cut where a generator seeded with (seed, step, utterance) says. torch's global generator is not used.
    `close()` ends the worker processes; without it a program that ends with an exception waits for them for ever.

    Raises:
        InputError: data are missing or damaged.
        RuntimeError: a worker process died; only ever where a batch is taken.
    """
    loader = DataLoader(
        _Steps(dataset, batches, rank, world),
        batch_size=None,
        sampler=count(start_step),
        num_workers=num_workers,
        generator=torch.Generator(),  # without one, starting the loader draws from the global generator
        worker_init_fn=_leave_signals_to_training,
    )
    return _taken(loader)


def _taken(loader: DataLoader) -> Iterator[Batch]:
    batches = iter(loader)
    if loader.num_workers:
        # torch has the death of a worker raised by a signal's handler, wherever training is just then: in the middle of
        # an update perhaps, of which half would be saved. Without, taking a batch tells of it.
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        for batch in batches:
            if isinstance(batch, InputError):
                raise batch
            yield batch
    finally:
        if hasattr(batches, "_shutdown_workers"):
            batches._shutdown_workers()


def validation_loader(
    dataset: UtteranceDataset | SegmentDataset,
    batch_size: int = 1,
    num_workers: int = 0,
    *,
    rank: int = 0,
    world: int = 1,
) -> Iterator[Batch]:
    """One pass over the dataset in its own order, the same batches and segments each time; ranks take turns."""
    starts = range(rank * batch_size, len(dataset), world * batch_size)
    groups = [list(range(s, min(s + batch_size, len(dataset)))) for s in starts]
    loader = DataLoader(_Groups(dataset, groups), batch_size=None, num_workers=num_workers, generator=torch.Generator())
    return iter(loader)


def _leave_signals_to_training(worker: int) -> None:
    """A scheduler signals every process of a job; training saves first and then ends its workers itself."""
    for number in (signal.SIGTERM, signal.SIGUSR1, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)


class _Steps(Dataset):
    """Training steps as a map-style dataset: item `step` is the collated batch of that step, or the InputError that it
    met: raised in a worker it would come back with a traceback in its text."""

    def __init__(self, dataset: UtteranceDataset | SegmentDataset, batches: TrainingBatches, rank: int, world: int):
        self.dataset, self.batches, self.rank, self.world = dataset, batches, rank, world

    def __getitem__(self, step: int) -> Batch | InputError:
        indices = self.batches.batch(step, self.rank, self.world)
        try:
            return self.dataset.collate([self.dataset.item(i, (self.batches.seed, step)) for i in indices])
        except InputError as error:
            return error


class _Groups(Dataset):
    """Fixed groups of utterances as a map-style dataset."""

    def __init__(self, dataset: UtteranceDataset | SegmentDataset, groups: list[list[int]]):
        self.dataset, self.groups = dataset, groups

    def __len__(self) -> int:
        return len(self.groups)

    def __getitem__(self, group: int) -> Batch:
        return self.dataset.collate([self.dataset.item(i) for i in self.groups[group]])


def _buckets(lengths: np.ndarray, batch_size: int, max_frames: int) -> list[tuple[int, np.ndarray]]:
    """(batch size, members) of each bucket, from the longest utterance to the shortest."""
    order = np.argsort(-lengths, kind="stable")
    buckets, start = [], 0
    while start < len(order):
        longest = int(lengths[order[start]])
        end = int(np.searchsorted(-lengths[order], -LENGTH_RATIO * longest, side="right"))
        size = max(1, min(batch_size, max_frames // max(1, longest)))
        buckets.append((size, order[start:end]))
        start = end
    return buckets


def _batches(groups: list[tuple[int, np.ndarray]]) -> list[list[int]]:
    """Each group (batch size, indices) cut into batches."""
    return [group[i : i + size].tolist() for size, group in groups for i in range(0, len(group), size)]
