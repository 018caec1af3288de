"""Training FastSpeech 2: one network, one phase, true durations, F0 and energy given to the decoder."""

import math
from collections.abc import Iterator, Mapping
from typing import Literal

import torch
from torch import Tensor, nn

from svstoolkit.losses.durations import note_duration_loss, note_sums, sentence_duration_loss
from svstoolkit.losses.masked import masked_bce, masked_l1, masked_mse
from svstoolkit.losses.ssim import masked_ssim_loss
from svstoolkit.losses.vibrato import steady_frames, vibrato_loss, vibrato_windows, without_vibrato
from svstoolkit.models.fastspeech2 import FastSpeech2, hz_to_midi
from svstoolkit.nn.length_regulator import frame_positions, phones_to_frames
from svstoolkit.nn.masks import length_mask
from svstoolkit.nn.melody import melody_context, note_contour

OF_NOTES = ("languages", "note_indices", "note_onsets")  # for models that were built to be told of them
INPUTS = (
    *("phones", "notes", "note_durations", "slurs", "singers", "phone_lengths", "durations", "f0", "energy"),
    *OF_NOTES,
)
SSIM_FLOOR = 6.0  # added to log10 amplitude before SSIM, which is of positive values


class FastSpeech2System:
    """The loss terms, each to be named in `weights`:

    mel: L1, natural-log amplitude; duration: MSE of ln(frames + 1); f0: L1 in semitones on plausibly voiced frames;
    voicing: binary cross-entropy; energy: MSE of log energy, for models that have it; mel_before: the mel's of what
    goes into the post-net, for models that have one

    and, where `weights` has them, ssim: 1 − structural similarity of the mels as log10 amplitude + 6;
    note_duration, sentence_duration: MSE of ln(frames + 1) of whole notes and utterances; vibrato: F0's modulation on
    sustained notes by rate and extent, whatever its phase, in which case `f0` sees there only what is slower

    f0_loss: `l1` as above, or `mse`, semitones²
    f0_margin: semitones. F0 farther than this outside the range from the previous note through this one to the next
    is taken for an error of the extractor (octaves, frication heard as voice) and teaches nothing about pitch. An
    utterance without any note, speech, has no such limit.
    """

    stage = "acoustic"
    batch_kind = "utterance"
    target: Literal["mel", "world"] = "mel"  # what the network predicts
    used: tuple[str, ...] = ("model",)  # networks that sing
    ema: tuple[str, ...] = ()

    def __init__(
        self,
        model: FastSpeech2,
        weights: dict[str, float],
        f0_margin: float = 4.0,
        f0_loss: Literal["l1", "mse"] = "l1",
    ):
        if f0_margin <= 0:
            raise ValueError(f"f0_margin must be positive, not {f0_margin}")
        self.f0_margin = f0_margin
        self.f0_loss = masked_mse if f0_loss == "mse" else masked_l1
        self.networks: dict[str, nn.Module] = {"model": model}
        self.weights = weights
        self.frame_period = model.frame_period

    @staticmethod
    def inputs(batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """What the model is told of an utterance batch."""
        return {name: batch[name] for name in INPUTS if name in batch or name not in OF_NOTES}

    @classmethod
    def score_inputs(cls, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """As `inputs` without the recording's F0 and energy, which the model then predicts."""
        return {name: value for name, value in cls.inputs(batch).items() if name not in ("f0", "energy")}

    def prepare_training(self) -> None:
        """Nothing is needed before the first step."""

    def plausible(self, semitones: Tensor, contour: Tensor, frames: Tensor) -> Tensor:
        """semitones: (B, T) F0's departure from the contour (B, T) → (B, T) bool, within f0_margin of the notes."""
        melody = melody_context(contour, frames)
        lowest = torch.minimum(melody.previous, melody.following).clamp(max=0.0) - self.f0_margin
        highest = torch.maximum(melody.previous, melody.following).clamp(min=0.0) + self.f0_margin
        return (semitones >= lowest) & (semitones <= highest)

    def pitched(self, batch: Mapping[str, Tensor], contour: Tensor, frames: Tensor) -> tuple[Tensor, Tensor]:
        """F0's departure from the contour (B, T) in semitones, and where it teaches: voiced, plausible frames."""
        voiced = (batch["f0"] > 0) & frames
        semitones = hz_to_midi(torch.where(voiced, batch["f0"], torch.ones_like(batch["f0"]))) - contour
        spoken = (batch["notes"] <= 0).all(1, keepdim=True)
        return semitones, voiced & (spoken | self.plausible(semitones, contour, frames))

    def loss_terms(self, output: Mapping[str, Tensor], batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The unweighted terms; `output` is the model's for `batch`."""
        frames = output["frame_mask"]
        phones = length_mask(batch["phone_lengths"], batch["phones"].shape[1])
        semitones, plausible = self.pitched(batch, output["note_contour"], frames)
        voiced = (batch["f0"] > 0) & frames
        terms = {
            "mel": masked_l1(output["mel"], batch["mel"], frames),
            "duration": masked_mse(output["log_durations"], torch.log1p(batch["durations"].float()), phones),
            "voicing": masked_bce(output["vuv_logits"], voiced.float(), frames),
            **self.pitch_terms(output, semitones, plausible),
        }
        if "log_energy" in output:
            log_energy = FastSpeech2.log_energy(batch["energy"])
            terms["energy"] = masked_mse(output["log_energy"], log_energy, frames)
        if "mel_before" in output:
            terms["mel_before"] = masked_l1(output["mel_before"], batch["mel"], frames)
        return terms | self.chosen_terms(output, batch, phones)

    def steady(self, contour: Tensor, frames: Tensor, plausible: Tensor) -> Tensor:
        """The frames of sustained notes (B, T), where F0 teaches."""
        melody = melody_context(contour, frames)
        return steady_frames(melody.since_change, melody.to_change, plausible, self.frame_period)

    def pitch_terms(self, output: Mapping[str, Tensor], semitones: Tensor, plausible: Tensor) -> dict[str, Tensor]:
        """f0; or, if `weights` has vibrato, f0 without it, and vibrato. semitones, plausible: (B, T), see `pitched`."""
        if "vibrato" not in self.weights:
            return {"f0": self.f0_loss(output["f0_semitones"], semitones, plausible)}
        steady = self.steady(output["note_contour"], output["frame_mask"], plausible)
        difference = without_vibrato(output["f0_semitones"] - semitones, steady, self.frame_period)
        return {
            "f0": self.f0_loss(difference, torch.zeros_like(difference), plausible),
            "vibrato": vibrato_loss(output["f0_semitones"], semitones, steady, self.frame_period),
        }

    def chosen_terms(
        self, output: Mapping[str, Tensor], batch: Mapping[str, Tensor], phones: Tensor
    ) -> dict[str, Tensor]:
        """The terms that are there because `weights` has them. phones: (B, N) bool, True = real."""
        terms = {}
        log_durations, durations = output["log_durations"], batch["durations"]
        if "ssim" in self.weights:
            predicted, target = (mel / math.log(10.0) + SSIM_FLOOR for mel in (output["mel"], batch["mel"]))
            terms["ssim"] = masked_ssim_loss(predicted, target, output["frame_mask"])
        if "note_duration" in self.weights:
            terms["note_duration"] = note_duration_loss(log_durations, durations, batch["note_indices"], phones)
        if "sentence_duration" in self.weights:
            terms["sentence_duration"] = sentence_duration_loss(log_durations, durations, phones)
        return terms

    def counts(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Of how many phones or frames of a batch each loss term is the mean."""
        position = frame_positions(batch["durations"])
        frames = position.mask
        contour = note_contour(phones_to_frames(batch["notes"], position))
        counts = dict.fromkeys(("mel", "mel_before", "ssim", "voicing", "energy"), frames.sum())
        plausible = self.pitched(batch, contour, frames)[1]
        counts |= {"duration": batch["phone_lengths"].sum(), "f0": plausible.sum()}
        if "vibrato" in self.weights:
            steady = self.steady(contour, frames, plausible)
            counts["vibrato"] = vibrato_windows(steady, self.frame_period).sum()
        if "note_duration" in self.weights:
            phones = length_mask(batch["phone_lengths"], batch["phones"].shape[1])
            counts["note_duration"] = note_sums(phones.float(), batch["note_indices"], phones)[1].sum()
        return counts

    def sung(self, networks: Mapping[str, nn.Module], batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The model's output for an utterance batch, with its true durations, F0 and energy."""
        return networks["model"](**self.inputs(batch))

    def phases(
        self, networks: Mapping[str, nn.Module], batch: Mapping[str, Tensor], step: int
    ) -> Iterator[tuple[str, dict[str, Tensor]]]:
        """One phase: "model". batch: an utterance batch."""
        yield "model", self.loss_terms(self.sung(networks, batch), batch)

    @torch.no_grad()
    def demonstrate(self, networks: Mapping[str, nn.Module], batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """mel: (B, T, n_mels), f0: (B, T) Hz, predicted from an utterance batch with its true durations"""
        output = networks["model"](**self.score_inputs(batch))
        return {"mel": output["mel"], "f0": output["f0"]}

    @torch.no_grad()
    def validate(self, networks: Mapping[str, nn.Module], batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The terms and their weighted sum, "loss", with true durations, F0 and energy."""
        terms = self.loss_terms(self.sung(networks, batch), batch)
        return {**terms, "loss": torch.stack([self.weights[name] * term for name, term in terms.items()]).sum()}
