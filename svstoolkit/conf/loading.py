"""Typed configs: the packaged default, a file that states its differences, and --dotted.key overrides."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from svstoolkit.conf.building import import_class, is_node, known_arguments, nearest
from svstoolkit.conf.reading import parse_yaml, read_yaml
from svstoolkit.errors import InputError

PACKAGED = Path(__file__).parent
REMEDIES = {  # part of a ${name} that stands for nothing → what the user has to do
    "teacher": "give --teacher",
    "acoustic": "give --acoustic",
    "world": "the dump has no WORLD features: set world: true in conf/features.yaml and run stage 2",
}


def load_config(
    default: str,
    override: str | Path | None = None,
    dotted: Sequence[str] = (),
    substitutions: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The config of a run, resolved.

    default: name of a packaged config (`hifigan`), or the path of a whole YAML config (`my/model.yaml`); a file with a
        key `inherits: hifigan` holds only what differs from that one
    override: YAML file of the keys that differ; where it changes a `class_path`, that node's `init_args`
        are replaced, elsewhere mappings are merged
    dotted: `["--training.max_steps", "400", …]`; each value is YAML
    substitutions: what `${name}` stands for, e.g. {"n_phones": 61}; `${max_steps}` is training.max_steps

    Raises:
        InputError: an unknown key (names the file or option, the key and the nearest valid one), a missing
            value, or a `${name}` that stands for nothing.
    """
    config = merged_config(default, override, dotted)
    known = {"max_steps": config.get("training", {}).get("max_steps"), **(substitutions or {})}
    return _substitute(config, known, "")


def merged_config(default: str, override: str | Path | None = None, dotted: Sequence[str] = ()) -> dict[str, Any]:
    """As `load_config`, with every `${…}` left as it is."""
    config = whole_config(default)
    if override is not None:
        changes = read_yaml(override)
        changes.pop("inherits", None)  # says only which default it is made for
        config = _merge(config, changes, str(override))
    for option, value in _pairs(dotted):
        changed = parse_yaml(value, option)
        for part in reversed(option.removeprefix("--").split(".")):
            changed = {part: changed}
        config = _merge(config, changed, "command line")
    return config


def packaged_names() -> list[str]:
    return sorted(path.stem for path in PACKAGED.glob("*.yaml"))


def whole_config(default: str) -> dict[str, Any]:
    """A packaged config or a file, with what it inherits; nothing is put in for `${…}`."""
    path = _default_path(default)
    config = read_yaml(path)
    parent = config.pop("inherits", None)
    return config if parent is None else _merge(whole_config(str(parent)), config, str(path))


def default_of(override: str | Path) -> str:
    """The packaged config that a file of differing keys is for: what it `inherits`, or its own name.

    Raises:
        InputError: neither is a packaged config.
    """
    parent = read_yaml(override).get("inherits")
    name = str(parent) if parent is not None else Path(override).stem
    if name not in packaged_names():
        raise InputError(
            f"{override}: which packaged config does it change? Give `inherits: NAME` in it, or --default NAME; "
            f"{nearest(name, packaged_names())}"
        )
    return name


def _default_path(default: str) -> Path:
    if default.endswith((".yaml", ".yml")):
        return Path(default)
    if default not in packaged_names():
        raise InputError(f"there is no packaged config {default!r}; {nearest(default, packaged_names())}")
    return PACKAGED / f"{default}.yaml"


def _pairs(dotted: Sequence[str]) -> list[tuple[str, str]]:
    """Options and their values, alternating."""
    words = list(dotted)
    for position, word in enumerate(words):
        if position % 2 == 0 and not re.fullmatch(r"--\w+(\.\w+)+", word):
            what = "write `--key value`, without =" if "=" in word else "overrides are `--section.key value`"
            raise InputError(f"unknown option {word}; {what}")
    if len(words) % 2:
        raise InputError(f"option {words[-1]} needs a value")
    return list(zip(words[::2], words[1::2], strict=True))


def _merge(base: dict, changes: dict, source: str, path: str = "", also_known: Sequence[str] = ()) -> dict:
    merged = dict(base)
    if is_node(changes) and changes["class_path"] != base.get("class_path"):
        import_class(changes["class_path"], f"{source}: {path}")
        merged |= {"class_path": changes["class_path"], "init_args": {}}  # another class: its arguments are its own
    for key, value in changes.items():
        where = f"{path}.{key}".lstrip(".")
        if key not in merged and key not in also_known:
            raise InputError(f"{source}: unknown key {where}; {nearest(key, {*merged, *also_known})}")
        if isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = _merge(merged[key], value, source, where, _known_below(merged, key, path))
        else:
            merged[key] = value
    return merged


def _known_below(node: dict, key: str, path: str) -> Sequence[str]:
    """Keys that may appear under `key` although the default does not spell them."""
    if key == "init_args" and is_node(node):
        return list(known_arguments(import_class(node["class_path"], path)))
    if key == "schedulers":  # any network that is optimized may have one
        return list(node.get("optimizers", ()))
    return ("init_args",) if is_node(node[key]) else ()


def _substitute(value: Any, substitutions: dict[str, Any], path: str) -> Any:
    if isinstance(value, dict):
        return {key: _substitute(v, substitutions, f"{path}.{key}".lstrip(".")) for key, v in value.items()}
    if isinstance(value, list):
        return [_substitute(v, substitutions, path) for v in value]
    if isinstance(value, str) and (match := re.fullmatch(r"\$\{(.+)\}", value)):
        if match[1] not in substitutions:
            known = _remedy(match[1], substitutions)
            raise InputError(f"{path}: nothing is known to stand for {value}; {known}")
        return substitutions[match[1]]
    return value


def _remedy(name: str, substitutions: Mapping[str, Any]) -> str:
    """What to do about a ${name} that stands for nothing."""
    experiment = name.partition(".")[0]
    if experiment in ("teacher", "acoustic") and experiment in substitutions:
        return (
            f"{substitutions[experiment]}, given by --{experiment}, trained another kind of system than this config "
            "builds on (a recipe leaves stage 6 out with --distill none)"
        )
    remedies = [remedy for part, remedy in REMEDIES.items() if part in name]
    return remedies[0] if remedies else nearest(name, substitutions)
