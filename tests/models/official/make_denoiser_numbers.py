"""Runs DiffSinger's official denoiser on seeded weights and stores what it gives.

    python tests/models/official/make_denoiser_numbers.py CLONE_OF_MoonInTheRiver/DiffSinger

writes denoiser.npz beside this file: the outputs of DiffNet for both of the dilations that its configs have.
"""

import importlib.util
import sys
import types
from pathlib import Path

import numpy as np
import seeded_denoiser as seeded
import torch

SIZES = {"hidden_size": seeded.CONDITION, "residual_layers": seeded.LAYERS, "residual_channels": seeded.CHANNELS}


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    clone = Path(sys.argv[1])
    numbers = {f"cycle{cycle}": outputs(clone, cycle) for cycle in seeded.CYCLES}
    path = Path(__file__).with_name("denoiser.npz")
    np.savez_compressed(path, **numbers)
    print(f"{path}: {len(numbers)} arrays, {path.stat().st_size / 1e3:.0f} kB")


def outputs(clone: Path, cycle: int) -> np.ndarray:
    """(2, T, n_mels), of the steps in `seeded.STEPS`."""
    network = official(clone, cycle).DiffNet(seeded.MELS)
    network.load_state_dict(seeded.weights(network.state_dict()))
    mel, condition = seeded.inputs()
    steps = torch.tensor(seeded.STEPS)
    with torch.no_grad():
        given = network(mel.transpose(1, 2)[:, None], steps, condition.transpose(1, 2))
    return given[:, 0].transpose(1, 2).numpy()


def official(clone: Path, cycle: int, sizes: dict[str, int] = SIZES) -> types.ModuleType:
    """usr/diff/net.py without the training code its package imports, of which it needs the settings and Mish alone."""
    settings = types.ModuleType("utils.hparams")
    settings.hparams = {**sizes, "dilation_cycle_length": cycle}
    diffusion = types.ModuleType("usr.diff.diffusion")
    diffusion.Mish = torch.nn.Mish
    packages = {name: types.ModuleType(name) for name in ("utils", "usr", "usr.diff")}
    sys.modules.update({**packages, "utils.hparams": settings, "usr.diff.diffusion": diffusion})
    spec = importlib.util.spec_from_file_location("usr.diff.net", clone / "usr/diff/net.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main()
