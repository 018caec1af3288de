"""Runs every benchmark in this folder and writes bench/results.json: [{"name", "value", "unit", "target", "ok"}].

A benchmark is a module with `measure() -> list[Result]`; ratios are taken side by side in one run, since timings of
different moments on a shared machine do not compare. One that needs the models of egs/mini (`make demo`) has a
`require()` too, which raises InputError without them; all are asked before the first is measured.
"""

import importlib
import os
import sys
from pathlib import Path
from types import ModuleType

BENCH = Path(__file__).resolve().parent
sys.path.insert(0, str(BENCH))


def main() -> None:
    from svstoolkit.bin.program import run

    run(measure_all)


def measure_all() -> None:
    from svstoolkit.data.files import write_json

    os.chdir(BENCH.parent / "egs/mini")
    found = benchmarks()
    for module in found:
        if hasattr(module, "require"):
            module.require()
    results = [result for module in found for result in module.measure()]
    for result in results:
        target = f"target {result['target']:g}: {'ok' if result['ok'] else 'MISSED'}" if result["target"] else ""
        print(f"{result['name']:44s}{result['value']:10.3f} {result['unit']:4s} {target}")
    write_json(BENCH / "results.json", results)
    missed = sum(not result["ok"] for result in results)
    print(f"{len(results)} figures, {missed} targets missed: {BENCH / 'results.json'}")
    sys.exit(1 if missed else 0)


def benchmarks() -> list[ModuleType]:
    names = sorted(path.stem for path in BENCH.glob("*.py") if path.name not in ("run.py", "result.py"))
    return [importlib.import_module(name) for name in names]


if __name__ == "__main__":
    main()
