#!/usr/bin/env python3
"""Runs jobs under Slurm, called as Kaldi's slurm.pl is; waits for them and exits with 1 if any failed.

    utils/slurm.py [--config conf/slurm.conf] [--gpu N] [--mem 4G] [--num-threads N] [--time 1:0:0] [--max-jobs-run N]
                   [--resume true] [JOB=1:8] exp/log/x.JOB.log command --part JOB …

conf/slurm.conf maps options to sbatch's, one per line: `command sbatch --export=ALL`, `option gpu=0 -p cpu`,
`option gpu=* -p gpu --gres=gpu:$0`, `option mem=* --mem-per-cpu $0`, `default gpu=0`. An undeclared option is an error.
--max-jobs-run limits how many tasks of the array run at once; --resume true submits only what has not ended well.

Ctrl-C and SIGTERM cancel the jobs. A job that is preempted, short of time or on a failed node returns to the queue
(sbatch's --requeue and --signal=B:USR1@120), and is waited for.
"""

import glob
import os
import shlex
import shutil
import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import slurm_queue
from jobs import Call, failure_report, parse, tail

LOOK = 0.5  # s between looks for the files that ended jobs leave
QUEUE_FIRST, QUEUE_LATER = 2.0, 15.0  # s between questions to the controller, soon after the submission and later
LOST = 60.0  # s that a slow file system may take to show the end of a job that has left the queue
ENDING = 45.0  # s that cancelled jobs have to save their work: Slurm's KillWait is 30
FAILURES = set("FAILED CANCELLED TIMEOUT NODE_FAIL OUT_OF_MEMORY BOOT_FAIL DEADLINE PREEMPTED REVOKED".split())
EXPECTED = {"None", "Priority", "Resources", "BeginTime", "JobArrayTaskLimit", "NonZeroExitCode", "Dependency", ""}


def main() -> None:
    call = parse("slurm.py", sys.argv[1:], __doc__)
    config = Path(call.options.pop("config", "conf/slurm.conf"))
    arguments = sbatch_arguments(config, call)
    left = call.left_to_do()
    if not left:
        return
    folder = call.log_of(left[0]).parent / "q" / f"{Path(call.log).stem}.{time.strftime('%Y%m%d-%H%M%S')}.{os.getpid()}"
    folder.mkdir(parents=True)
    for number in left:  # what an earlier attempt left is not this one's
        call.log_of(number).unlink(missing_ok=True)
    script = write_script(call, folder.resolve())
    interrupts = Interrupts()
    job = slurm_queue.submit([*arguments, *array_arguments(call, left, folder.resolve())], script)
    count = f"{len(left)} jobs" if call.is_array else "the job"
    print(f"slurm.py: submitted {count} as {job}, log is in {call.log}", flush=True)
    failed = Waiting(call, job, folder, set(left)).wait(interrupts)
    if failed:
        leave_word_of_slurm(call, failed, folder)
        sys.exit(failure_report(call, dict(sorted(failed.items(), key=lambda item: item[0] or 0))))
    stem = glob.escape(Path(call.log).stem)
    for own_or_older in folder.parent.glob(f"{stem}.[0-9]*-[0-9]*.[0-9]*"):
        shutil.rmtree(own_or_older, ignore_errors=True)


def sbatch_arguments(config: Path, call: Call) -> list[str]:
    """sbatch's arguments for these options, as conf/slurm.conf maps them."""
    if not config.is_file():
        sys.exit(f"slurm.py: {config} does not exist; it maps options to sbatch's, as egs/mini/conf/slurm.conf does")
    command, rules, defaults = ["sbatch"], {}, {}
    for number, line in enumerate(config.read_text().splitlines(), 1):
        words = shlex.split(line, comments=True)
        if not words:
            continue
        if words[0] == "command" and len(words) > 1:
            command = words[1:]
        elif words[0] == "option" and len(words) > 1 and "=" in words[1]:
            name, value = words[1].split("=", 1)
            rules[f"{name.replace('-', '_')}={value}"] = words[2:]
        elif words[0] == "default" and len(words) == 2 and "=" in words[1]:
            name, value = words[1].split("=", 1)
            defaults[name.replace("-", "_")] = value
        else:
            sys.exit(f"slurm.py: {config}, line {number}: expected command, option or default, found {line!r}")
    for name, value in (defaults | call.options).items():
        rule = rules.get(f"{name}={value}", rules.get(f"{name}=*"))
        if rule is None:
            sys.exit(f"slurm.py: {config} has no line `option {name}=*` for --{name} {value}; add one")
        command += [word.replace("$0", value) for word in rule]
    return command


def write_script(call: Call, folder: Path) -> Path:
    here, script = Path(__file__).resolve().parent, folder / "job.sh"
    threads = call.options.get("num_threads", "1")
    job = [str(here / "slurm_job.py"), str(folder), call.variable, threads, call.log, *call.command]
    # `sbatch --export=PATH`, as some sites want it, would lose what the programs are told by variables
    told = [name for name in sorted(os.environ) if name == "PYTHONPATH" or name.startswith("SVS_")]
    script.write_text(
        f"#!/usr/bin/env bash\n# {Path(call.log).stem}, submitted by slurm.py\n"
        f"cd {shlex.quote(str(Path.cwd()))} || exit 1\n"
        + "".join(f"export {name}={shlex.quote(os.environ[name])}\n" for name in told)
        + f"[ ! -f path.sh ] || . ./path.sh || exit 1\nexec python3 {shlex.join(job)}\n"
    )
    return script


