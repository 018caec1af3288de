"""Disks with little room: a limit on the size of files, which every library meets, and a file system of its own."""

import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_files(size: int) -> Iterator[None]:
    """No file can grow beyond `size` bytes: writing more fails with EFBIG, part of it written, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


class SmallDisk:
    """A file system in memory, mounted at `folder`; skips the test where it may not be mounted."""

    def __init__(self, folder: Path, mib: float):
        self.folder = folder
        folder.mkdir(parents=True)
        size = ["-o", f"size={round(mib * 1024)}k", "tmpfs", str(folder)]
        try:
            mounted = subprocess.run(["mount", "-t", "tmpfs", *size], capture_output=True, text=True).returncode == 0
        except OSError:
            mounted = False
        if not mounted:
            pytest.skip("mounting a file system needs to be root")

    def resize(self, mib: float) -> None:
        size = f"remount,size={round(mib * 1024)}k"
        subprocess.run(["mount", "-o", size, str(self.folder)], check=True)

    def used(self) -> float:
        """MiB."""
        done = subprocess.run(["df", "--output=used", "-k", self.folder], capture_output=True, text=True, check=True)
        return int(done.stdout.split()[-1]) / 1024

    def __enter__(self) -> "SmallDisk":
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(["umount", "--lazy", str(self.folder)], check=False)
