"""features.yaml: the feature definition on disk, read strictly."""

import typing
from dataclasses import fields
from pathlib import Path

import yaml

from svstoolkit.conf.reading import read_yaml
from svstoolkit.data.files import write_text
from svstoolkit.errors import InputError
from svstoolkit.features.definition import FeatureDefinition

EXPECTED = {
    int: "an integer ≥ 0",
    float: "a number ≥ 0",
    str: "text",
    float | None: "a number or null",
    bool: "true or false",
}


def read_definition(path: str | Path) -> FeatureDefinition:
    """Reads a features.yaml; keys that are not given have their defaults.

    Raises:
        InputError: missing file, no YAML mapping, an unknown key, a wrong type or an impossible value.
    """
    types = {field.name: field.type for field in fields(FeatureDefinition)}
    values = {key: _value(path, key, value, types.get(key)) for key, value in read_yaml(path).items()}
    try:
        return FeatureDefinition.from_dict(values, str(path))
    except InputError:
        raise
    except ValueError as error:
        raise InputError(f"{path}: {error}") from error


def write_definition(path: str | Path, definition: FeatureDefinition) -> None:
    write_text(path, yaml.safe_dump(definition.to_dict(), sort_keys=False))


def _value(path: str | Path, key: str, value: object, kind: object) -> object:
    """The value in its field's type."""
    if kind is None:
        return value  # an unknown key, which from_dict names
    kinds = typing.get_args(kind) or (kind,)
    if float in kinds and type(value) is int:
        value = float(value)
    if type(value) not in kinds or (key != "loudness" and isinstance(value, int | float) and value < 0):
        raise InputError(f"{path}: {key} is {value!r}, expected {EXPECTED[kind]}")
    return value
