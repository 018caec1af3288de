"""FastSpeech 2 (Ren et al., ICLR 2021) for singing: score → durations, F0, energy, mel.

Phones carry their notes; F0 is predicted as a departure from the note contour. The paper's wavelet pitch spectrogram
is left out: the contour already holds what it was for. With other keys it is FFT-Singer or XiaoiceSing.
"""

from typing import Literal

import torch
from torch import Tensor, nn

from svstoolkit.models.fastspeech2_score import NEAREST_BEAT, ScoreEmbedding, SingerEmbedding
from svstoolkit.models.fastspeech2_variance import (
    DurationPredictor,
    Pitch,
    PitchEmbedding,
    PitchPredictor,
    departure,
    hz_to_midi,
    midi_to_hz,
    scaled_gradient,
)
from svstoolkit.nn.attention import Positions
from svstoolkit.nn.embeddings import time_features
from svstoolkit.nn.length_regulator import FramePosition, frame_positions, phones_to_frames
from svstoolkit.nn.masks import length_mask
from svstoolkit.nn.melody import MelodyContext, melody_context, note_contour
from svstoolkit.nn.postnet import PostNet
from svstoolkit.nn.transformer import Activation, FFTStack, Norm
from svstoolkit.nn.variance_predictor import VariancePredictor

__all__ = ["FastSpeech2", "hz_to_midi", "midi_to_hz"]


