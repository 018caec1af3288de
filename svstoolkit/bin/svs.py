"""`svs PROGRAM …`: the toolkit's programs by name; each is also `python -m svstoolkit.bin.PROGRAM`."""

import importlib
import pkgutil
import sys

from svstoolkit import bin as programs
from svstoolkit.bin.program import run

NOT_PROGRAMS = {"program", "svs"}


def main() -> None:
    names = sorted(m.name for m in pkgutil.iter_modules(programs.__path__) if m.name not in NOT_PROGRAMS)
    if len(sys.argv) < 2 or sys.argv[1] in ("-h", "--help"):
        print("usage: svs PROGRAM [options]\n\nprograms (svs PROGRAM --help explains each):")
        for name in names:
            module = importlib.import_module(f"svstoolkit.bin.{name}")
            print(f"  {name:12s}{(module.__doc__ or '').splitlines()[0]}")
        sys.exit(0 if len(sys.argv) > 1 else 2)
    if sys.argv[1] not in names:
        print(f"error: svs has no program {sys.argv[1]!r}; programs: {' '.join(names)}", file=sys.stderr)
        sys.exit(2)
    program = importlib.import_module(f"svstoolkit.bin.{sys.argv[1]}")
    run(lambda: program.main(sys.argv[2:]))


if __name__ == "__main__":
    main()
