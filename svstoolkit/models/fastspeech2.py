"""FastSpeech 2 (Ren et al., ICLR 2021) for singing: score → durations, F0, energy, mel.

Phones carry their notes; F0 is predicted as a departure from the note contour. The paper's wavelet pitch spectrogram
is left out: the contour already holds what it was for.
"""

import torch
from torch import Tensor, nn

from svstoolkit.nn.embeddings import harmonic_comb, time_features
from svstoolkit.nn.length_regulator import FramePosition, frame_positions, phones_to_frames
from svstoolkit.nn.masks import length_mask
from svstoolkit.nn.melody import MelodyContext, melody_context, note_contour
from svstoolkit.nn.transformer import FFTStack
from svstoolkit.nn.variance_predictor import VariancePredictor


def midi_to_hz(midi: Tensor) -> Tensor:
    """MIDI numbers → Hz, any shape."""
    return 440.0 * torch.exp2((midi - 69.0) / 12.0)


def hz_to_midi(hz: Tensor) -> Tensor:
    """Hz, positive → MIDI numbers, any shape."""
    return 69.0 + 12.0 * torch.log2(hz / 440.0)


class ScoreEmbedding(nn.Module):
    """What a phone is and what its note asks of it: (B, N, channels).

    Pitch and duration enter as numbers, not through tables, so that a note never seen in training lies between its
    neighbours.
    """

    def __init__(self, n_phones: int, channels: int):
        super().__init__()
        self.phone = nn.Embedding(n_phones, channels, padding_idx=0)
        self.note = nn.Linear(2, channels)
        self.note_duration = nn.Linear(2, channels)
        self.slur = nn.Embedding(2, channels)

    def forward(self, phones: Tensor, notes: Tensor, note_durations: Tensor, slurs: Tensor) -> Tensor:
        sounding = (notes > 0).float()
        note = torch.stack(((notes - 60.0) / 12.0 * sounding, sounding), dim=-1)
        duration = torch.stack((note_durations, torch.log(note_durations.clamp(min=0.0) + 0.01)), dim=-1)
        return self.phone(phones) + self.note(note) + self.note_duration(duration) + self.slur(slurs)


class DurationPredictor(nn.Module):
    """ln(frames + 1) of each phone, between a duration of its own and that of its note.

    ln(d + 1) = (1 − g)·own + g·ln(note frames + 1), g = σ(gate): a vowel lasts as its note asks, a consonant as such a
    consonant lasts.
    """

    def __init__(self, channels: int, filter_channels: int, kernel: int, layers: int, dropout: float):
        super().__init__()
        self.predictor = VariancePredictor(channels, filter_channels, 2, kernel, layers, dropout)
        nn.init.constant_(self.predictor.output.bias, 1.0)

    def forward(self, x: Tensor, mask: Tensor, note_frames: Tensor) -> Tensor:
        """x: (B, N, C); mask: (B, N); note_frames: (B, N) float → (B, N) ln(frames + 1), 0 where masked."""
        own, gate = self.predictor(x, mask).unbind(-1)
        return torch.lerp(2.0 * own, torch.log1p(note_frames), torch.sigmoid(gate)) * mask


class PitchPredictor(nn.Module):
    """F0's departure from the note contour, in semitones, and the voicing of each frame.

    departure = previous·a + following·b + c with a, b, c predicted per frame and previous, following the intervals to
    the neighbouring notes: preparation and overshoot are responses to a step, hence proportional to it (Saitou et al.
    2007, equation 1), while vibrato (c) is not.
    """

    def __init__(self, channels: int, filter_channels: int, kernel: int, layers: int, dropout: float):
        super().__init__()
        self.predictor = VariancePredictor(channels, filter_channels, 4, kernel, layers, dropout)
        with torch.no_grad():
            self.predictor.output.weight[:3].mul_(0.1)  # training starts near the notes themselves

    def forward(self, x: Tensor, mask: Tensor, melody: MelodyContext) -> tuple[Tensor, Tensor]:
        """x: (B, T, C); mask: (B, T) → semitones (B, T), voicing logits (B, T)."""
        a, b, c, voicing = self.predictor(x, mask).unbind(-1)
        return melody.previous * a + melody.following * b + c, voicing


