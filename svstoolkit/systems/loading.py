"""A trained experiment, ready to use: its system with its weights, and what they were trained on."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from svstoolkit.conf.building import build_system, import_class
from svstoolkit.conf.loading import packaged_names, whole_config
from svstoolkit.conf.reading import read_yaml
from svstoolkit.data.definition_file import read_definition
from svstoolkit.data.stages import STAGE_NAMES
from svstoolkit.data.vocabulary import Vocabulary
from svstoolkit.errors import InputError
from svstoolkit.features.definition import FeatureDefinition
from svstoolkit.training.checkpoint import find_checkpoint, list_checkpoints, open_checkpoint, weights_of


@dataclass(frozen=True)
class Trained:
    """system: its networks are in evaluation mode, on the device, without gradients
    config: the run's resolved config
    features, vocabulary: what it was trained on; no vocabulary where it is another code's vocoder
    checkpoint: the file its weights are from, of training step `step`
    """

    system: Any
    config: dict[str, Any]
    features: FeatureDefinition
    vocabulary: Vocabulary | None
    checkpoint: Path
    step: int

    @property
    def used_networks(self) -> list[nn.Module]:
        """Those that sing; the others are needed to train them."""
        return [self.system.networks[name] for name in self.system.used]


def load_trained(
    exp_dir: str | Path, device: str | torch.device = "cpu", which: str | int = "latest", ema: bool = True
) -> Trained:
    """Builds exp_dir/config.yaml's system and loads its weights; weight norm is folded into them.

    exp_dir: also the checkpoint of another code's vocoder, or its folder: see `foreign_vocoder`
    which: `latest`, `best` or a step
    ema: averaged weights where the run kept them

    Raises:
        InputError: not trained yet (names the stage to run), or the checkpoint does not fit the config.
    """
    from svstoolkit.systems.foreign_vocoder import is_foreign, load_foreign_vocoder

    exp_dir = Path(exp_dir)
    if is_foreign(exp_dir):
        return load_foreign_vocoder(exp_dir, device)
    require_trained(exp_dir, which)
    checkpoint, values = open_checkpoint(exp_dir, which)
    config = read_yaml(exp_dir / "config.yaml")
    with torch.random.fork_rng():  # initial weights are drawn, only to be replaced
        system = build_system(config)
    weights = weights_of(values, ema)
    for name, network in system.networks.items():
        try:
            network.load_state_dict(weights[name])
        except (RuntimeError, KeyError) as error:
            reason = " ".join(str(error).split())[:200]
            raise InputError(f"{checkpoint} does not fit {exp_dir}/config.yaml: network {name}: {reason}") from error
        if hasattr(network, "remove_weight_norm"):
            network.remove_weight_norm()
        network.to(device).eval().requires_grad_(False)
    return Trained(
        system=system,
        config=config,
        features=read_definition(exp_dir / "features.yaml"),
        vocabulary=Vocabulary.from_json(exp_dir / "vocabulary.json"),
        checkpoint=checkpoint,
        step=values["step"],
    )


def require_trained(exp_dir: str | Path, which: str | int = "latest") -> Path:
    """The path of an experiment's checkpoint.

    Raises:
        InputError: there is none; names the stage to run.
    """
    exp_dir = Path(exp_dir)
    configured = (exp_dir / "config.yaml").is_file()
    checkpoint = find_checkpoint(exp_dir, which)
    if checkpoint is None or not configured:
        missing = f"{which} checkpoint" if configured else "config.yaml"
        if configured and (steps := list_checkpoints(exp_dir)):
            wanted = "best checkpoint, as it was never validated" if which == "best" else f"checkpoint of step {which}"
            kept = ", ".join(map(str, steps))
            raise InputError(f"{exp_dir} has no {wanted}; it has those of steps {kept}: name one, or latest")
        raise InputError(f"{exp_dir} has no {missing}: it is not trained yet; run {training_stage(exp_dir)} first")
    return checkpoint


def training_stage(exp_dir: str | Path) -> str:
    """The stage that trains an experiment, by the packaged config it is named after: `stage 3 (acoustic)`."""
    for name in sorted(packaged_names(), key=len, reverse=True):
        if Path(exp_dir).name.startswith(name) and "system" in (config := whole_config(name)):
            stage = stage_of(config)
            return f"stage {STAGE_NAMES.index(stage)} ({stage})"
    return "the stage that trains it (3 to 6)"


def stage_of(config: Mapping[str, Any]) -> str:
    """The stage that trains a config's system: `acoustic`, `vocoder`, `diffusion` or `distill`."""
    return import_class(config["system"]["class_path"], "system").stage
