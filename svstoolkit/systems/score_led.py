"""What systems share that work on mels under a trained FastSpeech 2: its weights, its condition, the mel's scale."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from svstoolkit.errors import InputError
from svstoolkit.models.fastspeech2 import FastSpeech2
from svstoolkit.training.checkpoint import load_weights


class ScoreLedSystem:
    """A frozen FastSpeech 2 says the condition and the auxiliary decoder's mel M̃ (DiffSinger, section 3.4).

    acoustic: the network; mel_min, mel_max: natural-log amplitudes that become −1 and 1
    acoustic_experiment: directory that `prepare_training` takes its weights from; not read afterwards
    Raises ValueError unless mel_min < mel_max.
    """

    stage = "diffusion"
    needs = "acoustic"  # an experiment that the config names as ${acoustic}
    batch_kind = "utterance"
    target = "mel"

    def __init__(self, acoustic: FastSpeech2, mel_min: float, mel_max: float, acoustic_experiment: str | None):
        if not mel_min < mel_max:
            raise ValueError(f"mel_min must be below mel_max, not {mel_min} and {mel_max}")
        self.networks: dict[str, nn.Module] = {"acoustic": acoustic.requires_grad_(False)}
        self.mel_min, self.mel_max, self.acoustic_experiment = mel_min, mel_max, acoustic_experiment

    def prepare_training(self) -> None:
        """FastSpeech 2 gets the weights of the experiment.

        Raises:
            InputError: none is named, or its network has another shape.
        """
        if self.acoustic_experiment is None:
            raise InputError("this system is led by a trained FastSpeech 2: pass --acoustic exp/fastspeech2")
        try:
            self.networks["acoustic"].load_state_dict(load_weights(self.acoustic_experiment)["model"])
        except RuntimeError as error:
            raise InputError(
                f"{self.acoustic_experiment}: its network is not the one of this config "
                f"({str(error).splitlines()[1].strip()}); leave `acoustic` as it is, it is filled in from there"
            ) from error

    @torch.no_grad()
    def condition(self, given: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """FastSpeech 2's output, of which the condition, the mel M̃ and F0 are used; nothing is dropped out."""
        acoustic = self.networks["acoustic"]
        training = acoustic.training
        output = acoustic.eval()(**given)
        acoustic.train(training)
        return output

    def normalised(self, mel: Tensor) -> Tensor:
        """Natural-log amplitude → what the diffusion runs on, mel_min … mel_max as −1 … 1. Any shape."""
        return (mel - self.mel_min) * (2.0 / (self.mel_max - self.mel_min)) - 1.0

    def denormalised(self, x: Tensor) -> Tensor:
        """The inverse of `normalised`."""
        return (x + 1.0) * ((self.mel_max - self.mel_min) / 2.0) + self.mel_min
