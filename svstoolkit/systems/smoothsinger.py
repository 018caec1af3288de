"""Training SmoothSinger: ε-MSE on waveforms; the reference is synthetic first, later partly degraded ground truth."""

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn

from svstoolkit.diffusion.discrete import DiscreteDiffusion
from svstoolkit.diffusion.samplers import Denoiser
from svstoolkit.diffusion.sampling import SAMPLERS
from svstoolkit.diffusion.schedules import inference_sigmas, named
from svstoolkit.errors import InputError
from svstoolkit.features.degradation import DegradationRanges, degrade
from svstoolkit.models.smoothsinger import SmoothSinger

DEMONSTRATED_STEPS = 6  # few enough to sing some phrases at every validation
CONDITION = ("frame_phones", "frame_notes", "frame_note_durations", "f0", "singers")


class SmoothSingerSystem:
    """denoiser: the network
    weights: of the loss terms: `noise`, the mean squared error of ε
    diffusion_steps, beta_min, beta_max: the linear training schedule
    degraded_start_step: from this training step on, the reference is replaced …
    degraded_probability: … with this probability, for each utterance alone, by its degraded ground truth
    degradation: ranges of the degradation; None for the defaults
    audio_scale: the diffusion runs on audio_scale · amplitude
    sampler: of `synthesise`: `ddpm` (FastDiff), or another of diffusion.sampling
    """

    stage = "diffusion"
    needs = "references"  # waveforms of the training set, sung by stages 3 and 4
    batch_kind = "segment"
    target = "waveform"
    used: tuple[str, ...] = ("denoiser",)  # networks that sing
    ema: tuple[str, ...] = ("denoiser",)

    default_steps = 24  # network evaluations where nobody says how many

    def __init__(
        self,
        denoiser: SmoothSinger,
        weights: dict[str, float],
        diffusion_steps: int = 1000,
        beta_min: float = 1e-6,
        beta_max: float = 1e-2,
        degraded_start_step: int = 1_200_000,
        degraded_probability: float = 0.5,
        degradation: DegradationRanges | None = None,
        audio_scale: float = 1.0,
        sampler: str = "ddpm",
    ):
        named(SAMPLERS, sampler, "sampler")
        if not 0.0 <= degraded_probability <= 1.0:
            raise ValueError(f"degraded_probability must lie in [0, 1], not {degraded_probability}")
        if audio_scale <= 0.0:
            raise ValueError(f"audio_scale must be positive, not {audio_scale}")
        self.networks: dict[str, nn.Module] = {"denoiser": denoiser}
        self.weights = weights
        self.epsilon = DiscreteDiffusion(diffusion_steps, beta_min, beta_max)
        self.degraded_start_step, self.degraded_probability = degraded_start_step, degraded_probability
        self.degradation = degradation or DegradationRanges()
        self.audio_scale, self.sampler = audio_scale, sampler

    def prepare_training(self) -> None:
        """The reference branch starts as a copy of the main down path."""
        self.networks["denoiser"].initialise_reference_from_main()

    def phases(
        self, networks: Mapping[str, nn.Module], batch: Mapping[str, Tensor], step: int
    ) -> Iterator[tuple[str, dict[str, Tensor]]]:
        """One phase: "denoiser". batch: a segment batch with `reference` (B, L). Raises InputError without one."""
        audio = batch["audio"]
        reference = reference_of(batch, self.networks["denoiser"])
        if reference is not None and step >= self.degraded_start_step:
            reference = partly_degraded(reference, audio, self.degradation, self.degraded_probability)
        steps = torch.randint(len(self.epsilon.sigmas), (len(audio),), device=audio.device)
        yield "denoiser", {"noise": self.noise_loss(networks["denoiser"], batch, reference, steps)}

    def noise_loss(
        self, denoiser: nn.Module, batch: Mapping[str, Tensor], reference: Tensor | None, steps: Tensor
    ) -> Tensor:
        """Mean of (ε_θ(x_t, t) − ε)² (Ho et al. 2020, eq. 14). steps: (B,) integers → scalar."""
        x0 = batch["audio"] * self.audio_scale
        noise = torch.randn_like(x0)
        x = self.epsilon.add_noise(x0, steps, noise)
        scaled = None if reference is None else reference * self.audio_scale
        predicted = denoiser(x, steps.to(x.dtype), *(batch[name] for name in CONDITION), scaled)
        return (predicted.float() - noise).square().mean()

    @torch.no_grad()
    def validate(self, networks: Mapping[str, nn.Module], batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """loss: ε-MSE with the synthetic reference, at steps spread evenly over the schedule."""
        reference = reference_of(batch, self.networks["denoiser"])
        count = len(batch["audio"])
        offset = torch.rand(count, device=batch["audio"].device)
        steps = (torch.arange(count, device=offset.device) + offset) * (len(self.epsilon.sigmas) / count)
        return {"loss": self.noise_loss(networks["denoiser"], batch, reference, steps.long())}

    def check_sampling(self, steps: int, sampler: str | None = None) -> None:
        """Raises ValueError for a number of sampling steps that no schedule has, or an unknown sampler."""
        named(SAMPLERS, sampler or self.sampler, "sampler")
        inference_sigmas(steps, self.epsilon.sigmas)

    @torch.no_grad()
    def demonstrate(self, networks: Mapping[str, nn.Module], batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """audio: (B, L), a segment batch sung with its synthetic reference"""
        reference = reference_of(batch, self.networks["denoiser"])
        given = {name: batch[name] for name in CONDITION}
        audio = self.synthesise(networks["denoiser"], **given, reference=reference, steps=DEMONSTRATED_STEPS)
        return {"audio": audio.clamp(-1, 1)}

    @torch.no_grad()
    def synthesise(
        self,
        network: SmoothSinger,
        frame_phones: Tensor,
        frame_notes: Tensor,
        frame_note_durations: Tensor,
        f0: Tensor,
        singers: Tensor,
        reference: Tensor | None,
        steps: int,
        generator: torch.Generator | None = None,
        sampler: str | None = None,
    ) -> Tensor:
        """Sings: condition (B, S) as in `SmoothSinger.condition`, reference waveform (B, S·hop) → audio (B, S·hop)."""
        denoise = utterance_denoiser(
            self.epsilon,
            network,
            (frame_phones, frame_notes, frame_note_durations, f0, singers),
            None if reference is None else reference * self.audio_scale,
        )
        sigmas = inference_sigmas(steps, self.epsilon.sigmas)
        shape = (len(f0), f0.shape[1] * network.hop_length)
        x = float(sigmas[0]) * torch.randn(shape, generator=generator, device=f0.device)
        return SAMPLERS[sampler or self.sampler](denoise, x, sigmas, generator) / self.audio_scale


def reference_of(batch: Mapping[str, Tensor], denoiser: SmoothSinger) -> Tensor | None:
    """The batch's reference waveforms (B, L), or None for a network that reads none.

    Raises:
        InputError: the network needs references and the batch has none.
    """
    if not denoiser.use_reference:
        return None
    if "reference" not in batch:
        raise InputError(
            "SmoothSinger needs reference waveforms, and the data have none: write them first "
            "(svs diffusion, stage 5, does) and pass --references, or set use_reference: false"
        )
    return batch["reference"]


def partly_degraded(reference: Tensor, audio: Tensor, ranges: DegradationRanges, probability: float) -> Tensor:
    """Replaces the reference of each utterance (B, L), with this probability, by its degraded ground truth."""
    replaced = torch.rand(len(audio), 1, device=audio.device) < probability
    return torch.where(replaced, degrade(audio, ranges), reference)


def utterance_denoiser(
    epsilon: DiscreteDiffusion, network: SmoothSinger, condition: tuple[Tensor, ...], reference: Tensor | None
) -> Denoiser:
    """D(x, σ) for given utterances: condition and reference features are computed once, not at every step."""
    encoded = network.condition(*condition)
    features = network.reference_features(reference)
    return epsilon.denoiser(lambda x, step: network.predict_noise(x, step, encoded, features))
