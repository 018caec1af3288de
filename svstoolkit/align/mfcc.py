"""What the aligner hears: MFCC with first and second differences."""

import torch
import torchaudio.functional as AF
from torch import Tensor


class Mfcc:
    """Mel-frequency cepstra (Davis & Mermelstein 1980) with delta and delta-delta.

    Frame t is centred at (t + ½)·frame_period, so a boundary between frames t−1 and t lies at t·frame_period.

    Args:
        sampling_rate: Hz; audio of another rate is resampled to it.
        frame_period, window: seconds.
        n_mels: HTK mel bands between fmin and fmax, Hz.
        n_mfcc: cepstra kept, the 0th included.
        preemphasis: coefficient of the first-order high-pass filter.
        floor: added to each band's power before the logarithm; keeps digital silence finite.
    """

    def __init__(
        self,
        sampling_rate: int = 16000,
        frame_period: float = 0.01,
        window: float = 0.025,
        n_mels: int = 26,
        fmin: float = 20.0,
        fmax: float = 8000.0,
        n_mfcc: int = 13,
        preemphasis: float = 0.97,
        floor: float = 1e-6,
    ):
        if not 0 <= fmin < fmax <= sampling_rate / 2:
            raise ValueError(f"need 0 <= fmin < fmax <= sampling_rate/2, not {fmin}, {fmax}")
        if not 0 < n_mfcc <= n_mels:
            raise ValueError(f"need 0 < n_mfcc <= n_mels, not {n_mfcc}, {n_mels}")
        if not 0 < frame_period <= window:
            raise ValueError(f"need 0 < frame_period <= window, not {frame_period}, {window}")
        self.sampling_rate = sampling_rate
        self.hop = round(frame_period * sampling_rate)
        self.frame_period = self.hop / sampling_rate
        self.preemphasis, self.floor, self.n_mfcc = preemphasis, floor, n_mfcc
        self._window = torch.hann_window(round(window * sampling_rate))
        self.n_fft = 1 << (len(self._window) - 1).bit_length()
        self._mel = AF.melscale_fbanks(self.n_fft // 2 + 1, fmin, fmax, n_mels, sampling_rate)
        self._dct = AF.create_dct(n_mfcc, n_mels, norm="ortho")

    def __call__(self, samples: Tensor, sampling_rate: int) -> Tensor:
        """samples (n,) in [-1, 1] → (T, 3·n_mfcc), T = n·self.sampling_rate/sampling_rate // hop.

        Raises:
            ValueError: fewer samples than one analysis frame.
        """
        x = AF.resample(samples, sampling_rate, self.sampling_rate)
        if len(x) < self.n_fft:
            raise ValueError(f"{len(samples) / sampling_rate:.3f} s is too short to analyse")
        x = torch.cat([x[:1], x[1:] - self.preemphasis * x[:-1]])
        margin = self.n_fft - self.hop
        x = torch.nn.functional.pad(x[None], (margin // 2, margin - margin // 2), mode="reflect")[0]
        frames = torch.stft(x, self.n_fft, self.hop, len(self._window), self._window, center=False, return_complex=True)
        power = frames.abs().square().T @ self._mel
        cepstra = (power + self.floor).log() @ self._dct
        delta = AF.compute_deltas(cepstra.T).T
        return torch.cat([cepstra, delta, AF.compute_deltas(delta.T).T], dim=1)


def normalised(features: list[Tensor], speakers: list[str]) -> list[Tensor]:
    """Each singer's frames to zero mean and unit variance per coefficient.

    Args:
        features: (T_u, D) per utterance.
        speakers: the singer of each utterance.
    """
    groups: dict[str, list[int]] = {}
    for i, speaker in enumerate(speakers):
        groups.setdefault(speaker, []).append(i)
    result = list(features)
    for members in groups.values():
        frames = torch.cat([features[i] for i in members]).double()
        mean, deviation = frames.mean(0).float(), frames.std(0).clamp_min(1e-5).float()
        for i in members:
            result[i] = (features[i] - mean) / deviation
    return result
