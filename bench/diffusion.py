"""Diffusions of mels: one evaluation of DiffSinger's denoiser against the official code's, and shallow against naive.

    DIFFSINGER_REPO=CLONE_OF_MoonInTheRiver/DiffSinger python bench/run.py

At paper scale (C 256, L 20), on the same weights; the two take turns, and the figures are medians of the ratios of
processor time. Without the clone that comparison is left out.
"""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import torch
from result import result

from svstoolkit.diffusion.discrete import DiscreteDiffusion
from svstoolkit.diffusion.sampling import sample
from svstoolkit.models.wavenet import WaveNet

CLONE = "DIFFSINGER_REPO"  # environment variable: the official code
SCRIPT = Path(__file__).parents[1] / "tests/models/official"  # runs the official denoiser
FRAMES, ROUNDS = 300, 7
STEPS, K = 100, 54  # the paper's T and k


def measure() -> list[dict]:
    torch.manual_seed(0)
    network = WaveNet(80, 256).eval().requires_grad_(False)
    torch.nn.init.normal_(network.output_projection.weight, 0.0, 0.05)
    condition, mel = torch.randn(1, FRAMES, 256), torch.randn(1, FRAMES, 80)
    projected = network.project(condition)
    step = torch.tensor([37.0])
    rows = []
    if CLONE in os.environ:
        official = _official(network, condition, mel)
        ours = _ratio(lambda: network(mel, step, condition), official)
        sampling = _ratio(lambda: network.denoise(mel, step, projected), official)
        rows.append(result("DiffSinger denoiser: time / official", ours, "×", 1.0))
        rows.append(result("DiffSinger denoiser while sampling: time / official", sampling, "×", 1.0))
    else:
        print(f"diffusion: no comparison with the official denoiser; ${CLONE} names no clone of MoonInTheRiver's code")
    diffusion = DiscreteDiffusion(STEPS, 1e-4, 0.06)

    def model(x: torch.Tensor, time: torch.Tensor) -> torch.Tensor:
        return network.denoise(x, time, projected)

    short = mel[:, :40]
    projected = [p[..., :40] for p in projected]
    shallow = _ratio(
        lambda: sample(diffusion, model, short, "ddpm", K, start=short, highest=K),
        lambda: sample(diffusion, model, short, "ddpm", STEPS),
        rounds=3,
    )
    rows.append(result("DiffSinger shallow (k = 54) / naive: sampling time", shallow, "×", 1 / 1.8))
    return rows


def _ratio(ours: Callable[[], object], theirs: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Median of the ratios of processor seconds, the two taking turns, after one round for warming up."""
    ratios = []
    for number in range(rounds + 1):
        seconds = []
        for run in (ours, theirs):
            started = time.process_time()
            run()
            seconds.append(time.process_time() - started)
        if number:
            ratios.append(seconds[0] / seconds[1])
    return median(ratios)


def _official(network: WaveNet, condition: torch.Tensor, mel: torch.Tensor) -> Callable[[], object]:
    """The official network with these weights, as its sampler calls it; it must say the same."""
    sys.path.insert(0, str(SCRIPT))
    from make_denoiser_numbers import official

    sizes = {"hidden_size": 256, "residual_layers": 20, "residual_channels": 256}
    theirs = official(Path(os.environ[CLONE]), 1, sizes).DiffNet(80).eval().requires_grad_(False)
    theirs.load_state_dict(network.state_dict())
    inputs = (mel.transpose(1, 2)[:, None], torch.tensor([37]), condition.transpose(1, 2))
    torch.testing.assert_close(
        theirs(*inputs)[:, 0].transpose(1, 2), network(mel, torch.tensor([37.0]), condition), atol=1e-5, rtol=1e-4
    )
    return lambda: theirs(*inputs)
