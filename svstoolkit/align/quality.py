"""How suspicious each utterance's labels are, from what can be known without a truth.

Everything is measured in robust standard deviations (1.4826 times the median absolute deviation from the median;
Rousseeuw and Croux 1993, section 1) against the rest of the corpus, so that a few bad labels do not hide themselves.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from svstoolkit.align.quality_sounds import (
    CONSONANT,
    LOUD_ABOVE,
    REST,
    SILENT_BELOW,
    VOWEL,
    LabelledUtterance,
    Sounds,
    sounds_of,
)
from svstoolkit.score.song import PAUSE

Z_FREE, Z_MOST = 3.0, 15.0  # robust standard deviations that are nothing unusual, and that count at most
ENOUGH = 8  # values a median and a spread of their own are taken of; of fewer, those of the larger group
LEAST_PLACE = 0.015  # s; spread of places and jitter of boundaries below which nothing is said to be far
LEAST_OFFSET = 0.02  # s
LEAST_LOG_DURATION = 0.15
LEAST_SILENCE = 0.02  # s

MEASURES = {  # title, meaning; the spreads they are divided by are at least the LEAST_… above
    "likelihood": (
        "Low likelihood",
        "log likelihood per frame, against the utterances of the same singer; high values do not count",
    ),
    "place": (
        "Vowel far from its note",
        "start of the vowel minus the note’s, the utterance’s median taken off, over a spread of at least "
        f"{1000 * LEAST_PLACE:.0f} ms; the syllable farthest off counts",
    ),
    "offset": (
        "Early or late as a whole",
        f"that median, against those of the same singer, over a spread of at least {1000 * LEAST_OFFSET:.0f} ms",
    ),
    "duration": (
        "Implausible duration",
        "logarithm of the duration (vowels and rests: divided by the score’s) against the same phone’s elsewhere, over "
        f"a spread of at least {100 * LEAST_LOG_DURATION:.0f} % and {1000 * LEAST_PLACE:.0f} ms; the phone farthest "
        "off counts, silence at both ends of a recording does not",
    ),
    "silence": (
        "Vowel on silence",
        f"time in vowels that is {SILENT_BELOW:.0f} dB or more below the recording’s loud parts (its 95th percentile; "
        "less in noisy recordings), against the other utterances, over a spread of at least "
        f"{1000 * LEAST_SILENCE:.0f} ms",
    ),
    "voice": (
        "Voice in a pause",
        f"time in pauses (SP) that is less than {LOUD_ABOVE:.0f} dB below the loud parts, measured likewise",
    ),
}
UNITS = {
    "likelihood": "log likelihood per frame",
    "place": "ms after the note, per syllable",
    "offset": "ms after the notes, per utterance",
    "duration": "times the plausible duration, per sound",
    "silence": "ms per utterance",
    "voice": "ms per utterance",
}


@dataclass(frozen=True)
class Finding:
    """Something suspicious: `z` robust standard deviations from the usual.

    phone: index of the first phone concerned, None for the utterance as a whole; text: what is wrong, for people
    """

    measure: str
    z: float
    text: str
    phone: int | None = None


@dataclass
class Quality:
    """z: robust standard deviations by measure; findings: those above Z_FREE, worst first; suspicion: see `rank`.

    values: what was measured, by measure and in its own unit (UNITS), of the utterance or of all its sounds
    """

    utterance: LabelledUtterance
    suspicion: float = 0.0
    z: dict[str, float] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    values: dict[str, list[float]] = field(default_factory=dict)


def rank(utterances: Sequence[LabelledUtterance]) -> list[Quality]:
    """The utterances with their suspicion, most suspicious first.

    suspicion = Σ over MEASURES of min(Z_MOST, max(0, z − Z_FREE)): every measure adds what its worst value lies
    beyond three robust standard deviations, and none can outweigh all others.
    """
    if not utterances:
        return []
    sounds = sounds_of(utterances)
    qualities = [Quality(u) for u in utterances]
    _likelihood(qualities)
    _places(qualities, sounds)
    _durations(qualities, sounds)
    _levels(qualities, sounds)
    for quality in qualities:
        if quality.utterance.fault:
            quality.findings.append(Finding("unreadable", Z_MOST + Z_FREE, quality.utterance.fault))
            quality.z["unreadable"] = Z_MOST + Z_FREE
        quality.suspicion = float(sum(min(Z_MOST, max(0.0, z - Z_FREE)) for z in quality.z.values()))
        quality.findings.sort(key=lambda finding: -finding.z)
    return sorted(qualities, key=lambda quality: (-quality.suspicion, quality.utterance.id))


def centre_and_spread(values: np.ndarray) -> tuple[float, float]:
    """Median and 1.4826 · MAD of (N,) values; NaN are left out, of none it is (0, 0)."""
    values = values[np.isfinite(values)]
    if not len(values):
        return 0.0, 0.0
    centre = float(np.median(values))
    return centre, float(1.4826 * np.median(np.abs(values - centre)))


def grouped(values: np.ndarray, group: np.ndarray, larger: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Centre and spread (N,) of each value's group.

    Args:
        values: (N,), NaN = unknown
        group: (N,) names or numbers; a group with fewer than ENOUGH values is measured with its larger one
        larger: (N,) groups of those that are too small, default: all
    """
    centre, spread = np.empty(len(values)), np.empty(len(values))
    whole = np.zeros(len(values), dtype=np.int64) if larger is None else larger
    for name in np.unique(whole):
        members = whole == name
        centre[members], spread[members] = centre_and_spread(values[members])
    names, index, counts = np.unique(group[np.isfinite(values)], return_inverse=True, return_counts=True)
    finite = np.flatnonzero(np.isfinite(values))
    order = finite[np.argsort(index, kind="stable")]
    for name, part in zip(names, np.split(order, np.cumsum(counts)[:-1]), strict=True):
        if len(part) >= ENOUGH:
            members = group == name
            centre[members], spread[members] = centre_and_spread(values[part])
    return centre, spread


