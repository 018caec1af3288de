"""The key of a listening test: what was heard in which trial."""

import json
from dataclasses import dataclass
from pathlib import Path

from svstoolkit.errors import InputError
from svstoolkit.evaluation.listening.kinds import KINDS, Kind

FORMAT = "svs listening test 1"
RATINGS_FORMAT = "svs listening ratings 1"
KEY, PAGE, RATINGS = "key.json", "page", "ratings"


@dataclass(frozen=True)
class Key:
    """The content of key.json.

    sessions: of each listener number − 1 its trials, as `design.Trial` with the stimuli's ids
    seconds: stimulus id → its length
    """

    test: str
    kind: Kind
    systems: tuple[str, ...]
    reference: str | None
    baseline: str | None
    anchors: dict[str, int]
    scales: tuple[dict, ...]
    sessions: tuple[tuple[dict, ...], ...]
    practice: int
    seconds: dict[str, float]


def read_key(folder: Path) -> Key:
    """Reads `<folder>/key.json`.

    Raises:
        InputError: there is none, or it is not one.
    """
    path = folder / KEY
    if not path.is_file():
        raise InputError(f"{path} does not exist; build the test first: svs listen build --output {folder}")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise ValueError(f"format {content['format']!r}")
        return Key(
            str(content["test"]),
            KINDS[content["kind"]],
            tuple(content["systems"]),
            content["reference"],
            content["baseline"],
            {name: int(cutoff) for name, cutoff in content["anchors"].items()},
            tuple(content["scales"]),
            tuple(tuple(trials) for trials in content["sessions"]),
            len(content["practice"]),
            {s["id"]: float(s["seconds"]) for s in content["stimuli"]},
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: not the key of a listening test ({error!r}); build the test again") from error
