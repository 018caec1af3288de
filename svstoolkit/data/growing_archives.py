"""A set's archives while they are being made: whole up to the last line of a journal, whatever kills the program."""

import json
import os
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from svstoolkit.data.archives import Audio, checksum, checksum_line, encoded, move
from svstoolkit.data.files import cannot_write

JOURNAL = "journal"
END = "end\n"  # the journal's last line, once all archives are whole and before the first is moved


@dataclass(frozen=True)
class Entry:
    """A line of the journal.

    ends: bytes of every archive after this utterance; offsets: where its values begin, none if it failed;
    sums: their CRC-32
    frames: T; rate: Hz of the recording; gain: it was multiplied with
    failed: why the utterance is left out; warnings: what to look at, though it is in
    """

    utterance: str
    ends: list[int]
    offsets: list[int] = field(default_factory=list)
    sums: list[int] = field(default_factory=list)
    frames: int = 0
    rate: int = 0
    gain: float = 1.0
    failed: str = ""
    warnings: list[str] = field(default_factory=list)


class GrowingArchives:
    """Archives that grow in `folder` by whole utterances and move to `output` when all are there.

    A context manager; entered anew after a kill, it goes on behind the last utterance whose line in the journal
    is whole and whose values are in every archive. Errors of the disk are InputErrors that say what to do.
    """

    def __init__(self, folder: Path, output: Path, names: Sequence[str]):
        self.folder, self.output, self.names = folder, output, tuple(names)
        self.entries: list[Entry] = []
        self._ended = False

    def __enter__(self) -> "GrowingArchives":
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            size = self._read()
            self._stack = ExitStack()
            paths = [] if self._ended else [*(self.folder / f"{name}.ark" for name in self.names), self._journal]
            self._files = [self._stack.enter_context(path.open("ab")) for path in paths]
            for file, end in zip(self._files, [*self._ends, size], strict=False):
                file.truncate(end)
        except OSError as error:
            raise cannot_write(error.filename or self.folder, error) from error
        return self

    def __exit__(self, kind: type | None, *_: object) -> None:
        try:
            self._stack.close()
        except OSError as error:  # what a full disk left in a buffer; the journal does not tell of it
            if kind is None:
                raise cannot_write(error.filename or self.folder, error) from error

    def add(self, utterance: str, values: Sequence[np.ndarray | Audio], **about: object) -> None:
        """Appends the utterance's values, one for every archive, and then its line; `about` goes to Entry."""
        offsets, ends, sums = [], [], []
        for file, value in zip(self._files, values, strict=False):
            try:
                offsets.append(file.seek(0, os.SEEK_END) + len(utterance.encode()) + 1)  # behind "key ", as Kaldi's
                entry = encoded(utterance, value)
                file.write(entry)
                file.flush()
                ends.append(file.tell())
                sums.append(checksum(utterance, entry)[1])
            except OSError as error:
                raise cannot_write(file.name, error) from error
        self._note(Entry(utterance, ends, offsets, sums, **about))

    def leave_out(self, utterance: str, why: str) -> None:
        """Notes that the utterance failed."""
        self._note(Entry(utterance, self._ends, failed=why))

    def finish(self) -> None:
        """Moves the archives to `output` and writes their scp and crc files; may be called again after a kill."""
        try:
            if not self._ended:
                for file in self._files[:-1]:
                    os.fsync(file.fileno())
                self._files[-1].write(END.encode())
                self._files[-1].flush()
                self._ended = True
            for i, name in enumerate(self.names):
                ark = self.output / f"{name}.ark"
                stored = [e for e in self.entries if not e.failed]
                lines = (f"{e.utterance} {ark}:{e.offsets[i]}\n" for e in stored)
                sums = (checksum_line(e.utterance, e.ends[i] - e.offsets[i], e.sums[i]) for e in stored if e.sums)
                move(self.folder / ark.name, ark, "".join(lines), "".join(sums))
        except OSError as error:
            raise cannot_write(error.filename or self.output, error) from error

    @property
    def _journal(self) -> Path:
        return self.folder / JOURNAL

    @property
    def _ends(self) -> list[int]:
        return self.entries[-1].ends if self.entries else [0] * len(self.names)

    def _note(self, entry: Entry) -> None:
        try:
            self._files[-1].write(json.dumps(asdict(entry), ensure_ascii=False).encode() + b"\n")
            self._files[-1].flush()
        except OSError as error:
            raise cannot_write(self._journal, error) from error
        self.entries.append(entry)

    def _read(self) -> int:
        """Reads the journal as far as it and the archives are whole; the number of its bytes that are."""
        lines = self._journal.read_bytes().splitlines(keepends=True) if self._journal.is_file() else []
        if lines and lines[-1] == END.encode():
            self._ended = True
            self.entries = [Entry(**json.loads(line)) for line in lines[:-1]]
            return sum(map(len, lines))
        arks = [self.folder / f"{name}.ark" for name in self.names]
        there = [ark.stat().st_size if ark.is_file() else 0 for ark in arks]
        size = 0
        for line in lines:
            try:
                entry = Entry(**json.loads(line))
            except (ValueError, TypeError):
                break
            if not line.endswith(b"\n") or any(end > have for end, have in zip(entry.ends, there, strict=True)):
                break
            self.entries.append(entry)
            size += len(line)
        return size
