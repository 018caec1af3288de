"""Files written whole or not at all: to a temporary name beside the target, then renamed."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from svstoolkit.errors import InputError


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Yields a temporary path in the same folder (same suffix); renames it to `path` when the block succeeds.

    A crash or an exception leaves the old file, if any, untouched.

    Raises:
        InputError: the disk is full, or refuses the file in another way.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.tmp{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        os.replace(temporary, path)
    except OSError as error:
        if error.filename is None or Path(str(error.filename)) in (temporary, *temporary.parents):
            raise cannot_write(path, error) from error
        raise  # of another file, which the block reads
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def cannot_write(path: str | Path, error: OSError) -> InputError:
    """What to say and do when a file cannot be written; programs do work that was done no second time."""
    there = next((folder for folder in Path(path).absolute().parents if folder.is_dir()), Path("/"))
    return InputError(
        f"{path}: cannot be written ({error.strerror or error}; {shutil.disk_usage(there).free / 2**20:.0f} MiB are "
        "free there); make room or correct the folder's rights, then the same command goes on"
    )


def write_text(path: str | Path, text: str) -> None:
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_changed_text(path: str | Path, text: str) -> None:
    """Writes a text unless the file holds it already, so that what depends on the file's time stays valid."""
    path = Path(path)
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        write_text(path, text)


def write_json(path: str | Path, value: Any) -> None:
    write_text(path, json.dumps(value, ensure_ascii=False, indent=1) + "\n")
