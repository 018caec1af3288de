"""An ordered map over processes that holds few results in memory and leaves no orphans."""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from typing import TypeVar

import torch

from svstoolkit.errors import InputError

Task, Result = TypeVar("Task"), TypeVar("Result")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
AHEAD = 4  # tasks per process that may be under way or waiting to be read


class Workers:
    """`nj` processes, started when first needed; with nj = 1 the work is done in this one.

    Each computes with a single thread, this process too while it maps, so results do not depend on `nj`.
    """

    def __init__(self, nj: int):
        if nj < 1:
            raise InputError(f"nj is {nj}; expected the number of processes, at least 1")
        self.nj = nj
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, *error: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def map(self, function: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[Result]:
        """Results in the order of the tasks; `function` and tasks must be picklable.

        Raises:
            InputError: a process was killed from outside, as a machine short of memory does.
        """
        if self.nj == 1:
            yield from _map_here(function, tasks)
            return
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                self.nj, mp_context=multiprocessing.get_context("spawn"), initializer=_start_worker
            )
        tasks = iter(tasks)
        try:
            # processes start as tasks come in; their BLAS reads its number of threads while it is loaded
            with _environment(dict.fromkeys(THREADS, "1")):
                pending = deque(self._pool.submit(function, task) for task in islice(tasks, AHEAD * self.nj))
            while pending:
                result = pending.popleft().result()
                pending.extend(self._pool.submit(function, task) for task in islice(tasks, 1))
                yield result
        except BrokenProcessPool as error:
            raise InputError(
                f"one of {self.nj} processes was killed, most likely for lack of memory; run again with a smaller --nj"
            ) from error


def _map_here(function: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[Result]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield from map(function, tasks)
    finally:
        torch.set_num_threads(threads)


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name)
            else:
                os.environ[name] = value


def _start_worker() -> None:
    torch.set_num_threads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _die_with_parent() -> None:
    """A pool's workers would wait for ever for tasks from a parent that was killed."""
    multiprocessing.parent_process().join()
    os._exit(1)