def array_arguments(call: Call, left: list[int | None], folder: Path) -> list[str]:
    name = f"--job-name={Path(call.log).name.removesuffix('.log')}"
    if not call.is_array:
        return ["--parsable", name, f"--output={folder}/slurm.out"]
    limit = f"%{call.max_jobs_run}" if call.max_jobs_run else ""
    return ["--parsable", name, f"--output={folder}/slurm.%a.out", f"--array={ranges(left)}{limit}"]


def ranges(numbers: list[int]) -> str:
    """1, 2, 3, 7 → 1-3,7"""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)


class Interrupts:
    """Remembers Ctrl-C and SIGTERM for the loop that waits; signals less than a second apart are one."""

    def __init__(self) -> None:
        self.first, self.count, self._last = 0, 0, float("-inf")
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._handle)

    def _handle(self, number: int, frame: object) -> None:
        if time.monotonic() - self._last > 1:
            self._last, self.count, self.first = time.monotonic(), self.count + 1, self.first or number


@dataclass
class Waiting:
    """For the jobs of one submission: their own word in files, and the controller's of those that left none."""

    call: Call
    job: str
    folder: Path
    left: set[int | None]
    failed: dict[int | None, str] = field(default_factory=dict)
    _gone: dict[int | None, float] = field(default_factory=dict)
    _told: dict[int | None, str] = field(default_factory=dict)
    _before: dict[int | None, str] = field(default_factory=dict)

    def wait(self, interrupts: Interrupts) -> dict[int | None, str]:
        """Until all have ended; returns those that failed and why. A signal cancels them and ends the program."""
        start = asked = time.monotonic()
        while self.left:
            self.look_for_ends()
            period = QUEUE_FIRST if time.monotonic() - start < 60 else QUEUE_LATER
            if self.left and time.monotonic() - asked >= period:
                self.ask_queue()
                asked = time.monotonic()
            if interrupts.first:
                self.cancel(interrupts)
            if self.left:
                time.sleep(LOOK)
        return self.failed

    def look_for_ends(self) -> None:
        names = {"single" if number is None else str(number): number for number in self.left}
        for path in list(self.folder.iterdir()):  # reading the folder has NFS look anew
            if path.name in names and (text := path.read_text().strip()):
                self.end(names[path.name], None if text == "0" else f"code {text}")

    def end(self, number: int | None, why: str | None) -> None:
        self.left.discard(number)
        if why:
            self.failed[number] = why

    def ask_queue(self) -> None:
        found = slurm_queue.states(self.job)
        if found is None:
            return  # the controller does not answer: nothing is known, and jobs go on
        for number in sorted(self.left, key=lambda n: n or 0):
            state, reason = found.get(number, ("", ""))
            if state == "COMPLETED":
                self.end(number, None)
            elif state in FAILURES - {"FAILED"}:
                self.end(number, state)
            elif state in ("FAILED", ""):
                self.give_up_on(number, state)
            else:
                self._gone.pop(number, None)
                self.tell(number, state, reason)

    def give_up_on(self, number: int | None, state: str) -> None:
        """Of a job that has ended without our seeing its word: waits for slow files, then believes Slurm."""
        since = self._gone.setdefault(number, time.monotonic())
        if time.monotonic() - since > (2 * QUEUE_FIRST if state else LOST):
            state = state or slurm_queue.accounted(self.job, number) or "left the queue without a word"
            self.end(number, None if state == "COMPLETED" else state)

    def tell(self, number: int | None, state: str, reason: str) -> None:
        name = self.job if number is None else f"{self.job}_{number}"
        if state == "PENDING" and self._before.get(number) in ("RUNNING", "COMPLETING"):
            print(f"slurm.py: {name} is back in the queue", flush=True)
        if state == "PENDING" and reason not in EXPECTED and self._told.get(number) != reason:
            if reason not in self._told.values():
                print(f"slurm.py: {name} waits: {reason}", flush=True)
            self._told[number] = reason
        self._before[number] = state

    def cancel(self, interrupts: Interrupts) -> None:
        print(f"slurm.py: cancelling {self.job}; once more leaves without waiting", file=sys.stderr, flush=True)
        if not slurm_queue.cancel(self.job):
            print(f"slurm.py: scancel failed; run: scancel {self.job}", file=sys.stderr, flush=True)
        until = time.monotonic() + ENDING
        while interrupts.count == 1 and time.monotonic() < until:
            found = slurm_queue.states(self.job)
            if found is not None and all(state in FAILURES | {"COMPLETED"} for state, _ in found.values()):
                break
            time.sleep(LOOK)
        sys.exit(128 + interrupts.first)


def leave_word_of_slurm(call: Call, failed: dict[int | None, str], folder: Path) -> None:
    """Shows what Slurm itself wrote of failed jobs: path.sh, a full disk, the cause of an early end."""
    for number in list(failed)[:1]:
        path = folder / ("slurm.out" if number is None else f"slurm.{number}.out")
        if lines := tail(path):
            print("\n".join(["slurm.py: Slurm's own words:", *(f"    {line}" for line in lines)]), file=sys.stderr)
        elif not call.log_of(number).exists():
            print(f"slurm.py: the job never began; its script is {folder / 'job.sh'}", file=sys.stderr)


if __name__ == "__main__":
    main()
