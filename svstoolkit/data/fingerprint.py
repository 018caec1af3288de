"""Has this work been done already? A fingerprint of all it depends on is kept beside its result."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from svstoolkit.data.files import write_text

BLOCK = 1 << 20  # bytes read at once
MARKER = "fingerprint"  # file in the folder of finished work


def fingerprint(*, inputs: Iterable[str | Path] = (), stamps: Iterable[str | Path] = (), **values: Any) -> str:
    """Hexadecimal digest of settings and input files.

    Args:
        inputs: files of which every byte counts; of a folder, every file below it. What is missing counts as missing.
        stamps: large files that count by path, size and time of last change, as make has it.
        values: settings, anything JSON can hold (paths as text); the order of dictionary keys does not matter.
    """
    digest = hashlib.sha256(json.dumps(values, sort_keys=True, ensure_ascii=False, default=str).encode())
    for path in map(Path, inputs):
        digest.update(f"\0{path}\0".encode())
        files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path] * path.is_file()
        for name in files:
            digest.update(f"\0{name.relative_to(path)}\0{name.stat().st_size}\0".encode())
            with name.open("rb") as file:
                while block := file.read(BLOCK):
                    digest.update(block)
    for path in map(Path, stamps):
        status = path.stat() if path.is_file() else None
        digest.update(f"\0{path}\0{status and (status.st_size, status.st_mtime_ns)}".encode())
    return digest.hexdigest()


def is_done(folder: str | Path, expected: str) -> bool:
    """True if the folder holds work that `mark_done` marked with this fingerprint."""
    marker = Path(folder) / MARKER
    return marker.is_file() and marker.read_text(encoding="utf-8").strip() == expected


def mark_done(folder: str | Path, digest: str) -> None:
    """Marks the folder's work as finished; call it last."""
    write_text(Path(folder) / MARKER, digest + "\n")


def unmark(folder: str | Path) -> None:
    """Takes the mark away, before the folder's work is done anew."""
    (Path(folder) / MARKER).unlink(missing_ok=True)
