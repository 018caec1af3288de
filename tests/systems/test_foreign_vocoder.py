"""Other codes' vocoder checkpoints, by their own names and configurations."""

import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from svstoolkit.errors import InputError
from svstoolkit.features.definition import FeatureDefinition, require_same_mel
from svstoolkit.models.hifigan import HifiGan, MiniNsfHifiGan, NsfHifiGan
from svstoolkit.models.hifigan_discriminators import HifiGanDiscriminators
from svstoolkit.systems.foreign_vocoder import (
    foreign_discriminator_state,
    foreign_generator_state,
    is_foreign,
    read_foreign_generator,
)
from svstoolkit.systems.loading import load_trained

sys.path.insert(0, str(Path(__file__).parents[1] / "models/official"))
import seeded_vocoders as seeded

SMALL = {
    "resblock": "2",
    "upsample_rates": [8, 8, 4],
    "upsample_kernel_sizes": [16, 16, 8],
    "upsample_initial_channel": 16,
    "resblock_kernel_sizes": [3],
    "resblock_dilation_sizes": [[1, 2]],
}
LJ = {"num_mels": 80, "n_fft": 1024, "hop_size": 256, "win_size": 1024, "sampling_rate": 22050}
LJ |= {"fmin": 0, "fmax": 8000, "fmax_for_loss": None}
OURS = {
    "n_mels": 80,
    "hop_length": 256,
    "upsample_rates": (8, 8, 4),
    "upsample_kernels": (16, 16, 8),
    "channels": 16,
    "resblock": "2",
    "resblock_kernels": (3,),
    "resblock_dilations": ((1, 2),),
}
CLASSES = {
    HifiGan: OURS,
    NsfHifiGan: OURS | {"sampling_rate": 22050, "random_phase": False, "f0_upsampling": "hold", "aliasing": True},
    MiniNsfHifiGan: OURS | {"sampling_rate": 22050},
}


