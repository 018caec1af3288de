"""Training DiffSinger's boundary predictor, and what it says of where a shallow start may begin."""

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from svstoolkit.diffusion.discrete import DiscreteDiffusion
from svstoolkit.models.boundary import BoundaryPredictor
from svstoolkit.models.fastspeech2 import FastSpeech2
from svstoolkit.systems.fastspeech2 import FastSpeech2System
from svstoolkit.systems.score_led import ScoreLedSystem


class BoundarySystem(ScoreLedSystem):
    """The classifier's cross entropy: M_t of recordings against M̃_t of the auxiliary decoder (DiffSinger, section 3.3).

    acoustic, mel_min, mel_max, acoustic_experiment: see `ScoreLedSystem`; they and the diffusion are DiffSinger's
    boundary: models.boundary.BoundaryPredictor
    weights: of the loss terms: `boundary`
    """

    used: tuple[str, ...] = ("acoustic", "boundary")
    ema: tuple[str, ...] = ()

    def __init__(
        self,
        acoustic: FastSpeech2,
        boundary: BoundaryPredictor,
        diffusion: DiscreteDiffusion,
        weights: dict[str, float],
        mel_min: float = -12.0,
        mel_max: float = 2.0,
        acoustic_experiment: str | None = None,
    ):
        super().__init__(acoustic, mel_min, mel_max, acoustic_experiment)
        self.networks["boundary"] = boundary
        self.diffusion, self.weights = diffusion, weights

    def phases(
        self, networks: Mapping[str, nn.Module], batch: Mapping[str, Tensor], step: int
    ) -> Iterator[tuple[str, dict[str, Tensor]]]:
        """One phase: "boundary". batch: an utterance batch."""
        yield "boundary", {"boundary": self.loss(networks["boundary"], batch)}

    def loss(self, boundary: nn.Module, batch: Mapping[str, Tensor]) -> Tensor:
        """L_BP = −E[log BP(M_t, t) + log(1 − BP(M̃_t, t))], t evenly from 1 … T, the same for both of a pair."""
        real, predicted, mask = self.pairs(batch)
        step = torch.randint(len(self.diffusion.sigmas), (len(real),), device=real.device)
        both = torch.cat((real, predicted))
        noisy = self.diffusion.add_noise(both, step.repeat(2), torch.randn_like(both))
        logits = boundary(noisy, step.repeat(2).to(both.dtype), mask.repeat(2, 1)).float()
        label = torch.cat((torch.ones_like(logits[: len(real)]), torch.zeros_like(logits[: len(real)])))
        return 2.0 * binary_cross_entropy_with_logits(logits, label)

    def pairs(self, batch: Mapping[str, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        """M and M̃ (B, T, n_mels) on the diffusion's scale, and which frames are real (B, T)."""
        output = self.condition(FastSpeech2System.inputs(batch))
        return self.normalised(batch["mel"]), self.normalised(output["mel"]), output["frame_mask"]

    @torch.no_grad()
    def scores(self, batch: Mapping[str, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        """BP(M_t, t) and BP(M̃_t, t) of t = 1 … T, (B, T) each, and the mean of (M̃ − M)² of each utterance (B,)."""
        boundary = self.networks["boundary"]
        real, predicted, mask = self.pairs(batch)
        rows = []
        for number in range(len(self.diffusion.sigmas)):
            step = torch.full((len(real),), number, device=real.device)
            noisy = (self.diffusion.add_noise(x, step, torch.randn_like(x)) for x in (real, predicted))
            rows.append(torch.stack([boundary(x, step.to(x.dtype), mask).sigmoid() for x in noisy]))
        scores = torch.stack(rows, dim=-1)
        keep = mask[..., None].to(real.dtype)
        squared = ((predicted - real).square() * keep).mean(2).sum(1) / mask.sum(1)
        return scores[0], scores[1], squared

    @torch.no_grad()
    def validate(self, networks: Mapping[str, nn.Module], batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """loss: as in training, 2·ln 2 = 1.386 for a classifier that can tell nothing."""
        return {"loss": self.loss(networks["boundary"], batch)}

    @torch.no_grad()
    def demonstrate(self, networks: Mapping[str, nn.Module], batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """mel: (B, T, n_mels), f0: (B, T) Hz: M̃, which is told from recordings"""
        output = self.condition(FastSpeech2System.score_inputs(batch))
        return {"mel": output["mel"], "f0": output["f0"]}
