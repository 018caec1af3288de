"""Which listeners are believed: stated rules, and for everybody rejected the rules they broke."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from svstoolkit.evaluation.listening.design import CHECK, REPEAT, TEST
from svstoolkit.evaluation.listening.key import Key
from svstoolkit.evaluation.listening.post_screening import (
    HIDDEN_REFERENCE,
    HIDDEN_SHARE,
    post_screening,
    undegraded_items,
)
from svstoolkit.evaluation.listening.ratings import Answer, Listener
from svstoolkit.evaluation.metrics import FLOOR

FEWEST_FOR_FLAT = 6  # answers below which sameness says nothing
MARGIN = 0.25  # s of a stimulus that browsers may not report as played


@dataclass(frozen=True)
class Rules:
    """When a listener is rejected.

    failed_checks: more than this share of the attention checks failed
    same: more than this share of at least 6 answers is one and the same; “about the same” is not counted, since it is
        what an attentive listener says of two equal systems
    repeat_difference: the mean difference of repeated answers is larger; None: the kind's
    completed: a smaller share of the trials was answered
    post_screening: mushra, BS.1534-3 section 4.1.2: the hidden reference below 90, or the 7 kHz anchor above 90, in
        more than 15 % of the trials; see `post_screening`
    """

    failed_checks: float = 0.25
    same: float = 0.9
    repeat_difference: float | None = None
    completed: float = 0.5
    post_screening: bool = True

    def stated(self, key: Key) -> list[str]:
        """The rules in words, as they apply to this test."""
        kind = key.kind
        limit = self.limit(key)
        words = [
            f"answered fewer than {100 * self.completed:g} % of the trials",
            "rated a stimulus before it was played to its end",
            f"failed more than {100 * self.failed_checks:g} % of the attention checks",
            f"gave one answer in more than {100 * self.same:g} % of at least {FEWEST_FOR_FLAT} trials"
            + (" (“about the same” not counted)" if kind.name == "cmos" else ""),
            f"differed in repeated trials by more than {limit:g} on average"
            + (" (share of pairs in the other order)" if kind.name == "ranking" else ""),
        ]
        if kind.name == "mushra" and self.post_screening:
            words.append(
                f"rated the hidden reference below {HIDDEN_REFERENCE}, or a 7 kHz anchor above it, in more than "
                f"{100 * HIDDEN_SHARE:g} % of the trials (ITU-R BS.1534-3, section 4.1.2)"
            )
        return words

    def limit(self, key: Key) -> float:
        return key.kind.max_repeat_difference if self.repeat_difference is None else self.repeat_difference


@dataclass(frozen=True)
class Rejected:
    """A listener whose ratings do not count, and every rule broken."""

    listener: str
    file: str
    reasons: tuple[str, ...]


def screen(listeners: list[Listener], key: Key, rules: Rules) -> tuple[list[Listener], list[Rejected]]:
    """Those who are believed, and those who are not."""
    kept, rejected = [], []
    undegraded = undegraded_items(listeners, key)
    for listener in listeners:
        reasons = broken_rules(listener, key, rules, undegraded)
        if reasons:
            rejected.append(Rejected(listener.name, listener.file, tuple(reasons)))
        else:
            kept.append(listener)
    return kept, rejected


def broken_rules(listener: Listener, key: Key, rules: Rules, undegraded: frozenset[str] = frozenset()) -> list[str]:
    """The rules a listener broke, in words with figures. undegraded: see `undegraded_items`"""
    trials = key.sessions[listener.session - 1]
    answers = {answer.trial: answer for answer in listener.answers}
    found = (
        _incomplete(answers, trials, rules),
        _unheard(answers, trials, key),
        _inattentive(answers, trials, key, rules),
        _flat(answers, trials, key, rules),
        _inconsistent(answers, trials, key, rules),
        post_screening(listener, key, undegraded) if rules.post_screening else None,
    )
    return [reason for reason in found if reason]


def _incomplete(answers: dict[int, Answer], trials: tuple[dict, ...], rules: Rules) -> str | None:
    if answers and len(answers) >= rules.completed * len(trials):
        return None
    return f"answered {len(answers)} of {len(trials)} trials"


def _unheard(answers: dict[int, Answer], trials: tuple[dict, ...], key: Key) -> str | None:
    def possible(answer: Answer) -> bool:
        seconds = sum(max(0.0, key.seconds[i] - MARGIN) for i in trials[answer.trial]["stimuli"])
        return all(answer.heard) and answer.seconds >= len(key.kind.scales) * seconds

    count = sum(not possible(answer) for answer in answers.values())
    return f"rated before the stimuli were played to their end in {count} trials" if count else None


def _inattentive(answers: dict[int, Answer], trials: tuple[dict, ...], key: Key, rules: Rules) -> str | None:
    checks = [passes(trials[i], answer.values, key) for i, answer in answers.items() if trials[i]["role"] == CHECK]
    failed = checks.count(False)
    return f"failed {failed} of {len(checks)} attention checks" if failed > rules.failed_checks * len(checks) else None


def passes(trial: dict, values: tuple[int, ...], key: Key) -> bool:
    """Whether an attention check was answered as anybody who listens would.

    Noise: opinion at most 2 (of both together, in sig_bak), last in a ranking, at least “better” for the other side of
    a comparison. Recording: opinion at least 4. Twice the same: at most “slightly better”.
    """
    if key.kind.name == "ranking":
        return values[trial["conditions"].index(FLOOR)] == len(values)
    if key.kind.name == "cmos":
        if trial["rule"] != FLOOR:
            return abs(values[0]) <= 1
        return values[0] * (1 if trial["conditions"][0] == FLOOR else -1) >= 2
    return values[-1] <= 2 if trial["rule"] == FLOOR else values[-1] >= 4


def _flat(answers: dict[int, Answer], trials: tuple[dict, ...], key: Key, rules: Rules) -> str | None:
    given = [answer.values for i, answer in answers.items() if trials[i]["role"] == TEST]
    if key.kind.name == "mushra":
        given = [(value,) for values in given for value in values]
    counts = Counter(given)
    if key.kind.name == "cmos":
        counts.pop((0,), None)
    if len(given) < FEWEST_FOR_FLAT or not counts:
        return None
    values, most = counts.most_common(1)[0]
    if most <= rules.same * len(given):
        return None
    return f"gave the answer {', '.join(map(str, values))} in {most} of {len(given)} ratings"


def _inconsistent(answers: dict[int, Answer], trials: tuple[dict, ...], key: Key, rules: Rules) -> str | None:
    differences = [
        difference(trials[i], answer.values, trials[trials[i]["of"]], answers[trials[i]["of"]].values, key)
        for i, answer in answers.items()
        if trials[i]["role"] == REPEAT and trials[i]["of"] in answers
    ]
    if not differences or np.mean(differences) <= rules.limit(key):
        return None
    return f"differed by {np.mean(differences):.2f} on average in {len(differences)} repeated trials"


def difference(trial: dict, values: tuple, other_trial: dict, other_values: tuple, key: Key) -> float:
    """How far two answers to the same stimuli are apart: mean absolute difference; in rankings the share of pairs in
    the other order (Kendall's distance)."""
    if not key.kind.per_stimulus:
        turned = trial["conditions"] != other_trial["conditions"]  # the sides of a comparison are swapped
        other = -np.array(other_values) if turned else np.array(other_values)
        return float(np.mean(np.abs(np.array(values) - other)))
    one = dict(zip(trial["conditions"], values, strict=True))
    two = dict(zip(other_trial["conditions"], other_values, strict=True))
    first, second = np.array([(one[c], two[c]) for c in one], dtype=np.float64).T
    if key.kind.name != "ranking":
        return float(np.mean(np.abs(first - second)))
    pairs = np.triu_indices(len(first), 1)
    opposite = np.subtract.outer(first, first)[pairs] * np.subtract.outer(second, second)[pairs] < 0
    return float(np.mean(opposite))
