"""Singing by a diffusion of mels: stage 3's model says durations, condition and mel, which is refined and vocoded."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from svstoolkit.conf.building import import_class
from svstoolkit.conf.reading import read_yaml
from svstoolkit.errors import InputError
from svstoolkit.features.definition import require_same
from svstoolkit.inference.sampling import OWN, Sampling, finite
from svstoolkit.inference.voice import ReferenceSinger, Rendering, WaveformRefiner
from svstoolkit.systems.loading import load_trained, require_trained


class MelRefiner:
    """DiffSinger, an EDM model or a rectified flow; the reference singer lends durations and the vocoder.

    Raises:
        InputError: the experiment is not trained yet, its features are not the reference's, or that has no vocoder.
    """

    def __init__(self, experiment: str | Path, reference: ReferenceSinger, checkpoint: str | int = "latest"):
        self.trained = load_trained(experiment, str(reference.device), checkpoint)
        require_same(self.trained.features, str(experiment), reference.features, "the acoustic model")
        if reference.vocoder is None:
            raise InputError(
                f"{experiment} makes mels, which the reference singer's WORLD cannot sing; give --acoustic "
                "an experiment that predicts a mel"
            )
        self.reference = reference

    @torch.no_grad()
    def sing(
        self,
        table: np.ndarray,
        speaker: str | Mapping[str, float] | np.ndarray,
        durations: np.ndarray,
        sampling: Sampling = OWN,
        **given: np.ndarray | None,
    ) -> Rendering:
        """As `ReferenceSinger.sing`, then refined; noise comes from torch's global generator."""
        system = self.trained.system
        frames = torch.tensor(np.asarray(durations), dtype=torch.long, device=self.reference.device)
        inputs = self.reference.inputs(table, speaker, durations, **given)
        output = system.condition(inputs)
        with finite(self.trained):
            mel = system.synthesise(system.networks["denoiser"], output, sampling.steps, sampler=sampling.sampler)
        f0 = inputs["f0"] if inputs.get("f0") is not None else output["f0"]
        energy = output.get("energy")
        return Rendering(self.reference.vocode(mel, f0), mel[0], f0[0], frames, None if energy is None else energy[0])

    @torch.no_grad()
    def refine(
        self,
        rendering: Rendering,
        table: np.ndarray,
        speaker: str | Mapping[str, float] | np.ndarray,
        sampling: Sampling = OWN,
    ) -> Tensor:
        """Audio (T·hop,) in [-1, 1] of what the reference singer sang: with its durations, F0 and energy."""
        given = {"f0": rendering.f0.cpu().numpy()}
        if rendering.energy is not None:
            given["energy"] = rendering.energy.cpu().numpy()
        return self.sing(table, speaker, rendering.durations.cpu().numpy(), sampling, **given).audio


def refiner_of(
    experiment: str | Path, reference: ReferenceSinger, checkpoint: str | int = "latest"
) -> "MelRefiner | WaveformRefiner":
    """The refiner for an experiment of stage 5 or 6, whatever it refines. Raises InputError as they do."""
    require_trained(experiment, checkpoint)
    system = import_class(read_yaml(Path(experiment) / "config.yaml")["system"]["class_path"], "system")
    return (MelRefiner if system.target == "mel" else WaveformRefiner)(experiment, reference, checkpoint)
