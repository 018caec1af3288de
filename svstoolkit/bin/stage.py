"""Runs one stage of a recipe: says what goes in and out, checks it is there, records time and peak memory."""

import os
import shlex
import signal
import subprocess
import threading
import time
from pathlib import Path

import psutil

from svstoolkit.bin.program import boolean, parser, run
from svstoolkit.data.files import write_json
from svstoolkit.data.stages import STAGE_NAMES, read_stages
from svstoolkit.errors import InputError

SAMPLING_PERIOD = 0.25  # s between looks at the memory of the stage's processes


def main(argv: list[str] | None = None) -> None:
    options = parser("stage", __doc__)
    options.add_argument("--number", type=int, required=True, help="stage number, 0 to 8")
    options.add_argument("--name", required=True, help="stage name, and what it trains where that is several")
    options.add_argument("--inputs", default="", help="what the stage reads: STAGE:PATH separated by spaces")
    options.add_argument("--outputs", default="", help="what the stage writes, separated by spaces")
    options.add_argument("--record", type=Path, required=True, help="JSON file collecting all stages' figures")
    options.add_argument("--dry_run", type=boolean, default=False, help="print the command only")
    options.add_argument("command", nargs="+", help="after --")
    args = options.parse_args(argv)
    if args.dry_run:
        print(f"stage {args.number} {args.name}: {shlex.join(args.command)}")
        return
    inputs = [item.split(":", 1) for item in args.inputs.split()]
    print(f"── stage {args.number}: {args.name} " + "─" * (60 - len(args.name)))
    print(f"   in   {' '.join(path for _, path in inputs) or '–'}\n   out  {args.outputs}", flush=True)
    _check_inputs(args.number, args.name, inputs)
    outputs = [Path(path) for path in args.outputs.split()]
    before = _newest(outputs)
    seconds, peak_mb, status = _run(args.command)
    if status:
        raise InputError(
            f"stage {args.number} ({args.name}) failed with status {status} after {seconds:.0f} s; its message is above"
        )
    print(f"   stage {args.number} {args.name}: {seconds:.1f} s, peak memory {peak_mb:.0f} MB", flush=True)
    stages = read_stages(args.record)
    if (args.number, args.name) in stages and _newest(outputs) == before:
        return  # nothing was left to do: the figures of the run that did the work stay
    stages[args.number, args.name] = {
        "number": args.number,
        "name": args.name,
        "seconds": round(seconds, 1),
        "peak_memory_mb": round(peak_mb),
        "command": shlex.join(args.command),
    }
    write_json(args.record, {"stages": [stages[key] for key in sorted(stages, key=lambda key: key[0])]})


def _check_inputs(number: int, name: str, inputs: list[list[str]]) -> None:
    for stage, path in inputs:
        if not Path(path).exists():
            raise InputError(
                f"stage {number} ({name}) needs {path}, which stage {stage} ({STAGE_NAMES[int(stage)]}) writes; "
                f"run ./run.sh --stage {stage} first"
            )


def _newest(paths: list[Path]) -> float:
    """Latest modification time of any file below the paths (0 when there is none)."""
    newest = 0.0
    for path in paths:
        for folder, _, names in os.walk(path):
            newest = max([newest, *(os.stat(os.path.join(folder, name)).st_mtime for name in names)])
    return newest


def _run(command: list[str]) -> tuple[float, float, int]:
    """(wall seconds, peak resident memory of the whole process tree in MB, exit status)."""
    start = time.perf_counter()
    process = subprocess.Popen(command)
    for number in (signal.SIGTERM, signal.SIGUSR1):  # it may have something to save, and this waits for it
        signal.signal(number, lambda number, frame: process.send_signal(number))
    peak = 0.0
    done = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(SAMPLING_PERIOD):
            peak = max(peak, _tree_memory(process.pid))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        status = process.wait()
    except KeyboardInterrupt:
        process.terminate()
        status = process.wait()
    done.set()
    watcher.join()
    return time.perf_counter() - start, peak, status


def _tree_memory(pid: int) -> float:
    """Resident memory in MB of a process and its descendants; those that ended meanwhile count 0."""
    total = 0
    try:
        parent = psutil.Process(pid)
        family = [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0.0
    for member in family:
        try:
            total += member.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total / 2**20


if __name__ == "__main__":
    run(main)
