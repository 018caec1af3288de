"""Consistency distillation of SmoothSinger into a student of one to four steps (CoMoSVC's Algorithm 1 on waveforms)."""

import copy
from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn

from svstoolkit.diffusion.consistency import (
    consistency_function,
    distillation_loss,
    multistep_sampling,
    sampling_sigmas,
)
from svstoolkit.diffusion.discrete import DiscreteDiffusion
from svstoolkit.diffusion.samplers import Denoiser
from svstoolkit.diffusion.schedules import karras_sigmas
from svstoolkit.errors import InputError
from svstoolkit.features.degradation import DegradationRanges
from svstoolkit.models.smoothsinger import SmoothSinger
from svstoolkit.systems.smoothsinger import CONDITION, partly_degraded, reference_of, utterance_denoiser
from svstoolkit.training.checkpoint import load_weights


class ConsistencySystem:
    """denoiser: the student, of the teacher's architecture
    weights: of the loss terms: `consistency`
    diffusion_steps, beta_min, beta_max, audio_scale: the teacher's
    grid_points, sigma_max, rho: the Karras grid of σ, from the teacher's smallest to sigma_max (None: its largest).
        A single step multiplies the error of ε by σ_max, so it should be no larger than a start from noise asks for
    degraded_probability, degradation: as in the teacher's second phase, from the first step on
    target_decay: μ of the target network, θ⁻ ← μθ⁻ + (1 − μ)θ after every step
    teacher: experiment directory of the teacher; read by `prepare_training` only, decoding needs no teacher
    """

    stage = "distill"
    batch_kind = "segment"
    target = "waveform"
    used: tuple[str, ...] = ("denoiser",)  # networks that sing
    ema: tuple[str, ...] = ("denoiser",)

    default_steps = 1  # network evaluations where nobody says how many

    def __init__(
        self,
        denoiser: SmoothSinger,
        weights: dict[str, float],
        diffusion_steps: int = 1000,
        beta_min: float = 1e-6,
        beta_max: float = 1e-2,
        audio_scale: float = 1.0,
        grid_points: int = 25,
        sigma_max: float | None = None,
        rho: float = 7.0,
        target_decay: float = 0.95,
        degraded_probability: float = 0.5,
        degradation: DegradationRanges | None = None,
        teacher: str | None = None,
    ):
        if not 0.0 <= target_decay < 1.0 or audio_scale <= 0.0:
            raise ValueError(f"need 0 <= target_decay < 1 and audio_scale > 0, not {target_decay}, {audio_scale}")
        self.epsilon = DiscreteDiffusion(diffusion_steps, beta_min, beta_max)
        trained = self.epsilon.sigmas
        if not 0.0 <= degraded_probability <= 1.0:
            raise ValueError(f"degraded_probability must lie in [0, 1], not {degraded_probability}")
        if sigma_max is not None and not float(trained[0]) < sigma_max <= float(trained[-1]):
            raise ValueError(
                f"sigma_max must lie in the trained range, up to {float(trained[-1]):.4g}, not {sigma_max}"
            )
        self.sigma_min = float(trained[0])
        self.grid = karras_sigmas(grid_points, self.sigma_min, sigma_max or float(trained[-1]), rho).flip(0).float()
        target = copy.deepcopy(denoiser).requires_grad_(False)
        self.networks: dict[str, nn.Module] = {"denoiser": denoiser, "target": target}
        self.weights, self.audio_scale = weights, audio_scale
        self.target_decay, self.teacher_dir = target_decay, teacher
        self.degraded_probability, self.degradation = degraded_probability, degradation or DegradationRanges()
        self.teacher: SmoothSinger | None = None

    def prepare_training(self) -> None:
        """Student, target and frozen teacher start with the teacher's averaged weights.

        Raises:
            InputError: no teacher given, or its network has another shape.
        """
        if self.teacher_dir is None:
            raise InputError("distillation needs a trained SmoothSinger: pass --teacher exp/smoothsinger")
        state = load_weights(self.teacher_dir)["denoiser"]
        self.teacher = copy.deepcopy(self.networks["target"]).eval()
        for network in (*self.networks.values(), self.teacher):
            try:
                network.load_state_dict(state)
            except RuntimeError as error:
                raise InputError(
                    f"{self.teacher_dir}: the teacher's network is not the student's "
                    f"({str(error).splitlines()[1].strip()}); give both the same denoiser config"
                ) from error

    def phases(
        self, networks: Mapping[str, nn.Module], batch: Mapping[str, Tensor], step: int
    ) -> Iterator[tuple[str, dict[str, Tensor]]]:
        """One phase: "denoiser"; the target follows after the optimizer's step. batch: as SmoothSinger's."""
        if self.teacher is None:
            raise RuntimeError("prepare_training() was not called")
        audio = batch["audio"]
        reference = reference_of(batch, self.networks["denoiser"])
        if reference is not None:
            reference = partly_degraded(reference, audio, self.degradation, self.degraded_probability)
        index = torch.randint(len(self.grid) - 1, (len(audio),), device=audio.device)
        yield "denoiser", {"consistency": self.consistency_loss(networks["denoiser"], batch, reference, index)}
        self.update_target()

    def consistency_loss(
        self, student: nn.Module, batch: Mapping[str, Tensor], reference: Tensor | None, index: Tensor
    ) -> Tensor:
        """`diffusion.consistency.distillation_loss` at grid points index + 1 → index (B,) → scalar."""
        x0 = batch["audio"] * self.audio_scale
        given = (*(batch[name] for name in CONDITION), None if reference is None else reference * self.audio_scale)
        target = self.networks["target"]
        # the teacher is no part of the checkpoints, so nothing but this moves it to the batch's device
        teacher = self.teacher.to(x0.device)
        functions = [self._denoiser(network, given) for network in (student, target, teacher)]
        return distillation_loss(
            consistency_function(functions[0], self.sigma_min),
            consistency_function(functions[1], self.sigma_min),
            functions[2],
            x0,
            torch.randn_like(x0),
            index,
            self.grid.to(x0.device),
        )

    @torch.no_grad()
    def update_target(self) -> None:
        """θ⁻ ← μθ⁻ + (1 − μ)θ."""
        target, student = self.networks["target"], self.networks["denoiser"]
        torch._foreach_lerp_(list(target.parameters()), list(student.parameters()), 1.0 - self.target_decay)

    @torch.no_grad()
    def validate(self, networks: Mapping[str, nn.Module], batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """loss: the consistency loss with the synthetic reference, at points spread evenly over the grid."""
        if self.teacher is None:
            raise RuntimeError("prepare_training() was not called")
        reference = reference_of(batch, self.networks["denoiser"])
        count = len(batch["audio"])
        offset = torch.rand(count, device=batch["audio"].device)
        index = (torch.arange(count, device=offset.device) + offset) * ((len(self.grid) - 1) / count)
        return {"loss": self.consistency_loss(networks["denoiser"], batch, reference, index.long())}

    def check_sampling(self, steps: int, sampler: str | None = None) -> None:
        """Raises ValueError for a number of sampling steps that the grid does not allow, and for any sampler."""
        if sampler is not None:
            raise ValueError(f"a consistency model jumps by itself: leave the sampler {sampler} out")
        sampling_sigmas(steps, self.grid)

    @torch.no_grad()
    def demonstrate(self, networks: Mapping[str, nn.Module], batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """audio: (B, L), a segment batch sung with its synthetic reference"""
        reference = reference_of(batch, self.networks["denoiser"])
        given = {name: batch[name] for name in CONDITION}
        audio = self.synthesise(networks["denoiser"], **given, reference=reference, steps=1)
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
    ) -> Tensor:
        """Sings in `steps` evaluations; arguments and result as `SmoothSingerSystem.synthesise`."""
        denoise = utterance_denoiser(
            self.epsilon,
            network,
            (frame_phones, frame_notes, frame_note_durations, f0, singers),
            None if reference is None else reference * self.audio_scale,
        )
        sigmas = sampling_sigmas(steps, self.grid)
        shape = (len(f0), f0.shape[1] * network.hop_length)
        x = float(sigmas[0]) * torch.randn(shape, generator=generator, device=f0.device)
        consistent = consistency_function(denoise, self.sigma_min)
        return multistep_sampling(consistent, x, sigmas, self.sigma_min, generator) / self.audio_scale

    def _denoiser(self, network: nn.Module, given: tuple[Tensor | None, ...]) -> Denoiser:
        """D(x, σ) through the network's own forward, as DDP needs it."""
        return self.epsilon.denoiser(lambda x, step: network(x, step, *given).float())
