"""Commands of the README and of the recipes' pages exist and accept the options shown."""

import importlib
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from svstoolkit.conf.loading import default_of, merged_config

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("egs/*/README.md")), *sorted(ROOT.glob("docs/*.md"))]


def commands(page: Path) -> list[tuple[Path, str]]:
    """(folder, command) of every line in the page's bash blocks; `cd` moves on within a block."""
    found = []
    for block in re.findall(r"```bash\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
        folder = page.parent if page.parent.parent == ROOT / "egs" else ROOT
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            if words[:1] == ["cd"]:
                folder = (ROOT if (ROOT / words[1]).is_dir() else folder) / words[1]
            elif words:
                found.append((folder, line.split("#")[0].strip()))
    return found


@pytest.mark.parametrize(("folder", "command"), [c for page in PAGES for c in commands(page)])
def test_command_is_valid(folder: Path, command: str):
    if command.startswith("svs "):
        _, program, *words = shlex.split(command)
        module = importlib.import_module(f"svstoolkit.bin.{program}")
        if words[:1] == ["compare"]:
            module._compare_options().parse_args(words[1:])
        elif program in ("train", "diffusion"):  # which take keys of their config, too
            options, dotted = module._options().parse_known_args(words)
            config = options.config and folder / options.config
            if config is None or config.exists():  # else it is the reader who is to write it
                merged_config(options.default or default_of(config), config, dotted)
        else:
            module._options().parse_args(words)
        return
    environment = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL")}
    if "./run.sh" in command and "--help" not in command:
        command += " --dry_run true"
    elif command.startswith("make "):
        command = command.replace("make ", "make --dry-run ", 1)
    done = subprocess.run(command, shell=True, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_readme_links_lead_somewhere():
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_all_nine_commands_are_printed():
    done = subprocess.run(["./run.sh", "--dry_run", "true"], cwd=ROOT / "egs/mini", capture_output=True, text=True)
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == [
        f"stage {n} {name}"
        for n, name in enumerate("data align features acoustic vocoder diffusion distill decode score".split())
    ]
