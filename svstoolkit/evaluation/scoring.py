"""Scores one utterance: the recording, the floor and every system's take of it; results are kept and found again."""

import json
from functools import cached_property
from pathlib import Path

import numpy as np

from svstoolkit.data.files import write_json
from svstoolkit.evaluation.breakdown_sums import breakdown_sums
from svstoolkit.evaluation.comparison import Comparison, pair_frames
from svstoolkit.evaluation.contour_sums import contour_sums
from svstoolkit.evaluation.families import compare
from svstoolkit.evaluation.floor import loudness_noise
from svstoolkit.evaluation.jobs import Job, Take, equal_timing
from svstoolkit.evaluation.metrics import FLOOR, GROUND_TRUTH, METRICS
from svstoolkit.evaluation.page.pictures import mel_range, write_difference_picture, write_mel_picture
from svstoolkit.evaluation.page.sound import write_sound
from svstoolkit.evaluation.recording import Recording, analyse
from svstoolkit.evaluation.rhythm_sums import rhythm_sums
from svstoolkit.evaluation.sounds import FULL_SCALE, read_sound
from svstoolkit.units import hz_to_midi


def score_utterance(job: Job) -> list[dict]:
    """Scores every take that has no valid score yet, and returns all of them, in the order of `job.takes`.

    What cannot be scored is a failure of that take; a recording that cannot be read or analysed is one of every take.

    Returns:
        dicts of system, mode, set, utterance; seconds (length, None when unreadable); values {metric: number or
        None}; failures [{metric or None, reason}]; breakdown, rhythm and contour (`breakdown_sums`, `rhythm_sums`,
        `contour_sums`); f0 (T,) in twentieths of a semitone, 0 = unvoiced, for phrases on the page
    """
    reference = _Reference(job)
    known = {} if job.settings.overwrite else _known_scores(job.record)
    scores = []
    for take in job.takes:
        fingerprint = job.fingerprint(take, reference.content)
        score = known.get(fingerprint)
        if score is None or not _complete(job, take, score):
            score = {"fingerprint": fingerprint, **_score(job, take, reference)}
        scores.append(score)
    if {score["fingerprint"] for score in scores} != set(known):
        write_json(job.record, {"scores": scores})
    return scores


