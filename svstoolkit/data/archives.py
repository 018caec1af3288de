"""Kaldi archives (.ark + .scp) of matrices, vectors and int16 audio; readable by Kaldi, ESPnet and kaldiio.

Beside them a .crc, which the others do not need: `key bytes CRC-32` of every entry, so that a damaged one is noticed.
"""

import os
import re
import struct
import wave
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import kaldiio
import numpy as np
from kaldiio.python_wave import Error as WaveError

from svstoolkit.data.archive_parts import Part, read_part
from svstoolkit.data.files import cannot_write, write_text
from svstoolkit.data.tables import read_table
from svstoolkit.errors import InputError

MATRIX, AUDIO, WAV = b"\0B", b"AUDIO", b"RIFF"  # how an entry begins
UNREADABLE = (OSError, ValueError, RuntimeError, AssertionError, EOFError, struct.error, wave.Error, WaveError)
Audio = tuple[int, np.ndarray]  # (sampling rate Hz, int16 samples (L,)), stored as a wav file inside the archive


class ArchiveWriter:
    """Writes `<prefix>.ark`, `.scp` and `.crc`; all appear when the `with` block succeeds, none if it fails.

    Lines of the scp hold the archive's path as given in `prefix`, so, as in Kaldi, relative to where the
    program ran. Until the end everything goes to temporary names beside the target.
    """

    def __init__(self, prefix: str | Path):
        prefix = Path(prefix)
        self.ark = prefix.with_name(prefix.name + ".ark")
        self.scp = prefix.with_name(prefix.name + ".scp")
        self._lines: dict[str, str] = {}
        self._sums: list[str] = []

    def __enter__(self) -> "ArchiveWriter":
        self._temporary = self.ark.with_name(f".{self.ark.name}.{os.getpid()}.tmp")
        try:
            self.ark.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._temporary.open("wb")
        except OSError as error:
            raise cannot_write(self.ark, error) from error
        return self

    def __setitem__(self, key: str, value: np.ndarray | Audio) -> None:
        """Appends a float32 matrix or vector, or (sampling rate, int16 samples).

        Raises:
            ValueError: the key was written before or has white space, or the array has another type.
            InputError: the disk is full.
        """
        if key in self._lines or len(key.split()) != 1:
            raise ValueError(f"{self.ark}: key {key!r} is given twice, empty or has white space")
        array = value[1] if isinstance(value, tuple) else value
        wanted = np.int16 if isinstance(value, tuple) else np.float32
        if array.dtype != wanted:
            raise ValueError(f"{self.ark}: {key} is {array.dtype}, expected {np.dtype(wanted)}")
        offset = self._file.tell() + len(key.encode()) + 1  # Kaldi's offsets point behind "key "
        entry = encoded(key, value)
        try:
            self._file.write(entry)
        except OSError as error:
            raise cannot_write(self.ark, error) from error
        self._lines[key] = f"{key} {self.ark}:{offset}\n"
        self._sums.append(checksum_line(key, *checksum(key, entry)))

    def __exit__(self, kind: type | None, error: BaseException | None, trace: object) -> None:
        try:
            self._file.close()
            if kind is None:
                move(self._temporary, self.ark, "".join(self._lines.values()), "".join(self._sums))
        except OSError as failure:  # what a full disk left in a buffer
            if kind is None:
                raise cannot_write(self.ark, failure) from failure
        finally:
            self._temporary.unlink(missing_ok=True)


def encoded(key: str, value: np.ndarray | Audio) -> memoryview:
    """An entry's bytes, `key ` and the value. Made in memory: kaldiio cannot be stopped in the middle of a wav."""
    buffer = BytesIO()
    kaldiio.save_ark(buffer, {key: value})
    return buffer.getbuffer()


def checksum(key: str, entry: memoryview) -> tuple[int, int]:
    """Bytes and CRC-32 of the value of an `encoded` entry."""
    value = entry[len(key.encode()) + 1 :]
    return len(value), zlib.crc32(value)


def checksum_line(key: str, length: int, crc: int) -> str:
    return f"{key} {length} {crc:08x}\n"


