"""What the boundary predictor found, exp/<system>/boundary.json, and how a config's `k: auto` becomes a number."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from svstoolkit.data.files import write_json
from svstoolkit.errors import InputError

FILE = "boundary.json"


@dataclass(frozen=True)
class BoundaryResult:
    """k: the mean of k' over the utterances, rounded; k_mean, k_std: of k'
    threshold, share: of the margins, see diffusion.boundary; utterances: how many were looked at
    k_divergence: by the divergence alone; squared_distance: the mean of (M̃ − M)² between −1 and 1
    steps: T of the diffusion; checkpoint_step: the predictor's training step
    seconds, seconds_divergence: of computing k, by the predictor once trained, and by the divergence
    """

    k: int
    k_mean: float
    k_std: float
    threshold: float
    share: float
    utterances: int
    k_divergence: int
    squared_distance: float
    steps: int
    checkpoint_step: int
    seconds: float
    seconds_divergence: float

    def write(self, exp_dir: Path) -> None:
        write_json(exp_dir / FILE, asdict(self))


def read_boundary(exp_dir: Path) -> BoundaryResult:
    """Raises InputError if there is none, or it is no such file."""
    path = exp_dir / FILE
    try:
        return BoundaryResult(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise InputError(
            f"k: auto is what the boundary predictor finds, and {path} does not exist; run svs diffusion (stage 5), "
            "which trains it, or give a step: --system.init_args.k 54"
        ) from error
    except (OSError, ValueError, TypeError) as error:
        raise InputError(f"{path}: not a boundary predictor's result ({error}); delete it and run stage 5") from error


def wants_boundary(config: dict[str, Any]) -> bool:
    """Whether a config leaves k to the boundary predictor."""
    return config["system"].get("init_args", {}).get("k") == "auto"


def with_boundary(config: dict[str, Any], exp_dir: Path) -> dict[str, Any]:
    """The config with the number that `k: auto` stands for.

    Raises:
        InputError: there is no result yet.
    """
    if wants_boundary(config):
        config["system"]["init_args"]["k"] = read_boundary(exp_dir).k
    return config
