"""Many jobs over few processes, in order, with a progress bar."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

from tqdm import tqdm

J, R = TypeVar("J"), TypeVar("R")


def progress_map(function: Callable[[J], R], jobs: Sequence[J], nj: int, title: str) -> Iterator[R]:
    """`function` of every job, in the jobs' order, computed by `nj` fresh processes (or here, for nj = 1).

    Fresh (spawned) processes inherit no locks or thread pools of the libraries already loaded.
    """
    bar = {"total": len(jobs), "desc": title, "unit": "utt", "smoothing": 0}
    if nj == 1 or len(jobs) == 1:
        yield from tqdm(map(function, jobs), **bar)
        return
    with ProcessPoolExecutor(min(nj, len(jobs)), mp_context=get_context("spawn")) as pool:
        yield from tqdm(pool.map(function, jobs), **bar)
