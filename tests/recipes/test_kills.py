"""Every stage is killed again and again at random moments; what comes out is what an undisturbed run gives."""

import json
import random
import time

import pytest
from mini_run import Run

pytestmark = pytest.mark.slow

KILLS = {0: 3, 1: 3, 2: 3, 3: 4, 4: 4, 5: 4, 6: 4, 7: 3, 8: 3}  # by stage; those that train, more
FIRST = 0.5  # s after the start
TRIES = 8  # for each kill that hits; a stage that goes on where it was often ends first
TIMED = {"rtf"}  # metrics of speed differ from run to run


def quality(run: Run) -> list[dict]:
    rows = json.loads((run.place / "exp/score/results.json").read_text())
    return [row for row in rows if row["metric"] not in TIMED]


def killed_times(run: Run, times: int, seconds: float, moments: random.Random, *options: str) -> int:
    """Kills the stage at random moments of its length until `times` of them hit; how often it had ended before.

    A stage that ended before its kill starts again from nothing, so that late moments are hit as well as early ones;
    if it ends early even so, since recordings are not made twice, moments are drawn from the time that it took.
    """
    hits, misses, again = 0, 0, ()
    while hits < times and misses < TRIES * times:
        start = time.monotonic()
        if run.kill_after(moments.uniform(FIRST, seconds), *options, *again):
            hits, again = hits + 1, ()
        else:
            misses, seconds = misses + 1, time.monotonic() - start if again else seconds
            again = ("--overwrite", "true")
    assert hits == times, f"{' '.join(options)}: only {hits} kills hit"
    return misses


def test_thirty_kills_change_nothing(tmp_path):
    undisturbed, killed = Run(tmp_path / "undisturbed"), Run(tmp_path / "killed")
    done = undisturbed()
    assert done.returncode == 0, done.stderr
    stages = json.loads((undisturbed.place / "exp/stages.json").read_text())["stages"]
    moments = random.Random(0)
    total = 0
    for stage in stages:
        number, seconds = stage["number"], stage["seconds"]
        only = ("--stage", str(number), "--stop_stage", str(number))
        misses = killed_times(killed, KILLS[number], seconds, moments, *only)
        total += KILLS[number]
        print(
            f"stage {number} {stage['name']} ({seconds:.0f} s): killed {KILLS[number]} times, ended before {misses}",
            flush=True,
        )
        done = killed(*only)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    print(f"{total} kills in all")
    assert total >= 30
    assert quality(killed) == quality(undisturbed)
