"""One job as a process: its log, the signals it gets, its end."""

import ctypes
import os
import select
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

from jobs import executable, header

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1)
SAME = 1.0  # s in which signals count as one: of a terminal, of a parent and of a scheduler
LISTENING = 1.0  # s for which the output of an ended job is read on, should others hold it
PR_SET_PDEATHSIG = 1  # Linux's prctl(2)
LIBC = ctypes.CDLL(None)


class Signals:
    """Hands signals on to the jobs. The first of them asks to stop, one more of a second later again, a third kills."""

    def __init__(self, shared_group: bool = False) -> None:
        """shared_group: the jobs live in this process's own group, all of which is this job's"""
        self.first: int | None = None
        self._shared_group = shared_group
        self._running: set[int] = set()
        self._count, self._last = 0, float("-inf")

    def listen(self) -> None:
        for number in SIGNALS:
            signal.signal(number, self._handle)

    def _handle(self, number: int, frame: object) -> None:
        if time.monotonic() - self._last < SAME:
            return
        self._last, self._count = time.monotonic(), self._count + 1
        self.first = self.first or number
        for pid in tuple(self._running):
            self._send(pid, signal.SIGKILL if self._count > 2 else number)

    def _send(self, pid: int, number: int) -> None:
        try:
            if not self._shared_group:
                os.killpg(pid, number)
            elif os.getpgid(0) == os.getpid() and number != signal.SIGKILL:
                os.killpg(0, number)  # comes back to this process too, where it counts as the same
            else:
                os.kill(pid, number)
        except ProcessLookupError:
            pass

    def started(self, pid: int) -> None:
        self._running.add(pid)
        if self.first:  # came while the process was being made
            self._send(pid, self.first)

    def ended(self, pid: int, leftovers: bool) -> None:
        """leftovers: what a shell put into its background is deaf to Ctrl-C, and ends here after one"""
        self._running.discard(pid)
        if leftovers and self.first:
            self._send(pid, signal.SIGTERM)


class Log:
    """A job's log. If the disk is full, that is said once, and the job goes on without."""

    def __init__(self, path: Path, append: bool):
        """Ends the program if the file cannot be made."""
        self.path, self._told = path, False
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("ab" if append else "wb", buffering=0)
        except OSError as error:
            sys.exit(f"{Path(sys.argv[0]).name}: {path}: cannot be written ({error.strerror}); nothing was started")

    def write(self, data: bytes) -> None:
        try:
            left = memoryview(data)
            while left:
                left = left[self._file.write(left) :]
        except OSError as error:
            if not self._told:
                print(
                    f"{self.path}: cannot be written ({error.strerror}); its end is lost", file=sys.stderr, flush=True
                )
            self._told = True

    def close(self) -> None:
        self._file.close()


def run_logged(
    command: list[str],
    log: Path,
    signals: Signals,
    *,
    show: bool = False,
    append: bool = False,
    own_group: bool = True,
    threads: str = "1",
    environment: dict[str, str] | None = None,
) -> int:
    """Runs a command to its end with its output in the log, and to stdout too if `show`; returns the exit status.

    own_group: signals reach the command and all that it starts, and nothing else
    """
    start = time.time()
    with closing(Log(log, append)) as out:
        out.write(f"{header(command)}{time.ctime(start)}\n# Running on {socket.gethostname()}\n#\n".encode())
        try:
            process = subprocess.Popen(
                executable(command),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=own_group,
                preexec_fn=die_with_parent,  # noqa: PLW1509 - one system call, which takes no locks
                env=None if environment is None else os.environ | environment,
            )
        except OSError as error:
            message = f"{error.filename or command[0]}: {error.strerror}\n".encode()
            out.write(message)
            if show:
                sys.stdout.buffer.write(message)
            status = 127
        else:
            signals.started(process.pid)
            copy_output(process, out, show)
            status = process.wait()
            signals.ended(process.pid, leftovers=own_group)
            status = 128 - status if status < 0 else status  # of a signal, as the shell has it
        seconds = round(time.time() - start)
        out.write(
            f"# Accounting: time={seconds} threads={threads}\n# Ended (code {status}) at {time.ctime()}\n".encode()
        )
    return status


def die_with_parent() -> None:
    """Has Linux kill this process when its parent is killed; other systems leave it alone."""
    if hasattr(LIBC, "prctl"):
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def copy_output(process: subprocess.Popen, out: Log, show: bool) -> None:
    """The process's output to the log line by line; progress bars leave only their last state there."""
    line = b""
    descriptor = process.stdout.fileno()
    while True:
        if not select.select([descriptor], [], [], LISTENING)[0]:
            if process.poll() is not None:  # something it left behind holds the pipe
                break
            continue
        if not (chunk := os.read(descriptor, 65536)):
            break
        if show:
            try:
                sys.stdout.buffer.write(chunk)
                sys.stdout.buffer.flush()
            except BrokenPipeError:  # nobody looks any more: the log goes on
                show = False
        *lines, line = (line + chunk).split(b"\n")
        out.write(b"".join(complete.rsplit(b"\r", 1)[-1] + b"\n" for complete in lines))
    out.write(line.rsplit(b"\r", 1)[-1] + b"\n" if line else b"")
