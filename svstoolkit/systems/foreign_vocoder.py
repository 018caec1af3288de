"""Vocoders that other codes trained, by their own names: jik876/hifi-gan's and openvpi/SingingVocoders' checkpoints.

    generator_v1, g_02500000 (config.json beside it)        jik876/hifi-gan; do_02500000 holds its discriminators
    model.ckpt (config.json beside it)                      openvpi, exported: nsf_hifigan, pc_nsf_hifigan
    model_ckpt_steps_100000.ckpt (config.yaml beside it)    openvpi, as its training saves it

Nothing that such a file holds is executed.
"""

import json
import pickle
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from svstoolkit.conf.building import build
from svstoolkit.conf.reading import read_yaml
from svstoolkit.errors import InputError
from svstoolkit.features.definition import FeatureDefinition
from svstoolkit.models.published_names import discriminator_state, generator_state

# Official key → this toolkit's, of the mel and of the network
OFFICIAL_MEL = {
    "sampling_rate": "sampling_rate",
    "n_fft": "n_fft",
    "win_size": "win_length",
    "hop_size": "hop_length",
    "num_mels": "n_mels",
    "fmin": "fmin",
    "fmax": "fmax",
}
NETWORK_KEYS = {
    "upsample_rates": "upsample_rates",
    "upsample_kernel_sizes": "upsample_kernels",
    "upsample_initial_channel": "channels",
    "resblock": "resblock",
    "resblock_kernel_sizes": "resblock_kernels",
    "resblock_dilation_sizes": "resblock_dilations",
}
# openvpi's training configuration → the keys of its exported config.json
TRAINING_KEYS = {
    "audio_sample_rate": "sampling_rate",
    "fft_size": "n_fft",
    "win_size": "win_size",
    "hop_size": "hop_size",
    "audio_num_mel_bins": "num_mels",
    "fmin": "fmin",
    "fmax": "fmax",
}
LN_10 = 2.302585092994046
MODELS = "svstoolkit.models.hifigan"
PATTERNS = ("g_????????", "generator*", "*.ckpt")  # of a folder's files, in the order they are looked for


@dataclass
class VocoderSystem:
    """A generator alone: what remains of a vocoder's system when it is used. networks: {"generator": …}"""

    networks: dict[str, nn.Module]
    stage = "vocoder"
    used = ("generator",)


@dataclass(frozen=True)
class ForeignGenerator:
    """A generator as its checkpoint describes it.

    checkpoint: the file; step: of its training, 0 if unknown
    class_path, init_args: the network that it is here; state: its weights, by this network's names
    features: the mel it reads; its F0 range and loudness mean nothing
    """

    checkpoint: Path
    step: int
    class_path: str
    init_args: dict[str, Any]
    state: dict[str, Tensor]
    features: FeatureDefinition

    @property
    def node(self) -> dict[str, Any]:
        """The network as a config has it."""
        return {"class_path": self.class_path, "init_args": self.init_args}

    def build(self) -> nn.Module:
        """The network with its weights, ready to be trained further.

        Raises:
            InputError: the weights do not fit their configuration.
        """
        with torch.random.fork_rng():  # initial weights are drawn, only to be replaced
            network = build(self.node, f"{self.checkpoint}: its configuration")
        try:
            network.load_state_dict(self.state)
        except RuntimeError as error:
            reason = " ".join(str(error).split())[:200]
            raise InputError(f"{self.checkpoint} does not fit the configuration beside it: {reason}") from error
        return network


def is_foreign(path: str | Path) -> bool:
    """Whether this is a file, or a folder of another code's files rather than an experiment of this toolkit."""
    path = Path(path)
    return path.is_file() or (path.is_dir() and not (path / "checkpoints").is_dir() and bool(_found(path)))


def foreign_generator_state(path: str | Path) -> tuple[str, dict[str, Any], dict[str, Tensor], FeatureDefinition]:
    """A foreign checkpoint → its network's class_path and init_args, its weights, the mel it reads.

    The weights have the names of this network's `state_dict` with weight norm, so it can be trained further.

    Raises:
        InputError: see `read_foreign_generator`.
    """
    found = read_foreign_generator(path)
    return found.class_path, found.init_args, found.state, found.features


def read_foreign_generator(path: str | Path) -> ForeignGenerator:
    """Reads a checkpoint, or the newest in a folder, and the configuration beside it.

    Raises:
        InputError: no such file, one that cannot be read safely, no configuration beside it or one that lacks a key,
            no generator in it, or a network that this toolkit does not have.
    """
    checkpoint = checkpoint_in(path)
    values = read_foreign(checkpoint)
    official = _sub_state(values, "generator")
    if "conv_pre.weight_v" not in official and "conv_pre.weight" not in official:
        raise InputError(
            f"{checkpoint}: there is no HiFi-GAN generator in it (it holds {', '.join(map(str, list(values)[:6]))}); "
            "expected jik876/hifi-gan's g_… or openvpi's model.ckpt"
        )
    source, settings = read_settings(checkpoint)
    features = mel_definition(settings, source)
    return ForeignGenerator(
        checkpoint=checkpoint,
        step=_step(checkpoint, values),
        class_path=_class_path(official),
        init_args=_init_args(settings, official, features, source),
        state=generator_state(official),
        features=features,
    )


