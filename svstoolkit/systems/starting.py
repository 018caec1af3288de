"""Initial weights from another training: an experiment of this toolkit, or another code's vocoder.

What belongs to a phone, a singer or a language is found by its name, so a voice can be adapted to a corpus that has
others: known ones are copied row by row, new ones keep the initialisation they have.
"""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from svstoolkit.conf.building import build_system
from svstoolkit.conf.reading import read_yaml
from svstoolkit.data.definition_file import read_definition
from svstoolkit.data.vocabulary import PAD, Vocabulary
from svstoolkit.errors import InputError
from svstoolkit.features.definition import FeatureDefinition, require_same_mel
from svstoolkit.systems.foreign_vocoder import (
    checkpoint_in,
    foreign_discriminator_state,
    is_foreign,
    read_foreign_generator,
)
from svstoolkit.systems.loading import require_trained
from svstoolkit.training.checkpoint import Weights, read_checkpoint, weights_of

SIZES = ("n_phones", "n_singers", "n_languages")  # constructors' arguments that the vocabulary decides
MEANING = ("class_path", "prediction", "shifted", "sigma_data", "time_scale")  # of a diffusion: what its network says
NAMED = 8  # new phones, or tensors that do not fit, that are named


@dataclass(frozen=True)
class Start:
    """weights: {network: state_dict}, complete, of the networks that do not begin anew; told: lines for the log"""

    weights: Weights
    told: list[str]

    def load(self, system: Any) -> None:
        for name, state in self.weights.items():
            system.networks[name].load_state_dict(state)


def initial_checkpoint(path: str | Path) -> Path:
    """The file that `start` reads of an experiment (its latest checkpoint), a checkpoint of one, or a foreign one.

    Raises:
        InputError: there is none.
    """
    path = Path(path)
    return path if _is_own_file(path) else checkpoint_in(path) if is_foreign(path) else require_trained(path)


def start(
    system: Any, config: Mapping[str, Any], path: str | Path, vocabulary: Vocabulary, features: FeatureDefinition
) -> Start:
    """Weights for a system that is about to be trained; nothing is loaded yet.

    config: the run's, resolved; path: as for `initial_checkpoint`; vocabulary, features: of the dump

    Raises:
        InputError: they were trained on another mel, or do not fit; names the tensors that do not.
    """
    checkpoint = initial_checkpoint(path)
    if is_foreign(path) and not _is_own_file(Path(path)):
        return _foreign(system, checkpoint, features)
    exp_dir = checkpoint.parent.parent
    require_same_mel(read_definition(exp_dir / "features.yaml"), str(exp_dir), features, "the dump")
    require_same_meaning(config, read_yaml(exp_dir / "config.yaml"), exp_dir)
    given = weights_of(read_checkpoint(checkpoint))
    known = Vocabulary.from_json(exp_dir / "vocabulary.json")
    shared = [name for name in system.networks if name in given]
    if not shared:
        raise InputError(
            f"--start_from {path}: it has networks {', '.join(given)}, the system to train has "
            f"{', '.join(system.networks)}; start from an experiment of the same kind"
        )
    rows = {} if known == vocabulary else rows_of_vocabulary(system, config)
    weights = {}
    for name in shared:
        own = system.networks[name].state_dict()
        of_network = {key: row for (network, key), row in rows.items() if network == name}
        weights[name] = adapted(own, given[name], of_network, vocabulary, known)
        _require_fit(name, weights[name], own, checkpoint)
    told = [f"starting from {checkpoint}: {', '.join(shared)}"]
    told += [_anew(name, checkpoint) for name in system.networks if name not in shared]
    return Start(weights, told + (list(_told_of(vocabulary, known)) if rows else []))


def require_same_meaning(config: Mapping[str, Any], theirs: Mapping[str, Any], exp_dir: Path) -> None:
    """Raises InputError where both are diffusions, alike in shape, whose networks say different things."""
    nodes = [each["system"].get("init_args", {}).get("diffusion") for each in (config, theirs)]
    if not all(isinstance(node, Mapping) for node in nodes):
        return
    ours, other = ({"class_path": node["class_path"], **(node.get("init_args") or {})} for node in nodes)
    differing = [key for key in MEANING if ours.get(key) != other.get(key)]
    if differing:
        said = "; ".join(f"{key}: {ours.get(key)} ≠ {other.get(key)}" for key in differing)
        raise InputError(f"{exp_dir}: its denoiser says something else than this config's ({said}); start from another")


def rows_of_vocabulary(system: Any, config: Mapping[str, Any]) -> dict[tuple[str, str], tuple[str, int]]:
    """Which tensors have a row for every phone, singer or language: {(network, tensor): (size, dimension)}.

    Found by building the system again with one phone (`n_phones`), singer or language more, and seeing what grows.
    """
    found = {}
    for size in SIZES:
        grown = _grown(config["system"], size)
        if grown == config["system"]:
            continue
        with torch.random.fork_rng():
            larger = build_system({"system": grown})
        for name, network in system.networks.items():
            shapes = {key: value.shape for key, value in larger.networks[name].state_dict().items()}
            for key, value in network.state_dict().items():
                differing = [d for d, n in enumerate(value.shape) if shapes[key][d] != n]
                if differing:
                    found[name, key] = size, differing[0]
    return found


