"""Runs every benchmark in this folder and writes bench/results.json: [{"name", "value", "unit", "target", "ok"}].

A benchmark is a module with `measure() -> list[Result]`; ratios are taken side by side in one run, since timings of
different moments on a shared machine do not compare. Needs the models of egs/mini (`make demo`).
"""

import importlib
import os
import sys
from pathlib import Path

BENCH = Path(__file__).resolve().parent
sys.path.insert(0, str(BENCH))


def main() -> None:
    from svstoolkit.bin.program import run

    run(measure_all)


def measure_all() -> None:
    from svstoolkit.data.files import write_json

    os.chdir(BENCH.parent / "egs/mini")
    names = sorted(path.stem for path in BENCH.glob("*.py") if path.name not in ("run.py", "result.py"))
    results = [result for name in names for result in importlib.import_module(name).measure()]
    for result in results:
        target = f"target {result['target']:g}: {'ok' if result['ok'] else 'MISSED'}" if result["target"] else ""
        print(f"{result['name']:44s}{result['value']:10.3f} {result['unit']:4s} {target}")
    write_json(BENCH / "results.json", results)
    missed = sum(not result["ok"] for result in results)
    print(f"{len(results)} figures, {missed} targets missed: {BENCH / 'results.json'}")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
