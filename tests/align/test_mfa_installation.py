"""`make -C tools mfa`, with stand-ins for micromamba and conda."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CREATE = """#!/bin/sh
echo "$0 $@" >> {folder}/calls
[ "$1" = create ] || exit 1
while [ "$1" != --prefix ]; do shift; done
mkdir -p "$2/bin"
printf '#!/bin/sh\\n{mfa}\\n' > "$2/bin/mfa"
printf '#!/bin/sh\\n' > "$2/bin/fstcompile"
chmod +x "$2"/bin/*
"""


@pytest.fixture
def make(tmp_path):
    """Runs `make mfa` in a copy of tools/, with the programs named on the PATH; returns its result."""
    tools, programs = tmp_path / "tools", tmp_path / "bin"
    tools.mkdir()
    programs.mkdir()
    shutil.copy(ROOT / "tools" / "Makefile", tools)
    for name in ("sh", "make", "rm", "mkdir", "printf", "chmod", "touch"):
        (programs / name).symlink_to(shutil.which(name))

    def run(*names: str, mfa: str = "echo 3.4.3") -> subprocess.CompletedProcess:
        for name in names:
            (programs / name).write_text(CREATE.format(folder=tmp_path, mfa=mfa))
            (programs / name).chmod(0o755)
        return subprocess.run(
            ["make", "-C", str(tools), "mfa"], env={"PATH": str(programs)}, capture_output=True, text=True, check=False
        )

    return run


def test_without_any_conda_it_says_what_to_do(make):
    done = make()
    assert done.returncode != 0
    assert "none of micromamba, mamba and conda is here" in done.stdout
    assert "--aligner hmm" in done.stdout


def test_installed_once_with_the_version_pinned(make, tmp_path):
    done = make("conda", "micromamba")
    assert done.returncode == 0, done.stderr
    call = (tmp_path / "calls").read_text()
    assert "micromamba create" in call
    assert "montreal-forced-aligner=3.4.3" in call
    assert "--channel conda-forge" in call
    assert (tmp_path / "tools" / "mfa" / ".gitignore").read_text() == "*\n"
    assert make().returncode == 0
    assert (tmp_path / "calls").read_text() == call


def test_an_installation_that_cannot_run_is_not_ready(make, tmp_path):
    done = make("conda", mfa="exit 1")
    assert done.returncode != 0
    assert "cannot run" in done.stdout
    assert not (tmp_path / "tools" / "mfa" / ".ready").exists()
