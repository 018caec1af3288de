"""Montreal Forced Aligner 3.x as a program: where it is, whether it can run, and what it said when it stopped."""

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from svstoolkit.errors import InputError

REMEDY = (
    "install it with `make -C tools mfa` (from conda-forge), or set mfa.command to one that is installed, e.g. "
    "`conda run -n mfa mfa`, or align with --aligner hmm, which needs nothing"
)
VERSION_SECONDS = 180  # conda's start and MFA's imports from a cold network disk
INSTALLED = Path(__file__).parents[2] / "tools" / "mfa" / "bin"  # where tools/Makefile puts it
BOX = "─│╭╮╰╯━┃┏┓┗┛ \t"  # frames around messages of MFA's command line
LONGEST_REASON = 300


@dataclass(frozen=True)
class MfaProgram:
    """words: the command before `train`; environment: its variables; version: as `mfa version` prints it."""

    words: tuple[str, ...]
    environment: dict[str, str]
    version: str = ""


def find_mfa(command: str) -> MfaProgram:
    """An MFA that can really run.

    `mfa` on the PATH is not enough: installed by pip it lacks Kaldi's bindings, and `mfa version` fails; and that
    does not notice that OpenFst's programs are missing. An `mfa` inside an environment that is not activated gets
    the programs beside it on its PATH. The plain `mfa` is also looked for where tools/Makefile installs it.

    Raises:
        InputError: what is missing, and the remedy.
    """
    words = shlex.split(command)
    if command == "mfa" and not shutil.which("mfa") and (INSTALLED / "mfa").is_file():
        words = [str(INSTALLED / "mfa")]
    place = shutil.which(words[0]) if words else None
    if place is None:
        raise InputError(f"Montreal Forced Aligner is not here (no program {command!r}); {REMEDY}")
    environment = dict(os.environ)
    if len(words) == 1:
        environment["PATH"] = os.pathsep.join((str(Path(place).absolute().parent), environment.get("PATH", "")))
    version = _version(command, words, environment)
    if not _has_openfst(words, environment):
        raise InputError(f"Montreal Forced Aligner {version} is here, but not OpenFst's `fstcompile`; {REMEDY}")
    return MfaProgram(tuple(words), environment, version)


def require_mfa(command: str) -> str:
    """The version of the MFA that `find_mfa` finds; raises what that raises."""
    return find_mfa(command).version


def run_mfa(program: MfaProgram, arguments: Sequence[object], log: Path, root: Path) -> None:
    """Runs MFA, both its streams into `log`.

    Args:
        root: MFA's own folder (MFA_ROOT_DIR), so that no user's settings play in and a corpus is not refused for
            lying beside it.

    Raises:
        InputError: it stops with an error; says which, and names the log.
    """
    environment = {**program.environment, "MFA_ROOT_DIR": str(root), "COLUMNS": "200"}
    words = [*program.words, *map(str, arguments)]
    with log.open("w", encoding="utf-8") as file:
        done = subprocess.run(words, stdout=file, stderr=subprocess.STDOUT, env=environment, check=False)
    if done.returncode != 0:
        reason = failure_reason(log.read_text(encoding="utf-8", errors="replace"))
        what = f"`{shlex.join([*program.words, str(arguments[0])])}`"
        raise InputError(f"{what} stopped with exit status {done.returncode} ({reason}); see {log}")


def failure_reason(output: str) -> str:
    """The error in MFA's output, in one line: the last exception, or the text of its last box."""
    lines = [line.strip(BOX) for line in output.splitlines()]
    lines = [line for line in lines if line]
    errors = [i for i, line in enumerate(lines) if re.match(r"([\w.]*Error\b|Invalid value)", line)]
    text = " ".join(lines[errors[-1] :] if errors else lines[-1:]) or "no message"
    text = re.sub(r"[\w.]+\.(\w+Error)\b", r"\1", text)
    text = re.sub(r"\b(\w+Error): \1\b", r"\1", text)
    return text if len(text) <= LONGEST_REASON else text[: LONGEST_REASON - 1] + "…"


def _version(command: str, words: Sequence[str], environment: dict[str, str]) -> str:
    try:
        done = subprocess.run(
            [*words, "version"], capture_output=True, text=True, timeout=VERSION_SECONDS, env=environment, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise InputError(f"`{command} version` gave no answer in {VERSION_SECONDS} s; {REMEDY}") from error
    if done.returncode != 0:
        reason = failure_reason(done.stderr) if done.stderr.strip() else f"exit status {done.returncode}"
        raise InputError(f"`{command} version` fails ({reason}): this Montreal Forced Aligner cannot run; {REMEDY}")
    version = (done.stdout.split() or [""])[-1]
    if not version.startswith("3."):
        raise InputError(f"Montreal Forced Aligner 3.x is needed, {command!r} is version {version!r}; {REMEDY}")
    return version


def _has_openfst(words: Sequence[str], environment: dict[str, str]) -> bool:
    """Whether MFA will find `fstcompile`; through a launcher such as `conda run -n mfa`, it is asked there."""
    if len(words) == 1:
        return shutil.which("fstcompile", path=environment["PATH"]) is not None
    if Path(words[-1]).name != "mfa":
        return True  # a wrapper of the user's own, which nothing can be asked
    question = [*words[:-1], "sh", "-c", "command -v fstcompile"]
    return subprocess.run(question, capture_output=True, env=environment, check=False).returncode == 0
