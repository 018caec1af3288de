"""Ratings as the page saves them: one JSON file per listener, believed only where it fits the key."""

import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from svstoolkit.evaluation.listening.key import RATINGS_FORMAT, Key
from svstoolkit.evaluation.listening.kinds import Kind

TOKEN = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Answer:
    """One answered trial. heard: of each stimulus, whether to its end; seconds: from its showing to the answer"""

    trial: int
    values: tuple[int, ...]
    heard: tuple[bool, ...]
    seconds: float


@dataclass(frozen=True)
class Listener:
    """One listener's answers. session: listener number, from 1; token: tells two listeners of one number apart"""

    session: int
    token: str
    file: str
    finished: bool
    answers: tuple[Answer, ...]
    comment: str

    @property
    def name(self) -> str:
        return f"{self.session}:{self.token[:8]}"


@dataclass(frozen=True)
class Problem:
    """A file, or one answer in it, that was set aside, or that the reader should know of, and why."""

    file: str
    reason: str


def parse(content: Any, key: Key, file: str = "") -> tuple[Listener, list[Problem]]:
    """The answers of one file.

    Returns:
        the listener with the answers that are well formed; the others as problems

    Raises:
        ValueError: the whole is not this test's ratings.
    """
    if not isinstance(content, dict) or content.get("format") != RATINGS_FORMAT:
        raise ValueError("is not a file of ratings")
    if content.get("test") != key.test:
        raise ValueError(f"belongs to another test ({content.get('test')!r}, not {key.test!r})")
    number, token = content.get("session"), content.get("token")
    if not _whole(number) or not 1 <= number <= len(key.sessions):
        raise ValueError(f"has the unknown session {number!r}")
    if not isinstance(token, str) or not TOKEN.fullmatch(token):
        raise ValueError("has a malformed token")
    if not isinstance(content.get("answers"), list):
        raise ValueError("has no list of answers")
    answers: dict[int, Answer] = {}
    problems = []
    for place, item in enumerate(content["answers"]):
        try:
            answer = _answer(item, key, key.sessions[number - 1])
            if answer.trial in answers:
                raise ValueError(f"answers trial {answer.trial} a second time")
            answers[answer.trial] = answer
        except ValueError as error:
            problems.append(Problem(file, f"answer {place} {error}"))
    in_order = tuple(answers[trial] for trial in sorted(answers))
    finished = isinstance(content.get("finished"), str)
    return Listener(number, token, file, finished, in_order, str(content.get("comment") or "")), problems


def _answer(item: Any, key: Key, trials: tuple[dict, ...]) -> Answer:
    if not isinstance(item, dict) or not _whole(item.get("trial")) or not 0 <= item["trial"] < len(trials):
        raise ValueError("is of no trial of its session")
    n_stimuli = len(trials[item["trial"]]["stimuli"])
    values, heard, seconds = item.get("values"), item.get("heard"), item.get("seconds")
    if reason := fault(values, key.kind, n_stimuli):
        raise ValueError(reason)
    if not isinstance(heard, list) or len(heard) != n_stimuli or not all(isinstance(x, bool) for x in heard):
        raise ValueError("does not say what was heard")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not math.isfinite(seconds) or seconds < 0:
        raise ValueError("does not say how long it took")
    return Answer(item["trial"], tuple(values), tuple(heard), float(seconds))


def fault(values: Any, kind: Kind, n_stimuli: int) -> str | None:
    """What is wrong with the values of one answer, None if nothing."""
    if not isinstance(values, list) or len(values) != kind.n_values(n_stimuli) or not all(map(_whole, values)):
        return f"has no {kind.n_values(n_stimuli)} whole numbers"
    if kind.name == "ranking":
        return None if sorted(values) == list(range(1, n_stimuli + 1)) else f"is no order of {n_stimuli}: {values}"
    outside = [v for v in values if not kind.lowest <= v <= kind.highest]
    return f"has {outside[0]}, not in {kind.lowest} … {kind.highest}" if outside else None


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def read_ratings(paths: Iterable[Path], key: Key) -> tuple[list[Listener], list[Problem]]:
    """All listeners in files and folders of files (`*.json`), and everything that is wrong with them.

    Of several files of one listener, as when answers were both sent and downloaded, the one with most answers counts.
    Two listeners with one number are both kept, and said.
    """
    files = sorted({f for path in paths for f in (sorted(path.glob("*.json")) if path.is_dir() else [path])})
    found: dict[tuple[int, str], tuple[Listener, list[Problem]]] = {}
    problems = []
    for file in files:
        try:
            listener, faults = parse(json.loads(file.read_text(encoding="utf-8")), key, str(file))
        except OSError as error:
            problems.append(Problem(str(file), f"cannot be read ({error.strerror})"))
            continue
        except RecursionError:
            problems.append(Problem(str(file), "is not JSON (nested too deeply)"))
            continue
        except ValueError as error:
            reason = f"is not JSON ({error})" if isinstance(error, json.JSONDecodeError | UnicodeError) else str(error)
            problems.append(Problem(str(file), reason))
            continue
        who = listener.session, listener.token
        if who in found:
            more, less = (listener, found[who][0])
            if len(more.answers) <= len(less.answers):
                more, less, faults = less, more, found[who][1]
            problems.append(Problem(less.file, f"is the listener of {more.file}, which has as many answers or more"))
            listener = more
        found[who] = listener, faults
    listeners = [listener for listener, _ in found.values()]
    problems += [problem for _, faults in found.values() for problem in faults]
    first: dict[int, Listener] = {}
    for listener in listeners:
        if (other := first.setdefault(listener.session, listener)) is not listener:
            reason = f"has the listener number {listener.session} of {other.file}; both are kept"
            problems.append(Problem(listener.file, reason))
    return sorted(listeners, key=lambda x: (x.session, x.token)), problems
