"""slurm.py against stand-ins for Slurm's commands; tests/slurm has the real ones."""

import subprocess
import sys
from pathlib import Path

import pytest

UTILS = Path(__file__).resolve().parents[2] / "utils"
CONF = "command sbatch -A me\noption gpu=0\noption gpu=* --gres=gpu:$0\ndefault gpu=0\noption num_threads=* -c $0\n"
SBATCH = """#!/bin/bash
[ -e refusals ] && { echo "sbatch: error: Batch job submission failed: no such partition" >&2; exit 1; }
echo "$@" > sbatch.args
(env -i PATH="$PATH" SLURM_JOB_ID=7 SLURM_ARRAY_TASK_ID=2 setsid bash "${@: -1}" > sbatch.out 2>&1 &)
echo "7;cluster"
"""
SQUEUE = """#!/bin/bash
n=$(cat asked 2>/dev/null || echo 0); echo $((n + 1)) > asked
eval "$(cat answer 2>/dev/null)"
"""


@pytest.fixture
def place(tmp_path) -> Path:
    """A recipe's folder with an sbatch that runs array task 2 and an squeue that says what `answer` has it say."""
    (tmp_path / "bin").mkdir()
    for name, text in (("sbatch", SBATCH), ("squeue", SQUEUE), ("scancel", '#!/bin/sh\necho "$@" > cancelled\n')):
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    (tmp_path / "path.sh").write_text("export FROM_PATH=yes\n")
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/slurm.conf").write_text(CONF)
    return tmp_path


def slurm(place: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess:
    environment = {"PATH": f"{place}/bin:{Path(sys.executable).parent}:/usr/bin:/bin"} | variables
    command = [sys.executable, str(UTILS / "slurm.py"), *arguments]
    return subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, timeout=60)


def test_options_are_mapped_and_the_status_returned(place):
    options = ["--gpu", "2", "--num-threads", "3", "--max-jobs-run", "4", "JOB=2:2", "log/a.JOB.log"]
    done = slurm(place, *options, "sh", "-c", "echo task JOB $FROM_PATH; exit 3")
    assert done.returncode == 1
    submitted = (place / "sbatch.args").read_text()
    assert submitted.startswith("-A me --gres=gpu:2 -c 3 --parsable --job-name=a.JOB")
    assert "--array=2%4" in submitted
    log = (place / "log/a.2.log").read_text()
    assert "\ntask 2 yes\n# Accounting: time=0 threads=3\n# Ended (code 3)" in log
    assert "job 2 (code 3), log/a.2.log:\n    task 2 yes" in done.stderr


def test_packages_that_configs_may_name_reach_jobs_without_the_rest_of_the_environment(place):
    """The stand-in's jobs begin with no variables, as under `sbatch --export=NONE`."""
    words = ["sh", "-c", "echo task JOB: $SVS_IMPORT, $PYTHONPATH, $OTHER."]
    done = slurm(place, "JOB=2:2", "a.JOB.log", *words, SVS_IMPORT="mine yours", PYTHONPATH="/a b", OTHER="no")
    assert done.returncode == 0, done.stderr
    assert "\ntask 2: mine yours, /a b, .\n" in (place / "a.2.log").read_text()


def test_resume_submits_what_has_not_ended_well(place):
    command = ["JOB=1:4", "log/a.JOB.log", "echo", "JOB"]
    (place / "log").mkdir()
    for n in (1, 3, 4):
        end = "Ended (code 0) at noon" if n < 4 else "Ended (code 1) at noon"
        (place / f"log/a.{n}.log").write_text(f"# echo {n}\n# Started at noon\n#\n{n}\n# {end}\n")
    (place / "answer").write_text('echo "4 COMPLETED None"')  # whose file a slow disk does not show
    done = slurm(place, "--resume", "true", *command)
    assert done.returncode == 0, done.stderr
    assert "--array=2,4 " in (place / "sbatch.args").read_text()
    assert not list(place.glob("log/q/*"))


@pytest.mark.parametrize(
    ("first", "then", "said"),
    [
        ("echo 3 NODE_FAIL None", "", "job 3 (NODE_FAIL)"),
        ("echo 'error: Unable to contact' >&2; exit 1", "echo 3 TIMEOUT None", "job 3 (TIMEOUT)"),
        ("echo 3 PENDING launch failed requeued held", "echo 3 CANCELLED None", "7_3 waits: launch failed"),
    ],
)
def test_a_job_without_a_word_is_what_slurm_says(first, then, said, place):
    (place / "answer").write_text(f"if [ $n -lt 1 ]; then {first}; else {then or 'true'}; fi")
    done = slurm(place, "JOB=2:3", "log/a.JOB.log", "echo", "JOB")
    assert done.returncode == 1
    assert "1 / 2 failed" in done.stderr
    assert said in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "conf", "said"),
    [
        (["--mem", "4G", "a.log", "true"], CONF, "no line `option mem=*` for --mem 4G"),
        (["a.log", "true"], "sbatch --mem 4G\n", "line 1: expected command, option or default"),
        (["--config", "conf/none.conf", "a.log", "true"], CONF, "conf/none.conf does not exist"),
        (["a.log", "true"], "command no-sbatch\n", "no-sbatch is not here"),
    ],
)
def test_what_cannot_be_submitted(arguments, conf, said, place):
    (place / "conf/slurm.conf").write_text(conf)
    done = slurm(place, *arguments)
    assert done.returncode == 1
    assert said in done.stderr


def test_refusals_of_sbatch_are_told(place):
    (place / "refusals").touch()
    done = slurm(place, "a.log", "true")
    assert done.returncode == 1
    assert "no such partition" in done.stderr
