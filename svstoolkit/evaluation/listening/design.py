"""Who hears what, in which order: balanced sessions from a seed.

A session belongs to a listener number. Numbers are taken one after another, and whatever number is reached, every
presentation has been heard equally often, give or take one.
"""

from dataclasses import dataclass, field
from math import lcm

import numpy as np

from svstoolkit.evaluation.metrics import FLOOR

TEST, REPEAT, CHECK = "test", "repeat", "check"
SETTLING = 2  # trials at the start without checks and repeats: listeners still find their scale


@dataclass(frozen=True)
class Trial:
    """One presentation. conditions: in the order shown; of: index of the trial a repeat repeats; rule: of a check"""

    utterance: str
    conditions: tuple[str, ...]
    role: str = TEST
    of: int | None = None
    rule: str | None = None


@dataclass(frozen=True)
class Plan:
    """What sessions are made of.

    single: conditions heard one at a time, or, with `baseline`, each against it
    whole: all conditions of an utterance in one trial
    checks: rules of the attention checks of a session; see `screening.CHECK_RULES`
    """

    conditions: tuple[str, ...]
    utterances: tuple[str, ...]
    trials: int
    whole: bool = False
    baseline: str | None = None
    checks: tuple[str, ...] = ()
    repeats: int = 0
    reference: str | None = None
    seed: int = 0
    names: tuple[str, ...] = field(init=False)

    def __post_init__(self):
        object.__setattr__(self, "names", tuple(c for c in self.conditions if c != self.baseline))

    @property
    def cells(self) -> int:
        """Number of different trials there are."""
        return len(self.utterances) * (1 if self.whole else len(self.names))


def session(plan: Plan, listener: int) -> list[Trial]:
    """The trials of listener number `listener` = 0, 1, …, in the order heard.

    Trials are dealt from one sequence, `plan.trials` to each listener, in which trial k = 0 … S·U − 1 is utterance
    k mod U under system (k + ⌊k / lcm(S, U)⌋) mod S, both permuted by the seed, and which then begins again: any U
    trials in a row have every utterance once (a row of a Latin square), any S in a row have every system (but where
    the second term steps), and S·U in a row have every pair of them. Of a comparison's two sides, the system takes A
    and B in a chequered pattern, and the other side the next time round. Where a trial has all conditions, they stand
    in a rotated order, so that each stands in each place equally often.
    """
    shuffle = np.random.default_rng([plan.seed, 0])
    utterances = [plan.utterances[i] for i in shuffle.permutation(len(plan.utterances))]
    names = [plan.names[i] for i in shuffle.permutation(len(plan.names))]
    numbers = range(listener * plan.trials, (listener + 1) * plan.trials)
    dealt = [_trial(k, plan, utterances, names) for k in numbers]
    own = np.random.default_rng([plan.seed, 1, listener])
    return _with_extras(_in_order(dealt, plan, own), plan, listener, own)


def _trial(k: int, plan: Plan, utterances: list[str], names: list[str]) -> Trial:
    n_utterances, n_names = len(utterances), len(names)
    turn, k_of_turn = divmod(k, plan.cells)
    utterance = utterances[k % n_utterances]
    if plan.whole:
        block = np.random.default_rng([plan.seed, 2, k // n_names]).permutation(n_names)
        return Trial(utterance, tuple(names[i] for i in np.roll(block, k % n_names)))
    index = (k_of_turn + k_of_turn // lcm(n_names, n_utterances)) % n_names
    if plan.baseline is None:
        return Trial(utterance, (names[index],))
    swapped = (index + k_of_turn // n_names + turn) % 2
    pair = (plan.baseline, names[index])
    return Trial(utterance, pair[::-1] if swapped else pair)


def _in_order(trials: list[Trial], plan: Plan, random: np.random.Generator) -> list[Trial]:
    """Shuffled so that no system and no utterance is heard twice in a row where that can be had."""
    rest = [trials[i] for i in random.permutation(len(trials))]
    ordered: list[Trial] = []
    while rest:
        last = ordered[-1] if ordered else None
        counts = {c: sum(_subject(t, plan) == c for t in rest) for c in dict.fromkeys(_subject(t, plan) for t in rest)}
        most = max(counts, key=counts.get)
        fresh = [t for t in rest if last is None or (t.utterance != last.utterance and not _same(t, last, plan))]
        if 2 * counts[most] > len(rest) and (last is None or _subject(last, plan) != most):
            fresh = [t for t in fresh if _subject(t, plan) == most] or fresh  # else it would be left over at the end
        fresh = fresh or [t for t in rest if not _same(t, last, plan)] or rest
        ordered.append(fresh[0])
        rest.remove(fresh[0])
    return ordered


def _subject(trial: Trial, plan: Plan) -> str | None:
    """The system a trial is about; None where it is about all."""
    return None if plan.whole else next(c for c in trial.conditions if c != plan.baseline)


def _same(one: Trial, other: Trial, plan: Plan) -> bool:
    return not plan.whole and _subject(one, plan) == _subject(other, plan)


def _with_extras(trials: list[Trial], plan: Plan, listener: int, random: np.random.Generator) -> list[Trial]:
    """Adds checks, spread over the session, and repeats of early trials towards its end."""
    first = min(SETTLING, len(trials))
    early = np.arange(len(trials) // 2 if len(trials) > 3 else len(trials))
    repeated = [trials[i] for i in random.permutation(early)[: plan.repeats]]
    extras: list[tuple[float, Trial]] = []
    for j, original in enumerate(repeated):
        order = original.conditions[::-1] if plan.baseline else original.conditions
        if plan.whole:
            order = tuple(order[i] for i in random.permutation(len(order)))
        place = len(trials) - (len(trials) - len(early)) * j / (2 * len(repeated))
        extras.append((place, Trial(original.utterance, order, REPEAT, of=trials.index(original))))
    for j, rule in enumerate(plan.checks):
        place = first + (len(trials) - first) * (j + random.random()) / len(plan.checks)
        extras.append((place, _check(rule, plan, listener + j, random)))
    merged = sorted([*((i, i, t) for i, t in enumerate(trials)), *((p, -1, t) for p, t in extras)], key=lambda x: x[0])
    index = {i: place for place, (_, i, t) in enumerate(merged) if t.role == TEST}
    return [t if t.of is None else Trial(t.utterance, t.conditions, t.role, index[t.of], t.rule) for _, _, t in merged]


def _check(rule: str, plan: Plan, turn: int, random: np.random.Generator) -> Trial:
    """A trial whose answer is known: the floor (noise), the reference, or, in comparisons, twice the same."""
    utterance = plan.utterances[int(random.integers(len(plan.utterances)))]
    known = plan.baseline or plan.reference or plan.conditions[0]
    if plan.whole:
        order = [plan.conditions[i] for i in random.permutation(len(plan.conditions))]
        order[order.index(next(c for c in order if c != plan.reference))] = FLOOR
        return Trial(utterance, tuple(order), CHECK, rule=rule)
    if plan.baseline is None:
        return Trial(utterance, (FLOOR if rule == FLOOR else known,), CHECK, rule=rule)
    pair = (known, FLOOR if rule == FLOOR else known)
    return Trial(utterance, pair if turn % 2 else pair[::-1], CHECK, rule=rule)
