"""From systems to a listening test: `page/`, which listeners get, and `key.json`, which they do not."""

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from svstoolkit.data.files import write_json, write_text
from svstoolkit.errors import InputError
from svstoolkit.evaluation.listening import design
from svstoolkit.evaluation.listening.anchor import LOW, anchor_name
from svstoolkit.evaluation.listening.key import FORMAT, KEY, PAGE, RATINGS
from svstoolkit.evaluation.listening.kinds import ATTRIBUTES, KINDS, Kind
from svstoolkit.evaluation.listening.loudness import TARGET
from svstoolkit.evaluation.listening.page import render
from svstoolkit.evaluation.listening.sources import Sources, choose_utterances
from svstoolkit.evaluation.listening.stimuli import Stimulus, Wanted, make_stimuli, make_tones
from svstoolkit.evaluation.metrics import FLOOR

MOST_IN_RANKING = 9  # places have keys 1 … 9
MOST_IN_MUSHRA = 12  # BS.1534-3, section 5.1
CHECKS = {"mos": ("floor", "reference"), "sig_bak": ("floor", "reference"), "cmos": ("floor", "same")}
ANSWER_SECONDS = 4.0  # to think and click, for the estimate of a session's length


@dataclass(frozen=True)
class Settings:
    """What `svs listen build` was asked for.

    utterances: how many; None: all
    trials: of each listener, besides checks and repeats; None: as many as utterances
    anchors: cut-off frequencies in Hz; None: 3500 in mushra, else none
    attribute: what mos asks, quality or naturalness
    baseline: the system the others are compared with in cmos; None: the first
    title, instructions: shown instead of the kind's own
    """

    kind: str
    utterances: int | None = None
    listeners: int = 24
    trials: int | None = None
    checks: int = 2
    repeats: int = 2
    practice: int = 3
    anchors: tuple[int, ...] | None = None
    baseline: str | None = None
    attribute: str = "quality"
    loudness: float = TARGET
    seed: int = 0
    title: str | None = None
    instructions: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Built:
    """What was built. reached: loudness, LUFS; ratings: fewest and most of a cell; minutes: of a session, estimated"""

    page: Path
    stimuli: int
    trials: int
    reached: float
    ratings: tuple[int, int]
    minutes: float


def build(sources: Sources, settings: Settings, output: Path) -> Built:
    """Makes the test in `output`; what an earlier build left there is replaced if nobody has rated it yet.

    Raises:
        InputError: the settings do not fit the systems, recordings are faulty, or `output` holds something else.
    """
    kind = kind_of(settings)
    anchors = _anchors(sources, settings)
    chosen, left = choose_utterances(sources.utterances, settings.utterances, settings.seed)
    plan = _plan(sources, settings, kind, tuple(anchors), tuple(chosen))
    sessions = [design.session(plan, listener) for listener in range(settings.listeners)]
    practice = _practice(plan, (left or chosen)[: settings.practice], settings.practice)
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
    return Built(output / PAGE, len(stimuli), len(sessions[0]), reached, counts, content["minutes"])


def kind_of(settings: Settings) -> Kind:
    """The kind with the attribute asked for."""
    kind = KINDS[settings.kind]
    return replace(kind, scales=(ATTRIBUTES[settings.attribute],)) if kind.name == "mos" else kind


def _anchors(sources: Sources, settings: Settings) -> dict[str, int]:
    cutoffs = settings.anchors
    if cutoffs is None:
        cutoffs = (LOW,) if settings.kind == "mushra" else ()
    if (cutoffs or settings.kind == "mushra") and sources.reference is None:
        raise InputError("anchors are made from the recordings, and mushra rates against them: give --reference")
    anchors = {anchor_name(cutoff): cutoff for cutoff in cutoffs}
    if taken := anchors.keys() & sources.folders.keys():
        raise InputError(f"--systems: {min(taken)} is the name of an anchor; rename the system")
    return anchors


def _plan(sources: Sources, settings: Settings, kind: Kind, anchors: tuple[str, ...], chosen: tuple[str, ...]):
    conditions = (*sources.folders, *anchors)
    baseline = None
    if kind.name == "cmos":
        baseline = settings.baseline or conditions[0]
        if baseline not in conditions:
            raise InputError(f"--baseline: there is no system {baseline}; there are {', '.join(conditions)}")
    if kind.together and len(conditions) < 2:
        raise InputError(f"{kind.name} compares systems; give at least two")
    most = {"ranking": MOST_IN_RANKING, "mushra": MOST_IN_MUSHRA}.get(kind.name)
    if most and len(conditions) > most:
        raise InputError(f"{kind.name} shows all {len(conditions)} systems at once, at most {most}; take fewer")
    if settings.listeners < 1:
        raise InputError("--listeners must be at least 1")
    rules = CHECKS.get(kind.name, ("floor",) if kind.name == "ranking" else ())
    if sources.reference is None:
        rules = tuple(r for r in rules if r != "reference")
    checks = tuple(rules[j % len(rules)] for j in range(settings.checks)) if rules else ()
    plan = design.Plan(
        conditions,
        chosen,
        len(chosen) if settings.trials is None else settings.trials,
        kind.whole,
        baseline,
        checks,
        settings.repeats,
        sources.reference,
        settings.seed,
    )
    if not 1 <= plan.trials <= plan.cells:
        raise InputError(f"--trials_per_listener {plan.trials}: there are {plan.cells} different trials")
    return plan


def _practice(plan: design.Plan, utterances: Sequence[str], number: int) -> list[design.Trial]:
    """Examples from bad to good on phrases that are not rated, where there are any."""
    trials = []
    for j in range(number):
        utterance = utterances[j % len(utterances)]
        if plan.whole:
            trials.append(design.Trial(utterance, plan.conditions))
            continue
        ladder = [c for c in (FLOOR, plan.reference or plan.conditions[0], *plan.names) if c is not None]
        ladder = list(dict.fromkeys(ladder))
        name = ladder[j % len(ladder)]
        if plan.baseline is None:
            trials.append(design.Trial(utterance, (name,)))
        else:
            other = plan.names[0] if name == plan.baseline else name
            trials.append(design.Trial(utterance, (plan.baseline, other)[:: 1 - 2 * (j % 2)]))
    return trials


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
    rounds = len(kind.scales)
    lengths = [
        sum(rounds * (sum(seconds[i] for i in t["stimuli"]) + ANSWER_SECONDS) for t in s) for s in key["sessions"]
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
