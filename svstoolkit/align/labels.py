"""The `label` files of data directories: phones exactly the text's, end to end from 0 to the end of the recording."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from svstoolkit.align.job import AlignOptions, Job, Outcome
from svstoolkit.data.directory import DataDirectory, Label, Utterance, write_data_directory, write_label
from svstoolkit.data.files import write_text
from svstoolkit.errors import InputError
from svstoolkit.score.timing import with_minimum_duration

SHORTEST = 0.002  # seconds; a phone keeps a positive length after rounding to milliseconds
JOINT_TOLERANCE = 0.0015  # seconds between one phone's end and the next one's start
END_TOLERANCE = 0.05  # seconds between the last phone's end and the recording's


def label_of(boundaries: np.ndarray, phones: Sequence[str], duration: float) -> Label:
    """Boundaries (N+1,) in seconds as a label that ends with the recording, in whole milliseconds.

    Raises:
        ValueError: the recording is too short for its phones.
    """
    times = (np.rint(1000 * with_minimum_duration(boundaries, duration, SHORTEST)) / 1000).tolist()
    return list(zip(times[:-1], times[1:], phones, strict=True))


def label_fault(label: Label, phones: Sequence[str], duration: float) -> str | None:
    """What is wrong with a label, or None."""
    found = [phone for *_, phone in label]
    if found != list(phones):
        return f"label has phones {' '.join(found)}, text has {' '.join(phones)}"
    if abs(label[0][0]) > JOINT_TOLERANCE:
        return f"label starts at {label[0][0]} s, not at 0"
    for (_, end, phone), (start, _, following) in pairwise(label):
        if abs(end - start) > JOINT_TOLERANCE:
            return f"label has a gap or overlap: {phone} ends at {end} s, {following} starts at {start} s"
    if abs(label[-1][1] - duration) > END_TOLERANCE:
        return f"label ends at {label[-1][1]} s, the recording at {duration:.3f} s"
    return None


def require_labels(sets: Mapping[str, DataDirectory], durations: Mapping[str, float]) -> None:
    """Checks labels that are already there.

    Raises:
        InputError: a set without `label`, or a label that breaks the rules; names the utterance.
    """
    remedy = "mend it, or write labels anew with --aligner hmm"
    for directory in sets.values():
        if not directory.label:
            raise InputError(f"{directory.path}/label does not exist, and --aligner none writes none; {remedy}")
        for u in directory:
            if u not in directory.label:
                raise InputError(f"{directory.path}/label lacks utterance {u}; {remedy}")
            if fault := label_fault(directory.label[u], directory.text[u], durations[u]):
                raise InputError(f"{directory.path}/label: utterance {u}: {fault}; {remedy}")


def settle_failures(job: Job, outcome: Outcome, options: AlignOptions, skip_failed: bool, listing: Path) -> None:
    """Lists what could not be aligned and decides whether the stage may go on without it.

    Args:
        listing: file of lines `utterance reason`; taken away when nothing failed.

    Raises:
        InputError: something failed and `skip_failed` is false, or more than the part options.max_failed.
    """
    if not outcome.failures:
        listing.unlink(missing_ok=True)
        return
    write_text(listing, "".join(f"{u} {reason}\n" for u, reason in sorted(outcome.failures.items())))
    count, total = len(outcome.failures), len(job.wavs)
    first = outcome.failures[min(outcome.failures)]
    if not skip_failed:
        raise InputError(
            f"{count} of {total} utterances cannot be aligned: {first} (all are listed in {listing}); "
            "mend them, or drop them from the data with --skip_failed true"
        )
    if count > options.max_failed * total:
        raise InputError(
            f"{count} of {total} utterances cannot be aligned, more than max_failed = {options.max_failed:g} of them: "
            f"{first} (all are listed in {listing}); mend them, or raise max_failed in the config"
        )


def without(directory: DataDirectory, dropped: Sequence[str]) -> None:
    """Takes utterances out of every file of a data directory.

    Raises:
        InputError: none would be left.
    """
    kept = [u for u in directory if u not in set(dropped)]
    write_data_directory(
        directory.path,
        [Utterance(u, directory.speaker[u], Path(directory.wav[u]), directory.song(u)) for u in kept],
    )


def write_labels(name: str, directory: DataDirectory, job: Job, outcome: Outcome) -> None:
    """Writes a set's `label`, whole."""
    labels = {
        u: label_of(outcome.boundaries[u], job.transcripts[u].phones, outcome.durations[u])
        for u in directory
        if job.set_of[u] == name and u in outcome.boundaries
    }
    write_label(directory.path / "label", labels)