def move(grown: Path, ark: Path, lines: str, sums: str) -> None:
    """Puts a whole archive in its place, then its checksums and its scp; killed anywhere, it may be called again."""
    scp, crc = ark.with_suffix(".scp"), ark.with_suffix(".crc")
    if grown.exists():  # an old scp must never point into a new ark, nor old sums be those of new values
        scp.unlink(missing_ok=True)
        crc.unlink(missing_ok=True)
        os.replace(grown, ark)
    write_text(crc, sums)
    write_text(scp, lines)


class ArchiveReader(Mapping):
    """Random access to an archive by key, in the scp's order.

    Values are arrays as stored, or `(rate, int16 array)` for audio. No file stays open, so a reader may be
    pickled or forked into worker processes. An archive that is not where the scp says is looked for beside the
    scp, so a dump can be read from any working directory. Where there is a .crc beside the scp, entries that are
    read whole are compared with it; of parts, only what is said of their size is.

    Raises:
        InputError: the scp or its archive is missing or damaged.
    """

    def __init__(self, scp: str | Path):
        self.scp = Path(scp)
        self._entries = read_table(self.scp)
        self._places: dict[str, str] = {}  # archive as the scp names it → where it is

    def __getitem__(self, key: str) -> np.ndarray | Audio:
        return self._read(key, kaldiio.matio.read_kaldi, self._checksums.get(key))

    def part(self, key: str, start: int, length: int) -> Part:
        """Rows, or samples, `start` to `start + length` of an entry, as far as it has them; the rest is not read."""
        return self._read(key, lambda file: read_part(file, start, length)) or self._part_of_whole(key, start, length)

    def _part_of_whole(self, key: str, start: int, length: int) -> Part:
        value = self[key]
        rate, array = value if isinstance(value, tuple) else (0, value)
        return Part(array[start : start + length], len(array), rate)

    @cached_property
    def _checksums(self) -> dict[str, tuple[int, int]]:
        """Key → (bytes, CRC-32); nothing of archives that come from elsewhere."""
        path = self.scp.with_suffix(".crc")
        if not path.is_file():
            return {}
        try:
            lines = (line.rsplit(" ", 2) for line in path.read_text(encoding="utf-8").splitlines())
            return {key: (int(length), int(crc, 16)) for key, length, crc in lines}
        except ValueError as error:
            raise InputError(f"{path}: no table of checksums ({error}); write the archive again") from error

    def _read(self, key: str, read: Callable[[BinaryIO], Any], expected: tuple[int, int] | None = None) -> Any:
        """What `read` makes of the file, standing at the beginning of the entry.

        expected: the entry's bytes and their CRC-32, which is then looked at first
        """
        ark, _, offset = self._entries[key].rpartition(":")
        if ark not in self._places:
            self._places[ark] = self._find(ark)
        if not re.fullmatch(r"\d+", offset):  # kaldiio runs `command |` as a shell command
            raise InputError(f"{self.scp}: {key} is at {self._entries[key]!r}, expected archive:offset; write it again")
        try:
            with open(self._places[ark], "rb") as file:  # not by name, in which kaldiio would look for commands, too
                file.seek(int(offset))
                if not file.read(len(AUDIO)).startswith((MATRIX, AUDIO, WAV)):
                    # kaldiio would unpickle what begins with PKL, which can do anything
                    raise ValueError("neither a Kaldi matrix nor audio")
                file.seek(int(offset))
                if expected is None:
                    return read(file)
                content = file.read(expected[0])
                if (len(content), zlib.crc32(content)) != expected:
                    raise ValueError(f"its bytes are not those that {self.scp.with_suffix('.crc')} counts")
                return read(BytesIO(content))
        except UNREADABLE as error:
            raise InputError(f"{ark}: {key} cannot be read ({error!r}); write the archive again") from error

    def location(self, key: str) -> str:
        """`/absolute/path.ark:offset`, as Kaldi's tools and kaldiio read one entry."""
        ark, _, offset = self._entries[key].rpartition(":")
        return f"{Path(self._find(ark)).resolve()}:{offset}"

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def _find(self, ark: str) -> str:
        for path in (Path(ark), self.scp.parent / Path(ark).name):
            if path.is_file():
                return str(path)
        raise InputError(f"{self.scp} points to {ark}, which does not exist; run the stage that writes it again")
