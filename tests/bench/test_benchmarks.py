"""`make bench`: every module is one, and without egs/mini's models it says so before it measures anything."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_module_measures():
    program = "import run; print(*(m.__name__ for m in run.benchmarks() if callable(m.measure)))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT / "bench", capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    others = {"run", "result"}
    assert set(done.stdout.split()) == {path.stem for path in (ROOT / "bench").glob("*.py")} - others


def test_checkpoints_are_of_configs_that_can_be_filled_in():
    program = "import checkpoint as c; [c.load_config(name, substitutions=c.KNOWN) for name in c.DEFAULTS]"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT / "bench", capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_without_models_it_is_one_line(tmp_path):
    shutil.copytree(ROOT / "bench", tmp_path / "bench", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "egs/mini").mkdir(parents=True)
    paths = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    command = [sys.executable, str(tmp_path / "bench/run.py")]
    done = subprocess.run(command, env=os.environ | {"PYTHONPATH": paths}, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("error: "), done.stderr
    assert "exp" in done.stderr
    assert "first" in done.stderr
    assert len(done.stderr.splitlines()) == 1
