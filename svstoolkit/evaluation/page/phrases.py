"""One test phrase as the page shows it: its score as a piano roll, and a track for every take of it."""

from collections.abc import Sequence
from urllib.parse import quote

from svstoolkit.evaluation.jobs import Job, Take
from svstoolkit.evaluation.metrics import GROUND_TRUTH, METRICS
from svstoolkit.evaluation.page.piano_roll import piano_roll
from svstoolkit.evaluation.scoring import sung_bounds
from svstoolkit.evaluation.tables import KINDS
from svstoolkit.score.song import REST_PHONES


def phrase(job: Job, scores: Sequence[dict]) -> dict:
    """What the page needs of an utterance; without a score, F0 on a pitch axis of its own takes the roll's place.

    Args:
        scores: what `score_utterance` returned for the job
    """
    song = job.song
    longest = max(score["seconds"] or 0.0 for score in scores)
    timeline = max(song.duration if song else 0.0, longest) or 1.0
    return {
        "id": job.utterance,
        "anchor": f"{job.set_name}/{job.utterance}",
        "set": job.set_name,
        "singer": job.singer,
        "lyrics": song.lyrics if song else "",
        "language": song.language if song else "",
        "tempo": song.tempo if song else None,
        "timeline": round(timeline, 3),
        "roll": piano_roll(song, timeline, [score["f0"] for score in scores]),
        "phones": ["" if phone in REST_PHONES else phone for phone in song.phones] if song else [],
        "tracks": [_track(job, take, score) for take, score in zip(job.takes, scores, strict=True)],
    }


def _track(job: Job, take: Take, score: dict) -> dict:
    track = {
        "system": take.system,
        "kind": KINDS.get(take.system, "system"),
        "mode": take.mode,
        "seconds": score["seconds"],
        "values": _shown(score["values"]),
        "reason": next((f["reason"] for f in score["failures"] if f["metric"] is None), None),
        "f0": score["f0"],
    }
    if track["reason"] is None:
        difference = job.difference_asset(take)
        bounds = job.bounds if take.system == GROUND_TRUTH else sung_bounds(job, take)
        track |= {
            "audio": quote(job.sound_asset(take).as_posix()),
            "picture": quote(job.picture_asset(take).as_posix()),
            "difference": quote(difference.as_posix()) if difference else None,
            "bounds": None if bounds is None or job.song is None else [round(float(b), 3) for b in bounds],
        }
    return track


def _shown(values: dict[str, float | None]) -> list[dict]:
    """The headline figures beside a track, or all where none of them is a headline."""
    known = {METRICS[name]: value for name, value in values.items() if value is not None}
    shown = {metric: value for metric, value in known.items() if metric.headline} or known
    return [{"short": m.short, "unit": m.unit, "text": m.show(value)} for m, value in shown.items()]
