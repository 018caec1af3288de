"""The recipe's nine stages and the record of their time and memory, exp/stages.json."""

import json
from pathlib import Path

from svstoolkit.errors import InputError

STAGE_NAMES = ("data", "align", "features", "acoustic", "vocoder", "diffusion", "distill", "decode", "score")


def read_stages(path: str | Path) -> dict[tuple[int, str], dict]:
    """{(stage number, name): {"number", "name", "seconds", "peak_memory_mb", "command"}}; {} when nothing ran yet.

    A stage that trains several systems has a row for each; the names of all but the first tell the system.

    Raises:
        InputError: the file is there and is no record of stages.
    """
    path = Path(path)
    if not path.exists():
        return {}
    try:
        return {
            (stage["number"], stage["name"]): stage for stage in json.loads(path.read_text(encoding="utf-8"))["stages"]
        }
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: not a record of stages ({error!r}); delete it") from error
