"""What there is to align, and what came of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from svstoolkit.align.transcript import Transcript, transcript
from svstoolkit.data.directory import DataDirectory
from svstoolkit.errors import InputError

IsVowel = Callable[..., bool]  # (phone, code=language)


@dataclass(frozen=True)
class AlignOptions:
    """What every aligner shares; see conf/align.yaml."""

    consonant_seconds: float = 0.1
    max_overrun: float = 1.0
    max_failed: float = 0.1
    train_sets: list[str] | None = None

    def __post_init__(self):
        if self.consonant_seconds <= 0 or self.max_overrun <= 0:
            raise ValueError("consonant_seconds and max_overrun must be positive")
        if not 0 <= self.max_failed <= 1:
            raise ValueError(f"max_failed is a part, 0 to 1, not {self.max_failed}")


@dataclass
class Job:
    """All utterances of the sets to align, each with its transcript; utterance ids are unique over the sets."""

    transcripts: dict[str, Transcript]
    wavs: dict[str, str]
    set_of: dict[str, str]


@dataclass
class Outcome:
    """boundaries: (N+1,) seconds per aligned utterance; durations: seconds of its recording; failures: reasons."""

    boundaries: dict[str, np.ndarray] = field(default_factory=dict)
    durations: dict[str, float] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)


def job_of(sets: Mapping[str, DataDirectory], is_vowel: IsVowel, consonant_seconds: float) -> Job:
    """Reads every score.

    Raises:
        InputError: a score is malformed or disagrees with `text`, or an utterance is in two sets.
    """
    job = Job({}, {}, {})
    for name, directory in sets.items():
        for u in directory:
            if u in job.set_of:
                raise InputError(f"utterance {u} is in the sets {job.set_of[u]} and {name}; run stage 0 again")
            song = directory.song(u)
            vowel = partial(is_vowel, code=directory.language[u])
            job.transcripts[u] = transcript(u, directory.speaker[u], song, vowel, consonant_seconds)
            job.wavs[u], job.set_of[u] = directory.wav[u], name
    return job


def overruns(job: Job, durations: Mapping[str, float], most: float) -> dict[str, str]:
    """Utterances whose score goes on long after the recording has ended."""
    ends = {u: float(job.transcripts[u].score_boundaries[-1]) for u in durations}
    return {
        u: f"utterance {u}: the score lasts {ends[u]:.2f} s but {job.wavs[u]} only {seconds:.2f} s; "
        "the recording is cut off or belongs to another score"
        for u, seconds in durations.items()
        if ends[u] > seconds + most
    }