class PitchEmbedding(nn.Module):
    """F0 as the decoder sees it: voicing, log F0, the note, and where the harmonics fall among the mel bands.

    The last spares the decoder learning how harmonics move with F0 (a mel band below about 2 kHz resolves them).
    """

    def __init__(self, channels: int, harmonic_frequencies: int = 64, highest: float = 3000.0):
        super().__init__()
        self.register_buffer(
            "frequencies", torch.linspace(0.0, highest, harmonic_frequencies + 1)[1:], persistent=False
        )
        self.linear = nn.Linear(harmonic_frequencies + 3, channels)

    def forward(self, f0: Tensor, contour: Tensor) -> Tensor:
        """f0: (B, T) Hz, 0 = unvoiced; contour: (B, T) MIDI → (B, T, channels)."""
        voiced = (f0 > 0).to(f0.dtype)
        octaves = torch.log2(f0.clamp(min=1.0) / 220.0) * voiced
        numbers = torch.stack((voiced, octaves, (contour - 57.0) / 12.0), dim=-1)
        return self.linear(torch.cat((numbers, harmonic_comb(f0, self.frequencies)), dim=-1))


class FastSpeech2(nn.Module):
    """Score → mel, F0, energy, durations.

    n_phones: vocabulary size, 0 = padding; n_singers; n_mels: mel bands
    sampling_rate: Hz; hop_length: samples: they give times in frames their seconds
    hidden: width; encoder_layers, decoder_layers, heads, kernel, filter_channels, dropout: of the FFT blocks
    predictor_channels, predictor_dropout: of all predictors; duration_layers and duration_kernel,
    pitch_layers and pitch_kernel, energy_layers and energy_kernel: of each
    mel_mean, mel_scale: the decoder's output o becomes mel_mean + mel_scale·o (natural-log amplitude), so that
    training starts near the data without the corpus' statistics
    Raises ValueError for widths that do not divide, even kernels, or counts below 1.
    """

    def __init__(
        self,
        n_phones: int,
        n_singers: int,
        n_mels: int,
        sampling_rate: int,
        hop_length: int,
        hidden: int = 256,
        encoder_layers: int = 4,
        decoder_layers: int = 4,
        heads: int = 2,
        kernel: int = 9,
        filter_channels: int = 1024,
        dropout: float = 0.1,
        predictor_channels: int = 256,
        predictor_dropout: float = 0.5,
        duration_layers: int = 2,
        duration_kernel: int = 3,
        pitch_layers: int = 5,
        pitch_kernel: int = 5,
        energy_layers: int = 2,
        energy_kernel: int = 3,
        mel_mean: float = -5.0,
        mel_scale: float = 2.0,
    ):
        super().__init__()
        if min(n_phones, n_singers, n_mels, sampling_rate, hop_length) < 1:
            raise ValueError("n_phones, n_singers, n_mels, sampling_rate and hop_length must be positive")
        if hidden % 2:
            raise ValueError(f"hidden must be even for sinusoidal positions, not {hidden}")
        self.frame_period = hop_length / sampling_rate
        self.mel_mean, self.mel_scale = mel_mean, mel_scale
        self.score = ScoreEmbedding(n_phones, hidden)
        self.encoder = FFTStack(encoder_layers, hidden, heads, kernel, filter_channels, dropout)
        self.singer = nn.Embedding(n_singers, hidden)
        predictor = (predictor_channels, duration_kernel, duration_layers, predictor_dropout)
        self.duration = DurationPredictor(hidden, *predictor)
        # Up to 8 Hz: vibrato is 5–7 Hz; faster change is left to the decays, which are sharp at the boundaries.
        self.register_buffer("time_frequencies", torch.arange(1, 17) / 2.0, persistent=False)
        self.register_buffer("time_decays", torch.tensor([0.02, 0.06, 0.2, 0.6]), persistent=False)
        n_times = 4 * (2 * len(self.time_frequencies) + len(self.time_decays))
        self.time = nn.Linear(n_times + 2, hidden)
        self.pitch = PitchPredictor(hidden, predictor_channels, pitch_kernel, pitch_layers, predictor_dropout)
        self.pitch_embedding = PitchEmbedding(hidden)
        self.energy = VariancePredictor(hidden, predictor_channels, 1, energy_kernel, energy_layers, predictor_dropout)
        self.energy_embedding = nn.Linear(1, hidden)
        self.decoder = FFTStack(decoder_layers, hidden, heads, kernel, filter_channels, dropout)
        self.mel = nn.Linear(hidden, n_mels)

    def encode(
        self,
        phones: Tensor,
        notes: Tensor,
        note_durations: Tensor,
        slurs: Tensor,
        singers: Tensor,
        phone_lengths: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """→ hidden (B, N, C), mask (B, N), ln(frames + 1) (B, N); arguments as in `forward`."""
        mask = length_mask(phone_lengths, phones.shape[1])
        hidden = self.encoder(self.score(phones, notes, note_durations, slurs), mask)
        hidden = (hidden + self.singer(singers)[:, None]) * mask[..., None]
        return hidden, mask, self.duration(hidden, mask, note_durations / self.frame_period)

    def durations(
        self,
        phones: Tensor,
        notes: Tensor,
        note_durations: Tensor,
        slurs: Tensor,
        singers: Tensor,
        phone_lengths: Tensor,
    ) -> Tensor:
        """Predicted duration of each phone: (B, N) seconds, 0 where padded; arguments as in `forward`."""
        log_durations = self.encode(phones, notes, note_durations, slurs, singers, phone_lengths)[2]
        return torch.expm1(log_durations).clamp(min=0.0) * self.frame_period

    @staticmethod
    def log_energy(energy: Tensor) -> Tensor:
        """The scale on which energy is predicted: natural log, floored at 1e-5. Any shape."""
        return torch.log(energy.clamp(min=1e-5))

    def frame_context(self, position: FramePosition, melody: MelodyContext) -> Tensor:
        """Where a frame lies in its phone and in its note: (B, T, n)."""
        frames = torch.stack((position.since_start, position.to_end, melody.since_change, melody.to_change), dim=-1)
        times = time_features(frames * self.frame_period, self.time_frequencies, self.time_decays).flatten(2)
        intervals = torch.stack((melody.previous, melody.following), dim=-1) / 12.0
        return torch.cat((times, intervals), dim=-1)

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
    ) -> dict[str, Tensor]:
        """Everything the model says of a batch of N phones at most, T frames at most.

        phones: (B, N) int64, 0 = padding; notes: (B, N) MIDI, 0 = rest; note_durations: (B, N) seconds
        slurs: (B, N) int64 0/1; singers: (B,) int64; phone_lengths: (B,) int64
        durations: (B, N) int64 frames, 0 where padded
        f0: (B, T) Hz, 0 = unvoiced; energy: (B, T): used by the decoder in place of the predictions when given
        → mel (B, T, n_mels) natural-log amplitude; log_durations (B, N) ln(frames + 1); f0_semitones (B, T) departure
        from note_contour (B, T) MIDI; vuv_logits (B, T); f0 (B, T) Hz predicted, 0 = unvoiced; log_energy (B, T) and
        energy (B, T) predicted; frame_mask (B, T) bool
        """
        hidden, _, log_durations = self.encode(phones, notes, note_durations, slurs, singers, phone_lengths)
        position = frame_positions(durations)
        mask = position.mask
        contour = note_contour(phones_to_frames(notes, position))
        melody = melody_context(contour, mask)
        frames = phones_to_frames(hidden, position) + self.time(self.frame_context(position, melody))
        semitones, voicing = self.pitch(frames, mask, melody)
        predicted_f0 = midi_to_hz(contour + semitones) * (voicing > 0) * mask
        frames = frames + self.pitch_embedding(predicted_f0.detach() if f0 is None else f0, contour)
        log_energy = self.energy(frames, mask).squeeze(-1)
        used_energy = log_energy.detach() if energy is None else self.log_energy(energy)
        frames = frames + self.energy_embedding(used_energy[..., None])
        decoded = self.mel(self.decoder(frames, mask))
        return {
            "mel": self.mel_mean + self.mel_scale * decoded,
            "log_durations": log_durations,
            "note_contour": contour,
            "f0_semitones": semitones,
            "vuv_logits": voicing,
            "f0": predicted_f0,
            "log_energy": log_energy,
            "energy": torch.exp(log_energy) * mask,
            "frame_mask": mask,
        }
