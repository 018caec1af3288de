"""Experiments that were not trained: small vocoders, loud enough to be compared, and a small FastSpeech 2."""

from pathlib import Path

import torch
import yaml

from svstoolkit.conf.building import build_system
from svstoolkit.conf.loading import load_config
from svstoolkit.data.definition_file import read_definition
from svstoolkit.data.vocabulary import Vocabulary
from svstoolkit.training.checkpoint import checkpoint_path
from svstoolkit.training.experiment import COPIED
from svstoolkit.training.saving import save_checkpoint

SMALL = """
system:
  init_args:
    generator: {init_args: {channels: 16, resblock_kernels: [3, 5], resblock_dilations: [[1, 3], [1, 3]]}}
    discriminator: {init_args: {periods: [2], scales: 1, period_channels: 2, scale_channels: 16}}
data: {batch_size: 2, segment_frames: 8, num_workers: 0}
training: {max_steps: 2}
"""


SMALL_FASTSPEECH2 = """
system:
  init_args:
    model:
      init_args: {hidden: 8, encoder_layers: 1, decoder_layers: 1, kernel: 3, filter_channels: 8,
                  predictor_channels: 8, duration_layers: 1, pitch_layers: 1, energy_layers: 1}
data: {batch_size: 2, max_frames: null, num_workers: 0}
training: {max_steps: 2, save_every: 2, validate_every: 2, log_every: 1}
"""


def vocoder_experiment(exp: Path, dump: Path, default: str, seed: int = 0, step: int = 1) -> Path:
    """Writes an experiment of `hifigan` or `nsf_hifigan` in small, of the dump's features, with random weights."""
    return _experiment(exp, dump, default, SMALL, seed, step)


def acoustic_experiment(exp: Path, dump: Path, seed: int = 0, step: int = 1) -> Path:
    """Writes an experiment of a small FastSpeech 2, of the dump's features and vocabulary, with random weights."""
    return _experiment(exp, dump, "fastspeech2", SMALL_FASTSPEECH2, seed, step)


def _experiment(exp: Path, dump: Path, default: str, small: str, seed: int, step: int) -> Path:
    exp.mkdir(parents=True, exist_ok=True)
    (exp / "small.yaml").write_text(small)
    vocabulary = Vocabulary.from_json(dump / "vocabulary.json")
    known = read_definition(dump / "features.yaml").to_dict()
    known |= {size: getattr(vocabulary, size) for size in ("n_phones", "n_singers", "n_languages")}
    config = load_config(default, exp / "small.yaml", [], known)
    torch.manual_seed(seed)
    system = build_system(config)
    with torch.no_grad():  # a network just initialised is silent, and would equal any other
        if "generator" in system.networks:
            for name, value in system.networks["generator"].named_parameters():
                value.mul_(1.0 if "bias" in name else 1.8)
    networks = {name: network.state_dict() for name, network in system.networks.items()}
    values = {"step": step, "networks": networks, "averages": {}}
    for name in COPIED:
        (exp / name).write_text((dump / name).read_text())
    save_checkpoint(checkpoint_path(exp, step), values)
    (exp / "config.yaml").write_text(yaml.safe_dump(config))
    return exp
