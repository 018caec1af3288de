"""The post-screening of MUSHRA's listeners, ITU-R BS.1534-3, section 4.1.2."""

import numpy as np

from svstoolkit.evaluation.listening.anchor import MID, anchor_name
from svstoolkit.evaluation.listening.design import TEST
from svstoolkit.evaluation.listening.key import Key
from svstoolkit.evaluation.listening.ratings import Listener

HIDDEN_REFERENCE, HIDDEN_SHARE = 90, 0.15
UNDEGRADED_SHARE = 0.25


def undegraded_items(listeners: list[Listener], key: Key) -> frozenset[str]:
    """Utterances whose 7 kHz anchor more than a quarter of the listeners rated above 90: they have nothing up there
    to lose, and nobody is excluded for it."""
    high: dict[str, list[bool]] = {}
    for listener in listeners if key.kind.name == "mushra" and anchor_name(MID) in key.anchors else ():
        for trial, rated in _rated(listener, key):
            high.setdefault(trial["utterance"], []).append(rated[anchor_name(MID)] > HIDDEN_REFERENCE)
    return frozenset(item for item, votes in high.items() if np.mean(votes) > UNDEGRADED_SHARE)


def _rated(listener: Listener, key: Key) -> list[tuple[dict, dict[str, int]]]:
    """Of every test trial the trial and condition → score."""
    trials = key.sessions[listener.session - 1]
    return [
        (trials[a.trial], dict(zip(trials[a.trial]["conditions"], a.values, strict=True)))
        for a in listener.answers
        if trials[a.trial]["role"] == TEST
    ]


def post_screening(listener: Listener, key: Key, undegraded: frozenset[str]) -> str | None:
    """Why a listener is excluded, None if not: the hidden reference below 90, or the mid anchor above 90, in more than
    15 % of the items; `undegraded` items are left out of the second."""
    if key.kind.name != "mushra":
        return None
    rated = _rated(listener, key)
    missed = sum(scores[key.reference] < HIDDEN_REFERENCE for _, scores in rated)
    if missed > HIDDEN_SHARE * len(rated):
        return f"rated the hidden reference below {HIDDEN_REFERENCE} in {missed} of {len(rated)} trials"
    mid = [scores.get(anchor_name(MID), 0) for trial, scores in rated if trial["utterance"] not in undegraded]
    fooled = sum(score > HIDDEN_REFERENCE for score in mid)
    if fooled > HIDDEN_SHARE * len(mid):
        return f"rated the 7 kHz anchor above {HIDDEN_REFERENCE} in {fooled} of {len(mid)} trials"
    return None
