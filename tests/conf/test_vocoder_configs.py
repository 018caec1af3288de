"""Every packaged vocoder: its published size, the features that it is for, and a training step of a narrow one."""

import pytest
import torch
from accelerate import Accelerator

from svstoolkit.conf.building import build_system, construct
from svstoolkit.conf.loading import PACKAGED, load_config, whole_config
from svstoolkit.data.definition_file import read_definition
from svstoolkit.training.options import DataOptions, TrainingOptions
from svstoolkit.training.state import State
from svstoolkit.training.step import take_step

# Weights of the generator in millions, weight norm folded: V1 to V3 as published, 44.1 kHz as openvpi's code has them
VOCODERS = {
    "hifigan": ("features", 13.926),
    "hifigan_v2": ("features", 0.926),
    "hifigan_v3": ("features", 1.462),
    "hifigan_44k": ("features_44k", 14.133),
    "hifigan_48k": ("features_48k", 14.133),
    "nsf_hifigan": ("features", 13.944),
    "nsf_hifigan_44k": ("features_44k", 14.169),
    "nsf_hifigan_48k": ("features_48k", 14.169),
}


def resolved(name: str, *dotted: str) -> tuple[dict, object]:
    features = read_definition(PACKAGED / f"{VOCODERS[name][0]}.yaml")
    return load_config(name, None, dotted, features.to_dict()), features


def test_every_packaged_vocoder_is_listed():
    names = [path.stem for path in PACKAGED.glob("*.yaml")]
    systems = {name: whole_config(name).get("system", {}).get("class_path", "") for name in names}
    assert {name for name, path in systems.items() if path.endswith("HifiGanSystem")} == set(VOCODERS)


@pytest.mark.parametrize("name", VOCODERS)
def test_sizes(name):
    config, _ = resolved(name)
    with torch.device("meta"):
        generator = build_system(config).networks["generator"]
    count = sum(p.numel() for key, p in generator.named_parameters() if not key.endswith("original0"))
    assert count / 1e6 == pytest.approx(VOCODERS[name][1], abs=5e-4)


@pytest.mark.parametrize("name", VOCODERS)
def test_a_narrow_one_takes_a_step_on_its_features(name):
    node = "--system.init_args"
    narrow = {"generator.init_args.channels": 32, "discriminator.init_args.period_channels": 2}
    narrow["discriminator.init_args.scale_channels"] = 8
    dotted = [word for key, value in narrow.items() for word in (f"{node}.{key}", str(value))]
    config, features = resolved(name, *dotted)
    construct(DataOptions, config["data"], "data")
    options = construct(TrainingOptions, config["training"], "training")
    system = build_system(config)
    assert system.definition.fmax == features.sampling_rate / 2  # of the loss, as published
    state = State.of(system, options, Accelerator(cpu=True), epoch_length=10)
    batch = {
        "utterances": ["a"],
        "mel": torch.randn(1, 8, features.n_mels) - 5,
        "f0": torch.full((1, 8), 220.0),
        "audio": 0.1 * torch.randn(1, 8 * features.hop_length),
    }
    report = take_step(system, state, iter([batch]), options, Accelerator(cpu=True))
    assert {f"loss/{term}" for term in system.weights} <= set(report.terms)
    assert all(value.isfinite() for value in report.terms.values())
