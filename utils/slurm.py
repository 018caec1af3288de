#!/usr/bin/env python3
"""Runs jobs under Slurm, called as Kaldi's slurm.pl is; waits for them and exits with 1 if any failed.

    utils/slurm.py [--config conf/slurm.conf] [--gpu N] [--mem 4G] [JOB=1:8] exp/log/x.JOB.log command …

conf/slurm.conf maps options to sbatch's, one per line: `command sbatch --export=ALL`, `option gpu=0 -p cpu`,
`option gpu=* -p gpu --gres=gpu:$0`, `option mem=* --mem-per-cpu $0`, `default gpu=0`. An undeclared option is an error.
"""

import re
import shlex
import subprocess
import sys
from pathlib import Path


def main() -> None:
    options, array, log, command = parse(sys.argv[1:])
    config = Path(options.pop("config", "conf/slurm.conf"))
    arguments = sbatch_arguments(config, options)
    path = Path(log)
    path.parent.mkdir(parents=True, exist_ok=True)
    script = path.parent / "q" / f"{path.stem}.sh"
    script.parent.mkdir(exist_ok=True)
    job_log = log.replace("JOB", "${SLURM_ARRAY_TASK_ID}")
    line = shlex.join(command).replace("JOB", "${SLURM_ARRAY_TASK_ID}") if array else shlex.join(command)
    script.write_text(
        f'#!/usr/bin/env bash\ncd "{Path.cwd()}"\n. ./path.sh\n'
        f'{{ echo "# {line}"; echo "# Started at $(date)"; }} > "{job_log}"\n'
        f'{line} >> "{job_log}" 2>&1\nstatus=$?\n'
        f'echo "# Ended (code $status) at $(date)" >> "{job_log}"\nexit $status\n'
    )
    if array:
        arguments.append(f"--array={array.replace(':', '-')}")
    print(f"slurm.py: submitting; the log is in {log}", flush=True)
    submission = [*arguments, "--wait", "--output", f"{script.with_suffix('.log')}", str(script)]
    if status := subprocess.run(submission, check=False).returncode:
        sys.exit(f"slurm.py: job failed with status {status}, log is in {log}")


def parse(arguments: list[str]) -> tuple[dict[str, str], str, str, list[str]]:
    options: dict[str, str] = {}
    array = ""
    while arguments and (arguments[0].startswith("--") or re.fullmatch(r"JOB=\d+(:\d+)?", arguments[0])):
        if arguments[0].startswith("JOB="):
            array, arguments = arguments[0][4:], arguments[1:]
        elif len(arguments) < 2:
            sys.exit(f"slurm.py: option {arguments[0]} needs a value")
        else:
            options[arguments[0][2:].replace("-", "_")], arguments = arguments[1], arguments[2:]
    if len(arguments) < 2:
        sys.exit(__doc__)
    return options, array, arguments[0], arguments[1:]


def sbatch_arguments(config: Path, options: dict[str, str]) -> list[str]:
    """sbatch's arguments for these options, as conf/slurm.conf maps them."""
    command, rules, defaults = ["sbatch"], {}, {}
    for number, line in enumerate(config.read_text().splitlines() if config.exists() else [], 1):
        words = shlex.split(line, comments=True)
        if not words:
            continue
        if words[0] == "command":
            command = words[1:]
        elif words[0] == "option" and "=" in words[1]:
            rules[words[1]] = words[2:]
        elif words[0] == "default" and "=" in words[1]:
            defaults.update([words[1].split("=", 1)])
        else:
            sys.exit(f"slurm.py: {config}, line {number}: expected command, option or default, found {line!r}")
    for name, value in (defaults | options).items():
        rule = rules.get(f"{name}={value}", rules.get(f"{name}=*"))
        if rule is None:
            sys.exit(f"slurm.py: {config} has no line `option {name}=*` for --{name} {value}; add one")
        command += [word.replace("$0", value) for word in rule]
    return command


if __name__ == "__main__":
    main()
