"""What can be mended without a decision: order, line ends, derived tables, hairline joints of notes.

All new contents are made first; then every file that changes is copied to `.backup/check.N/`, then each is replaced.
If any cannot be, those already replaced are put back.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from svstoolkit.data.checking.tables import NEEDED, OPTIONAL, Table, language_of, read_leniently, utterances_of
from svstoolkit.data.espnet import from_recipe
from svstoolkit.data.files import atomic_path, write_text
from svstoolkit.errors import InputError
from svstoolkit.score.faults import JOINT_TOLERANCE
from svstoolkit.score.formats.espnet_json import parse_score_json, song_to_json
from svstoolkit.score.song import Song

BACKUP = ".backup"  # as Kaldi's fix_data_dir.sh calls it
HAIRLINE = 0.005  # s; notes that overlap or leave a gap up to this long are joined


@dataclass(frozen=True)
class Change:
    """One file's new content, and what it mends, in words."""

    path: Path
    content: str
    why: str


def planned_changes(path: Path) -> list[Change]:
    """What would be mended in a data directory; nothing is written.

    A table that is not UTF-8, or in which an id has two different lines, is left as it is.
    """
    tables = {name: read_leniently(path / name) for name in (*NEEDED, *OPTIONAL)}
    changes = []
    for name, table in tables.items():
        if name != "spk2utt" and table.text is not None and not _ambiguous(table):
            ordered = sorted(table.rows, key=str.encode)
            changes += _change(table.path, "".join(f"{u} {table.rows[u]}\n" for u in ordered), _reasons(table))
    speakers = tables["utt2spk"]
    if speakers.rows and not _ambiguous(speakers):
        wanted = "".join(f"{s} {us}\n" for s, us in utterances_of(speakers.rows).items())
        changes += _change(path / "spk2utt", wanted, "made from utt2spk")
        changes += _languages(path, tables)
    for u, score in from_recipe(path, tables["score.scp"].rows).items():
        language = tables["utt2lang"].rows.get(u, "zh")
        changes += _joined(Path(score), language)
    return changes


def _ambiguous(table: Table) -> bool:
    return any(f.kind in ("id given twice", "line without value", "not UTF-8") for f in table.findings)


def _reasons(table: Table) -> str:
    return ", ".join(dict.fromkeys(finding.kind for finding in table.findings)) or "form"


def _change(path: Path, content: str, why: str) -> list[Change]:
    same = path.is_file() and path.read_bytes() == content.encode()
    return [] if same else [Change(path, content, why)]


def _languages(path: Path, tables: dict[str, Table]) -> list[Change]:
    """utt2lang, if there is none and one language knows all phones."""
    code = None if (path / "utt2lang").exists() else language_of(tables)
    if code is None:
        return []
    lines = "".join(f"{u} {code}\n" for u in sorted(tables["utt2spk"].rows, key=str.encode))
    return [Change(path / "utt2lang", lines, f"all phones are of {code}")]


def _joined(path: Path, language: str) -> list[Change]:
    try:
        song = parse_score_json(path, language)
    except InputError:
        return []
    joined = with_closed_joints(song)
    if joined is song:
        return []
    return [Change(path, song_to_json(joined) + "\n", f"notes up to {1000 * HAIRLINE:g} ms apart joined")]


def with_closed_joints(song: Song) -> Song:
    """The song with notes ending where the next begins, where they miss each other by HAIRLINE at most; else itself."""
    notes = list(song.notes)
    for i, (note, following) in enumerate(pairwise(song.notes)):
        if JOINT_TOLERANCE < abs(following.onset - note.end) <= HAIRLINE and following.onset > note.onset:
            notes[i] = replace(note, duration=following.onset - note.onset)
    return replace(song, notes=tuple(notes)) if notes != list(song.notes) else song


def apply(path: Path, changes: list[Change], write: Callable[[Path, str], None] = write_text) -> Path | None:
    """Writes the changes of one data directory, all or none of them.

    Returns:
        The folder in which the files as they were are kept; None if there was nothing to do.

    Raises:
        InputError: a file cannot be written; everything is as it was.
    """
    if not changes:
        return None
    number = 1
    while (backup := path / BACKUP / f"check.{number}").exists():
        number += 1
    copies: dict[Path, Path | None] = {}
    try:
        for change in changes:
            copies[change.path] = _copied(change.path, backup)
        for change in changes:
            write(change.path, change.content)
    except (OSError, InputError) as error:
        for target, copy in copies.items():
            if copy is None:
                target.unlink(missing_ok=True)
            else:
                shutil.copy2(copy, target)
        if isinstance(error, InputError):
            raise InputError(f"{error}; nothing was changed") from error
        raise InputError(
            f"{error.filename or path}: cannot be written ({error.strerror}); nothing was changed"
        ) from error
    return backup


def _copied(path: Path, backup: Path) -> Path | None:
    if not path.exists():
        backup.mkdir(parents=True, exist_ok=True)
        return None
    copy = backup / path.name
    if path.parent != backup.parent.parent:  # scores, which may lie anywhere
        copy = backup / "score" / path.name
    with atomic_path(copy) as temporary:
        shutil.copy2(path, temporary)
    return copy
