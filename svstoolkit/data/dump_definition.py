"""The feature definition of a dump, which all of its sets must have been made with."""

from collections.abc import Iterable
from pathlib import Path

from svstoolkit.data.definition_file import read_definition
from svstoolkit.errors import InputError
from svstoolkit.features.definition import FeatureDefinition


def read_dump_definition(dump_dir: str | Path, sets: Iterable[str]) -> FeatureDefinition:
    """The definition in `dump_dir`/features.yaml.

    Raises:
        InputError: a set's own features.yaml is missing or has another value; names both sides, the keys, the remedy.
    """
    dump_dir = Path(dump_dir)
    path = dump_dir / "features.yaml"
    definition = read_definition(path)
    expected = definition.to_dict()
    for made in (dump_dir / name / "features.yaml" for name in sets):
        if not made.is_file():
            raise InputError(f"{made} does not exist; run stage 2 (features) again")
        found = read_definition(made).to_dict()
        if differing := [f"{key}: {found[key]} ≠ {expected[key]}" for key in expected if found[key] != expected[key]]:
            raise InputError(
                f"feature definitions differ between {made} and {path} ({'; '.join(differing)}); run stage 2 "
                "(features) again for all sets"
            )
    return definition
