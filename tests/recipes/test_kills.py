"""Every stage is killed again and again at random moments; what comes out is what an undisturbed run gives."""

import json
import random

import pytest
from mini_run import Run

pytestmark = pytest.mark.slow

KILLS_PER_STAGE = 2
TIMED = {"rtf"}  # metrics of speed differ from run to run


def quality(run: Run) -> list[dict]:
    rows = json.loads((run.place / "exp/score/results.json").read_text())
    return [row for row in rows if row["metric"] not in TIMED]


def test_random_kills_change_nothing(tmp_path):
    undisturbed, killed = Run(tmp_path / "undisturbed"), Run(tmp_path / "killed")
    done = undisturbed()
    assert done.returncode == 0, done.stderr
    stages = json.loads((undisturbed.place / "exp/stages.json").read_text())["stages"]
    moments = random.Random(0)
    for stage in stages:
        only = ("--stage", str(stage["number"]), "--stop_stage", str(stage["number"]))
        for _ in range(KILLS_PER_STAGE):
            killed.kill_after(moments.uniform(0.5, stage["seconds"]), *only)
        done = killed(*only)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    assert quality(killed) == quality(undisturbed)
