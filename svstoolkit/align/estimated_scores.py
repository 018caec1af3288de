"""Scores that nobody wrote (`Song.estimated`), read off alignment and F0 when stage 1 has its labels.

What an utterance's line of `text`, its score and its label were before and are since, is kept in
<set>/.backup/estimated.json. From it an alignment anew starts where the first one did, and an interrupted estimate is
taken back.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from svstoolkit.align.estimated_song import estimated_song, timed_speech
from svstoolkit.align.labels import BACKUP
from svstoolkit.align.slurs import DEFINITION
from svstoolkit.data.audio import read_audio
from svstoolkit.data.directory import DataDirectory, Label, read_data_directory
from svstoolkit.data.files import write_changed_text, write_text
from svstoolkit.data.fingerprint import fingerprint
from svstoolkit.data.workers import Workers
from svstoolkit.features.f0 import extract_f0
from svstoolkit.score.formats.espnet_json import song_to_json
from svstoolkit.score.languages.registry import is_vowel
from svstoolkit.score.song import Song

RECORD = "estimated.json"  # in BACKUP
VERSION = 1  # raised whenever the same label gives another score
WORTH_PROCESSES = 200  # utterances; starting processes takes seconds, an utterance some hundredths

State = dict[str, str]  # an utterance's "text" and "label" lines and its "score" JSON
Task = tuple[str, str | PathLike, Song, Label]


def estimate_scores(sets: Mapping[str, DataDirectory], nj: int) -> tuple[dict[str, DataDirectory], int]:
    """Writes the score of every utterance whose score is an estimated one, and `text` and `label` that agree with it.

    Notes begin where their vowels are aligned, pitches are those of F0 (DIO), a syllable sung on several pitches gets
    slurs; `estimated_song` tells the rules. Speech has no notes: its words get their times. Utterances whose label,
    score and audio are as they were are not looked at again.

    Args:
        sets: with labels; utterances without one are passed over.
        nj: processes.

    Returns:
        the sets as they are then, and how many utterances in them have an estimated score.
    """
    songs = {name: dict(_estimated(directory)) for name, directory in sets.items()}
    count = sum(map(len, songs.values()))
    if not count:
        return dict(sets), 0
    with Workers(nj if count > WORTH_PROCESSES else 1) as workers:
        for name, directory in sets.items():
            if songs[name]:
                _estimate_set(directory, songs[name], workers)
    return {name: read_data_directory(directory.path) for name, directory in sets.items()}, count


def take_back_estimates(paths: Iterable[Path], finished_too: bool) -> bool:
    """Brings scores, `text` and labels of data directories back to what they were before they were estimated.

    Utterances that somebody has changed since, or stage 0 has written anew, stay as they are.

    Args:
        finished_too: False takes back only what an interrupted run left half done.

    Returns:
        whether anything was taken back.
    """
    taken = [_take_back(path, finished_too) for path in paths if (path / "utt2spk").is_file()]
    return any(taken)


def _take_back(path: Path, finished_too: bool) -> bool:
    record = _read_record(path)
    back = {}
    for u, state in _states(path, record).items() if record else ():
        before, after = record[u]["before"], record[u]["after"]
        ours = all(state[key] in (before[key], after[key]) for key in ("text", "score"))
        ours = ours and state["label"] in (before["label"], after["label"], "")
        if ours and state != before and (finished_too or state != after):
            back[u] = before
    _write_states(path, back)
    return bool(back)


def _estimated(directory: DataDirectory) -> Iterator[tuple[str, Song]]:
    for u in directory:
        song = directory.song(u) if u in directory.label else None
        if song is not None and song.estimated:
            yield u, song


def _estimate_set(directory: DataDirectory, songs: Mapping[str, Song], workers: Workers) -> None:
    record = _read_record(directory.path)
    now = _states(directory.path, songs)
    stamps = {u: fingerprint(stamps=[directory.wav[u]], version=VERSION, wav=str(directory.wav[u])) for u in songs}
    known = {u: record[u] for u in songs if u in record and record[u]["stamp"] == stamps[u]}
    after = {u: entry["after"] for u, entry in known.items() if now[u] in (entry["before"], entry["after"])}
    tasks = [(u, directory.wav[u], songs[u], directory.label[u]) for u in songs if u not in after]
    for (u, *_), state in zip(tasks, workers.map(_estimate, tasks), strict=True):
        after[u] = state
        record[u] = {"stamp": stamps[u], "before": now[u], "after": state}
    if tasks:
        kept = {u: entry for u, entry in record.items() if u in directory.text}
        write_text(directory.path / BACKUP / RECORD, json.dumps(kept, ensure_ascii=False) + "\n")
    _write_states(directory.path, after)


def _estimate(task: Task) -> State:
    utterance, wav, song, label = task
    vowel = partial(is_vowel, code=song.language)
    if song.spoken:
        found, times = timed_speech(song, label, vowel), label
    else:
        audio = np.asarray(read_audio(wav, DEFINITION.sampling_rate, utterance), dtype=np.float64)
        f0 = extract_f0(audio, DEFINITION, "dio")
        found, times = estimated_song(song, label, f0, DEFINITION.frame_period, vowel)
    line = " ".join(f"{start:.3f} {end:.3f} {phone}" for start, end, phone in times)
    return {"text": " ".join(found.phones), "score": song_to_json(found) + "\n", "label": line}


def _read_record(path: Path) -> dict[str, dict[str, Any]]:
    record = path / BACKUP / RECORD
    return json.loads(record.read_text(encoding="utf-8")) if record.is_file() else {}


def _states(path: Path, utterances: Mapping[str, Any]) -> dict[str, State]:
    """What the files say of those of the utterances that the set has; "" where a table lacks one."""
    tables = {name: _rows(path / name) for name in ("text", "label", "score.scp")}
    found = {}
    for u in utterances:
        score = Path(tables["score.scp"].get(u, ""))
        if u in tables["text"] and score.is_file():
            label = tables["label"].get(u, "")
            found[u] = {"text": tables["text"][u], "score": score.read_text(encoding="utf-8"), "label": label}
    return found


def _write_states(path: Path, states: Mapping[str, State]) -> None:
    """Scores first, then `text`, then `label`: each whole, and only where something is different."""
    if not states:
        return
    scores = _rows(path / "score.scp")
    for u, state in states.items():
        write_changed_text(scores[u], state["score"])
    for name in ("text", "label"):
        rows = _rows(path / name)
        rows |= {u: state[name] for u, state in states.items() if u in rows}
        if rows:
            write_changed_text(path / name, "".join(f"{u} {row}".rstrip() + "\n" for u, row in rows.items()))


def _rows(path: Path) -> dict[str, str]:
    """A table's lines by their first word, in order; none if there is no such file."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return {key: rest.strip() for key, _, rest in (line.partition(" ") for line in lines) if key}
