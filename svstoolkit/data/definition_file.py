"""features.yaml: the feature definition on disk, read strictly."""

from dataclasses import fields
from pathlib import Path

import yaml

from svstoolkit.data.files import write_text
from svstoolkit.errors import InputError
from svstoolkit.features.definition import FeatureDefinition


def read_definition(path: str | Path) -> FeatureDefinition:
    """Reads a features.yaml; keys that are not given have their defaults.

    Raises:
        InputError: missing file, no YAML mapping, an unknown key, a wrong type or an impossible value.
    """
    try:
        values = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); it is written by stage 2") from error
    except yaml.YAMLError as error:
        raise InputError(f"{path}: not valid YAML ({' '.join(str(error).split())})") from error
    if not isinstance(values, dict | None):
        raise InputError(f"{path}: expected `key: value` lines, found {type(values).__name__}")
    types = {field.name: field.type for field in fields(FeatureDefinition)}
    values = {key: _number(path, key, value, types.get(key)) for key, value in (values or {}).items()}
    try:
        return FeatureDefinition.from_dict(values, str(path))
    except InputError:
        raise
    except ValueError as error:
        raise InputError(f"{path}: {error}") from error


def write_definition(path: str | Path, definition: FeatureDefinition) -> None:
    write_text(path, yaml.safe_dump(definition.to_dict(), sort_keys=False))


def _number(path: str | Path, key: str, value: object, kind: type | None) -> object:
    """The value in its field's type; YAML 1.1 reads 1e-5 as text, so a float may be written as one."""
    if kind is None:
        return value  # unknown key; from_dict names it
    number = value
    if kind is float and isinstance(value, int | float | str) and not isinstance(value, bool):
        try:
            number = float(value)
        except ValueError:
            number = None
    if type(number) is not kind or number < 0:
        raise InputError(f"{path}: {key} is {value!r}, expected {'a number' if kind is float else 'an integer'} ≥ 0")
    return number