class FastSpeech2(nn.Module):
    """Score → mel, F0, energy, durations.

    n_phones: vocabulary size, 0 = padding; n_singers; n_mels: mel bands
    sampling_rate: Hz; hop_length: samples: they give times in frames their seconds
    hidden: width; encoder_layers, decoder_layers, heads, kernel, filter_channels, dropout: of the FFT blocks
    predictor_channels, predictor_dropout: of all predictors; duration_layers and duration_kernel,
    pitch_layers and pitch_kernel, energy_layers and energy_kernel: of each
    mel_mean, mel_scale: the decoder's output o becomes mel_mean + mel_scale·o (natural-log amplitude), so that
    training starts near the data without the corpus' statistics; one number, or one for each band
    n_languages: 0: phones' languages are no input; note_places: whether places in notes are, see `NotePlaces`
    activation, norm, positions: of the FFT blocks, see `FFTBlock` and `SelfAttention`
    duration_from_note: see `DurationPredictor`; predictor_gradient: what share of the predictors' gradients reaches
    the encoder; pitch: see `PitchPredictor`; pitch_from: `frames`, predicted before the decoder, which hears it, or
    `decoder`, read off its output beside the mel, which then does not depend on F0 (XiaoiceSing)
    frame_times: whether frames are told where they lie in their phone and note; energy: whether there is any
    postnet_layers: 0 for none; postnet_channels, postnet_kernel, postnet_dropout: see `PostNet`
    Raises ValueError for widths that do not divide, even kernels, or counts below 1.
    """

    def __init__(
        self, n_phones: int, n_singers: int, n_mels: int, sampling_rate: int, hop_length: int,
        hidden: int = 256, encoder_layers: int = 4, decoder_layers: int = 4, heads: int = 2, kernel: int = 9,
        filter_channels: int = 1024, dropout: float = 0.1,
        predictor_channels: int = 256, predictor_dropout: float = 0.5, duration_layers: int = 2,
        duration_kernel: int = 3, pitch_layers: int = 5, pitch_kernel: int = 5, energy_layers: int = 2,
        energy_kernel: int = 3, mel_mean: float | list[float] = -5.0, mel_scale: float | list[float] = 2.0,
        n_languages: int = 0, note_places: bool = False,
        activation: Activation = "relu", norm: Norm = "post", positions: Positions = "sinusoidal",
        duration_from_note: bool = True, predictor_gradient: float = 1.0, pitch: Pitch = "response",
        pitch_from: Literal["frames", "decoder"] = "frames", frame_times: bool = True, energy: bool = True,
        postnet_layers: int = 0, postnet_channels: int = 512, postnet_kernel: int = 5, postnet_dropout: float = 0.5,
    ):  # fmt: skip
        super().__init__()
        if min(n_phones, n_singers, n_mels, sampling_rate, hop_length) < 1:
            raise ValueError("n_phones, n_singers, n_mels, sampling_rate and hop_length must be positive")
        if hidden % 2:
            raise ValueError(f"hidden must be even for sinusoidal positions, not {hidden}")
        if not 0 <= predictor_gradient <= 1:
            raise ValueError(f"predictor_gradient must lie between 0 and 1, not {predictor_gradient}")
        self.frame_period = hop_length / sampling_rate
        for name, given in (("mel_mean", mel_mean), ("mel_scale", mel_scale)):
            values = torch.tensor(given, dtype=torch.float32)
            if values.shape not in ((), (n_mels,)) or not values.isfinite().all():
                raise ValueError(f"{name} must be one number or one for each of {n_mels}, not {tuple(values.shape)}")
            self.register_buffer(name, values, persistent=False)  # part of the config, not of the weights
        self.predictor_gradient, self.note_places = predictor_gradient, note_places
        self.pitch_kind, self.pitch_from = pitch, pitch_from
        blocks = (hidden, heads, kernel, filter_channels, dropout, activation, norm, positions)
        self.score = ScoreEmbedding(n_phones, hidden, n_languages, note_places)
        self.encoder = FFTStack(encoder_layers, *blocks)
        self.singer = SingerEmbedding(n_singers, hidden)
        of_duration = (predictor_channels, duration_kernel, duration_layers, predictor_dropout, duration_from_note)
        self.duration = DurationPredictor(hidden, *of_duration)
        self.time = self._times(hidden) if frame_times else None
        if pitch_from == "frames":
            of_pitch = (predictor_channels, pitch_kernel, pitch_layers, predictor_dropout, pitch)
            self.pitch, self.pitch_embedding = PitchPredictor(hidden, *of_pitch), PitchEmbedding(hidden)
        else:
            self.pitch, self.pitch_embedding = nn.Linear(hidden, 4 if pitch == "response" else 2), None
        of_energy = (predictor_channels, 1, energy_kernel, energy_layers, predictor_dropout)
        self.energy = VariancePredictor(hidden, *of_energy) if energy else None
        self.energy_embedding = nn.Linear(1, hidden) if energy else None
        self.decoder = FFTStack(decoder_layers, *blocks)
        self.mel = nn.Linear(hidden, n_mels)
        of_postnet = (postnet_channels, postnet_kernel, postnet_layers, postnet_dropout)
        self.postnet = PostNet(n_mels, *of_postnet) if postnet_layers else None

    def _times(self, hidden: int) -> nn.Linear:
        """The layer that reads `frame_context`, and the buffers that make it."""
        # Up to 8 Hz: vibrato is 5–7 Hz; faster change is left to the decays, which are sharp at the boundaries.
        self.register_buffer("time_frequencies", torch.arange(1, 17) / 2.0, persistent=False)
        self.register_buffer("time_decays", torch.tensor([0.02, 0.06, 0.2, 0.6]), persistent=False)
        per_time = 2 * len(self.time_frequencies) + len(self.time_decays)
        return nn.Linear((5 * per_time + 3) if self.note_places else (4 * per_time + 2), hidden)

    def encode(
        self,
        phones: Tensor,
        notes: Tensor,
        note_durations: Tensor,
        slurs: Tensor,
        singers: Tensor,
        phone_lengths: Tensor,
        languages: Tensor | None = None,
        note_indices: Tensor | None = None,
        note_onsets: Tensor | None = None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """→ hidden (B, N, C), mask (B, N), ln(frames + 1) (B, N); arguments as in `forward`."""
        mask = length_mask(phone_lengths, phones.shape[1])
        score = self.score(phones, notes, note_durations, slurs, mask, languages, note_indices, note_onsets)
        hidden = (self.encoder(score, mask) + self.singers_of_phones(singers)) * mask[..., None]
        predicting = scaled_gradient(hidden, self.predictor_gradient)
        return hidden, mask, self.duration(predicting, mask, note_durations / self.frame_period)

    def singers_of_phones(self, singers: Tensor) -> Tensor:
        """singers as in `forward` → their embeddings (B, 1 or N, C)."""
        embedded = self.singer(singers)
        return embedded if embedded.dim() == 3 else embedded[:, None]

    def durations(
        self,
        phones: Tensor,
        notes: Tensor,
        note_durations: Tensor,
        slurs: Tensor,
        singers: Tensor,
        phone_lengths: Tensor,
        **more: Tensor | None,
    ) -> Tensor:
        """Predicted duration of each phone: (B, N) seconds, 0 where padded; arguments as in `encode`."""
        log_durations = self.encode(phones, notes, note_durations, slurs, singers, phone_lengths, **more)[2]
        return torch.expm1(log_durations).clamp(min=0.0) * self.frame_period

    @staticmethod
    def log_energy(energy: Tensor) -> Tensor:
        """The scale on which energy is predicted: natural log, floored at 1e-5. Any shape."""
        return torch.log(energy.clamp(min=1e-5))

    def frame_context(
        self, position: FramePosition, melody: MelodyContext, note_onsets: Tensor | None = None
    ) -> Tensor:
        """Where a frame lies in its phone, between two changes of pitch, and from its note's beat: (B, T, n).

        note_onsets: (B, N) seconds, for a model with note_places
        """
        frames = [position.since_start, position.to_end, melody.since_change, melody.to_change]
        others = [melody.previous / 12.0, melody.following / 12.0]
        if self.note_places:
            onsets = phones_to_frames(note_onsets, position) / self.frame_period
            centres = torch.arange(onsets.shape[1], device=onsets.device) + 0.5
            furthest = NEAREST_BEAT / self.frame_period
            since_beat = (centres - onsets).clamp(-furthest, furthest) * position.mask
            frames.append(since_beat.abs())
            others.append(since_beat.sign())
        seconds = torch.stack(frames, dim=-1) * self.frame_period
        times = time_features(seconds, self.time_frequencies, self.time_decays).flatten(2)
        return torch.cat((times, torch.stack(others, dim=-1)), dim=-1)

    def frames(
        self,
        hidden: Tensor,
        position: FramePosition,
        melody: MelodyContext,
        note_onsets: Tensor | None,
        singers: Tensor,
        frame_singers: Tensor | None,
    ) -> Tensor:
        """The encoder's output (B, N, C) spread over the frames (B, T, C), with what belongs to frames alone."""
        x = phones_to_frames(hidden, position)
        if frame_singers is not None:
            phone_singers = self.singers_of_phones(singers).expand_as(hidden)
            x = x + self.singer(frame_singers) - phones_to_frames(phone_singers, position)
        if self.time is not None:
            x = x + self.time(self.frame_context(position, melody, note_onsets))
        return x

    def mels(self, decoded: Tensor, mask: Tensor) -> dict[str, Tensor]:
        """decoded: (B, T, C) → mel (B, T, n_mels), natural-log amplitude, and with a post-net mel_before it."""
        before = self.mel(decoded)
        if self.postnet is None:
            return {"mel": self.mel_mean + self.mel_scale * before}
        after = before + self.postnet(before, mask)
        return {name: self.mel_mean + self.mel_scale * o for name, o in (("mel", after), ("mel_before", before))}

    def forward(
        self,
        phones: Tensor,
        notes: Tensor,
        note_durations: Tensor,
        slurs: Tensor,
        singers: Tensor,
        phone_lengths: Tensor,
        durations: Tensor,
        f0: Tensor | None = None,
        energy: Tensor | None = None,
        languages: Tensor | None = None,
        note_indices: Tensor | None = None,
        note_onsets: Tensor | None = None,
        frame_singers: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """Everything the model says of a batch of N phones at most, T frames at most.

        phones: (B, N) int64, 0 = padding; notes: (B, N) MIDI, 0 = rest; note_durations: (B, N) seconds
        slurs: (B, N) int64 0/1; phone_lengths: (B,) int64; durations: (B, N) int64 frames, 0 where padded
        singers: (B,) int64 ids, or float weights that sum to 1: (B, n_singers), or (B, N, n_singers) phone by phone
        f0: (B, T) Hz, 0 = unvoiced; energy: (B, T): used by the decoder in place of the predictions when given
        languages: (B, N) int64, 0 = none; note_indices: (B, N) int64, number of a phone's note; note_onsets: (B, N)
        seconds: for models built with n_languages and note_places, otherwise not looked at
        frame_singers: (B, T, n_singers) float weights: who sings each frame, while `singers` decides the durations
        → mel (B, T, n_mels) natural-log amplitude, mel_before the same before the post-net if there is one;
        log_durations (B, N) ln(frames + 1); f0_semitones (B, T) departure from note_contour (B, T) MIDI; vuv_logits
        (B, T); f0 (B, T) Hz predicted, 0 = unvoiced; log_energy (B, T) and energy (B, T) predicted, if the model has
        energy; condition (B, T, hidden), what the decoder reads; frame_mask (B, T) bool
        """
        of_score = (languages, note_indices, note_onsets)
        hidden, _, log_durations = self.encode(phones, notes, note_durations, slurs, singers, phone_lengths, *of_score)
        position = frame_positions(durations)
        mask = position.mask
        contour = note_contour(phones_to_frames(notes, position))
        melody = melody_context(contour, mask)
        output = {"log_durations": log_durations, "note_contour": contour, "frame_mask": mask}
        x = self.frames(hidden, position, melody, note_onsets, singers, frame_singers)
        if self.pitch_embedding is not None:
            semitones, voicing = self.pitch(scaled_gradient(x, self.predictor_gradient), mask, contour, melody)
            output |= pitch_output(semitones, voicing, contour, mask)
            x = x + self.pitch_embedding(output["f0"].detach() if f0 is None else f0, contour)
        if self.energy is not None:
            log_energy = self.energy(scaled_gradient(x, self.predictor_gradient), mask).squeeze(-1)
            output |= {"log_energy": log_energy, "energy": torch.exp(log_energy) * mask}
            used = log_energy.detach() if energy is None else self.log_energy(energy)
            x = x + self.energy_embedding(used[..., None])
        output["condition"] = x * mask[..., None]
        decoded = self.decoder(x, mask)
        if self.pitch_embedding is None:
            predicted = self.pitch(decoded) * mask[..., None]
            output |= pitch_output(*departure(predicted, self.pitch_kind, contour, melody), contour, mask)
        return output | self.mels(decoded, mask)


def pitch_output(semitones: Tensor, voicing: Tensor, contour: Tensor, mask: Tensor) -> dict[str, Tensor]:
    """What the model says of pitch, from its departure (B, T) and the voicing's logits (B, T)."""
    f0 = midi_to_hz(contour + semitones) * (voicing > 0) * mask
    return {"f0_semitones": semitones, "vuv_logits": voicing, "f0": f0}
