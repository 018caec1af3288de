"""Training HiFi-GAN or NSF-HiFi-GAN: a generator against period and scale discriminators."""

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn

from svstoolkit.features.definition import FeatureDefinition
from svstoolkit.losses.adversarial import discriminator_loss, feature_matching_loss, generator_loss
from svstoolkit.losses.mel import mel_loss
from svstoolkit.models.hifigan_discriminators import Judgement


def halves(judgements: list[Judgement]) -> tuple[list[Judgement], list[Judgement]]:
    """Judgements of a batch [real; fake] → of its real half, of its fake half."""
    real, fake = [], []
    for scores, maps in judgements:
        count = len(scores) // 2
        real.append((scores[:count], [m[:count] for m in maps]))
        fake.append((scores[count:], [m[count:] for m in maps]))
    return real, fake


class HifiGanSystem:
    """The loss terms, each to be named in `weights` (HiFi-GAN, equations 1–6):

    phase "discriminator": discriminator; phase "generator": adversarial, feature_matching, mel

    generator: (mel, f0) → audio, as models.hifigan; discriminator: audio → judgements, as models.hifigan_discriminators
    discriminator_start_step: before it the generator is trained by the mel term alone
    sampling_rate … log_floor: the mel of the loss; fmax may exceed the features' own
    """

    stage = "vocoder"
    batch_kind = "segment"
    used: tuple[str, ...] = ("generator",)  # networks that sing
    ema: tuple[str, ...] = ()

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        weights: dict[str, float],
        sampling_rate: int,
        n_fft: int,
        win_length: int,
        hop_length: int,
        n_mels: int,
        fmin: float,
        fmax: float,
        log_floor: float,
        discriminator_start_step: int = 0,
    ):
        self.networks: dict[str, nn.Module] = {"generator": generator, "discriminator": discriminator}
        self.weights = weights
        self.discriminator_start_step = discriminator_start_step
        self.definition = FeatureDefinition(
            sampling_rate=sampling_rate,
            n_fft=n_fft,
            win_length=win_length,
            hop_length=hop_length,
            n_mels=n_mels,
            fmin=fmin,
            fmax=fmax,
            log_floor=log_floor,
        )

    def prepare_training(self) -> None:
        """Nothing is needed before the first step."""

    def phases(
        self, networks: Mapping[str, nn.Module], batch: Mapping[str, Tensor], step: int
    ) -> Iterator[tuple[str, dict[str, Tensor]]]:
        """The discriminators' phase, then the generator's, on the same generated audio. batch: a segment batch."""
        audio = batch["audio"]
        fake = networks["generator"](batch["mel"], f0=batch["f0"])
        adversarial = step >= self.discriminator_start_step
        if adversarial:
            real_side, fake_side = halves(networks["discriminator"](torch.cat((audio, fake.detach()))))
            yield (
                "discriminator",
                {"discriminator": discriminator_loss([s for s, _ in real_side], [s for s, _ in fake_side])},
            )
        terms = {"mel": mel_loss(fake, audio, self.definition)}
        if not adversarial:
            yield "generator", terms
            return
        # The bare network, not a distributed wrapper: this phase wants gradients through it, not for it.
        judge = self.networks["discriminator"]
        with torch.no_grad():
            real_side = judge(audio)
        fake_side = judge(fake)
        terms["adversarial"] = generator_loss([s for s, _ in fake_side])
        terms["feature_matching"] = feature_matching_loss([m for _, m in real_side], [m for _, m in fake_side])
        yield "generator", terms

    @torch.no_grad()
    def demonstrate(self, networks: Mapping[str, nn.Module], batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """audio: (B, L), the resynthesis of a segment batch"""
        return {"audio": networks["generator"](batch["mel"], f0=batch["f0"]).clamp(-1, 1)}

    @torch.no_grad()
    def validate(self, networks: Mapping[str, nn.Module], batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The mel distance of the dev segments, natural-log amplitude, which is also "loss"."""
        distance = mel_loss(networks["generator"](batch["mel"], f0=batch["f0"]), batch["audio"], self.definition)
        return {"mel": distance, "loss": distance}
