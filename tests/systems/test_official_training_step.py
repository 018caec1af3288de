"""Two steps, each an epoch, of packaged HiFi-GAN training against the official code's losses and weights."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from accelerate import Accelerator

from svstoolkit.conf.building import build_system, construct
from svstoolkit.conf.loading import load_config
from svstoolkit.features.definition import FeatureDefinition
from svstoolkit.models.published_names import discriminator_state, generator_state
from svstoolkit.training.options import TrainingOptions
from svstoolkit.training.state import State
from svstoolkit.training.step import take_step

sys.path.insert(0, str(Path(__file__).parents[1] / "models/official"))
import seeded_vocoders as seeded

NARROW = """
system:
  init_args:
    generator: {init_args: {channels: 32}}
    discriminator: {init_args: {period_channels: 2, scale_channels: 8}}
"""
FRAMES = 16


@pytest.fixture(scope="module")
def numbers():
    with np.load(seeded.NUMBERS) as stored:
        return {name.removeprefix("training/"): stored[name] for name in stored.files if name.startswith("training/")}


@pytest.fixture
def trained(numbers, tmp_path):
    """→ the system after the steps, their loss terms and learning rates, all in double precision."""
    (tmp_path / "narrow.yaml").write_text(NARROW)
    config = load_config("hifigan", tmp_path / "narrow.yaml", (), FeatureDefinition(22050, fmax=8000.0).to_dict())
    config["system"]["init_args"]["fmax"] = 11025.0  # fmax_for_loss null
    vectors = {name.removeprefix("uv/"): value for name, value in numbers.items() if name.startswith("uv/")}
    states = {}
    for name in ("generator", "mpd", "msd"):
        shapes = {key: tuple(shape) for key, shape in json.loads(str(numbers[f"{name}/shapes"])).items()}
        states[name] = seeded.seeded_state(shapes, vectors if name == "msd" else None)
    system = build_system(config)
    generator, discriminator = system.networks["generator"].double(), system.networks["discriminator"].double()
    generator.load_state_dict(generator_state(states["generator"]))
    discriminator.load_state_dict(discriminator_state(states["mpd"], states["msd"]))
    options = construct(TrainingOptions, config["training"], "training")
    accelerator = Accelerator(cpu=True)
    state = State.of(system, options, accelerator, epoch_length=1)
    reports, rates = [], []
    for step in range(2):
        rates.append([state.optimizers[name].param_groups[0]["lr"] for name in ("generator", "discriminator")])
        batch = {
            "utterances": ["a", "b"],
            "mel": seeded.mel(80, FRAMES, 2, f"mel {step}"),
            "f0": torch.zeros(2, FRAMES),
            "audio": seeded.audio(FRAMES * 256, 2, f"audio {step}"),
        }
        reports.append(take_step(system, state, iter([batch]), options, accelerator))
    return system, reports, rates


def test_losses_weights_and_learning_rates_are_the_official_ones(numbers, trained):
    system, reports, rates = trained
    np.testing.assert_allclose(rates, numbers["rates"], rtol=1e-12)
    terms = ("discriminator", "adversarial", "feature_matching", "mel")
    weight = np.array([system.weights[term] for term in terms])
    losses = np.array([[report.terms[f"loss/{term}"].item() for term in terms] for report in reports]) * weight
    np.testing.assert_allclose(losses, numbers["losses"], rtol=1e-6)
    for name, (network, ours) in {
        "generator": ("generator", generator_state),
        "mpd": ("discriminator", lambda state: discriminator_state(state, {})),
        "msd": ("discriminator", lambda state: discriminator_state({}, state)),
    }.items():
        official = json.loads(str(numbers[f"{name}/names"]))
        by_name = {next(iter(ours({key: torch.zeros(1)}))): i for i, key in enumerate(official)}
        weights = dict(system.networks[network].named_parameters())
        assert set(by_name) <= set(weights)
        for key, i in by_name.items():
            np.testing.assert_allclose(
                seeded.digest(weights[key]), numbers[f"{name}/weights"][i], rtol=0, atol=1e-6, err_msg=key
            )
