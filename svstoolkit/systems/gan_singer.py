"""Training FastSpeech 2 against discriminators of its mel: GAN-Singer, HiFiSinger's sub-frequency GAN."""

from collections.abc import Iterator, Mapping
from typing import Literal

import torch
from torch import Tensor, nn

from svstoolkit.losses.adversarial import discriminator_loss, feature_matching_loss, generator_loss
from svstoolkit.models.fastspeech2 import FastSpeech2
from svstoolkit.models.mel_discriminators import SubFrequencyDiscriminators
from svstoolkit.nn.length_regulator import frame_positions, phones_to_frames
from svstoolkit.systems.fastspeech2 import FastSpeech2System
from svstoolkit.systems.hifigan import halves


class GanSingerSystem(FastSpeech2System):
    """FastSpeech 2's loss terms and, each to be named in `weights`:

    phase "discriminator": discriminator, least squares; phase "model": adversarial, least squares, and, where its
    weight is not 0, feature_matching, L1 between the discriminators' feature maps

    All three are sums over the discriminators of means over the utterances, each of which is judged by one window of
    its own per discriminator: what `counts` leaves out is counted by utterance, which is right for them.

    discriminator: as models.mel_discriminators has them
    adversarial_start_step: before it the model is trained by FastSpeech 2's own terms alone
    All else as for FastSpeech2System.
    """

    def __init__(
        self,
        model: FastSpeech2,
        discriminator: SubFrequencyDiscriminators,
        weights: dict[str, float],
        f0_margin: float = 4.0,
        f0_loss: Literal["l1", "mse"] = "l1",
        adversarial_start_step: int = 0,
    ):
        super().__init__(model, weights, f0_margin, f0_loss)
        self.networks["discriminator"] = discriminator
        self.adversarial_start_step = adversarial_start_step

    def windows(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """What the discriminators are told besides the mel: lengths, windows and, if they know it, the score."""
        judge = self.networks["discriminator"]
        lengths = batch["durations"].sum(1)
        told = {"lengths": lengths, "starts": judge.draw(lengths)}
        if judge.knows_the_score:
            position = frame_positions(batch["durations"])
            told |= {name: phones_to_frames(batch[name], position) for name in ("phones", "notes")}
            told["singers"] = batch["singers"]
        return told

    def phases(
        self, networks: Mapping[str, nn.Module], batch: Mapping[str, Tensor], step: int
    ) -> Iterator[tuple[str, dict[str, Tensor]]]:
        """The discriminators' phase, then the model's, on the same mel and windows. batch: an utterance batch."""
        output = self.sung(networks, batch)
        adversarial = step >= self.adversarial_start_step
        if adversarial:
            told = self.windows(batch)
            both = {name: torch.cat((value, value), dim=-1 if name == "starts" else 0) for name, value in told.items()}
            mels = torch.cat((batch["mel"], output["mel"].detach()))
            real, fake = halves(networks["discriminator"](mels, **both))
            yield "discriminator", {"discriminator": discriminator_loss([s for s, _ in real], [s for s, _ in fake])}
        terms = self.loss_terms(output, batch)
        if adversarial:
            # The bare network, not a distributed wrapper: this phase wants gradients through it, not for it.
            judge = self.networks["discriminator"]
            fake = judge(output["mel"], **told)
            terms["adversarial"] = generator_loss([s for s, _ in fake])
            if self.weights.get("feature_matching"):
                with torch.no_grad():
                    real = judge(batch["mel"], **told)
                terms["feature_matching"] = feature_matching_loss([m for _, m in real], [m for _, m in fake])
        yield "model", terms
