"""An experiment's folder: exp/<tag>/{config,features}.yaml, {vocabulary,statistics,f0_ranges}.json, run.sh."""

import os
import shlex
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from svstoolkit.conf.reading import read_yaml
from svstoolkit.data.files import write_text
from svstoolkit.data.fingerprint import fingerprint
from svstoolkit.errors import InputError

COPIED = ("features.yaml", "vocabulary.json", "statistics.json")  # from the dump
COPIED_IF_THERE = ("f0_ranges.json",)  # where its F0 was searched: nothing that training depends on
WRITTEN_BY_TRAINING = (
    *("checkpoints", "tensorboard", "train.log", "config.yaml", "inputs.yaml", "run.sh"),
    *COPIED,
    *COPIED_IF_THERE,
)
CHANGEABLE = {  # a resumed run may have other values: the steps it takes are the same, but for rounding
    "training.max_steps",
    "training.save_every",
    "training.validate_every",
    "training.log_every",
    "training.keep_last",
    "training.keep_best",
    "training.early_stopping",
    "training.skip_nonfinite",
    "training.precision",
    "training.compile",
    "data.num_workers",
}


def start_afresh(exp_dir: str | Path) -> None:
    """Removes what training wrote, and nothing else that the folder may hold."""
    for name in WRITTEN_BY_TRAINING:
        path = Path(exp_dir) / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def require_unchanged(exp_dir: str | Path, config: dict[str, Any], inputs: Mapping[str, str]) -> None:
    """Checks that an experiment that was begun, if any, is continued with the same config on the same data.

    inputs: {what: fingerprint}, see `fingerprints`

    Raises:
        InputError: it is not; names every key, or the data, that differ, and the remedies.
    """
    exp_dir = Path(exp_dir)
    if not (exp_dir / "config.yaml").is_file():
        return
    begun = dict(_leaves(read_yaml(exp_dir / "config.yaml")))
    wanted = dict(_leaves(yaml.safe_load(yaml.safe_dump(config))))
    differing = [
        f"{key}: {begun.get(key, 'absent')} → {wanted.get(key, 'absent')}"
        for key in {**begun, **wanted}
        if begun.get(key) != wanted.get(key) and key not in CHANGEABLE
    ]
    remedy = "give it another name (--tag of the recipe, --exp_dir), or start it again with --overwrite true"
    if differing:
        raise InputError(f"{exp_dir} was begun with another config ({'; '.join(differing)}); {remedy}")
    before = read_yaml(exp_dir / "inputs.yaml")
    if changed := [what for what in {**before, **inputs} if before.get(what) != inputs.get(what)]:
        said = [f"{w} {'changed since' if w in before and w in inputs else _present(w in inputs)}" for w in changed]
        raise InputError(f"{exp_dir} was begun on other data: {', '.join(said)}; {remedy}")


def _present(now: bool) -> str:
    return "was not among them" if now else "is not among these"


def write_experiment(
    exp_dir: str | Path, config: dict[str, Any], inputs: Mapping[str, str], dump_dir: Path, command: Sequence[str]
) -> None:
    """Writes all that decoding and resuming need; config.yaml last, so a folder that has it is complete."""
    exp_dir = Path(exp_dir)
    copy_about_data(dump_dir, exp_dir)
    back = os.path.relpath(Path.cwd(), exp_dir)
    write_text(
        exp_dir / "run.sh",
        "#!/usr/bin/env bash\n# The command that trains this experiment.\n"
        f'cd "$(dirname "$0")"/{shlex.quote(back)}\nexec svs train {shlex.join(command)} "$@"\n',
    )
    (exp_dir / "run.sh").chmod(0o755)
    write_text(exp_dir / "inputs.yaml", yaml.safe_dump(dict(inputs), sort_keys=False))
    write_text(exp_dir / "config.yaml", yaml.safe_dump(config, sort_keys=False, allow_unicode=True))


def copy_about_data(source: Path, exp_dir: Path) -> None:
    """What the dump, or another experiment, says of the data."""
    for name in (*COPIED, *COPIED_IF_THERE):
        if name in COPIED or (source / name).is_file():
            write_text(exp_dir / name, (source / name).read_text(encoding="utf-8"))


def fingerprints(paths: Sequence[Path]) -> dict[str, str]:
    """{path: digest of its content}; missing files are left out."""
    return {str(path): fingerprint(inputs=[path]) for path in paths if path.exists()}


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """(dotted key, value) of all that is not a mapping, and of empty mappings."""
    if isinstance(value, dict) and value:
        for key, below in value.items():
            yield from _leaves(below, f"{path}.{key}".lstrip("."))
    else:
        yield path, value