class _Reference:
    """The recording everything is held against, and the floor made from it, each analysed once and only if needed."""

    def __init__(self, job: Job):
        self._job = job
        self._settings = job.settings
        self.problem: str | None = None
        try:
            self.audio = read_sound(job.reference, self._settings.definition.sampling_rate, self._settings.resample)
        except ValueError as error:
            self.audio, self.problem = np.zeros(0), f"the recording {job.reference} {error}"

    @property
    def content(self) -> bytes:
        return self.audio.tobytes() or str(self.problem).encode()

    @cached_property
    def recording(self) -> Recording:
        if self.problem:
            raise ValueError(self.problem)
        try:
            return analyse(self.audio, self._settings.definition, self._settings.f0_extractor)
        except ValueError as error:
            raise ValueError(f"the recording {self._job.reference} {error}") from error

    @cached_property
    def floor(self) -> Recording:
        """Of the noise as 16 bits hold it, which is what the page plays."""
        noise = loudness_noise(self.recording.audio, self._settings.definition.hop_length, self._job.utterance)
        steps = np.clip(np.rint(noise * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1)
        return analyse(steps / FULL_SCALE, self._settings.definition, self._settings.f0_extractor)

    @cached_property
    def mel_range(self) -> tuple[float, float]:
        return mel_range(self.audio, self._settings.definition)


def _score(job: Job, take: Take, reference: _Reference) -> dict:
    score = {"system": take.system, "mode": take.mode, "set": job.label(take), "utterance": job.utterance}
    score |= {"seconds": None, "values": {}, "failures": [], "f0": []}
    score |= {"breakdown": {}, "rhythm": {}, "contour": {}}
    try:
        recording = _recording(job, take, reference)
        comparison = _comparison(job, take, recording, reference.recording)
    except ValueError as error:
        reason = str(error) if str(error).startswith("the recording") else f"{take.sound or take.system} {error}"
        return score | {"failures": [{"metric": None, "reason": reason}]}
    values, reasons = compare(comparison, _metrics_of(job, take))
    score["seconds"] = len(recording.audio) / job.settings.definition.sampling_rate
    score["values"] = values
    score["failures"] = [{"metric": metric, "reason": reason} for metric, reason in reasons.items()]
    score["breakdown"] = breakdown_sums(comparison)
    if take.system != FLOOR:  # noise has neither rhythm nor melody
        score |= {"rhythm": rhythm_sums(comparison), "contour": contour_sums(comparison)}
    if job.on_page:
        score["f0"] = np.rint(20 * hz_to_midi(recording.f0)).astype(int).tolist()
        _write_assets(job, take, comparison, reference)
    return score


def _metrics_of(job: Job, take: Take) -> list[str]:
    """Those that tell something of the take: the floor is made of the recording and has its timing for nothing."""
    timed = take.system != FLOOR
    return [name for name in job.settings.metrics if timed or METRICS[name].group != "timing"]


def _recording(job: Job, take: Take, reference: _Reference) -> Recording:
    """The take as the metrics see it.

    Raises:
        ValueError: it, or the recording, cannot be read or analysed; the recording's fault is named as such.
    """
    truth = reference.recording
    if take.system == GROUND_TRUTH:
        return truth
    if take.system == FLOOR:
        return reference.floor
    settings = job.settings
    audio = read_sound(take.sound, settings.definition.sampling_rate, settings.resample)
    return analyse(audio, settings.definition, settings.f0_extractor)


def _comparison(job: Job, take: Take, voice: Recording, reference: Recording) -> Comparison:
    definition = job.settings.definition
    equal = equal_timing(take) or take.sound is None
    bounds = None if job.bounds is None else np.asarray(job.bounds)
    return Comparison(
        voice,
        reference,
        pair_frames(voice, reference, definition, equal),
        definition,
        equal_timing(take),
        job.song,
        bounds,
        bounds if equal else sung_bounds(job, take),
    )


def sung_bounds(job: Job, take: Take) -> np.ndarray | None:
    """Phone boundaries (N + 1,) in seconds a system sang with, from the frames it left; None if it left none.

    Raises:
        ValueError: they do not belong to the utterance's score.
    """
    if take.frames is None or job.song is None or not take.frames.is_file():
        return None
    with np.load(take.frames) as frames:
        if "durations" not in frames:
            return None
        durations = frames["durations"]
    if durations.shape != (len(job.song.phones),):
        raise ValueError(
            f"was sung with durations of {durations.shape} phones ({take.frames}), the score has "
            f"{len(job.song.phones)}; run stage 7 (decode) again"
        )
    return np.r_[0, np.cumsum(durations)] * job.settings.definition.frame_period


def _write_assets(job: Job, take: Take, comparison: Comparison, reference: _Reference) -> None:
    output, definition = job.settings.output, job.settings.definition
    audio = comparison.voice.audio
    write_sound(output / job.sound_asset(take), audio, definition.sampling_rate)
    write_mel_picture(output / job.picture_asset(take), audio, definition, reference.mel_range)
    if difference := job.difference_asset(take):
        write_difference_picture(output / difference, audio, comparison.reference.audio, comparison.pairs, definition)


def _complete(job: Job, take: Take, score: dict) -> bool:
    """Whether the files the page wants of a scored take are there; a failed take has none."""
    lost = any(failure["metric"] is None for failure in score["failures"])
    return lost or all((job.settings.output / path).is_file() for path in job.assets(take))


def _known_scores(record: Path) -> dict[str, dict]:
    if not record.is_file():
        return {}
    return {score["fingerprint"]: score for score in json.loads(record.read_text(encoding="utf-8"))["scores"]}
