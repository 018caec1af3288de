"""Scores planned sets by learned metrics: one model at a time, sounds read as they are needed, results kept."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from svstoolkit.data.files import write_json
from svstoolkit.errors import InputError
from svstoolkit.evaluation.jobs import Job
from svstoolkit.evaluation.jobs import Take as PlannedTake
from svstoolkit.evaluation.learned.registry import LEARNED, load_learned
from svstoolkit.evaluation.learned.takes import Take
from svstoolkit.evaluation.metrics import FLOOR, GROUND_TRUTH, METRICS
from svstoolkit.evaluation.results import Value
from svstoolkit.evaluation.sounds import read_sound

WHOLE_SET = "(whole set)"  # in place of the utterance, for metrics of a set


class SetTakes(Sequence):
    """A system's takes of a set, in the learned metrics' form, each read when it is asked for.

    A take that cannot be read is NaN throughout, which every metric refuses; stage 8 has listed it already.
    """

    def __init__(self, chosen: Sequence[tuple[Job, PlannedTake]]):
        self._chosen = chosen

    def __len__(self) -> int:
        return len(self._chosen)

    def __getitem__(self, index: int) -> Take:
        job, take = self._chosen[index]
        settings = job.settings
        sound = job.reference if take.system == GROUND_TRUTH else take.sound
        audio = []
        for wanted in (sound, job.reference):
            try:
                audio.append(read_sound(wanted, settings.definition.sampling_rate, settings.resample))
            except ValueError:
                audio.append(np.full(1, np.nan))
        return Take(*audio, job.song.lyrics if job.song else None)


def learned_values(jobs: Sequence[Job], metric: str, weights: Path | None, device: str) -> Iterator[Value]:
    """Every system's values of one learned metric; None where it is undefined.

    They are kept in `<output>/learned/<metric>.json` and found again while neither sounds nor weights' path change.
    The floor, which is no voice, is left out.

    Raises:
        InputError: the metric's package, weights or lyrics are absent; says what to do.
    """
    entry, settings = LEARNED[metric], jobs[0].settings
    if entry.needs == "text" and any(job.song is None for job in jobs):
        raise InputError(f"--learned {metric} compares with the lyrics, and these sets have none; see --described_by")
    groups: dict[tuple[str, str, str], list[tuple[Job, PlannedTake]]] = {}
    for job in jobs:
        for take in job.takes:
            if take.system != FLOOR:
                language = job.song.language if entry.by_language and job.song else ""
                groups.setdefault((take.system, job.label(take), language), []).append((job, take))
    record = settings.output / "learned" / f"{metric}.json"
    known = json.loads(record.read_text(encoding="utf-8")) if record.is_file() and not settings.overwrite else {}
    found: dict[str, list] = {}
    score, loaded_for = None, None
    for (system, label, language), chosen in groups.items():
        key = _fingerprint(chosen, metric, weights)
        if key not in known:
            if score is None or loaded_for != language:
                options = {"language": language} if language else {}
                score, loaded_for = load_learned(metric, weights, device, **options), language
            values = score(SetTakes(chosen), settings.definition.sampling_rate)
            known[key] = [None if np.isnan(v) else float(v) for v in values]
        found[key] = known[key]
        write_json(record, found)
        names = [WHOLE_SET] if METRICS[metric].of_the_set else [job.utterance for job, _ in chosen]
        for utterance, value in zip(names, known[key], strict=True):
            yield Value(system, label, utterance, metric, value)


def _fingerprint(chosen: Sequence[tuple[Job, PlannedTake]], metric: str, weights: Path | None) -> str:
    digest = hashlib.sha256(f"{metric} {weights}".encode())
    for job, take in chosen:
        digest.update(f"{take.system} {job.utterance} {job.song.lyrics if job.song else ''}".encode())
        for sound in (take.sound, job.reference):
            if sound is not None and sound.path.is_file():
                stat = sound.path.stat()
                digest.update(f"{sound} {stat.st_size} {stat.st_mtime_ns}".encode())
    return digest.hexdigest()
