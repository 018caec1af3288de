"""Training FFT-NPSS (Blaauw and Bonada 2020), DiffSinger's parametric baseline: WORLD's features instead of a mel."""

from collections.abc import Mapping
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from svstoolkit.features.world import World
from svstoolkit.models.fastspeech2 import FastSpeech2
from svstoolkit.systems.fastspeech2 import FastSpeech2System


class FftNpssSystem(FastSpeech2System):
    """FastSpeech 2 whose output `mel` holds WORLD's features (B, T, n_world); WORLD makes the waveform of them.

    The loss terms are FastSpeech 2's, but for `world` in place of `mel` (`world_before` of `mel_before`): L1 of the
    features in units of the model's mel_scale, their standard deviations, so that each of the numbers counts the same.

    sampling_rate: Hz; hop_length: samples; f0_min: Hz: the feature definition's, see `World`
    All else as for FastSpeech2System.

    Raises ValueError if the model predicts other than n_world numbers, or ssim has a weight.
    """

    target: Literal["mel", "world"] = "world"

    def __init__(
        self,
        model: FastSpeech2,
        weights: dict[str, float],
        sampling_rate: int,
        hop_length: int,
        f0_min: float,
        f0_margin: float = 4.0,
        f0_loss: Literal["l1", "mse"] = "l1",
    ):
        super().__init__(model, weights, f0_margin, f0_loss)
        if "ssim" in weights:
            raise ValueError("weights: ssim compares pictures of a mel, of which this system has none; leave it out")
        self.world = World(sampling_rate, hop_length, f0_min)
        if model.mel.out_features != self.world.dimensions:
            raise ValueError(
                f"WORLD's features are {self.world.dimensions} numbers at {sampling_rate} Hz, "
                f"not the {model.mel.out_features} of the model's n_mels"
            )

    def loss_terms(self, output: Mapping[str, Tensor], batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The unweighted terms; `output` is the model's for `batch`, which has world (B, T, n_world)."""
        scale = self.networks["model"].mel_scale
        scaled = {name: value / scale for name, value in output.items() if name in ("mel", "mel_before")}
        return _renamed(super().loss_terms({**output, **scaled}, {**batch, "mel": batch["world"] / scale}))

    def counts(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Of how many phones or frames of a batch each loss term is the mean."""
        return _renamed(super().counts(batch))

    @torch.no_grad()
    def demonstrate(self, networks: Mapping[str, nn.Module], batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """audio: (B, T·hop) in [−1, 1], f0: (B, T) Hz, sung from an utterance batch with its true durations"""
        shown = super().demonstrate(networks, batch)
        return {"audio": self.synthesise(shown["mel"], shown["f0"]), "f0": shown["f0"]}

    @torch.no_grad()
    def synthesise(self, features: Tensor, f0: Tensor) -> Tensor:
        """features: (B, T, n_world), f0: (B, T) Hz, 0 = unvoiced → audio (B, T·hop) in [−1, 1], by WORLD on the CPU."""
        rows = zip(*(values.float().cpu().numpy() for values in (features, f0)), strict=True)
        audio = np.stack([self.world.synthesise(*row) for row in rows])
        return torch.from_numpy(audio).float().to(f0.device).clamp(-1, 1)


def _renamed(terms: dict[str, Tensor]) -> dict[str, Tensor]:
    return {f"world{name[3:]}" if name.startswith("mel") else name: value for name, value in terms.items()}
