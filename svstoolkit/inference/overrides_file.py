"""Overrides in a YAML or JSON file: the schema of docs/singing.md, read strictly."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from svstoolkit.conf.building import nearest
from svstoolkit.conf.reading import read_yaml
from svstoolkit.errors import InputError
from svstoolkit.inference.overrides import CONTROLS, Curve, Overrides, Settings, check_times
from svstoolkit.score.song import Note, Song

OF_SONG = (*CONTROLS, "notes", "durations", "boundaries")
OF_NOTE = (*CONTROLS, "lyric", "phones", "durations", "boundaries")
OF_PHONE = (*CONTROLS, "phone", "start", "end", "duration")
OF_CURVE = ("times", "start", "step", "values")


def read_overrides(path: str | Path, song: Song) -> Overrides:
    """Reads a file of overrides of a song, in the song's own times and at its own pitch.

    Raises:
        InputError: an unknown key, a value out of range, a note or phone that the song does not have, or that has
            another lyric or name there; names file and key.
    """
    path = Path(path)
    content = _read_json(path) if path.suffix == ".json" else read_yaml(path)
    return _Reader(path, song).overrides(content)


def _read_json(path: Path) -> dict:
    def unique(pairs: Sequence[tuple[str, Any]]) -> dict:
        keys = [key for key, _ in pairs]
        if twice := [key for key in keys if keys.count(key) > 1]:
            raise ValueError(f"the key {twice[0]!r} is given twice")
        return dict(pairs)

    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=unique)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check the path") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: is no JSON ({error})") from error
    if not isinstance(content, dict):
        raise InputError(f"{path}: expected an object of overrides, found a {type(content).__name__}")
    return content


class _Reader:
    """Gathers what a file says of the song, its notes and its phones."""

    def __init__(self, path: Path, song: Song):
        self.path, self.song = path, song
        self.firsts = np.cumsum([0, *(len(note.phones) for note in song.notes)]).tolist()
        self.notes: dict[int, Settings] = {}
        self.phones: dict[int, Settings] = {}
        self.durations: dict[int, float] = {}
        self.boundaries: dict[int, float] = {}

    def overrides(self, content: Mapping) -> Overrides:
        self._keys(content, OF_SONG, "")
        curves = {name: self._curves(name, content[name]) for name in CONTROLS if _is_curve(content.get(name))}
        plain = {key: value for key, value in content.items() if key not in curves}
        settings = self._settings(plain, "")
        self._times(content, 0, self.firsts[-1], "")
        for key, value in self._numbered(content.get("notes"), len(self.song.notes), "notes", "the song"):
            self._note(key, value)
        return Overrides(str(self.path), settings, self.notes, self.phones, curves, self.durations, self.boundaries)

    def _note(self, number: int, content: Any) -> None:
        where, note, first = f"notes.{number}", self.song.notes[number - 1], self.firsts[number - 1]
        self._keys(content, OF_NOTE, where)
        self._same(content, "lyric", note.lyric, where)
        settings = self._settings(content, where)
        if settings != Settings():
            self.notes[number - 1] = settings
        self._times(content, first, first + len(note.phones), where)
        whole = f"note {number} ({' '.join(note.phones)})"
        for index, value in self._numbered(content.get("phones"), len(note.phones), f"{where}.phones", whole):
            self._phone(note, index, first + index - 1, value, f"{where}.phones.{index}")

    def _phone(self, note: Note, number: int, index: int, content: Any, where: str) -> None:
        self._keys(content, OF_PHONE, where)
        self._same(content, "phone", note.phones[number - 1], where)
        settings = self._settings(content, where)
        if settings != Settings():
            self.phones[index] = settings
        for key, place in (("start", index), ("end", index + 1)):
            if key in content:
                self._boundary(place, self._number(content[key], f"{where}.{key}", check_times), f"{where}.{key}")
        if "duration" in content:
            self.durations[index] = self._number(content["duration"], f"{where}.duration", _check_duration)

    def _times(self, content: Mapping, first: int, end: int, where: str) -> None:
        """durations and boundaries of all the phones from `first` to before `end`; null leaves one to be predicted."""
        whole = "the song" if not where else f"note {where.rpartition('.')[2]}"
        for key, count in (("durations", end - first), ("boundaries", end - first + 1)):
            if key not in content:
                continue
            place = f"{where}.{key}".lstrip(".")
            values = self._list(content[key], place)
            if len(values) != count:
                raise InputError(
                    f"{self.path}: {place} has {len(values)} values; {whole} has {end - first} phones "
                    f"({' '.join(self.song.phones[first:end][:12])}), so {count} belong, null for what is predicted"
                )
            for i, value in enumerate(values):
                if value is None:
                    continue
                told = f"{place}, value {i + 1}"
                if key == "durations":
                    self.durations[first + i] = self._number(value, told, _check_duration)
                else:
                    self._boundary(first + i, self._number(value, told, check_times), told)

    def _boundary(self, index: int, seconds: float, where: str) -> None:
        if abs(self.boundaries.get(index, seconds) - seconds) > 1e-9:
            told = f"{self.boundaries[index]:g} s by another key"
            raise InputError(f"{self.path}: {where} is {seconds:g} s, and {told}; leave one of them out")
        self.boundaries[index] = seconds

    def _settings(self, content: Mapping, where: str) -> Settings:
        found: dict[str, Any] = {}
        for name in CONTROLS:
            place = f"{where}.{name}".lstrip(".")
            if name not in content:
                continue
            if where and _is_curve(content[name]):
                raise InputError(f"{self.path}: {place}: curves belong to the song; write it as {name} at the margin")
            if name != "singers":
                found[name] = self._number(content[name], place)
            elif isinstance(content[name], str):
                found[name] = {content[name]: 1.0}
            elif isinstance(content[name], Mapping) and content[name]:
                found[name] = {str(k): self._number(v, f"{place}.{k}") for k, v in content[name].items()}
            else:
                raise InputError(
                    f"{self.path}: {place}: expected a singer, or weights such as {{alto: 0.7, bass: 0.3}}"
                )
        try:
            return Settings(**found)
        except InputError as error:
            raise InputError(f"{self.path}: {where or 'of the song'}: {error}") from error

    def _curves(self, name: str, content: Any) -> tuple[Curve, ...]:
        pieces = content if isinstance(content, list) else [content]
        return tuple(self._curve(name, piece, f"{name}, curve {i}") for i, piece in enumerate(pieces, 1))

    def _curve(self, name: str, content: Any, where: str) -> Curve:
        self._keys(content, OF_CURVE, where)
        if (
            "values" not in content
            or ("times" in content) == ("start" in content)
            or ("step" in content) != ("start" in content)
        ):
            raise InputError(f"{self.path}: {where}: needs values, and either times or start and step (s)")
        if name == "singers":
            if not isinstance(content["values"], Mapping) or not content["values"]:
                raise InputError(
                    f"{self.path}: {where}.values: expected the weights of each singer, {{alto: …, bass: …}}"
                )
            names = tuple(map(str, content["values"]))
            columns = [self._numbers(v, f"{where}.values.{k}") for k, v in content["values"].items()]
            if len({len(column) for column in columns}) > 1:
                raise InputError(f"{self.path}: {where}.values: the singers have not as many weights each; mend it")
            values = np.stack(columns, axis=1)
        else:
            names, values = (), self._numbers(content["values"], f"{where}.values")
        try:
            if "times" in content:
                return Curve(self._numbers(content["times"], f"{where}.times"), values, names)
            start, step = (self._number(content[key], f"{where}.{key}") for key in ("start", "step"))
            if step <= 0:
                raise InputError(f"step is {step:g} s; it is what lies between two values")
            return Curve(start + step * np.arange(len(values)), values, names)
        except InputError as error:
            raise InputError(f"{self.path}: {where}: {error}") from error

    def _numbered(self, content: Any, count: int, where: str, whole: str) -> list[tuple[int, Any]]:
        """A mapping from numbers counted from 1."""
        if content is None:
            return []
        if not isinstance(content, Mapping):
            raise InputError(f"{self.path}: {where}: expected `number: …`, counted from 1, found {str(content)[:40]!r}")
        found = []
        for key, value in content.items():
            number = (
                int(key) if isinstance(key, int) or (isinstance(key, str) and key.isascii() and key.isdigit()) else 0
            )
            if not 1 <= number <= count or isinstance(key, bool):
                raise InputError(f"{self.path}: {where}.{key}: {whole} has {where.rpartition('.')[2]} 1 to {count}")
            found.append((number, value))
        return found

    def _keys(self, content: Any, known: Sequence[str], where: str) -> None:
        if not isinstance(content, Mapping):
            raise InputError(f"{self.path}: {where}: expected `key: value`, found {str(content)[:40]!r}")
        for key in content:
            if key not in known:
                place = f"{where}.{key}".lstrip(".")
                raise InputError(f"{self.path}: unknown key {place}; {nearest(str(key), known)}")

    def _same(self, content: Mapping, key: str, expected: str, where: str) -> None:
        if key in content and str(content[key]) != expected:
            raise InputError(
                f"{self.path}: {where}.{key} is {str(content[key])!r}, in the score it is {expected!r}; the overrides "
                "are of another score, or it was changed: count the notes again (rests count)"
            )

    def _list(self, content: Any, where: str) -> list:
        values = content.split() if isinstance(content, str) else content
        if not isinstance(values, list):
            raise InputError(f"{self.path}: {where}: expected numbers, [1, 2] or between spaces, found {content!r:.40}")
        return values

    def _numbers(self, content: Any, where: str) -> np.ndarray:
        values = self._list(content, where)
        return np.array([self._number(v, f"{where}, value {i}") for i, v in enumerate(values, 1)], dtype=np.float64)

    def _number(self, value: Any, where: str, check: Callable[[Sequence[float]], None] | None = None) -> float:
        try:
            number = float("nan") if isinstance(value, bool) else float(value)
        except (TypeError, ValueError):
            number = float("nan")
        if not np.isfinite(number):
            raise InputError(f"{self.path}: {where} is {str(value)[:40]!r}, not a number")
        if check is not None:
            try:
                check([number])
            except InputError as error:
                raise InputError(f"{self.path}: {where}: {error}") from error
        return number


def _is_curve(content: Any) -> bool:
    """Whether a control is given by curves rather than by one value."""
    pieces = content if isinstance(content, list) else [content]
    return any(isinstance(piece, Mapping) and set(piece) & set(OF_CURVE) for piece in pieces) or isinstance(
        content, list
    )


def _check_duration(seconds: Sequence[float]) -> None:
    if seconds[0] <= 0:
        raise InputError(f"{seconds[0]:g} s; a phone lasts longer than 0 s")
