"""Checkpoints: exp/<tag>/checkpoints/step-00000400.pt and best.pt, written whole, found by listing."""

import pickle
import re
from pathlib import Path
from typing import Any

import torch

from svstoolkit.data.files import atomic_path
from svstoolkit.errors import InputError

Weights = dict[str, dict[str, torch.Tensor]]  # network → state_dict


def checkpoint_path(exp_dir: str | Path, step: int) -> Path:
    return Path(exp_dir) / "checkpoints" / f"step-{step:08d}.pt"


def list_checkpoints(exp_dir: str | Path) -> dict[int, Path]:
    """{step: path}, oldest first; without best.pt."""
    found = Path(exp_dir, "checkpoints").glob("step-*.pt")
    steps = {int(m[1]): path for path in found if (m := re.fullmatch(r"step-(\d+)\.pt", path.name))}
    return dict(sorted(steps.items()))


def save_checkpoint(path: str | Path, values: dict[str, Any]) -> None:
    with atomic_path(path) as temporary:
        torch.save(values, temporary)


def prune_checkpoints(exp_dir: str | Path, keep_last: int) -> None:
    """Removes all but the newest; called after a newer one is safely written."""
    for path in list(list_checkpoints(exp_dir).values())[:-keep_last]:
        path.unlink(missing_ok=True)


def read_checkpoint(path: str | Path) -> dict[str, Any]:
    """Loads a checkpoint to the CPU; executes nothing that it contains.

    Raises:
        InputError: the file is damaged or no checkpoint.
    """
    try:
        return torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError, KeyError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(
            f"{path}: not a readable checkpoint ({reason}); delete it to resume from an older one"
        ) from error


def find_checkpoint(exp_dir: str | Path, which: str | int = "latest") -> Path | None:
    """Path of the `latest`, the `best` (lowest validation loss) or a numbered step's checkpoint, if there is one."""
    steps = list_checkpoints(exp_dir)
    if which == "latest":
        return steps[max(steps)] if steps else None
    if which == "best":
        best = Path(exp_dir) / "checkpoints" / "best.pt"
        return best if best.is_file() else None
    return steps.get(int(which))


def load_weights(
    exp_dir: str | Path, which: str | int = "latest", ema: bool = True
) -> dict[str, dict[str, torch.Tensor]]:
    """{network: state_dict} of a trained experiment; with `ema`, averages where the run kept them.

    Raises:
        InputError: no such checkpoint, or a damaged one.
    """
    path = find_checkpoint(exp_dir, which)
    if path is None:
        raise InputError(f"{exp_dir}/checkpoints has no {which} checkpoint; train it first")
    values = read_checkpoint(path)
    return values["networks"] | (values["averages"] if ema else {})