def foreign_discriminator_state(path: str | Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """The discriminators of do_02500000 or of openvpi's training checkpoint → HifiGanDiscriminators' init_args, state.

    path: the file, or the folder with it; optimizers are left behind

    Raises:
        InputError: no such file, or no multi-period and multi-scale discriminators in it.
    """
    path = Path(path)
    if path.is_dir():
        newest = sorted(path.glob("do_????????"))
        path = newest[-1] if newest else checkpoint_in(path)
    values = read_foreign(path)
    lightning = "state_dict" in values
    mpd, msd = (_sub_state(values, f"discriminator.{name}" if lightning else name) for name in ("mpd", "msd"))
    if not mpd or not msd:
        raise InputError(f"{path}: there are no discriminators mpd and msd in it; expected do_… of jik876/hifi-gan")
    count = len({name.split(".")[1] for name in mpd})
    periods = [2, 3, 5, 7, 11]
    if count != len(periods):
        source, settings = read_settings(path)
        periods = settings.get("discriminator_periods") or []
        if len(periods) != count:
            raise InputError(f"{source}: discriminator_periods names {len(periods)} periods, but {path} has {count}")
    state = discriminator_state(mpd, msd)
    arguments = {
        "periods": list(periods),
        "scales": len({name.split(".")[1] for name in msd}),
        "period_channels": len(state["periods.0.convs.0.bias"]),
        "scale_channels": len(state["scales.0.convs.0.bias"]),
    }
    return arguments, state


def load_foreign_vocoder(path: str | Path, device: str | torch.device = "cpu") -> Any:
    """A foreign checkpoint as `systems.loading.Trained`: in evaluation mode, weight norm folded, without gradients.

    Its vocabulary is None: a vocoder reads no phonemes. Its system has the generator alone.

    Raises:
        InputError: see `read_foreign_generator`.
    """
    from svstoolkit.systems.loading import Trained

    found = read_foreign_generator(path)
    network = found.build()
    network.remove_weight_norm()
    network.to(device).eval().requires_grad_(False)
    system = {"class_path": "svstoolkit.systems.hifigan.HifiGanSystem", "init_args": {"generator": found.node}}
    return Trained(
        system=VocoderSystem({"generator": network}),
        config={"system": system},
        features=found.features,
        vocabulary=None,
        checkpoint=found.checkpoint,
        step=found.step,
    )


def checkpoint_in(path: str | Path) -> Path:
    """The file itself, or a folder's newest generator.

    Raises:
        InputError: there is none, or several of which none is the newest.
    """
    path = Path(path)
    if path.is_file():
        return path
    if not path.is_dir():
        raise InputError(f"{path} does not exist; give a vocoder's experiment, or another code's checkpoint file")
    found = _found(path)
    if not found:
        raise InputError(f"{path} has no checkpoint of a vocoder ({', '.join(PATTERNS)}); name the file")
    numbers = [_number(file) for file in found]
    if len(found) > 1 and len(set(numbers)) < len(found):
        raise InputError(f"{path} has several checkpoints ({', '.join(file.name for file in found)}); name one")
    return found[numbers.index(max(numbers))]


def read_foreign(path: Path) -> dict[str, Any]:
    """The content of a torch file, of the zip format or the one before it; executes nothing.

    Raises:
        InputError: it cannot be read, or only by executing what it holds.
    """
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:  # torch does not look at the checksums
                if damaged := archive.testzip():
                    raise zipfile.BadZipFile(f"wrong checksum of {damaged}")
        values = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise InputError(
            f"{path}: it holds more than weights, or is no torch file; nothing of it was run. Export the weights alone "
            "in the code that wrote it (openvpi: export_ckpt.py)"
        ) from error
    except (OSError, RuntimeError, EOFError, KeyError, ValueError, zipfile.BadZipFile) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"{path}: not a readable checkpoint ({reason}); fetch it again") from error
    if not isinstance(values, dict):
        raise InputError(f"{path}: expected a mapping with a generator's weights, found a {type(values).__name__}")
    return values


