"""Generators and discriminators against the numbers of the official codes (official/make_vocoder_numbers.py)."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from svstoolkit.conf.building import build
from svstoolkit.conf.loading import load_config
from svstoolkit.features.definition import FeatureDefinition
from svstoolkit.models.hifigan import MiniNsfHifiGan, NsfHifiGan
from svstoolkit.models.hifigan_discriminators import HifiGanDiscriminators
from svstoolkit.models.published_names import discriminator_state, generator_state
from svstoolkit.nn.excitation import bridge_unvoiced, gliding_sine

sys.path.insert(0, str(Path(__file__).parent / "official"))
import seeded_vocoders as seeded

OPENVPI = {
    "n_mels": 128,
    "hop_length": 512,
    "sampling_rate": 44100,
    "upsample_rates": (8, 8, 2, 2, 2),
    "upsample_kernels": (16, 16, 4, 4, 4),
}
AS_OPENVPI = {"f0_upsampling": "hold", "aliasing": True}


@pytest.fixture(scope="module")
def numbers():
    with np.load(seeded.NUMBERS) as stored:
        return dict(stored)


def official_state(numbers, name, uv=None) -> dict[str, torch.Tensor]:
    shapes = {key: tuple(shape) for key, shape in json.loads(str(numbers[f"{name}/shapes"])).items()}
    return seeded.seeded_state(shapes, uv)


@pytest.mark.parametrize(("name", "config"), [("v1", "hifigan"), ("v2", "hifigan_v2"), ("v3", "hifigan_v3")])
def test_the_packaged_generators_are_the_official_ones(numbers, name, config):
    known = {**FeatureDefinition(22050, fmax=8000.0).to_dict()}
    generator = build(load_config(config, None, (), known)["system"]["init_args"]["generator"], config)
    generator.load_state_dict(generator_state(official_state(numbers, name)))
    with torch.no_grad():
        audio = generator(seeded.mel(80).float())
        generator.remove_weight_norm()
        folded = generator(seeded.mel(80).float())
    for samples in (audio, folded):
        np.testing.assert_allclose(samples.numpy(), numbers[f"{name}/audio"], rtol=0, atol=1e-5)
    assert audio.std() > 0.1


@pytest.mark.parametrize("noise_sigma", [0.0, 0.1])
@pytest.mark.parametrize(("name", "cls"), [("nsf", NsfHifiGan), ("mini_nsf", MiniNsfHifiGan)])
def test_openvpis_generators(numbers, monkeypatch, name, cls, noise_sigma):
    """With what torch draws replaced on both sides by the same numbers."""
    own = AS_OPENVPI if cls is NsfHifiGan else {}
    generator = cls(**OPENVPI, **own, interpolate_unvoiced=False, noise_sigma=noise_sigma)
    generator.load_state_dict(generator_state(official_state(numbers, name)))
    monkeypatch.setattr(torch, "rand", lambda *shape, device=None: seeded.uniform(1, 1, *shape[1:])[0])
    monkeypatch.setattr(torch, "randn_like", seeded.gaussian)
    with torch.no_grad():
        audio = generator(seeded.mel(128).float(), f0=torch.tensor(seeded.F0))
    expected = numbers[f"{name}/noisy_audio" if noise_sigma else f"{name}/audio"]
    np.testing.assert_allclose(audio.numpy(), expected, rtol=0, atol=1e-5)


def test_openvpis_sources(numbers, monkeypatch):
    f0 = torch.tensor(seeded.F0)
    monkeypatch.setattr(torch, "rand", lambda *shape, device=None: seeded.uniform(1, 1, *shape[1:])[0])
    monkeypatch.setattr(torch, "randn_like", seeded.gaussian)
    generator = NsfHifiGan(**OPENVPI, **AS_OPENVPI, channels=32)
    source = official_state(numbers, "nsf")
    generator.m_source.load_state_dict(
        {key.removeprefix("m_source."): value for key, value in source.items() if key.startswith("m_source.")}
    )
    with torch.no_grad():
        np.testing.assert_allclose(generator.m_source(f0)[:, 0].numpy(), numbers["nsf/source"], rtol=0, atol=1e-5)
    np.testing.assert_allclose(
        gliding_sine(f0, 44100 / 8, 64)[:, 0].numpy(), numbers["mini_nsf/source"], rtol=0, atol=1e-5
    )


def test_f0_is_bridged_as_openvpi_does_it(numbers):
    f0 = torch.tensor([seeded.F0[0], [0.0] * 6, [0.0, 0.0, 200.0, 0.0, 0.0, 0.0], [200.0] * 6])
    bridged = bridge_unvoiced(f0).numpy()
    np.testing.assert_allclose(bridged[0], numbers["bridged_f0"], rtol=1e-5)
    assert not bridged[1].any()
    np.testing.assert_allclose(bridged[2:], 200.0, rtol=1e-5)


def test_where_unvoiced_is_bridged_the_source_has_no_gap(numbers):
    torch.manual_seed(0)
    arguments = OPENVPI | {"resblock": "2", "resblock_kernels": (3,), "resblock_dilations": ((1,),), "channels": 32}
    bridging, bridged = NsfHifiGan(**arguments, interpolate_unvoiced=True), NsfHifiGan(**arguments)
    bridged.load_state_dict(bridging.state_dict())
    f0, mel = torch.tensor(seeded.F0), seeded.mel(128).float()
    for f0_of_it, same in ((bridge_unvoiced(f0), True), (f0, False)):
        torch.manual_seed(1)
        expected = bridged(mel, f0=f0_of_it)
        torch.manual_seed(1)
        assert torch.equal(bridging(mel, f0=f0), expected) is same


@pytest.mark.parametrize(
    ("prefix", "widths"),
    [("training/", (2, 8)), pytest.param("", (32, 128), marks=pytest.mark.slow)],
    ids=["narrow", "full size"],
)
def test_the_discriminators_are_the_official_ones(numbers, prefix, widths):
    """Every feature map and score of all eight, by their digests."""
    uv = f"{prefix}uv/"
    vectors = {name.removeprefix(uv): value for name, value in numbers.items() if name.startswith(uv)}
    states = official_state(numbers, f"{prefix}mpd"), official_state(numbers, f"{prefix}msd", vectors)
    with torch.device("meta"):
        network = HifiGanDiscriminators(period_channels=widths[0], scale_channels=widths[1])
    state = {name: value.float() for name, value in discriminator_state(*states).items()}
    network.load_state_dict(state, assign=True)
    with torch.no_grad():
        judgements = network.eval()(seeded.audio(2001).float())
    names = [f"{prefix}mpd/{i}" for i in range(5)] + [f"{prefix}msd/{i}" for i in range(3)]
    for name, (scores, maps) in zip(names, judgements, strict=True):
        ours = np.stack([seeded.digest(value) for value in (*maps, scores)])
        np.testing.assert_allclose(ours, numbers[name], rtol=1e-4, atol=1e-5, err_msg=name)
        assert np.abs(numbers[name][:, 1]).min() > 1e-4
