"""From what was asked for to a plan: which conditions, trials, checks and examples a test has."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from svstoolkit.errors import InputError
from svstoolkit.evaluation.listening import design
from svstoolkit.evaluation.listening.anchor import LOW, MID, anchor_name
from svstoolkit.evaluation.listening.kinds import ATTRIBUTES, KINDS, Kind
from svstoolkit.evaluation.listening.loudness import TARGET
from svstoolkit.evaluation.listening.sources import Sources
from svstoolkit.evaluation.metrics import FLOOR

MOST_IN_RANKING = 9  # places have keys 1 … 9
MOST_IN_MUSHRA = 12  # BS.1534-3, section 5.3
CHECKS = {"mos": ("floor", "reference"), "sig_bak": ("floor", "reference"), "cmos": ("floor", "same")}


@dataclass(frozen=True)
class Settings:
    """What `svs listen build` was asked for.

    utterances: how many; None: all
    trials: of each listener, besides checks and repeats; None: as many as utterances
    anchors: cut-off frequencies in Hz; None: 3500 and 7000 in mushra, else none
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


def kind_of(settings: Settings) -> Kind:
    """The kind with the attribute asked for."""
    kind = KINDS[settings.kind]
    return replace(kind, scales=(ATTRIBUTES[settings.attribute],)) if kind.name == "mos" else kind


def anchors_of(sources: Sources, settings: Settings) -> dict[str, int]:
    """Name → cut-off in Hz.

    Raises:
        InputError: there is no recording to make them from, or a system has the name of one.
    """
    cutoffs = settings.anchors
    if cutoffs is None:
        cutoffs = (LOW, MID) if settings.kind == "mushra" else ()
    if (cutoffs or settings.kind == "mushra") and sources.reference is None:
        raise InputError("anchors are made from the recordings, and mushra rates against them: give --reference")
    anchors = {anchor_name(cutoff): cutoff for cutoff in cutoffs}
    if taken := anchors.keys() & sources.files.keys():
        raise InputError(f"--systems: {min(taken)} is the name of an anchor; rename the system")
    return anchors


def plan_of(
    sources: Sources, settings: Settings, kind: Kind, anchors: tuple[str, ...], chosen: tuple[str, ...]
) -> design.Plan:
    conditions = (*sources.files, *anchors)
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
        tuple(chosen),
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


def practice_of(plan: design.Plan, utterances: Sequence[str], number: int) -> list[design.Trial]:
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
