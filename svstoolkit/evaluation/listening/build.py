"""From systems to a listening test: `page/`, which listeners get, and `key.json`, which they do not."""

import hashlib
import json
import shutil
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

from svstoolkit.data.files import write_json, write_text
from svstoolkit.errors import InputError
from svstoolkit.evaluation.listening import design
from svstoolkit.evaluation.listening.key import FORMAT, KEY, PAGE, RATINGS
from svstoolkit.evaluation.listening.kinds import Kind
from svstoolkit.evaluation.listening.page import render
from svstoolkit.evaluation.listening.planning import Settings, anchors_of, kind_of, plan_of, practice_of
from svstoolkit.evaluation.listening.sources import Sources, choose_utterances
from svstoolkit.evaluation.listening.stimuli import Stimulus, Wanted, make_stimuli, make_tones

ANSWER_SECONDS = 4.0  # to think and click, for the estimate of a session's length


@dataclass(frozen=True)
class Built:
    """What was built. reached: loudness, LUFS; ratings: fewest and most of a cell; minutes: of a session, estimated;
    longest: stimulus, s
    """

    page: Path
    stimuli: int
    trials: int
    reached: float
    ratings: tuple[int, int]
    minutes: float
    longest: float


def build(sources: Sources, settings: Settings, output: Path) -> Built:
    """Makes the test in `output`; what an earlier build left there is replaced if nobody has rated it yet.

    Raises:
        InputError: the settings do not fit the systems, recordings are faulty, or `output` holds something else.
    """
    kind = kind_of(settings)
    anchors = anchors_of(sources, settings)
    chosen, left = choose_utterances(sources.utterances, settings.utterances, settings.seed)
    plan = plan_of(sources, settings, kind, tuple(anchors), tuple(chosen))
    sessions = [design.session(plan, listener) for listener in range(settings.listeners)]
    practice = practice_of(plan, (left or chosen)[: settings.practice], settings.practice)
    volume = practice[0] if practice else sessions[0][0]
    trials = [t for s in sessions for t in s]
    pairs = dict.fromkeys((c, t.utterance) for t in [*trials, *practice, volume] for c in t.conditions)
    if kind.name == "mushra":
        pairs |= dict.fromkeys((sources.reference, t.utterance) for t in [*trials, *practice])
    _make_room(output)
    fresh = output / f".{PAGE}.tmp"
    shutil.rmtree(fresh, ignore_errors=True)
    wanted = Wanted(tuple(sorted(pairs)), anchors, sources.reference or plan.baseline or plan.conditions[0])
    stimuli, reached = make_stimuli(sources, wanted, fresh / "audio", settings.loudness, settings.seed)
    first = next(iter(stimuli.values()))
    tones = make_tones(fresh / "audio", reached, first.sampling_rate, settings.seed)
    key = {
        "format": FORMAT,
        "kind": kind.name,
        "settings": asdict(settings),
        "systems": list(plan.conditions),
        "reference": sources.reference,
        "baseline": plan.baseline,
        "anchors": anchors,
        "utterances": chosen,
        "loudness": {"target": settings.loudness, "reached": reached},
        "scales": [asdict(scale) for scale in kind.scales],
        "stimuli": [s.to_dict() for s in stimuli.values()],
        "sessions": [[_entry(t, stimuli) for t in s] for s in sessions],
        "practice": [_entry(t, stimuli) for t in practice],
    }
    key = {"test": _identity(key, fresh / "audio"), **key}
    content = _page_content(key, kind, settings, stimuli, stimuli[volume.conditions[0], volume.utterance].id, tones)
    write_text(fresh / "index.html", render(content))
    shutil.rmtree(output / PAGE, ignore_errors=True)
    fresh.rename(output / PAGE)
    write_json(output / KEY, key)
    counts = _ratings_per_cell(sessions, plan)
    longest = max(s.seconds for s in stimuli.values())
    return Built(output / PAGE, len(stimuli), len(sessions[0]), reached, counts, content["minutes"], longest)


def _make_room(output: Path) -> None:
    if (output / RATINGS).is_dir() and any((output / RATINGS).glob("*.json")):
        raise InputError(f"{output}/{RATINGS} holds ratings of a test built before; choose another --output")
    if output.is_dir() and any(output.iterdir()) and not (output / KEY).is_file():
        leftovers = {path.name for path in output.iterdir()} - {PAGE, f".{PAGE}.tmp"}
        if leftovers:
            raise InputError(f"{output} is not empty and holds no listening test; choose another --output")
    (output / KEY).unlink(missing_ok=True)


def _entry(trial: design.Trial, stimuli: dict[tuple[str, str], Stimulus]) -> dict:
    return asdict(trial) | {"stimuli": [stimuli[c, trial.utterance].id for c in trial.conditions]}


def _identity(key: dict, audio: Path) -> str:
    """Changes with anything a listener sees or hears."""
    digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode())
    for path in sorted(audio.glob("*.wav")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _page_content(key: dict, kind: Kind, settings: Settings, stimuli, volume: str, tones: tuple[str, int]) -> dict:
    reference = {u: stimuli[key["reference"], u].id for _, u in stimuli if (key["reference"], u) in stimuli}

    def shown(entry: dict) -> dict:
        trial = {"stimuli": entry["stimuli"]}
        return trial | {"reference": reference[entry["utterance"]]} if kind.name == "mushra" else trial

    seconds = {s.id: s.seconds for s in stimuli.values()}
    lengths = [
        len(kind.scales) * sum(sum(seconds[i] for i in t["stimuli"]) + ANSWER_SECONDS for t in trials)
        for trials in key["sessions"]
    ]
    return {
        "test": key["test"],
        "title": settings.title or "Listening test",
        "instructions": list(settings.instructions or kind.instructions),
        "kind": kind.for_page(),
        "minutes": max(1, round(max(lengths) / 60)),
        "volume": volume,
        "tones": {"id": tones[0], "count": tones[1]},
        "practice": [shown(entry) for entry in key["practice"]],
        "sessions": [
            # P.835, section 5: half of the listeners judge the voice first, half the background
            {"scales": _scale_order(kind, n), "trials": [shown(entry) for entry in trials]}
            for n, trials in enumerate(key["sessions"])
        ],
    }


def _scale_order(kind: Kind, listener: int) -> list[int]:
    order = list(range(len(kind.scales)))
    return [1, 0, *order[2:]] if len(order) > 2 and listener % 2 else order


def _ratings_per_cell(sessions: list[list[design.Trial]], plan: design.Plan) -> tuple[int, int]:
    counts = Counter((t.utterance, frozenset(t.conditions)) for s in sessions for t in s if t.role == design.TEST)
    return (min(counts.values()) if len(counts) == plan.cells else 0), max(counts.values())
