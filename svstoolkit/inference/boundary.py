"""k of a shallow diffusion from a trained boundary predictor, over the training set, and the picture of how it came."""

import time
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from svstoolkit.data.batching import validation_loader
from svstoolkit.data.dataset import UtteranceDataset
from svstoolkit.data.files import atomic_path
from svstoolkit.data.fingerprint import fingerprint, is_done, mark_done
from svstoolkit.diffusion.boundary import boundary_step, divergence_step
from svstoolkit.systems.boundary_result import BoundaryResult
from svstoolkit.systems.loading import load_trained

SHOWN = 5  # pairs in the picture, as in the paper's


def find_boundary(
    experiment: Path,
    dump_set: Path,
    output: Path,
    device: torch.device | str = "cpu",
    threshold: float = 0.4,
    share: float = 0.95,
    utterances: int = 500,
    seed: int = 0,
) -> None:
    """Writes output/boundary.json and boundary.png (DiffSinger, figure 6); nothing if they are up to date.

    experiment: of systems.boundary; dump_set: the training set's folder in the dump
    utterances: looked at, spread evenly over the set (0: all of them, as in the paper); each costs 2·T evaluations
    """
    trained = load_trained(experiment, device)
    key = fingerprint(
        inputs=[trained.checkpoint, dump_set / "utt2num_frames"], threshold=threshold, share=share, count=utterances
    )
    if is_done(output, key):
        print(f"{output}: the boundary was found before")
        return
    dataset = UtteranceDataset(dump_set, trained.vocabulary)
    stride = max(1, len(dataset) // utterances) if utterances else 1
    torch.manual_seed(seed)
    rows, squared, seconds_divergence = [], [], 0.0
    started = time.perf_counter()
    chosen = islice(validation_loader(dataset, 1), 0, None, stride)
    for batch in tqdm(chosen, "boundary", len(range(0, len(dataset), stride)), unit="utt"):
        here = {name: value.to(device) for name, value in batch.items() if isinstance(value, torch.Tensor)}
        real, predicted, distance = trained.system.scores(here)
        rows.append(torch.stack((real[0], predicted[0])).cpu())
        squared.append(float(distance[0]))
        begun = time.perf_counter()
        trained.system.pairs(here)
        seconds_divergence += time.perf_counter() - begun
    scores = torch.stack(rows)
    steps = boundary_step(scores[:, 0], scores[:, 1], threshold, share).double()
    sigmas = trained.system.diffusion.sigmas
    result = BoundaryResult(
        k=max(1, round(float(steps.mean()))),
        k_mean=float(steps.mean()),
        k_std=float(steps.std(unbiased=False)),
        threshold=threshold,
        share=share,
        utterances=len(scores),
        k_divergence=divergence_step(sigmas, float(np.mean(squared))),
        squared_distance=float(np.mean(squared)),
        steps=len(sigmas),
        checkpoint_step=trained.step,
        seconds=time.perf_counter() - started - seconds_divergence,
        seconds_divergence=seconds_divergence,
    )
    plot_boundary(output / "boundary.png", scores.numpy(), result)
    result.write(output)
    mark_done(output, key)
    print(
        f"{output}: shallow diffusion from step {result.k} of {result.steps} "
        f"(k' {result.k_mean:.1f} ± {result.k_std:.1f} of {result.utterances} utterances; "
        f"by divergence alone {result.k_divergence}); picture: {output}/boundary.png"
    )


def plot_boundary(path: Path, scores: np.ndarray, result: BoundaryResult) -> None:
    """scores: (N, 2, T) BP(M_t, t) and BP(M̃_t, t): those of some pairs, and the means of all."""
    from matplotlib.figure import Figure

    shown = np.linspace(0, len(scores) - 1, min(SHOWN, len(scores))).round().astype(int)
    figure = Figure(figsize=(3.2 * (len(shown) + 1), 2.8), layout="constrained")
    axes = figure.subplots(1, len(shown) + 1, sharey=True, squeeze=False)[0]
    panels = [*(scores[i] for i in shown), scores.mean(0)]
    titles = [*(f"pair {i + 1}" for i in shown), f"mean of {len(scores)}"]
    steps = np.arange(1, scores.shape[2] + 1)
    for axis, panel, title in zip(axes, panels, titles, strict=True):
        axis.plot(steps, panel[0], label="BP(M$_t$, t), recording")
        axis.plot(steps, panel[1], label="BP(M̃$_t$, t), auxiliary decoder")
        axis.axvline(result.k, color="grey", linestyle=":", label=f"k = {result.k}")
        axis.set(title=title, xlabel="diffusion step t", ylim=(-0.02, 1.02))
    axes[0].set_ylabel("score")
    axes[-1].legend(fontsize="small")
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png", dpi=110)