def adapted(
    own: Mapping[str, Tensor],
    given: Mapping[str, Tensor],
    rows: Mapping[str, tuple[str, int]],
    vocabulary: Vocabulary,
    known: Vocabulary,
) -> dict[str, Tensor]:
    """`given`, but that tensors with rows of a vocabulary are `own` with the known rows taken from `given`.

    rows: as of `rows_of_vocabulary`, of one network; vocabulary: of `own`; known: of `given`
    """
    result = dict(given)
    for key, (size, dim) in rows.items():
        if key not in own or key not in given or own[key].dim() != given[key].dim():
            continue  # told by `_require_fit`
        ours, theirs = _names(vocabulary, size, own[key].shape[dim]), _names(known, size, given[key].shape[dim])
        rest = [[n for d, n in enumerate(tensor.shape) if d != dim] for tensor in (own[key], given[key])]
        if ours is None or theirs is None or rest[0] != rest[1]:
            continue
        places = {name: place for place, name in enumerate(theirs)}
        pairs = [(row, places[name]) for row, name in enumerate(ours) if name in places]
        to, of = torch.tensor(pairs, dtype=torch.long).reshape(-1, 2).unbind(1)
        result[key] = own[key].cpu().index_copy(dim, to, given[key].to(own[key].dtype).index_select(dim, of))
    return result


def _foreign(system: Any, checkpoint: Path, features: FeatureDefinition) -> Start:
    """Another code's generator, and its discriminators where they lie beside it and fit."""
    if "generator" not in system.networks:
        raise InputError(f"--start_from {checkpoint}: it is a vocoder's, and what is to be trained is none")
    found = read_foreign_generator(checkpoint)
    require_same_mel(found.features, str(checkpoint), features, "the dump")
    _require_fit("generator", found.state, system.networks["generator"].state_dict(), checkpoint)
    weights, told = {"generator": found.state}, [f"starting from {checkpoint}: generator"]
    for name in (n for n in system.networks if n != "generator"):
        beside = checkpoint.with_name(checkpoint.name.replace("g_", "do_", 1))
        try:
            _, state = foreign_discriminator_state(beside if beside.is_file() else checkpoint)
            _require_fit(name, state, system.networks[name].state_dict(), beside)
            weights[name] = state
            told.append(f"starting from {beside if beside.is_file() else checkpoint}: {name}")
        except InputError as error:
            told.append(f"{_anew(name, checkpoint)}: {error}")
    return Start(weights, told)


def _require_fit(name: str, given: Mapping[str, Tensor], own: Mapping[str, Tensor], checkpoint: Path) -> None:
    """Raises InputError unless both have the same tensors of the same shapes."""
    faults = [
        f"{key} is {tuple(given[key].shape)}, here {tuple(own[key].shape)}"
        for key in own
        if key in given and given[key].shape != own[key].shape
    ]
    faults += [f"{key} is not in it" for key in own if key not in given]
    faults += [f"{key} is not in this network" for key in given if key not in own]
    if faults:
        more = f" and {len(faults) - NAMED} more" if len(faults) > NAMED else ""
        raise InputError(
            f"--start_from: {name} of {checkpoint} does not fit the config: {'; '.join(faults[:NAMED])}{more}; give it "
            "the sizes of the experiment to start from"
        )


def _is_own_file(path: Path) -> bool:
    return path.is_file() and path.parent.name == "checkpoints" and (path.parent.parent / "config.yaml").is_file()


def _grown(node: Any, size: str) -> Any:
    """A config with one phone, singer or language more wherever there are any."""
    if isinstance(node, Mapping):
        return {
            key: value + 1 if key == size and isinstance(value, int) and value > 0 else _grown(value, size)
            for key, value in node.items()
        }
    return [_grown(value, size) for value in node] if isinstance(node, list) else copy.copy(node)


def _names(vocabulary: Vocabulary, size: str, count: int) -> list[str] | None:
    """What each of `count` rows stands for; None if they are not the vocabulary's."""
    names = list(getattr(vocabulary, size.removeprefix("n_")))
    if count == len(names) + 1 and size == "n_languages":
        names = ["", *names]  # row 0: of phones that are no language's
    return names if count == len(names) else None


def _told_of(vocabulary: Vocabulary, known: Vocabulary) -> Iterator[str]:
    for kind in ("phones", "singers"):
        ours, theirs = [n for n in getattr(vocabulary, kind) if n != PAD], set(getattr(known, kind))
        new = [name for name in ours if name not in theirs]
        listed = f"; new: {' '.join(new[:NAMED])}{' …' if len(new) > NAMED else ''}" if new else ""
        yield f"{len(ours) - len(new)} of {len(ours)} {kind} are known{listed}"


def _anew(name: str, checkpoint: Path) -> str:
    return f"{name} begins anew, {checkpoint} has none that fits"
