"""Training diffusion models of mels led by a score: DiffSinger (DDPM), CoMoSVC's EDM teacher, rectified flow."""

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn

from svstoolkit.diffusion.discrete import DiscreteDiffusion
from svstoolkit.diffusion.flow import RectifiedFlow
from svstoolkit.diffusion.sampling import Diffusion, check_sampler, sample
from svstoolkit.losses.masked import masked_mean
from svstoolkit.models.fastspeech2 import FastSpeech2
from svstoolkit.models.wavenet import WaveNet
from svstoolkit.systems.fastspeech2 import FastSpeech2System
from svstoolkit.systems.score_led import ScoreLedSystem

DEMONSTRATED_STEPS = 10  # few enough to sing some phrases at every validation


class MelDiffusionSystem(ScoreLedSystem):
    """A trained FastSpeech 2 says the condition and, for a shallow start, the mel M̃ to start from; a denoiser refines.

    acoustic, mel_min, mel_max, acoustic_experiment: see `ScoreLedSystem`
    denoiser: (mel, time, condition, mask) → output, as models.wavenet
    diffusion: of diffusion.discrete, .edm or .flow: how mels are noised, what the denoiser's output means, its loss
    weights: of the loss terms: `diffusion`
    k: step of a discrete diffusion where a shallow start begins (DiffSinger, Algorithm 2), and up to which the denoiser
        is trained (Algorithm 1); None: the naive form, from noise alone
    sigma_start: σ of EDM's where a shallow start begins; None: from noise alone
    t_start: of a rectified flow, 0 = noise, 1 = data, as openvpi's T_start; 0: from noise alone
    sampler, schedule, steps: of `synthesise`: names of diffusion.sampling and diffusion.schedules (None: the
        diffusion's own), and network evaluations where nobody says how many (None: k, or all steps that there are)

    Raises ValueError for a start of another kind of diffusion or outside what it has, an unknown sampler or schedule.
    """

    used: tuple[str, ...] = ("denoiser",)  # networks that sing, besides stage 3's own
    ema: tuple[str, ...] = ("denoiser",)

    def __init__(
        self,
        acoustic: FastSpeech2,
        denoiser: WaveNet,
        diffusion: Diffusion,
        weights: dict[str, float],
        mel_min: float = -12.0,
        mel_max: float = 2.0,
        k: int | None = None,
        sigma_start: float | None = None,
        t_start: float = 0.0,
        sampler: str = "ddpm",
        schedule: str | None = None,
        steps: int | None = None,
        acoustic_experiment: str | None = None,
    ):
        super().__init__(acoustic, mel_min, mel_max, acoustic_experiment)
        self.networks["denoiser"] = denoiser
        self.diffusion, self.weights = diffusion, weights
        self.mel_min, self.mel_max = mel_min, mel_max
        self.highest = highest_of(diffusion, k, sigma_start, t_start)
        self.sampler, self.schedule = check_sampler(sampler), schedule
        top = k or (len(diffusion.sigmas) if isinstance(diffusion, DiscreteDiffusion) else None)
        self.default_steps = steps or top or 50
        self.check_sampling(self.default_steps)

    def phases(
        self, networks: Mapping[str, nn.Module], batch: Mapping[str, Tensor], step: int
    ) -> Iterator[tuple[str, dict[str, Tensor]]]:
        """One phase: "denoiser". batch: an utterance batch."""
        yield "denoiser", self.loss_terms(networks["denoiser"], batch)

    def loss_terms(self, denoiser: nn.Module, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """diffusion: mean of the diffusion's `errors` over the real frames."""
        output = self.condition(FastSpeech2System.inputs(batch))
        mask = output["frame_mask"]
        x0 = self.normalised(batch["mel"])

        def model(x: Tensor, time: Tensor) -> Tensor:
            return denoiser(x, time, output["condition"], mask).float()

        return {"diffusion": masked_mean(self.diffusion.errors(model, x0, self.highest), mask)}

    def counts(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Of how many frames of a batch the loss is the mean."""
        return {"diffusion": batch["durations"].sum()}

    @torch.no_grad()
    def validate(self, networks: Mapping[str, nn.Module], batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """loss: as in training."""
        return {"loss": self.loss_terms(networks["denoiser"], batch)["diffusion"]}

    @torch.no_grad()
    def demonstrate(self, networks: Mapping[str, nn.Module], batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """mel: (B, T, n_mels), f0: (B, T) Hz, from an utterance batch with its true durations"""
        output = self.condition(FastSpeech2System.score_inputs(batch))
        steps = min(DEMONSTRATED_STEPS, self.default_steps)
        return {"mel": self.synthesise(networks["denoiser"], output, steps), "f0": output["f0"]}

    @torch.no_grad()
    def synthesise(
        self,
        denoiser: WaveNet,
        output: Mapping[str, Tensor],
        steps: int | None = None,
        generator: torch.Generator | None = None,
        sampler: str | None = None,
        shallow: bool = True,
    ) -> Tensor:
        """output: of `condition` → mel (B, T, n_mels), natural-log amplitude.

        steps: of the sampler; None: default_steps
        shallow: false starts from noise although the model was trained for a shallow start; for comparison
        Raises ValueError for more steps than there are, FloatingPointError as the samplers do.
        """
        mask = output["frame_mask"]
        projected = denoiser.project(output["condition"])
        start = self.normalised(output["mel"])

        def model(x: Tensor, time: Tensor) -> Tensor:
            return denoiser.denoise(x, time, projected, mask).float()

        highest = self.highest if shallow else None
        noise = torch.randn(start.shape, generator=generator, device=start.device)
        drawn = sample(
            self.diffusion,
            model,
            noise,
            sampler or self.sampler,
            steps or self.default_steps,
            self.schedule,
            start if highest is not None else None,
            highest,
            generator,
        )
        return self.denormalised(drawn) * mask[..., None]

    def check_sampling(self, steps: int, sampler: str | None = None) -> None:
        """Raises ValueError for a number of sampling steps that the schedule does not have, or an unknown sampler."""
        check_sampler(sampler or self.sampler)
        self.diffusion.schedule(steps, **self._schedule_options())

    def _schedule_options(self) -> dict:
        return {"highest": self.highest} | ({} if self.schedule is None else {"name": self.schedule})


def highest_of(diffusion: Diffusion, k: int | None, sigma_start: float | None, t_start: float) -> int | float | None:
    """Where sampling begins, in the diffusion's own measure: k, σ or t (1 = noise); None: from noise alone.

    Raises ValueError for a start of another kind of diffusion, or outside what it has.
    """
    discrete, flow = isinstance(diffusion, DiscreteDiffusion), isinstance(diffusion, RectifiedFlow)
    for name, given, wanted in (
        ("k", k is not None, discrete),
        ("t_start", t_start != 0, flow),
        ("sigma_start", sigma_start is not None, not discrete and not flow),
    ):
        if given and not wanted:
            right = "k" if discrete else "t_start" if flow else "sigma_start"
            raise ValueError(f"{name} is not how {type(diffusion).__name__} says where to start: use {right}")
    if discrete:
        return None if k is None else diffusion.check_step(k)
    if flow:
        if not 0.0 <= t_start < 1.0:
            raise ValueError(f"t_start must lie in [0, 1), 0 being noise alone, not {t_start}")
        return None if t_start == 0 else diffusion.check_time(1.0 - t_start)
    return None if sigma_start is None else diffusion.check_sigma(sigma_start)
