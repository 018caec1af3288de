#!/usr/bin/env python3
"""Runs jobs on this machine, called as Kaldi's run.pl is.

    utils/run.py [--gpu N] [--mem 4G] [--num_threads N] [JOB=1:8] exp/log/x.JOB.log command --part JOB …

JOB is replaced in the log's name and in the command; jobs run in parallel, as many as there are cores. A single
job's output is shown while it runs as well as logged. Exit status 1 if any job failed, naming its log.
"""

import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path


def main() -> None:
    jobs, log, command = parse(sys.argv[1:])
    if jobs == [None]:
        statuses = [run_job(None, log, command, show=True)]
    else:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            statuses = list(pool.map(lambda job: run_job(job, log, command, show=False), jobs))
    failed = [job for job, status in zip(jobs, statuses, strict=True) if status != 0]
    if failed:
        shown = log if jobs == [None] else log.replace("JOB", str(failed[0]))
        sys.exit(f"run.py: {len(failed)} / {len(jobs)} failed, log is in {shown}")


def parse(arguments: list[str]) -> tuple[list[int | None], str, list[str]]:
    """(job numbers or [None], log name, command) of Kaldi's calling convention."""
    jobs: list[int | None] = [None]
    while arguments and (arguments[0].startswith("--") or re.fullmatch(r"JOB=\d+(:\d+)?", arguments[0])):
        if arguments[0].startswith("--"):  # cluster options mean nothing here
            arguments = arguments[2:]
            continue
        first, _, last = arguments[0][4:].partition(":")
        jobs = list(range(int(first), int(last or first) + 1))
        if not jobs or jobs[0] < 1:
            sys.exit(f"run.py: bad job range {arguments[0]}; write JOB=1:N")
        arguments = arguments[1:]
    if len(arguments) < 2:
        sys.exit(__doc__)
    return jobs, arguments[0], arguments[1:]


def run_job(job: int | None, log: str, command: list[str], show: bool) -> int:
    if job is not None:
        log, command = log.replace("JOB", str(job)), [word.replace("JOB", str(job)) for word in command]
    path = Path(log)
    path.parent.mkdir(parents=True, exist_ok=True)
    start = time.time()
    with path.open("wb") as out:
        out.write(f"# {' '.join(command)}\n# Started at {time.ctime(start)}\n#\n".encode())
        out.flush()
        status = copy_output(command, out, show)
        seconds = round(time.time() - start)
        out.write(f"# Accounting: time={seconds} threads=1\n# Ended (code {status}) at {time.ctime()}\n".encode())
    return status


def copy_output(command: list[str], out, show: bool) -> int:
    """Runs the command, its output to the log line by line; progress bars leave only their last state there."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    line = b""
    try:
        while chunk := process.stdout.read1(65536):
            if show:
                sys.stdout.buffer.write(chunk)
                sys.stdout.buffer.flush()
            *lines, line = (line + chunk).split(b"\n")
            for complete in lines:
                out.write(complete.rsplit(b"\r", 1)[-1] + b"\n")
            out.flush()
    except KeyboardInterrupt:
        process.terminate()
    out.write(line.rsplit(b"\r", 1)[-1] + b"\n" if line else b"")
    return process.wait()


if __name__ == "__main__":
    main()
