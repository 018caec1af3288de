"""Where published weights are found, and what is said when they or a package are not there."""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from svstoolkit.errors import InputError

FOLDER = "SVSTOOLKIT_WEIGHTS"  # environment variable: a folder with all the weights, by the names below


def require_package(package: str, metric: str, install: str = "") -> None:
    """Raises InputError, with the remedy, unless `package` can be imported; `install`: its name for pip if another."""
    if find_spec(package) is None:
        remedy = f"pip install {install or package}"
        raise InputError(f"{metric} needs the package {package}, which is not installed; {remedy}")


def weight_file(given: Path | None, name: str, url: str, metric: str) -> Path:
    """A published checkpoint: the one given, that of $SVSTOOLKIT_WEIGHTS, torch.hub's copy, or a download of it there.

    Args:
        given: the file, or a folder with the file `name`
        name: of the file; url: where it is published
        metric: named in errors

    Raises:
        InputError: what is given does not exist, or there is none and `url` cannot be reached.
    """
    import torch

    if given is not None:
        path = given / name if given.is_dir() else given
        if not path.is_file():
            raise InputError(f"{path} does not exist: the weights of {metric}; download {url}")
        return path
    kept = Path(torch.hub.get_dir()) / "checkpoints" / name
    for path in (*_shared(name), kept):
        if path.is_file():
            return path
    kept.parent.mkdir(parents=True, exist_ok=True)
    try:
        torch.hub.download_url_to_file(url, str(kept), progress=False)
    except OSError as error:
        raise InputError(
            f"the weights of {metric} are not here and cannot be downloaded ({error}); "
            f"put {url} into a folder and name it in ${FOLDER}"
        ) from error
    return kept


def pretrained(given: Path | None, name: str, repository: str, metric: str) -> str:
    """What `from_pretrained` is to read: a folder given, that of $SVSTOOLKIT_WEIGHTS, or the Hugging Face repository.

    Args:
        given: the folder itself, with a config.json, or one with a folder `name` in it
        name: of the folder; repository: as `microsoft/wavlm-base-plus-sv`

    Raises:
        InputError: the folder given does not exist.
    """
    if given is not None:
        path = given / name if (given / name).is_dir() else given
        if not path.is_dir():
            raise InputError(f"{path} is no folder: the weights of {metric}; download {repository} from huggingface.co")
        return str(path)
    return next((str(path) for path in _shared(name) if path.is_dir()), repository)


def load_pretrained(classes: tuple[type, type], source: str, metric: str, device: str) -> tuple[Any, Any]:
    """A transformers processor and its network, in single precision on `device`, from what `pretrained` found.

    Raises:
        InputError: the weights cannot be read or fetched.
    """
    processor, network = classes
    try:
        return processor.from_pretrained(source), network.from_pretrained(source).float().eval().to(device)
    except (OSError, ValueError) as error:
        raise unreachable(source, metric, error) from error


def unreachable(source: str, metric: str, error: Exception) -> InputError:
    """The error to raise when `from_pretrained(source)` failed."""
    reason = " ".join(str(error).split())[:200]
    return InputError(
        f"the weights of {metric} cannot be read from {source} ({reason}); download them from huggingface.co "
        f"into a folder {Path(source).name} and name the folder it is in in ${FOLDER}"
    )


def read_checkpoint(path: Path, metric: str) -> dict:
    """The tensors of a checkpoint, on the CPU. Raises InputError where it is none."""
    import torch

    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch.load raises whatever its unpickler meets
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"{path} is no checkpoint of {metric} ({reason}); download it again") from error


def load_strictly(network, weights: dict, path: Path, metric: str):
    """`network` with the weights, in evaluation mode. Raises InputError where they do not fit."""
    try:
        network.load_state_dict(weights, assign=True)
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"{path} does not fit {metric} ({reason}); download it again") from error
    return network.eval().requires_grad_(False)


def _shared(name: str) -> tuple[Path, ...]:
    folder = os.environ.get(FOLDER)
    return (Path(folder) / name,) if folder else ()
