"""The harmonic-plus-noise excitation of neural source-filter models (Wang et al., Interspeech 2019, section 2.2)."""

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate


def upsample_f0(f0: Tensor, hop_length: int) -> Tensor:
    """f0 at frame centres, (B, T) Hz, 0 = unvoiced → (B, T·hop_length) Hz at every sample.

    Linear between voiced neighbours; a frame keeps its voicing over its whole hop.
    """
    voiced = (f0 > 0).to(f0.dtype)
    # Weighting by the voicing keeps an unvoiced neighbour's 0 Hz out of the interpolation.
    both = torch.stack((f0, voiced), dim=1)
    total, weight = interpolate(both, scale_factor=float(hop_length), mode="linear", align_corners=False).unbind(1)
    return voiced.repeat_interleave(hop_length, dim=1) * total / weight.clamp(min=1e-6)


class SineGenerator(nn.Module):
    """Sines at F0 and its harmonics, with a little noise; noise alone where unvoiced.

    sampling_rate: Hz; harmonics: above the fundamental
    amplitude: of each sine; noise: its standard deviation where voiced (amplitude / 3 where unvoiced)
    random_phase: each harmonic starts at a random phase, as published; else all start at 0
    All randomness comes from torch's global generator.
    """

    def __init__(
        self,
        sampling_rate: int,
        harmonics: int = 8,
        amplitude: float = 0.1,
        noise: float = 0.003,
        random_phase: bool = True,
    ):
        super().__init__()
        if harmonics < 0:
            raise ValueError(f"harmonics must not be negative, got {harmonics}")
        self.sampling_rate = sampling_rate
        self.amplitude, self.noise, self.random_phase = amplitude, noise, random_phase
        self.register_buffer("multiples", torch.arange(1, harmonics + 2), persistent=False)

    @torch.no_grad()
    def forward(self, f0: Tensor) -> Tensor:
        """f0: (B, L) Hz at the sampling rate, 0 = unvoiced → (B, L, 1 + harmonics).

        Phase is summed in float64 and wrapped before it is multiplied, so it stays exact however long the input; a
        harmonic above the Nyquist frequency is silent.
        """
        cycles = (f0.double() / self.sampling_rate).cumsum(1).remainder(1.0)[..., None] * self.multiples
        if self.random_phase:
            start = torch.rand(len(f0), 1, len(self.multiples), device=f0.device)
            start[..., 0] = 0.0
            cycles = cycles + start
        sines = torch.sin(2 * torch.pi * cycles.remainder(1.0).float())
        harmonic_f0 = f0[..., None] * self.multiples
        audible = (harmonic_f0 > 0) & (harmonic_f0 < self.sampling_rate / 2)
        level = torch.where(f0 > 0, self.noise, self.amplitude / 3)[..., None]
        return self.amplitude * sines * audible + level * torch.randn_like(sines)


class HarmonicSource(nn.Module):
    """The sines merged into one excitation by a linear layer and tanh. Arguments as SineGenerator's, and hop_length."""

    def __init__(
        self,
        sampling_rate: int,
        hop_length: int,
        harmonics: int = 8,
        amplitude: float = 0.1,
        noise: float = 0.003,
        random_phase: bool = True,
    ):
        super().__init__()
        self.hop_length = hop_length
        self.l_sin_gen = SineGenerator(sampling_rate, harmonics, amplitude, noise, random_phase)
        self.l_linear = nn.Linear(harmonics + 1, 1)

    def forward(self, f0: Tensor) -> Tensor:
        """f0: (B, T) Hz per frame, 0 = unvoiced → (B, 1, T·hop_length)."""
        sines = self.l_sin_gen(upsample_f0(f0.float(), self.hop_length))
        return torch.tanh(self.l_linear(sines)).transpose(1, 2)
