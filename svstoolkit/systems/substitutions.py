"""What `${…}` stands for in a config: numbers of the dump, and of experiments that a training builds on."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from svstoolkit.conf.reading import read_yaml
from svstoolkit.data.definition_file import read_definition
from svstoolkit.data.statistics import Statistics
from svstoolkit.data.vocabulary import Vocabulary
from svstoolkit.errors import InputError
from svstoolkit.features.definition import FeatureDefinition, require_same
from svstoolkit.features.world import World
from svstoolkit.systems.loading import require_trained

LEAST_SCALE = 1e-3  # of WORLD's features, so that a number that never changes is divided by something


def numbers_of_dump(dump_dir: Path, features: FeatureDefinition) -> dict[str, Any]:
    """The feature definition's, ${n_phones}, ${n_singers}, ${n_languages}, and WORLD's if the dump has its features.

    Raises:
        InputError: the dump's files are missing or damaged.
    """
    vocabulary = Vocabulary.from_json(dump_dir / "vocabulary.json")
    sizes = {name: getattr(vocabulary, name) for name in ("n_phones", "n_singers", "n_languages")}
    return features.to_dict() | sizes | (world_numbers(dump_dir, features) if features.world else {})


def world_numbers(dump_dir: Path, features: FeatureDefinition) -> dict[str, Any]:
    """${n_world}, ${world_mean} and ${world_scale}: WORLD's features and their statistics.

    Raises:
        InputError: the statistics lack them.
    """
    statistics = Statistics.from_json(dump_dir / "statistics.json")
    if statistics.world_mean is None or statistics.world_std is None:
        raise InputError(f"{dump_dir}/statistics.json is without WORLD's features; run stage 2 again")
    scale = [max(deviation, LEAST_SCALE) for deviation in statistics.world_std]
    return {"n_world": World.of(features).dimensions, "world_mean": statistics.world_mean, "world_scale": scale}


def numbers_of_experiment(name: str, exp_dir: Path, features: FeatureDefinition, dump_dir: Path) -> dict[str, Any]:
    """${name}, the experiment's folder, and ${name.…}, all that its config has under system.init_args.

    Networks are known whole (${acoustic.model}) and by their own arguments (${acoustic.model.hidden}).

    Raises:
        InputError: it is not trained, or of another feature definition than the dump.
    """
    require_trained(exp_dir)
    require_same(read_definition(exp_dir / "features.yaml"), str(exp_dir), features, str(dump_dir))
    arguments = read_yaml(exp_dir / "config.yaml")["system"]["init_args"]
    return {name: str(exp_dir)} | dict(_flattened(arguments, name))


def _flattened(arguments: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in arguments.items():
        yield f"{prefix}.{key}", value
        if isinstance(value, Mapping) and isinstance(value.get("init_args"), Mapping):
            yield from _flattened(value["init_args"], f"{prefix}.{key}")
