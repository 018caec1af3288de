"""From tokens to a waveform: the reference singer (stages 3 and 4) and the diffusion models that refine it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from svstoolkit.data import phone_table as columns
from svstoolkit.features.definition import require_same
from svstoolkit.inference.rhythm import durations_from_score
from svstoolkit.score.song import Song
from svstoolkit.systems.loading import Trained, load_trained


@dataclass(frozen=True)
class Rendering:
    """What the reference singer sang.

    audio: (T·hop,) in [-1, 1]; mel: (T, n_mels), natural-log amplitude; f0: (T,), Hz, 0 = unvoiced;
    durations: (N,) frames
    """

    audio: Tensor
    mel: Tensor
    f0: Tensor
    durations: Tensor


class ReferenceSinger:
    """FastSpeech 2 and a vocoder, trained on one feature definition and one vocabulary.

    checkpoint: of both, `latest`, `best` or a training step

    Raises:
        InputError: an experiment is not trained yet, or the two disagree about the mel.
    """

    def __init__(
        self, acoustic: str | Path, vocoder: str | Path, device: str = "cpu", checkpoint: str | int = "latest"
    ):
        self.device = torch.device(device)
        self.acoustic: Trained = load_trained(acoustic, device, checkpoint)
        self.vocoder: Trained = load_trained(vocoder, device, checkpoint)
        require_same(self.acoustic.features, str(acoustic), self.vocoder.features, str(vocoder))
        self.features, self.vocabulary = self.acoustic.features, self.acoustic.vocabulary

    def phone_inputs(self, table: np.ndarray, speaker: str) -> dict[str, Tensor]:
        """A phone table (N, 7) as the acoustic model's inputs, batch of one."""

        def column(index: int, dtype: torch.dtype) -> Tensor:
            return torch.tensor(table[:, index], dtype=dtype, device=self.device)[None]

        return {
            "phones": column(columns.PHONE, torch.long),
            "notes": column(columns.NOTE, torch.float32),
            "note_durations": column(columns.NOTE_DURATION, torch.float32),
            "slurs": column(columns.SLUR, torch.long),
            "singers": torch.tensor([self.vocabulary.singer_id(speaker)], device=self.device),
            "phone_lengths": torch.tensor([len(table)], device=self.device),
        }

    @torch.no_grad()
    def durations(self, song: Song, table: np.ndarray, speaker: str) -> np.ndarray:
        """Frames per phone (N,) of a score: consonants as the model predicts them, vowels on their beats."""
        model = self.acoustic.system.networks["model"]
        seconds = model.durations(**self.phone_inputs(table, speaker))[0].cpu().numpy()
        return durations_from_score(song, table, seconds, self.vocabulary, self.features.frame_period)

    @torch.no_grad()
    def sing(self, table: np.ndarray, speaker: str, durations: np.ndarray, f0: np.ndarray | None = None) -> Rendering:
        """Sings a phone table with the given durations (N,) in frames; F0 is predicted unless `f0` (T,) is given."""
        model = self.acoustic.system.networks["model"]
        frames = torch.tensor(np.asarray(durations), dtype=torch.long, device=self.device)
        given = None if f0 is None else torch.tensor(f0, dtype=torch.float32, device=self.device)[None]
        output = model(**self.phone_inputs(table, speaker), durations=frames[None], f0=given)
        sung_f0 = output["f0"] if given is None else given
        audio = self.vocode(output["mel"], sung_f0)
        return Rendering(audio, output["mel"][0], sung_f0[0], frames)

    @torch.no_grad()
    def vocode(self, mel: Tensor, f0: Tensor) -> Tensor:
        """mel: (1, T, n_mels), f0: (1, T) Hz → audio (T·hop,)."""
        return self.vocoder.system.networks["generator"](mel, f0)[0].clamp(-1, 1)


class WaveformRefiner:
    """A waveform diffusion model or its consistency student: refines the reference singer's audio.

    checkpoint: `latest`, `best` or a training step

    Raises:
        InputError: the experiment is not trained yet, or its features or vocabulary are not the reference's.
    """

    def __init__(self, experiment: str | Path, reference: ReferenceSinger, checkpoint: str | int = "latest"):
        self.trained = load_trained(experiment, str(reference.device), checkpoint)
        require_same(self.trained.features, str(experiment), reference.features, "the acoustic model")
        self.reference = reference

    @torch.no_grad()
    def refine(self, rendering: Rendering, table: np.ndarray, speaker: str, steps: int) -> Tensor:
        """Audio (T·hop,) in [-1, 1] after `steps` network evaluations; noise comes from torch's global generator."""
        device = self.reference.device
        rows = torch.repeat_interleave(torch.tensor(table, device=device), rendering.durations, dim=0)
        audio = self.trained.system.synthesise(
            self.trained.system.networks["denoiser"],
            frame_phones=rows[None, :, columns.PHONE].long(),
            frame_notes=rows[None, :, columns.NOTE],
            frame_note_durations=rows[None, :, columns.NOTE_DURATION],
            f0=rendering.f0[None],
            singers=torch.tensor([self.reference.vocabulary.singer_id(speaker)], device=device),
            reference=rendering.audio[None],
            steps=steps,
        )
        return audio[0].clamp(-1, 1)
