"""Every stage on a disk with too little room for it: one line with the remedy; with more room the stage completes."""

import json
import random
import re

import pytest
from mini_run import Run
from small_disk import SmallDisk

pytestmark = pytest.mark.slow

ROOM = 4096  # MiB, which is enough
LEAST = 0.02  # MiB that a stage finds, or more by chance up to what it wrote before
TRIES = 3


def errors(output: str) -> list[str]:
    return [line for line in output.splitlines() if line.startswith(("error:", "run.py: "))]


def test_each_stage_survives_a_full_disk(tmp_path):
    moments = random.Random(0)
    with SmallDisk(tmp_path / "disk", ROOM) as disk:
        run, total = Run(disk.folder / "run"), 0
        run.place.mkdir()
        for number in range(9):
            only = ("--stage", str(number), "--stop_stage", str(number))
            before, room = disk.used(), LEAST
            for _ in range(TRIES):
                disk.resize(disk.used() + room)
                failed = run(*only)
                output = failed.stdout + failed.stderr
                if failed.returncode == 0:
                    break
                total += 1
                assert "Traceback" not in output, output[-3000:]
                assert re.search(r"cannot be written \(No space left on device", output), output[-3000:]
                assert len(errors(output)) >= 1, output[-3000:]
                room = moments.uniform(LEAST, 1.0)
            disk.resize(ROOM)
            done = run(*only)
            assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
            print(f"stage {number}: {disk.used() - before:.1f} MiB, failed for want of room {total} times so far")
        assert total >= 9
        rows = json.loads((run.place / "exp/score/results.json").read_text())
        assert {row["system"] for row in rows} >= {"copy_synthesis", "reference", "smoothsinger_4", "student_1"}
