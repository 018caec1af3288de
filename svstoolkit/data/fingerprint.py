"""Has this work been done already? A fingerprint of everything it depends on is kept beside its result."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from svstoolkit.data.files import write_text

BLOCK = 1 << 20


def fingerprint(values: Any = None, contents: Iterable[str | Path] = (), stamps: Iterable[str | Path] = ()) -> str:
    """Hexadecimal digest of settings and input files.

    Args:
        values: anything JSON can hold; the order of dictionary keys does not matter.
        contents: files of which every byte counts (a missing one counts as missing).
        stamps: large files that count by path, size and time of last change, as make has it.
    """
    digest = hashlib.sha256(json.dumps(values, sort_keys=True, ensure_ascii=False).encode())
    for path in map(Path, contents):
        digest.update(f"\0{path}\0".encode())
        if path.is_file():
            with path.open("rb") as file:
                while block := file.read(BLOCK):
                    digest.update(block)
    for path in map(Path, stamps):
        status = path.stat() if path.is_file() else None
        digest.update(f"\0{path}\0{status and (status.st_size, status.st_mtime_ns)}".encode())
    return digest.hexdigest()


def is_finished(marker: str | Path, expected: str) -> bool:
    """True if `mark_finished` wrote this fingerprint to `marker`."""
    marker = Path(marker)
    return marker.is_file() and marker.read_text(encoding="utf-8").strip() == expected


def mark_finished(marker: str | Path, digest: str) -> None:
    write_text(marker, digest + "\n")
