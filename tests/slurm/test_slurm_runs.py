"""Longer runs on a real Slurm: several processes by srun that a more urgent job preempts; stages of egs/mini."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from slurm_node import CONF, ROOT, SLURM_CONF, Place, await_true, job_of, place, queued, same_weights

TRAINING = Path(__file__).with_name("slow_training.py")

pytestmark = [pytest.mark.slurm, pytest.mark.slow]
__all__ = ["place"]


def test_two_processes_by_srun_preempted_by_an_urgent_job(place: Place):
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    subprocess.run([*torchrun, TRAINING, "undisturbed"], cwd=place.folder, check=True)
    srun = ["srun", "--ntasks=2", "--kill-on-bad-exit=1", "python3"]
    process = place.start("--ntasks", 2, "a.log", *srun, TRAINING, "preempted", 0.6)
    job = job_of(process)
    await_true((place.folder / "preempted/at").exists)
    subprocess.run(["sbatch", "--partition=urgent", "--ntasks=4", "--output=/dev/null", "--wrap=true"], check=True)
    output, _ = process.communicate(timeout=180)
    log = (place.folder / "a.log").read_text()
    assert process.returncode == 0, output + log
    assert f"{job} is back in the queue" in output
    # once all is saved, the first process leaves with 138, and srun may end the other with SIGTERM before it leaves too
    assert re.search(r"# Ended \(code (138|143)\)", log), log
    assert "resuming at step" in (place.folder / "preempted/train.log").read_text()
    assert "rank 1 of 2 restarted 1 times" in log
    assert same_weights(place.folder / "preempted", place.folder / "undisturbed")


class Recipe:
    """egs/mini in a tree of its own, in small, by Slurm or here."""

    def __init__(self, tree: Path):
        self.folder = tree / "egs/mini"
        skipped = shutil.ignore_patterns("data", "dump", "exp", "downloads")
        shutil.copytree(ROOT / "egs/mini", self.folder, symlinks=True, ignore=skipped)
        for name in ("utils", "tools"):
            (tree / name).symlink_to(ROOT / name)
        (self.folder / "conf/slurm.conf").write_text(CONF)

    def start(self, backend: str, first: int, last: int, *options: str) -> subprocess.Popen:
        cmd = self.folder / "cmd.sh"
        cmd.write_text((ROOT / "egs/mini/cmd.sh").read_text().replace("cmd_backend=local", f"cmd_backend={backend}"))
        stages = ["--stage", str(first), "--stop_stage", str(last), "--corpus_args", "phrases_per_song=2"]
        command = ["./run.sh", "--conf", "conf/debug", "--diffusion_steps", "4", "--student_steps", "1", *stages]
        return subprocess.Popen(
            [*command, *options], cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def __call__(self, *arguments: object) -> str:
        process = self.start(*arguments)
        output, _ = process.communicate(timeout=600)
        assert process.returncode == 0, output
        return output


def test_stages_of_mini_with_one_job_killed(tmp_path, monkeypatch, place):
    monkeypatch.setenv("SLURM_CONF", SLURM_CONF)
    recipe = Recipe(tmp_path / "tree")
    recipe("local", 0, 0)
    assert "submitted the job" in recipe("slurm", 1, 2)
    recipe("local", 3, 3, "--tag", "undisturbed")
    process = recipe.start("slurm", 3, 3)
    log = recipe.folder / "exp/fastspeech2/train.log"
    await_true(lambda: log.exists() and "step" in log.read_text())
    subprocess.run(["scancel", "--full", "--signal=TERM", queued()[0]], check=True)
    output, _ = process.communicate(timeout=600)
    assert process.returncode == 0, output
    assert "is back in the queue" in output
    assert "# SIGTERM: requeued" in (recipe.folder / "exp/log/fastspeech2.log").read_text()
    assert same_weights(recipe.folder / "exp/fastspeech2", recipe.folder / "exp/fastspeech2_undisturbed")
    recipe("local", 4, 6)
    recipe("slurm", 7, 7)
    assert list(recipe.folder.glob("exp/decode/*/*/test/wav/*.wav"))


def test_multi_node_training_refuses_a_job_of_one_node(place: Place):
    status, output = place("a.log", "svs", "train", "--default", "fastspeech2", "--exp_dir", "exp", "--num_nodes", "2")
    assert status == 1
    assert "--num_nodes 2, but Slurm gave this job 1" in output
