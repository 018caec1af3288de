"""The page to read and listen to: one HTML file, with sound and pictures beside it, that opens without a network."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

import numpy as np

from svstoolkit.errors import InputError
from svstoolkit.evaluation.decoded import Decoded
from svstoolkit.evaluation.metrics import GROUND_TRUTH, METRICS, MODES, REFERENCE_DURATIONS, SCORE
from svstoolkit.evaluation.page.piano_roll import piano_roll
from svstoolkit.evaluation.results import Row, Value
from svstoolkit.evaluation.scoring import Job
from svstoolkit.evaluation.tables import KINDS, Table
from svstoolkit.features.definition import FeatureDefinition
from svstoolkit.score.song import REST_PHONES, SLUR_LYRIC, Song

MODE_TITLES = {SCORE: "From the score alone", REFERENCE_DURATIONS: "With the recording’s timing"}


@dataclass(frozen=True)
class Page:
    """All the page shows. stages: rows of exp/stages.json; failures: as in failed.json; phrases: from `phrase`"""

    definition: FeatureDefinition
    tables: Sequence[Table]
    values: Sequence[Value]
    alignment: Sequence[Row]
    decoded: Sequence[Decoded]
    stages: Sequence[dict]
    failures: Sequence[dict]
    phrases: Sequence[dict]


def phrase(
    job: Job,
    song: Song,
    singer: str,
    boundaries: Sequence[float] | None,
    scores: Sequence[dict],
    decoded: list[Decoded],
) -> dict:
    """One test phrase: its score as a piano roll, and a track per take, the target first and the floor last.

    Args:
        boundaries: phone boundaries (N + 1,) of the target in seconds, None if unknown
        scores: what `score_utterance` returned for the job
    """
    timeline = max([song.duration, *(score["seconds"] or 0.0 for score in scores)])
    folders = {(d.system, d.mode): d for d in decoded if d.set_name == job.set_name}
    tracks = []
    for take, score in zip(job.takes, scores, strict=True):
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
            sound, picture = (quote(path.as_posix()) for path in job.assets(take))
            known = folders.get((take.system, take.mode))
            bounds = boundaries if take.system == GROUND_TRUTH else _bounds(known, job, len(song.phones))
            track |= {"audio": sound, "picture": picture, "bounds": bounds and [round(b, 3) for b in bounds]}
        tracks.append(track)
    return {
        "id": job.utterance,
        "anchor": f"{job.set_name}/{job.utterance}",
        "set": job.set_name,
        "singer": singer,
        "lyrics": "".join(_lyric(note.lyric) for note in song.notes if not note.is_rest),
        "language": song.language,
        "tempo": song.tempo,
        "timeline": round(timeline, 3),
        "roll": piano_roll(song, timeline),
        "phones": ["" if phone in REST_PHONES else phone for phone in song.phones],
        "tracks": tracks,
    }


def _lyric(lyric: str) -> str:
    """Scripts without spaces run on; words in letters are set apart."""
    if lyric == SLUR_LYRIC:
        return ""
    return f"{lyric} " if lyric.isascii() else lyric


def _bounds(decoded: Decoded | None, job: Job, n_phones: int) -> list[float] | None:
    """Phone boundaries a system sang with, from its frames/<utterance>.npz; None if it left none."""
    if decoded is None or not decoded.frames(job.utterance).is_file():
        return None
    with np.load(decoded.frames(job.utterance)) as frames:
        if "durations" not in frames:
            return None
        durations = frames["durations"]
    if durations.shape != (n_phones,):
        raise InputError(
            f"{decoded.frames(job.utterance)}: durations of {durations.shape} phones, the score has {n_phones}; "
            "run stage 7 (decode) again"
        )
    return (np.r_[0, np.cumsum(durations)] * job.definition.frame_period).tolist()


def _shown(values: dict[str, float | None]) -> list[dict]:
    return [
        {"short": METRICS[name].short, "unit": METRICS[name].unit, "text": METRICS[name].show(value)}
        for name, value in values.items()
        if value is not None
    ]


def render(page: Page) -> str:
    """The HTML with style, script and data inside it."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("svstoolkit.evaluation.page", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["name"] = lambda system: system.replace("_", " ")
    environment.filters["duration"] = _duration
    modes = [mode for mode in MODES if any(t["mode"] == mode for p in page.phrases for t in p["tracks"])]
    return environment.get_template("index.html.j2").render(
        page=page,
        modes=modes,
        mode_titles=MODE_TITLES,
        titles={table.set: _title(table.set) for table in page.tables},
        sizes={table.set.partition("/")[0]: table.size for table in page.tables},
        metrics=METRICS,
        data=_data(page),
    )


def _title(set_label: str) -> str:
    name, _, mode = set_label.partition("/")
    return f"{MODE_TITLES[mode or SCORE]} · {name}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{seconds:.1f} s"


def _data(page: Page) -> str:
    """What the script needs, as JSON that cannot end the element it stands in."""
    per_utterance: dict[str, dict] = {}
    for v in page.values:
        systems = per_utterance.setdefault(v.set, {}).setdefault(v.utterance, {})
        systems.setdefault(v.system, {})[v.metric] = None if v.value is None else float(f"{v.value:.5g}")
    phrases = [
        {
            "timeline": p["timeline"],
            "roll": {key: p["roll"][key] for key in ("height", "semitone", "top")},
            "phones": p["phones"],
            "tracks": [
                {key: t.get(key) for key in ("system", "mode", "seconds", "f0", "audio", "bounds")} for t in p["tracks"]
            ],
        }
        for p in page.phrases
    ]
    content = {
        "frame": page.definition.frame_period,
        "phrases": phrases,
        "values": per_utterance,
        "metrics": {m.name: [f"{m.short} {m.arrow}", m.decimals] for m in METRICS.values()},
        "anchors": {f"{p['set']}\n{p['id']}": p["anchor"] for p in page.phrases},
        "titles": {table.set: _title(table.set) for table in page.tables},
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
