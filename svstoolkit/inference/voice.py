"""From tokens to a waveform: the reference singer (stages 3 and 4) and the diffusion models that refine it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from svstoolkit.data import phone_table as columns
from svstoolkit.errors import InputError
from svstoolkit.features.definition import require_same, require_same_mel
from svstoolkit.features.mel import mel_spectrogram
from svstoolkit.inference.rhythm import durations_from_score
from svstoolkit.inference.sampling import OWN, Sampling, finite
from svstoolkit.score.song import Song
from svstoolkit.systems.loading import Trained, load_trained


@dataclass(frozen=True)
class Rendering:
    """What the reference singer sang.

    audio: (T·hop,) in [-1, 1]; mel: (T, n_mels), natural-log amplitude, the audio's own where the acoustic model
    predicts none; f0: (T,), Hz, 0 = unvoiced; durations: (N,) frames;
    energy: (T,) as features.energy has it, None of a model without
    """

    audio: Tensor
    mel: Tensor
    f0: Tensor
    durations: Tensor
    energy: Tensor | None = None


class ReferenceSinger:
    """FastSpeech 2 and a vocoder of the same mel; or FFT-NPSS, whose waveforms WORLD makes.

    vocoder: an experiment, or another code's checkpoint (`systems.foreign_vocoder`); of no use to FFT-NPSS, and then
        None afterwards
    checkpoint: of both, `latest`, `best` or a training step

    Raises:
        InputError: an experiment is not trained yet, the two disagree about the mel, or a vocoder is lacking.
    """

    def __init__(
        self, acoustic: str | Path, vocoder: str | Path | None, device: str = "cpu", checkpoint: str | int = "latest"
    ):
        self.device = torch.device(device)
        self.acoustic: Trained = load_trained(acoustic, device, checkpoint)
        self.vocoder: Trained | None = None
        if self.target == "mel":
            if vocoder is None:
                raise InputError(f"{acoustic} predicts a mel: name the experiment of a vocoder, which sings it")
            self.vocoder = load_trained(vocoder, device, checkpoint)
            require_same_mel(self.acoustic.features, str(acoustic), self.vocoder.features, str(vocoder))
        self.features, self.vocabulary = self.acoustic.features, self.acoustic.vocabulary

    @property
    def target(self) -> str:
        """What the acoustic model predicts and `vocode` takes: `mel` or `world`, as the dump's archives are named."""
        return getattr(self.acoustic.system, "target", "mel")

    @property
    def trained(self) -> list[Trained]:
        """The experiments that sing."""
        return [self.acoustic] if self.vocoder is None else [self.acoustic, self.vocoder]

    def phone_inputs(self, table: np.ndarray, speaker: str | Mapping[str, float] | np.ndarray) -> dict[str, Tensor]:
        """A phone table (N, 7) as the acoustic model's inputs, batch of one.

        speaker: a singer; or several with their weights, {"alto": 0.7, "bass": 0.3}; or weights phone by phone
            (N, n_singers), in the vocabulary's order, each row adding up to 1

        Raises:
            InputError: a singer the model does not know, or weights that do not add up to 1.
        """

        def column(index: int, dtype: torch.dtype) -> Tensor:
            return torch.tensor(table[:, index], dtype=dtype, device=self.device)[None]

        phones = column(columns.PHONE, torch.long)
        return {
            "phones": phones,
            "notes": column(columns.NOTE, torch.float32),
            "note_durations": column(columns.NOTE_DURATION, torch.float32),
            "slurs": column(columns.SLUR, torch.long),
            "note_indices": column(columns.NOTE_INDEX, torch.long),
            "note_onsets": column(columns.NOTE_ONSET, torch.float32),
            "languages": torch.tensor(self.vocabulary.phone_languages, device=self.device)[phones],
            "singers": self._singers(speaker, len(table)),
            "phone_lengths": torch.tensor([len(table)], device=self.device),
        }

    def _frames(self, values: np.ndarray) -> Tensor:
        """(T, …) → (1, T, …) float32 on the device."""
        return torch.tensor(np.asarray(values), dtype=torch.float32, device=self.device)[None]

    def _singers(self, speaker: str | Mapping[str, float] | np.ndarray, n_phones: int) -> Tensor:
        """(1,) id, (1, n_singers) or (1, N, n_singers) weights; see `phone_inputs`."""
        if isinstance(speaker, str):
            return torch.tensor([self.vocabulary.singer_id(speaker)], device=self.device)
        if isinstance(speaker, Mapping):
            return torch.tensor([self.vocabulary.singer_weights(speaker)], device=self.device)
        weights = np.asarray(speaker, dtype=np.float32)
        expected = (n_phones, self.vocabulary.n_singers)
        if weights.shape != expected or not np.allclose(weights.sum(1), 1, atol=1e-3) or weights.min() < 0:
            raise InputError(
                f"weights of the singers {' '.join(self.vocabulary.singers)}, phone by phone: expected {expected[0]} "
                f"rows of {expected[1]} that are not negative and add up to 1, found {weights.shape}"
            )
        return torch.tensor(weights, device=self.device)[None]

    @torch.no_grad()
    def durations(self, song: Song, table: np.ndarray, speaker: str) -> np.ndarray:
        """Frames per phone (N,) of a score: consonants as the model predicts them, vowels on their beats."""
        model = self.acoustic.system.networks["model"]
        seconds = model.durations(**self.phone_inputs(table, speaker))[0].cpu().numpy()
        return durations_from_score(song, table, seconds, self.vocabulary, self.features.frame_period)

    def inputs(
        self,
        table: np.ndarray,
        speaker: str | Mapping[str, float] | np.ndarray,
        durations: np.ndarray,
        **given: np.ndarray | None,
    ) -> dict[str, Tensor]:
        """All that the acoustic model is told of a phone table with durations (N,) in frames, batch of one.

        given: f0 (T,) Hz, energy (T,), frame_singers (T, n_singers) instead of what the model predicts, or None
        """
        frames = torch.tensor(np.asarray(durations), dtype=torch.long, device=self.device)
        extra = {name: self._frames(values) for name, values in given.items() if values is not None}
        return {**self.phone_inputs(table, speaker), "durations": frames[None], **extra}

    @torch.no_grad()
    def predict(
        self,
        table: np.ndarray,
        speaker: str | Mapping[str, float] | np.ndarray,
        durations: np.ndarray,
        **given: np.ndarray | None,
    ) -> dict[str, Tensor]:
        """What the acoustic model says of a phone table; arguments as `inputs`."""
        return self.acoustic.system.networks["model"](**self.inputs(table, speaker, durations, **given))

    @torch.no_grad()
    def sing(
        self,
        table: np.ndarray,
        speaker: str | Mapping[str, float] | np.ndarray,
        durations: np.ndarray,
        f0: np.ndarray | None = None,
        **given: np.ndarray | None,
    ) -> Rendering:
        """Sings a phone table with the given durations (N,) in frames; what `predict` is not given is predicted."""
        output = self.predict(table, speaker, durations, f0=f0, **given)
        sung_f0 = output["f0"] if f0 is None else self._frames(f0)
        audio = self.vocode(output["mel"], sung_f0)
        mel = output["mel"] if self.target == "mel" else mel_spectrogram(audio[None], self.features)
        frames = torch.tensor(np.asarray(durations), dtype=torch.long, device=self.device)
        energy = given.get("energy", output["energy"][0] if "energy" in output else None)
        energy = None if energy is None else torch.as_tensor(energy, dtype=torch.float32, device=self.device)
        return Rendering(audio, mel[0], sung_f0[0], frames, energy)

    @torch.no_grad()
    def vocode(self, features: Tensor, f0: Tensor) -> Tensor:
        """features: (1, T, n_mels), or WORLD's (1, T, n_world), see `target`; f0: (1, T) Hz → audio (T·hop,)."""
        if self.vocoder is None:
            return self.acoustic.system.synthesise(features, f0)[0]
        return self.vocoder.system.networks["generator"](features, f0)[0].clamp(-1, 1)


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

    def sing(
        self,
        table: np.ndarray,
        speaker: str | Mapping[str, float] | np.ndarray,
        durations: np.ndarray,
        sampling: Sampling = OWN,
        **given: np.ndarray | None,
    ) -> Rendering:
        """As `ReferenceSinger.sing`, whose audio is refined."""
        rendering = self.reference.sing(table, speaker, durations, **given)
        audio = self.refine(rendering, table, speaker, sampling)
        return replace(rendering, audio=audio)

    @torch.no_grad()
    def refine(self, rendering: Rendering, table: np.ndarray, speaker: str, sampling: Sampling = OWN) -> Tensor:
        """Audio (T·hop,) in [-1, 1] of what the reference singer sang; noise comes from torch's global generator."""
        system = self.trained.system
        chosen = {} if sampling.sampler is None else {"sampler": sampling.sampler}
        device = self.reference.device
        rows = torch.repeat_interleave(torch.tensor(table, device=device), rendering.durations, dim=0)
        with finite(self.trained):
            audio = system.synthesise(
                system.networks["denoiser"],
                frame_phones=rows[None, :, columns.PHONE].long(),
                frame_notes=rows[None, :, columns.NOTE],
                frame_note_durations=rows[None, :, columns.NOTE_DURATION],
                f0=rendering.f0[None],
                singers=torch.tensor([self.reference.vocabulary.singer_id(speaker)], device=device),
                reference=rendering.audio[None],
                steps=sampling.steps or system.default_steps,
                **chosen,
            )
        return audio[0].clamp(-1, 1)
