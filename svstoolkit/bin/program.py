"""What the programs share: one-line errors, and options spelled as Kaldi and ESPnet spell them."""

import argparse
import errno
import logging
import sys
from collections.abc import Callable

from svstoolkit.data.files import cannot_write
from svstoolkit.errors import InputError
from svstoolkit.inference.sampling import Sampling

FULL = (errno.ENOSPC, errno.EDQUOT)  # the disk, or the user's share of it


def parser(program: str, description: str) -> argparse.ArgumentParser:
    """A parser that shows defaults, keeps the description's line breaks and accepts no abbreviations."""

    class Formatter(argparse.ArgumentDefaultsHelpFormatter, argparse.RawDescriptionHelpFormatter):
        pass

    return argparse.ArgumentParser(
        prog=f"svs {program}", description=description, formatter_class=Formatter, allow_abbrev=False
    )


def boolean(text: str) -> bool:
    """`true` or `false`, as Kaldi's parse_options.sh has it."""
    if text not in ("true", "false"):
        raise argparse.ArgumentTypeError(f"expected true or false, not {text!r}")
    return text == "true"


def checkpoint(text: str) -> str | int:
    """`latest`, `best` or a training step, as `load_trained` takes it."""
    if text in ("latest", "best"):
        return text
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"expected latest, best or a training step such as 40000, not {text!r}")
    return int(text)


def sampling(text: str) -> Sampling:
    """`24`, `default` or `10:unipc`."""
    try:
        return Sampling.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def run(main: Callable[[], None]) -> None:
    """Runs a program; an InputError, or a full disk, becomes one line on stderr and exit status 1."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    logging.getLogger("fontTools").setLevel(logging.WARNING)  # tells of every table of every font in a PDF
    try:
        main()
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    except OSError as error:
        if error.errno not in FULL:
            raise
        print(f"error: {cannot_write(error.filename or 'a file', error)}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("interrupted; the same command resumes", file=sys.stderr)
        sys.exit(130)
