"""Training FastSpeech 2: one network, one phase, true durations, F0 and energy given to the decoder."""

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn

from svstoolkit.losses.masked import masked_bce, masked_l1, masked_mse
from svstoolkit.models.fastspeech2 import FastSpeech2, hz_to_midi
from svstoolkit.nn.length_regulator import frame_positions, phones_to_frames
from svstoolkit.nn.masks import length_mask
from svstoolkit.nn.melody import melody_context, note_contour

INPUTS = ("phones", "notes", "note_durations", "slurs", "singers", "phone_lengths", "durations", "f0", "energy")


class FastSpeech2System:
    """The loss terms, each to be named in `weights`:

    mel: L1, natural-log amplitude; duration: MSE of ln(frames + 1); f0: L1 in semitones on plausibly voiced frames;
    voicing: binary cross-entropy; energy: MSE of log energy

    f0_margin: semitones. F0 farther than this outside the range from the previous note through this one to the next
    is taken for an error of the extractor (octaves, frication heard as voice) and teaches nothing about pitch.
    """

    stage = "acoustic"
    batch_kind = "utterance"
    used: tuple[str, ...] = ("model",)  # networks that sing
    ema: tuple[str, ...] = ()

    def __init__(self, model: FastSpeech2, weights: dict[str, float], f0_margin: float = 4.0):
        if f0_margin <= 0:
            raise ValueError(f"f0_margin must be positive, not {f0_margin}")
        self.f0_margin = f0_margin
        self.networks: dict[str, nn.Module] = {"model": model}
        self.weights = weights

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
        return semitones, voiced & self.plausible(semitones, contour, frames)

    def loss_terms(self, output: Mapping[str, Tensor], batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The unweighted terms; `output` is the model's for `batch`."""
        frames = output["frame_mask"]
        phones = length_mask(batch["phone_lengths"], batch["phones"].shape[1])
        semitones, plausible = self.pitched(batch, output["note_contour"], frames)
        voiced = (batch["f0"] > 0) & frames
        return {
            "mel": masked_l1(output["mel"], batch["mel"], frames),
            "duration": masked_mse(output["log_durations"], torch.log1p(batch["durations"].float()), phones),
            "f0": masked_l1(output["f0_semitones"], semitones, plausible),
            "voicing": masked_bce(output["vuv_logits"], voiced.float(), frames),
            "energy": masked_mse(output["log_energy"], FastSpeech2.log_energy(batch["energy"]), frames),
        }

    def counts(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Of how many phones or frames of a batch each loss term is the mean."""
        position = frame_positions(batch["durations"])
        frames = position.mask
        contour = note_contour(phones_to_frames(batch["notes"], position))
        every = dict.fromkeys(("mel", "voicing", "energy"), frames.sum())
        return every | {"duration": batch["phone_lengths"].sum(), "f0": self.pitched(batch, contour, frames)[1].sum()}

    def phases(
        self, networks: Mapping[str, nn.Module], batch: Mapping[str, Tensor], step: int
    ) -> Iterator[tuple[str, dict[str, Tensor]]]:
        """One phase: "model". batch: an utterance batch."""
        output = networks["model"](**{name: batch[name] for name in INPUTS})
        yield "model", self.loss_terms(output, batch)

    @torch.no_grad()
    def demonstrate(self, networks: Mapping[str, nn.Module], batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """mel: (B, T, n_mels), f0: (B, T) Hz, predicted from an utterance batch with its true durations"""
        given = {name: batch[name] for name in INPUTS if name not in ("f0", "energy")}
        output = networks["model"](**given)
        return {"mel": output["mel"], "f0": output["f0"]}

    @torch.no_grad()
    def validate(self, networks: Mapping[str, nn.Module], batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The terms and their weighted sum, "loss", with true durations, F0 and energy."""
        output = networks["model"](**{name: batch[name] for name in INPUTS})
        terms = self.loss_terms(output, batch)
        return {**terms, "loss": torch.stack([self.weights[name] * term for name, term in terms.items()]).sum()}
