"""The ordered map: order, memory, and what happens when something dies."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest
import torch

from svstoolkit.data.workers import AHEAD, Workers
from svstoolkit.errors import InputError


def describe(number: int) -> tuple[int, int, int]:
    return number, os.getpid(), torch.get_num_threads()


def die(number: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_one_process_maps_here_with_one_thread():
    threads = torch.get_num_threads()
    with Workers(1) as workers:
        assert list(workers.map(describe, range(3))) == [(i, os.getpid(), 1) for i in range(3)]
    assert torch.get_num_threads() == threads


def test_processes_keep_order_and_do_not_run_ahead():
    taken = []

    def tasks():
        for number in range(40):
            taken.append(number)
            yield number

    with Workers(2) as workers:
        results = workers.map(describe, tasks())
        first = next(results)
        assert len(taken) <= 2 * AHEAD + 1
        rest = list(results)
        assert next(workers.map(describe, [7]))[0] == 7  # the processes serve the next map too
    numbers, pids, threads = zip(first, *rest, strict=True)
    assert numbers == tuple(range(40))
    assert os.getpid() not in pids
    assert set(threads) == {1}


def test_a_killed_process_is_an_input_error_with_a_remedy():
    with pytest.raises(InputError, match="smaller --nj"), Workers(2) as workers:
        list(workers.map(die, range(2)))


def test_no_processes_at_all_is_refused():
    with pytest.raises(InputError, match="nj is 0"):
        Workers(0)


PARENT = """
import time
from svstoolkit.data.workers import Workers
if __name__ == "__main__":
    with Workers(2) as workers:
        for _ in workers.map(time.sleep, [0] * 4 + [60] * 2):
            print("running", flush=True)
"""


def test_processes_die_with_their_killed_parent(tmp_path):
    (tmp_path / "parent.py").write_text(PARENT)
    parent = subprocess.Popen([sys.executable, tmp_path / "parent.py"], stdout=subprocess.PIPE)
    assert parent.stdout.readline() == b"running\n"
    children = psutil.Process(parent.pid).children(recursive=True)
    assert children
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and any(c.is_running() and c.status() != "zombie" for c in children):
        time.sleep(0.05)
    assert not [c for c in children if c.is_running() and c.status() != "zombie"]