def _likelihood(qualities: Sequence[Quality]) -> None:
    scores = np.array([np.nan if q.utterance.likelihood is None else q.utterance.likelihood for q in qualities])
    if np.isfinite(scores).sum() < ENOUGH:
        return
    centre, spread = grouped(scores, np.array([q.utterance.singer for q in qualities]))
    for quality, score, usual, width in zip(qualities, scores, centre, spread, strict=True):
        if np.isfinite(score):
            quality.values["likelihood"] = [float(score)]
            text = f"log likelihood per frame {score:.2f}, usual is {usual:.2f}"
            _note(quality, Finding("likelihood", float((usual - score) / max(width, 1e-6)), text))


def _places(qualities: Sequence[Quality], sounds: Sounds) -> None:
    anchored = np.flatnonzero(sounds.anchored)
    late = sounds.start[anchored] - sounds.score_start[anchored]
    of = sounds.utterance[anchored]
    singers = np.array([q.utterance.singer for q in qualities])
    medians = np.full(len(qualities), np.nan)
    for number, part in _parts(late, of, len(qualities)):
        medians[number] = np.median(part) if len(part) else np.nan
    usual, width = grouped(medians, singers)
    enough = np.bincount(of, minlength=len(qualities)) >= 3
    for quality, median, centre, spread in zip(qualities, medians, usual, width, strict=True):
        if np.isfinite(median):
            quality.values["offset"] = [1000 * float(median)]
            off = median - centre
            text = f"vowels {_milliseconds(median)} their notes, {_milliseconds(centre)} is usual"
            _note(quality, Finding("offset", float(abs(off) / max(spread, LEAST_OFFSET)), text))
    own = late - np.where(enough, medians, usual)[of]
    z = np.abs(own) / max(centre_and_spread(own)[1], LEAST_PLACE)
    for number, part in _parts(1000 * own, of, len(qualities)):
        qualities[number].values["place"] = part.tolist()
    for k, i in enumerate(anchored):
        text = f"{sounds.phone[i]} {_milliseconds(own[k])} its note"
        _note(qualities[of[k]], Finding("place", float(z[k]), text, int(sounds.first_phone[i])))


def _durations(qualities: Sequence[Quality], sounds: Sounds) -> None:
    seconds = np.maximum(sounds.end - sounds.start, 1e-3)
    written = np.maximum(sounds.score_end - sounds.score_start, 1e-3)
    relative = sounds.kind != CONSONANT
    log = np.log(np.where(relative, seconds / written, seconds))
    log[(sounds.kind == REST) & sounds.outermost] = np.nan  # a recording may start and end with any silence
    centre, spread = grouped(log, sounds.phone, sounds.kind)
    usual = np.where(np.isfinite(log), np.exp(centre) * np.where(relative, written, 1.0), np.nan)
    jitter = LEAST_PLACE / np.maximum(usual, 0.02)
    z = np.abs(log - centre) / np.hypot(np.maximum(spread, LEAST_LOG_DURATION), jitter)
    for number, part in _parts(seconds / usual, sounds.utterance, len(qualities)):
        qualities[number].values["duration"] = part[np.isfinite(part)].tolist()
    for i in np.flatnonzero(np.isfinite(z)):
        text = f"{sounds.phone[i]} lasts {1000 * seconds[i]:.0f} ms, plausible are {1000 * usual[i]:.0f} ms"
        _note(qualities[sounds.utterance[i]], Finding("duration", float(z[i]), text, int(sounds.first_phone[i])))


def _levels(qualities: Sequence[Quality], sounds: Sounds) -> None:
    """Silence below vowels and voice in pauses, in seconds per utterance."""
    for measure, seconds, where, what in (
        ("silence", sounds.silent, sounds.kind == VOWEL, "silence"),
        ("voice", sounds.loud, sounds.phone == PAUSE, "voice"),
    ):
        chosen = np.flatnonzero(where)
        total = np.bincount(sounds.utterance[chosen], seconds[chosen], minlength=len(qualities))
        usual, width = centre_and_spread(total)
        for number, part in _parts(chosen, sounds.utterance[chosen], len(qualities)):
            qualities[number].values[measure] = [1000 * float(total[number])]
            if len(part):
                worst = part[np.argmax(seconds[part])]
                text = f"{1000 * seconds[worst]:.0f} ms of {what} in {sounds.phone[worst]}"
                z = float((total[number] - usual) / max(width, LEAST_SILENCE))
                _note(qualities[number], Finding(measure, z, text, int(sounds.first_phone[worst])))


def _parts(values: np.ndarray, group: np.ndarray, count: int) -> enumerate:
    """(number, values of that group) for groups 0 … count−1; `group` (N,) ascends."""
    return enumerate(np.split(values, np.cumsum(np.bincount(group, minlength=count))[:-1]))


def _note(quality: Quality, finding: Finding) -> None:
    quality.z[finding.measure] = max(quality.z.get(finding.measure, 0.0), finding.z)
    if finding.z > Z_FREE:
        quality.findings.append(finding)


def _milliseconds(seconds: float) -> str:
    return f"{1000 * abs(seconds):.0f} ms {'after' if seconds > 0 else 'before'}"
