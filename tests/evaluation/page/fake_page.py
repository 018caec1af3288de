"""A page with everything on it, from sounds and scores that were made up."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from fakes import RATE, sing, tiny_label, tiny_song

from svstoolkit.evaluation.decoded import Decoded
from svstoolkit.evaluation.jobs import Job, Settings, Take
from svstoolkit.evaluation.measures.transitions import CURVE_TIMES
from svstoolkit.evaluation.metrics import METRICS, MODES, SCORE
from svstoolkit.evaluation.page.pictures import log_mel, mel_range, write_difference_picture, write_mel_picture
from svstoolkit.evaluation.page.sound import write_sound
from svstoolkit.evaluation.planning import PlannedSet
from svstoolkit.evaluation.report import ScoredSet
from svstoolkit.evaluation.sounds import Sound
from svstoolkit.features.definition import FeatureDefinition

DEFINITION = FeatureDefinition(sampling_rate=RATE)
SYSTEMS = ("singer_4", "singer_24", "rival")
ROWS = ("ground_truth", *SYSTEMS, "floor")


def voice_of(song, system: str, seed: int) -> np.ndarray:
    """The song; the floor is noise, and the systems are out of tune."""
    if system == "floor":
        return 0.1 * np.random.default_rng(seed).standard_normal(round(song.duration * RATE))
    return sing(song.transposed(0.3 * ROWS.index(system)), seed=seed)


def fake_set(
    output: Path, n_phrases: int = 3, modes=MODES, rows=ROWS, scored: bool = True, voice: Callable = voice_of
) -> ScoredSet:
    """A scored set with its sounds and pictures; without `scored`, recordings that no score or label is known of.

    voice: (song, system, seed) → (L,) float in [−1, 1]
    """
    settings = Settings(DEFINITION, "dio", tuple(METRICS), output)
    jobs, scores = [], []
    for number in range(n_phrases):
        song = tiny_song(number)
        sounds = {system: voice(song, system, number) for system in rows}
        takes = tuple(
            Take(row, mode, Sound(output / row) if row not in ("ground_truth", "floor") else None)
            for mode in modes
            for row in rows
        )
        bounds = (0.0, *(end for _, end, _ in tiny_label(song)))
        known = {"song": song, "singer": "alto", "bounds": bounds} if scored else {}
        job = Job("test", f"phrase_{number}", Sound(output / "scp", "x"), takes, settings, True, **known)
        _write_assets(job, sounds)
        jobs.append(job)
        scores.append([_score(job, take, len(sounds[take.system]), number) for take in takes])
    decoded = [
        Decoded(s, m, "test", output, 0.1 * (k + 1), 9.0, 1.0, "a <processor>", 1000, steps, {})
        for k, (s, steps) in enumerate(zip(SYSTEMS, (4, 24, None), strict=True))
        for m in modes
    ]
    return ScoredSet(PlannedSet("test", jobs, decoded if scored else []), scores)


def _write_assets(job: Job, sounds: dict[str, np.ndarray]) -> None:
    output, target = job.settings.output, next(iter(sounds.values()))
    for take in job.takes:
        audio = sounds[take.system]
        write_sound(output / job.sound_asset(take), audio, RATE)
        write_mel_picture(output / job.picture_asset(take), audio, DEFINITION, mel_range(target, DEFINITION))
        if path := job.difference_asset(take):
            frames = np.arange(min(len(log_mel(audio, DEFINITION)), len(log_mel(target, DEFINITION))))
            write_difference_picture(output / path, audio, target, np.stack([frames, frames], axis=1), DEFINITION)


def _rhythm(job: Job, take: Take, error: int) -> dict:
    """Every class of phone, later and later by system; the two singers share one timing."""
    if job.song is None or take.mode != SCORE or take.system == "floor":
        return {}
    late = 0 if take.system == "ground_truth" else 40 if take.system.startswith("singer") else 15 * error
    starts = {
        name: [late + k * 10.0 for k in range(3)] for name in ("plosive", "nasal", "vowel", "held vowel", "pause")
    }
    return {"boundaries": starts, "beats": [late / 2.0, -late / 4.0]}


def _contour(job: Job, take: Take, error: int) -> dict:
    """A ramp between two notes, the slower the worse; notes of the rival have no vibrato."""
    if job.song is None or take.system == "floor":
        return {}
    curve = np.clip(0.5 + CURVE_TIMES / (0.1 + 0.05 * error), 0.0, 1.0)
    sums = {"written": 2, "figures": [[-50.0, 80.0 + 40 * error, 9.0, 5.0]], "weights": [4.0] * len(curve)}
    sums["curve"] = (4.0 * curve).tolist()
    notes = [] if take.system == "rival" else [[5.5 + 0.1 * error, 60.0 - 5 * error]]
    return {"transitions": {"up": sums, "down": sums}, "vibrato": {"sustained": 2, "notes": notes}}


def _score(job: Job, take: Take, length: int, number: int) -> dict:
    rng = np.random.default_rng([number, len(take.system), take.mode == SCORE])
    error = ("ground_truth", "singer_24", "rival", "singer_4", "floor").index(take.system) if take.system in ROWS else 2
    values = {m: error * (1 + 0.1 * rng.random()) for m in ("mcd", "f0_rmse", "log_f0_rmse", "vuv_error", "stoi")}
    phones = {p: [10, 10.0 * error, 8, 800.0 * error, error, error] for p in set(job.song.phones)} if job.song else {}
    pitches = {str(n.pitch): [20, 30.0 * error, 15, 99.0, 1, 2] for n in job.song.notes if n.pitch} if job.song else {}
    return {
        "system": take.system,
        "mode": take.mode,
        "set": job.label(take),
        "utterance": job.utterance,
        "seconds": length / RATE,
        "values": values,
        "failures": [],
        "breakdown": {"phone": phones, "pitch": pitches} if job.song else {},
        "rhythm": _rhythm(job, take, error),
        "contour": _contour(job, take, error),
        "f0": (1200 + 20 * error + 10 * np.sin(np.arange(length // DEFINITION.hop_length) / 9)).round().tolist(),
    }
