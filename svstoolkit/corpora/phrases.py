"""A long recording → phrases: cut in its rests, the score, the labels and the audio at the same moments."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import floor

from svstoolkit.data.directory import Label
from svstoolkit.score.song import PAUSE, Note, Song

LEAST_NOTE = 0.02  # s that a cut must leave of the note it shortens
SHORT, LONG = 10.0, 1000.0  # costs of a phrase of no length at all, and of one twice as long as it may be
CONSONANTS = 0.12  # s before a note that its consonants may take, where no label tells


@dataclass(frozen=True)
class Phrase:
    """A stretch of a recording.

    start, end: seconds in the recording
    song: its score, from 0 to `end - start`
    label: its phones' times, from 0 to `end - start`; None if the recording has none
    first: index of its first note in the whole score
    """

    start: float
    end: float
    song: Song
    label: Label | None = None
    first: int = 0


@dataclass(frozen=True)
class _Cut:
    """A place to cut: the phrase before ends with note `note` at `end`, the next begins with `following` at `start`."""

    note: int
    end: float
    following: int
    start: float
    rest: float  # s of the rest


def cut_phrases(
    song: Song,
    label: Label | None = None,
    *,
    min_rest: float = 0.2,
    margin: float = 0.3,
    shortest: float = 2.0,
    longest: float = 15.0,
) -> list[Phrase]:
    """Cuts a song at its rests.

    A cut lies inside a pause (SP) both of the score and of the label; up to `margin` of the pause stays with the
    phrase before it and as much with the phrase after, what is left over belongs to none. A breath (AP) belongs to
    the phrase that it begins, and is cut before where there is no pause beside it. Which rests are cut is what costs
    least: rests of `min_rest` and more are worth cutting, the longer the more; phrases under `shortest` are joined to
    a neighbour unless a long rest parts them; only a phrase over `longest` is cut at rests shorter than `min_rest`.
    It stays as it is where there is no rest at all.

    Args:
        song: of the whole recording.
        label: its phones' times, those of `song.phones`, one after another without gaps; None if not known.
        min_rest, margin, shortest, longest: seconds, of which longest > shortest.

    Returns:
        the phrases that have a note to sing, in order, cut at whole milliseconds. Note and label times change only at
        the cuts: the first note starts and the last one ends with the phrase.

    Raises:
        ValueError: the label's phones are not the song's, or longest <= shortest.
    """
    if label is not None and tuple(phone for _, _, phone in label) != song.phones:
        raise ValueError("the label's phones are not those of the song")
    if longest <= shortest:
        raise ValueError(f"longest ({longest} s) must be more than shortest ({shortest} s)")
    spans = _label_spans(song, label)
    cuts = [_on_milliseconds(cut) for cut in _chosen(_cuts(song, spans, margin), min_rest, shortest, longest)]
    phrases = [_phrase(song, label, spans, begin, end) for begin, end in pairwise(cuts)]
    return [p for p in phrases if not all(note.is_silent for note in p.song.notes)]


def _on_milliseconds(cut: _Cut) -> _Cut:
    """Kaldi's `segments` are written so; never later, for the recording ends where it ends."""
    return replace(cut, end=floor(cut.end * 1000) / 1000, start=floor(cut.start * 1000) / 1000)


def _label_spans(song: Song, label: Label | None) -> list[tuple[float, float]]:
    """Seconds in which each note is sung; without a label where it is written, shorter before onset consonants."""
    if label is not None:
        spans, first = [], 0
        for note in song.notes:
            last = first + len(note.phones)
            spans.append((label[first][0], label[last - 1][1]))
            first = last
        return spans
    room = [CONSONANTS if not after.is_silent and len(after.phones) > 1 else 0.0 for after in song.notes[1:]]
    return [
        (note.onset, max(note.end - before, note.onset + note.duration / 2))
        for note, before in zip(song.notes, [*room, 0.0], strict=True)
    ]


def _cuts(song: Song, spans: Sequence[tuple[float, float]], margin: float) -> list[_Cut]:
    """Where the song may be cut, its beginning and end included."""
    notes = song.notes
    runs: list[list[int]] = []
    for i, note in enumerate(notes):
        if note.is_silent:
            if runs and runs[-1][-1] == i - 1:
                runs[-1].append(i)
            else:
                runs.append([i])
    found = {run[0]: _cut_in(run, notes, spans, margin) for run in runs}
    inner = [cut for cut in found.values() if cut and cut.note >= 0 and cut.following < len(notes)]
    end = max(notes[-1].end, spans[-1][1])
    first = found.get(0) or _Cut(-1, 0.0, 0, 0.0, 0.0)
    last_run = runs[-1] if runs and runs[-1][-1] == len(notes) - 1 else None
    last = (found[last_run[0]] if last_run else None) or _Cut(len(notes) - 1, end, len(notes), end, 0.0)
    return [first, *(cut for cut in inner if cut is not first and cut is not last), last]


def _cut_in(run: list[int], notes: Sequence[Note], spans: Sequence[tuple[float, float]], margin: float) -> _Cut | None:
    """The best place in a run of rests: inside its longest pause, or before its first breath."""
    common = {i: (max(notes[i].onset, spans[i][0]), min(notes[i].end, spans[i][1])) for i in run}
    pauses = [i for i in run if notes[i].phones == (PAUSE,) and common[i][1] - common[i][0] >= 2 * LEAST_NOTE]
    if pauses:
        best = max(pauses, key=lambda i: common[i][1] - common[i][0])
        start, end = common[best]
        kept = min(margin, (end - start) / 2)
        return _Cut(best, start + kept, best, end - kept, end - start)
    first = run[0]
    at = spans[first][0]
    if first == 0 or at - notes[first - 1].onset < LEAST_NOTE or notes[first].end - at < LEAST_NOTE:
        return None
    return _Cut(first - 1, at, first, at, spans[run[-1]][1] - at)


def _chosen(cuts: list[_Cut], min_rest: float, shortest: float, longest: float) -> list[_Cut]:
    """The cheapest selection of the cuts, of which the first and the last are in any."""
    best, previous = [0.0], [0]
    for j in range(1, len(cuts)):
        costs = []
        for i in range(j):
            seconds = cuts[j].end - cuts[i].start
            cost = best[i] + SHORT * max(0.0, 1 - seconds / shortest) + LONG * max(0.0, seconds / longest - 1)
            costs.append(cost + 1 - cuts[j].rest / min_rest)
        previous.append(min(range(j), key=costs.__getitem__))
        best.append(costs[previous[j]])
    chosen = [len(cuts) - 1]
    while chosen[-1]:
        chosen.append(previous[chosen[-1]])
    return [cuts[i] for i in reversed(chosen)]


def _phrase(song: Song, label: Label | None, spans: Sequence[tuple[float, float]], begin: _Cut, end: _Cut) -> Phrase:
    start, length = begin.start, end.end - begin.start
    notes = song.notes[begin.following : end.note + 1]
    edges = [0.0, *(note.onset - start for note in notes[1:]), length]
    moved = tuple(replace(n, onset=a, duration=b - a) for n, (a, b) in zip(notes, pairwise(edges), strict=True))
    part = None
    if label is not None:
        first = sum(len(note.phones) for note in song.notes[: begin.following])
        part = [(s - start, e - start, p) for s, e, p in label[first : first + sum(len(n.phones) for n in notes)]]
        part[0] = (0.0, *part[0][1:])
        part[-1] = (part[-1][0], length, part[-1][2])
    return Phrase(start, end.end, replace(song, notes=moved), part, begin.following)
