"""Scores one utterance: the target, the floor and every system's take of it; results are kept and found again."""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import soundfile

from svstoolkit.data.archives import ArchiveReader
from svstoolkit.data.files import atomic_path, write_json
from svstoolkit.errors import InputError
from svstoolkit.evaluation.comparison import Recording, analyse, compare
from svstoolkit.evaluation.floor import loudness_noise
from svstoolkit.evaluation.metrics import FLOOR, GROUND_TRUTH, SCORE, set_label
from svstoolkit.evaluation.page.pictures import mel_range, write_mel_picture
from svstoolkit.features.definition import FeatureDefinition
from svstoolkit.units import hz_to_midi

METHOD = 1  # raised whenever a metric, the floor or the analysis changes, so that no old figure survives it
FULL_SCALE = 32768.0


@dataclass(frozen=True)
class Take:
    """A recording to be scored; `wav` is None for the rows made from the target itself."""

    system: str
    mode: str
    wav: Path | None = None


@dataclass(frozen=True)
class Job:
    """One utterance with all its takes.

    audio_scp: archive of the targets, as stage 2 wrote it
    output: exp/score; scores are kept in scored/<set>/, and with `on_page` sound in audio/ and pictures in figures/
    """

    set_name: str
    utterance: str
    audio_scp: Path
    takes: tuple[Take, ...]
    definition: FeatureDefinition
    f0_extractor: str
    output: Path
    on_page: bool
    overwrite: bool = False

    @property
    def record(self) -> Path:
        return self.output / "scored" / self.set_name / f"{self.utterance}.json"

    def asset(self, take: Take, folder: str, suffix: str) -> Path:
        """Where the page finds a take's sound or picture, relative to `output`; the target's is one for all modes."""
        where = Path(folder) / take.system / (take.mode if take.wav else "") / self.set_name
        return where / f"{self.utterance}{suffix}"

    def assets(self, take: Take) -> tuple[Path, ...]:
        return (self.asset(take, "audio", ".wav"), self.asset(take, "figures", ".png")) if self.on_page else ()


def score_utterance(job: Job) -> list[dict]:
    """Scores every take that has no valid score yet, and returns all of them, in the order of `job.takes`.

    Returns:
        dicts of system, mode, set, utterance; seconds (length, None when unreadable); values {metric: number or
        None}; failures [{metric or None, reason}]; f0 (T,) in twentieths of a semitone, 0 = unvoiced;
        mel_range [lowest, highest] of the target's picture
    """
    target = _Target(job)
    known = {} if job.overwrite else _known_scores(job.record)
    scores = []
    for take in job.takes:
        fingerprint = _fingerprint(job, take, target)
        score = known.get(fingerprint)
        if score is None or not all((job.output / path).is_file() for path in job.assets(take)):
            score = {"fingerprint": fingerprint, **_score(job, take, target)}
        scores.append(score)
    if {score["fingerprint"] for score in scores} != set(known):
        write_json(job.record, {"scores": scores})
    return scores


class _Target:
    """The recording everything is held against, and the floor made from it, analysed once and only if needed."""

    def __init__(self, job: Job):
        self._job = job
        rate, self.samples = _archive(job.audio_scp)[job.utterance]
        if rate != job.definition.sampling_rate:
            raise InputError(
                f"{job.audio_scp}: {job.utterance} has {rate} Hz, its features.yaml {job.definition.sampling_rate} Hz; "
                "run stage 2 again"
            )

    @cached_property
    def recording(self) -> Recording:
        try:
            return analyse(self.samples / FULL_SCALE, self._job.definition, self._job.f0_extractor)
        except InputError:
            raise
        except ValueError as error:
            raise InputError(f"{self._job.audio_scp}: {self._job.utterance} {error}; run stage 2 again") from error

    @cached_property
    def floor_samples(self) -> np.ndarray:
        noise = loudness_noise(self.samples / FULL_SCALE, self._job.definition.hop_length, self._job.utterance)
        return np.clip(np.rint(noise * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1)

    @cached_property
    def floor_recording(self) -> Recording:
        return analyse(self.floor_samples / FULL_SCALE, self._job.definition, self._job.f0_extractor)

    @cached_property
    def mel_range(self) -> tuple[float, float]:
        return mel_range(self.samples / FULL_SCALE, self._job.definition)


def _score(job: Job, take: Take, target: _Target) -> dict:
    score = {"system": take.system, "mode": take.mode, "set": set_label(job.set_name, take.mode)}
    score |= {"utterance": job.utterance, "seconds": None, "values": {}, "failures": [], "f0": []}
    try:
        samples = _samples(job, take, target)
        score["seconds"] = len(samples) / job.definition.sampling_rate
        if take.system == GROUND_TRUTH:
            recording = target.recording
        elif take.system == FLOOR:
            recording = target.floor_recording
        else:
            recording = analyse(samples / FULL_SCALE, job.definition, job.f0_extractor)
        values, reasons = compare(recording, target.recording, job.definition, take.mode != SCORE)
    except InputError:
        raise
    except ValueError as error:
        score["failures"] = [{"metric": None, "reason": f"{take.wav or take.system} {error}"}]
        return score
    score["values"] = values
    score["failures"] = [{"metric": metric, "reason": reason} for metric, reason in reasons.items()]
    score["f0"] = np.rint(20 * hz_to_midi(recording.f0)).astype(int).tolist()
    if job.on_page:
        _write_assets(job, take, samples, target)
    return score


def _samples(job: Job, take: Take, target: _Target) -> np.ndarray:
    """(L,) float64 of the take in int16 steps.

    Raises:
        ValueError: the file is missing, unreadable, or has another rate or more than one channel.
    """
    if take.system == GROUND_TRUTH:
        return target.samples.astype(np.float64)
    if take.system == FLOOR:
        return target.floor_samples
    if not take.wav.is_file():
        raise ValueError("does not exist")
    try:
        samples, rate = soundfile.read(take.wav, dtype="float64", always_2d=True)
    except soundfile.SoundFileError as error:
        raise ValueError(f"cannot be read: {error}") from error
    if samples.shape[1] != 1 or rate != job.definition.sampling_rate:
        expected = f"expected 1 channel at {job.definition.sampling_rate} Hz"
        raise ValueError(f"has {samples.shape[1]} channel(s) at {rate} Hz, {expected}")
    return samples[:, 0] * FULL_SCALE


def _write_assets(job: Job, take: Take, samples: np.ndarray, target: _Target) -> None:
    sound, picture = (job.output / path for path in job.assets(take))
    with atomic_path(sound) as temporary:
        clipped = np.clip(np.rint(samples), -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)
        soundfile.write(temporary, clipped, job.definition.sampling_rate, subtype="PCM_16")
    write_mel_picture(picture, samples / FULL_SCALE, job.definition, target.mel_range)


def _fingerprint(job: Job, take: Take, target: _Target) -> str:
    settings = [METHOD, take.system, take.mode, job.f0_extractor, job.definition.to_dict()]
    digest = hashlib.sha256(json.dumps(settings).encode())
    digest.update(target.samples.tobytes())
    if take.wav is not None:
        digest.update(take.wav.read_bytes() if take.wav.is_file() else b"missing")
    return digest.hexdigest()


def _known_scores(record: Path) -> dict[str, dict]:
    if not record.is_file():
        return {}
    return {score["fingerprint"]: score for score in json.loads(record.read_text(encoding="utf-8"))["scores"]}


@lru_cache(maxsize=4)
def _archive(scp: Path) -> ArchiveReader:
    return ArchiveReader(scp)
