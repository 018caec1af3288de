"""Answers as ratings of systems: one row each."""

from dataclasses import dataclass

from svstoolkit.evaluation.listening.key import Key
from svstoolkit.evaluation.listening.ratings import Listener


@dataclass(frozen=True)
class Rating:
    """One rating of one system, oriented so that it is the system's: in comparisons positive = better than baseline."""

    listener: str
    session: int
    trial: int
    role: str
    utterance: str
    system: str
    scale: str
    value: int
    accepted: bool


def ratings_of(listener: Listener, key: Key, accepted: bool) -> list[Rating]:
    """A listener's ratings, one by one."""
    trials = key.sessions[listener.session - 1]
    found = []
    for answer in listener.answers:
        trial = trials[answer.trial]
        about = (listener.name, listener.session, answer.trial, trial["role"], trial["utterance"])
        conditions, scales = trial["conditions"], key.scales
        if key.kind.per_stimulus:
            pairs = [(c, scales[0]["name"], v) for c, v in zip(conditions, answer.values, strict=True)]
        elif key.kind.name == "cmos":
            side = 0 if conditions[1] == key.baseline else 1  # which of the two is not the baseline
            pairs = [(conditions[side], scales[0]["name"], answer.values[0] * (1 if side else -1))]
        else:
            pairs = [(conditions[0], s["name"], v) for s, v in zip(scales, answer.values, strict=True)]
        found += [Rating(*about, system, scale, value, accepted) for system, scale, value in pairs]
    return found