def official(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Its weights as the official codes save them."""
    names = {"parametrizations.weight.original0": "weight_g", "parametrizations.weight.original1": "weight_v"}
    state = {}
    for name, value in network.state_dict().items():
        for ours, theirs in names.items():
            name = name.replace(ours, theirs)  # noqa: PLW2901
        state[name] = value
    return state


def written(folder: Path, name: str, values: dict, settings: dict | None = None, **keywords) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(settings if settings is not None else SMALL | LJ))
    torch.save(values, folder / name, **keywords)
    return folder / name


@pytest.fixture(params=CLASSES, ids=lambda cls: cls.__name__)
def network(request):
    torch.manual_seed(3)
    return request.param(**CLASSES[request.param])


def sung(network, seed: int = 0) -> torch.Tensor:
    torch.manual_seed(seed)
    f0 = torch.tensor([[0.0, 220.0, 230.0, 0.0, 300.0]])
    with torch.no_grad():
        return network(seeded.mel(80, 5).float(), f0=f0)


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "before torch 1.6"])
@pytest.mark.parametrize("name", ["generator_v1", "g_02500000", "model.ckpt"])
def test_a_file_or_its_folder_sings_as_where_it_comes_from(tmp_path, network, name, zipped):
    path = written(tmp_path / "cp", name, {"generator": official(network)}, _use_new_zipfile_serialization=zipped)
    if isinstance(network, NsfHifiGan):
        network.interpolate_unvoiced = True
        network.m_source.l_sin_gen.random_phase = True
    for given in (path, path.parent):
        assert is_foreign(given)
        trained = load_trained(given)
        generator = trained.system.networks["generator"]
        assert type(generator) is type(network)
        torch.testing.assert_close(sung(generator), sung(network), atol=1e-6, rtol=0)
        assert not any(p.requires_grad or "original" in name for name, p in generator.named_parameters())
        assert trained.step == (2500000 if name == "g_02500000" else 0)
        assert (trained.checkpoint, trained.vocabulary) == (path, None)
        assert trained.used_networks == [generator]
        assert trained.features == FeatureDefinition(22050, 1024, 1024, 256, 80, 0.0, 8000.0)


def test_weights_without_weight_norm_load_and_can_be_trained(tmp_path, network):
    expected = sung(network)
    keys = set(network.state_dict())
    network.remove_weight_norm()
    path = written(tmp_path, "generator", {"generator": network.state_dict()})
    class_path, init_args, state, features = foreign_generator_state(path)
    assert class_path.endswith(type(network).__name__)
    assert set(state) == keys
    assert init_args["n_mels"] == features.n_mels == 80
    rebuilt = read_foreign_generator(path).build()
    if isinstance(rebuilt, NsfHifiGan):
        rebuilt.m_source.l_sin_gen.random_phase, rebuilt.interpolate_unvoiced = False, False
    torch.testing.assert_close(sung(rebuilt), expected, atol=1e-5, rtol=1e-4)
    assert all(p.requires_grad for p in rebuilt.parameters())


def test_a_training_checkpoint_of_openvpi_with_its_config_yaml(tmp_path):
    torch.manual_seed(0)
    generator = MiniNsfHifiGan(**CLASSES[MiniNsfHifiGan])
    judge = HifiGanDiscriminators((3, 5), 1, period_channels=2, scale_channels=4)
    state = {f"generator.{name}": value for name, value in official(generator).items()}
    for name, value in official_discriminators(judge).items():
        state[f"discriminator.{name}"] = value
    training = {"audio_sample_rate": 22050, "audio_num_mel_bins": 80, "fft_size": 1024, "win_size": 1024}
    training |= {"hop_size": 256, "fmin": 0, "fmax": 8000}
    model = SMALL | {"mini_nsf": True, "discriminator_periods": [3, 5]}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(training | {"model_args": model}))
    for step in (900, 1000):
        torch.save({"state_dict": state, "global_step": 2 * step}, tmp_path / f"model_ckpt_steps_{step}.ckpt")
    found = read_foreign_generator(tmp_path)
    assert (found.checkpoint.name, found.step) == ("model_ckpt_steps_1000.ckpt", 2000)
    torch.testing.assert_close(sung(found.build()), sung(generator))
    arguments, weights = foreign_discriminator_state(tmp_path)
    assert arguments == {"periods": [3, 5], "scales": 1, "period_channels": 2, "scale_channels": 4}
    same_judgements(judge, arguments, weights)


def official_discriminators(judge: HifiGanDiscriminators) -> dict[str, torch.Tensor]:
    """{mpd.… and msd.…}: weight norm's and, of the first scale, spectral norm's names before parametrizations."""
    names = {"original0": "weight_g", "original1": "weight_v", "original": "weight_orig"}
    names |= {"0._u": "weight_u", "0._v": "weight_v"}
    state = {}
    for name, value in judge.state_dict().items():
        key = name.replace("periods.", "mpd.discriminators.").replace("scales.", "msd.discriminators.")
        layer, found, kind = key.partition("parametrizations.weight.")
        state[f"{layer}{names[kind]}" if found else key] = value
    return state


def same_judgements(judge, arguments, weights) -> None:
    loaded = HifiGanDiscriminators(**arguments)
    loaded.load_state_dict(weights)
    with torch.no_grad():
        pairs = zip(loaded.eval()(seeded.audio(999).float()), judge.eval()(seeded.audio(999).float()), strict=True)
        for (ours, our_maps), (theirs, their_maps) in pairs:
            torch.testing.assert_close([ours, *our_maps], [theirs, *their_maps])


def test_the_official_discriminators_file(tmp_path):
    torch.manual_seed(0)
    judge = HifiGanDiscriminators(period_channels=1, scale_channels=4)
    for _ in range(2):
        judge(torch.randn(1, 999))  # so that spectral norm's vectors are its own
    state = official_discriminators(judge)
    parts = {
        part: {key.removeprefix(f"{part}."): value for key, value in state.items() if key.startswith(part)}
        for part in ("mpd", "msd")
    }
    assert "discriminators.0.convs.0.weight_orig" in parts["msd"]
    torch.save(parts | {"optim_g": {}, "optim_d": {}, "steps": 5, "epoch": 1}, tmp_path / "do_00000005")
    for given in (tmp_path, tmp_path / "do_00000005"):
        arguments, weights = foreign_discriminator_state(given)
        assert arguments == {"periods": [2, 3, 5, 7, 11], "scales": 3, "period_channels": 1, "scale_channels": 4}
        same_judgements(judge, arguments, weights)


def test_mels_of_another_base_are_brought_to_it(tmp_path):
    generator = HifiGan(**OURS)
    path = written(tmp_path, "model.ckpt", {"generator": official(generator)}, SMALL | LJ | {"mel_base": "10"})
    network = load_trained(path).system.networks["generator"]
    mel = seeded.mel(80).float()
    with torch.no_grad():
        torch.testing.assert_close(network(mel), generator(mel / np.log(10)), atol=1e-6, rtol=0)


def test_a_mel_that_differs_names_both_sides_and_every_key():
    wanted, theirs = FeatureDefinition(f0_min=60.0, loudness=-23.0), FeatureDefinition(22050, fmax=8000.0)
    with pytest.raises(InputError) as refused:
        require_same_mel(wanted, "exp/fastspeech2", theirs, "generator_v1")
    for part in ("exp/fastspeech2", "generator_v1", "sampling_rate: 24000 ≠ 22050", "fmax: 12000.0 ≠ 8000.0"):
        assert part in str(refused.value)
    assert "f0" not in str(refused.value)
    require_same_mel(wanted, "a", FeatureDefinition(), "b")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"hop_size": 300}, r"upsample_rates .* is 256, but hop_length is 300"),
        ({"num_mels": 81}, r"does not fit the configuration beside it"),
        ({"upsample_initial_channel": 32}, r"does not fit the configuration beside it"),
        ({"fmax": 12000}, r"config\.json: no possible mel: need 0 <= fmin < fmax"),
        ({"hop_size": "wide"}, r"config\.json: no possible mel"),
        ({"mel_base": 2}, r"mel_base is '2', expected e or 10"),
        ({"win_size": ...}, r"config\.json: has no win_size"),
        ({"resblock": ...}, r"config\.json: has no resblock"),
    ],
)
def test_a_configuration_that_cannot_be_is_named(tmp_path, settings, message):
    merged = {key: value for key, value in (SMALL | LJ | settings).items() if value is not ...}
    path = written(tmp_path, "g_00000001", {"generator": official(HifiGan(**OURS))}, merged)
    with pytest.raises(InputError, match=message):
        load_trained(path)


def test_files_that_are_no_vocoder_are_named(tmp_path):
    path = written(tmp_path, "model.ckpt", {"state_dict": {"model_gen.conv_pre.weight": torch.zeros(1)}})
    with pytest.raises(InputError, match=r"no HiFi-GAN generator in it \(it holds state_dict\)"):
        load_trained(path)
    with pytest.raises(InputError, match="no discriminators mpd and msd"):
        foreign_discriminator_state(path)
    (tmp_path / "config.json").unlink()
    torch.save({"generator": official(HifiGan(**OURS))}, path)
    with pytest.raises(InputError, match=r"model\.ckpt has no config\.json beside it"):
        load_trained(path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match=r"model\.ckpt: "):
        load_trained(path)
    with pytest.raises(InputError, match=r"absent does not exist"):
        read_foreign_generator(tmp_path / "absent")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"empty has no checkpoint of a vocoder"):
        read_foreign_generator(tmp_path / "empty")
    assert not is_foreign(tmp_path / "empty")
    (tmp_path / "two").mkdir()
    for name in ("a.ckpt", "b.ckpt"):
        (tmp_path / "two" / name).touch()
    with pytest.raises(InputError, match=r"two has several checkpoints \(a\.ckpt, b\.ckpt\); name one"):
        load_trained(tmp_path / "two")


class Bomb:
    """Unpickled, it makes a folder."""

    def __init__(self, flag: Path):
        self.flag = flag

    def __reduce__(self):
        return os.mkdir, (str(self.flag),)


@pytest.mark.parametrize("zipped", [True, False])
def test_nothing_in_them_is_run(tmp_path, zipped):
    flag = tmp_path / "executed"
    path = written(tmp_path, "g_00000001", {"generator": {"a": Bomb(flag)}}, _use_new_zipfile_serialization=zipped)
    for read in (load_trained, foreign_generator_state, foreign_discriminator_state):
        with pytest.raises(InputError, match=r"holds more than weights.*nothing of it was run"):
            read(path)
    assert not flag.exists()