def read_settings(checkpoint: Path) -> tuple[Path, dict[str, Any]]:
    """→ the configuration beside a checkpoint, and its values under the names of the official config.json.

    Raises:
        InputError: there is none, or it is no mapping.
    """
    path = checkpoint.with_name("config.json")
    if path.is_file():
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InputError(f"{path}: cannot be read as JSON ({str(error).splitlines()[0]})") from error
        if not isinstance(values, dict):
            raise InputError(f"{path}: expected a mapping, found a {type(values).__name__}")
        return path, values
    path = checkpoint.with_name("config.yaml")
    if not path.is_file():
        raise InputError(f"{checkpoint} has no config.json beside it, which tells its mel and sizes; put it there")
    values = read_yaml(path)
    model = values.get("model_args")
    if not isinstance(model, dict):
        raise InputError(f"{path}: has no model_args; it is no configuration of openvpi/SingingVocoders")
    return path, model | {theirs: values[key] for key, theirs in TRAINING_KEYS.items() if key in values}


def mel_definition(settings: Mapping[str, Any], source: Path) -> FeatureDefinition:
    """The mel of an official configuration; fmax null is half the sampling rate.

    Raises:
        InputError: a key is missing or impossible.
    """
    if missing := [key for key in OFFICIAL_MEL if key not in settings]:
        raise InputError(f"{source}: has no {', '.join(missing)}; a vocoder's mel is not known without")
    values = {ours: settings[theirs] for theirs, ours in OFFICIAL_MEL.items()}
    try:
        fmax = float(values.pop("fmax") or values["sampling_rate"] / 2)
        return FeatureDefinition(fmin=float(values.pop("fmin") or 0.0), fmax=fmax, **_whole(values))
    except (TypeError, ValueError) as error:
        raise InputError(f"{source}: no possible mel: {error}") from error


def _whole(values: Mapping[str, Any]) -> dict[str, int]:
    if wrong := [f"{key} is {value!r}" for key, value in values.items() if value != int(value)]:
        raise ValueError(f"{wrong[0]}, expected an integer")
    return {key: int(value) for key, value in values.items()}


def _class_path(official: Mapping[str, Tensor]) -> str:
    if "source_conv.weight" in official:
        return f"{MODELS}.MiniNsfHifiGan"
    return f"{MODELS}.{'NsfHifiGan' if 'm_source.l_linear.weight' in official else 'HifiGan'}"


def _init_args(
    settings: Mapping[str, Any], official: Mapping[str, Tensor], features: FeatureDefinition, source: Path
) -> dict[str, Any]:
    """The generator's arguments; an NSF source as openvpi makes it."""
    if missing := [key for key in NETWORK_KEYS if key not in settings]:
        raise InputError(f"{source}: has no {', '.join(missing)}; the network's sizes are not known without")
    arguments = {"n_mels": features.n_mels, "hop_length": features.hop_length}
    arguments |= {ours: settings[theirs] for theirs, ours in NETWORK_KEYS.items()}
    arguments["resblock"] = str(settings["resblock"])
    if (base := str(settings.get("mel_base", "e"))) != "e":
        if base != "10":
            raise InputError(f"{source}: mel_base is {base!r}, expected e or 10")
        arguments["mel_scale"] = LN_10
    if settings.get("noise_sigma"):
        arguments["noise_sigma"] = float(settings["noise_sigma"])
    if "source_conv.weight" in official or "m_source.l_linear.weight" in official:
        arguments |= {"sampling_rate": features.sampling_rate, "interpolate_unvoiced": True}
    if "m_source.l_linear.weight" in official:
        harmonics = official["m_source.l_linear.weight"].shape[1] - 1
        arguments |= {"harmonics": harmonics, "f0_upsampling": "hold", "aliasing": True}
    return arguments


def _sub_state(values: Mapping[str, Any], name: str) -> dict[str, Tensor]:
    """values[name], or those of values["state_dict"] whose names begin with it, without what begins them."""
    if isinstance(values.get(name), Mapping):
        state = values[name]
    else:
        flat = values.get("state_dict", values)
        state = {key: value for key, value in flat.items() if str(key).startswith(f"{name}.")}
    plain = {str(key).removeprefix(f"{name}."): value for key, value in state.items()}
    return {key.removeprefix("module."): value.float() for key, value in plain.items() if isinstance(value, Tensor)}


def _found(folder: Path) -> list[Path]:
    """A folder's generators: those of the first pattern that fits."""
    return next((found for pattern in PATTERNS if (found := sorted(folder.glob(pattern)))), [])


def _number(path: Path) -> int:
    """The last number in a file's name, 0 if it has none: the training step in g_02500000 and …_steps_100000.ckpt."""
    numbers = re.findall(r"\d+", path.stem)
    return int(numbers[-1]) if numbers else 0


def _step(path: Path, values: Mapping[str, Any]) -> int:
    step = values.get("global_step")
    if isinstance(step, int):
        return step
    return int(match[1]) if (match := re.search(r"(?:^g_|_steps_)(\d+)", path.stem)) else 0
