"""The harmonic-plus-noise excitation of neural source-filter models (Wang et al., Interspeech 2019, section 2.2)."""

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

BLOCK = 1024  # frames of excitation made at a time


def upsample_f0(f0: Tensor, hop_length: int) -> Tensor:
    """f0 at frame centres, (B, T) Hz, 0 = unvoiced → (B, T·hop_length) Hz at every sample.

    Linear between voiced neighbours; a frame keeps its voicing over its whole hop.
    """
    voiced = (f0 > 0).to(f0.dtype)
    # Weighting by the voicing keeps an unvoiced neighbour's 0 Hz out of the interpolation.
    both = torch.stack((f0, voiced), dim=1)
    total, weight = interpolate(both, scale_factor=float(hop_length), mode="linear", align_corners=False).unbind(1)
    return voiced.repeat_interleave(hop_length, dim=1) * total / weight.clamp(min=1e-6)


def hold_f0(f0: Tensor, hop_length: int) -> Tensor:
    """f0 (B, T) Hz → (B, T·hop_length) Hz, each frame's value over its whole hop (openvpi's SingingVocoders)."""
    return f0.repeat_interleave(hop_length, dim=1)


F0_UPSAMPLING = {"linear": upsample_f0, "hold": hold_f0}


def bridge_unvoiced(f0: Tensor) -> Tensor:
    """f0 (B, T) Hz, 0 = unvoiced → the same with unvoiced frames interpolated in log frequency, ends held.

    Rows without a voiced frame stay 0. So openvpi's vocoders are fed, in training and in use.
    """
    frames = f0.shape[1]
    index = torch.arange(frames, device=f0.device).expand_as(f0)
    voiced = f0 > 0
    before = torch.where(voiced, index, -1).cummax(1).values
    after = torch.where(voiced, index, frames).flip(1).cummin(1).values.flip(1)
    before, after = torch.where(before < 0, after, before), torch.where(after == frames, before, after)
    before, after = before.clamp(0, frames - 1), after.clamp(0, frames - 1)  # a row without a voiced frame
    pitch = torch.where(voiced, f0, 1.0).log2()
    share = (index - before).to(f0.dtype) / (after - before).clamp(min=1)
    bridged = (1 - share) * pitch.gather(1, before) + share * pitch.gather(1, after)
    return torch.where(voiced, f0, bridged.exp2() * voiced.any(1, keepdim=True))


@torch.no_grad()
def gliding_sine(f0: Tensor, rate: float, points: int) -> Tensor:
    """A unit sine whose frequency glides from each frame's f0 to the next one's (openvpi's MiniNSF).

    f0: (B, T) Hz; rate: Hz, of the sine; points: of each frame → (B, 1, T·points). Phase is summed in float64.
    """
    start = f0.double()[..., None] / rate  # cycles per point
    slope = torch.zeros_like(start)
    slope[:, :-1] = start[:, 1:] - start[:, :-1]
    n = torch.arange(1, points + 1, device=f0.device, dtype=torch.float64)
    cycles = start * n + slope * n * (n - 1) / (2 * points)
    carried = cycles[..., -1:].cumsum(1) - cycles[..., -1:]
    return torch.sin(2 * torch.pi * (cycles + carried).remainder(1.0).to(f0.dtype)).flatten(1)[:, None]


class SineGenerator(nn.Module):
    """Sines at F0 and its harmonics, with a little noise; noise alone where unvoiced.

    sampling_rate: Hz; harmonics: above the fundamental
    amplitude: of each sine; noise: its standard deviation where voiced (amplitude / 3 where unvoiced)
    random_phase: each harmonic starts at a random phase, as published; else all start at 0
    aliasing: harmonics above the Nyquist frequency sound as what they alias to, as published; else they are silent
    All randomness comes from torch's global generator.
    """

    def __init__(
        self,
        sampling_rate: int,
        harmonics: int = 8,
        amplitude: float = 0.1,
        noise: float = 0.003,
        random_phase: bool = True,
        aliasing: bool = False,
    ):
        super().__init__()
        if harmonics < 0:
            raise ValueError(f"harmonics must not be negative, got {harmonics}")
        self.sampling_rate = sampling_rate
        self.amplitude, self.noise = amplitude, noise
        self.random_phase, self.aliasing = random_phase, aliasing
        self.register_buffer("multiples", torch.arange(1, harmonics + 2), persistent=False)

    def initial_phase(self, batch: int, device: torch.device) -> Tensor:
        """Where each sine begins: (batch, 1 + harmonics) cycles; the fundamental at 0."""
        start = torch.zeros(batch, len(self.multiples), device=device)
        if self.random_phase:
            start[:, 1:] = torch.rand(batch, len(self.multiples), device=device)[:, 1:]
        return start

    @torch.no_grad()
    def forward(self, f0: Tensor, phase: Tensor | None = None) -> Tensor:
        """f0: (B, L) Hz at the sampling rate, 0 = unvoiced → (B, L, 1 + harmonics).

        Phase is summed in float64 and wrapped before it is multiplied, so it stays exact however long the input.

        phase: (B, 1 + harmonics) cycles before the first sample; `initial_phase` if there is none
        """
        cycles = (f0.double() / self.sampling_rate).cumsum(1).remainder(1.0)[..., None] * self.multiples
        cycles = cycles + (self.initial_phase(len(f0), f0.device) if phase is None else phase)[:, None]
        sines = torch.sin(2 * torch.pi * cycles.remainder(1.0).float())
        harmonic_f0 = f0[..., None] * self.multiples
        audible = (harmonic_f0 > 0) & ((harmonic_f0 < self.sampling_rate / 2) | self.aliasing)
        level = torch.where(f0 > 0, self.noise, self.amplitude / 3)[..., None]
        return self.amplitude * sines * audible + level * torch.randn_like(sines)


class HarmonicSource(nn.Module):
    """The sines merged into one excitation by a linear layer and tanh.

    hop_length: samples per frame of F0; f0_upsampling: "linear" or "hold", see `F0_UPSAMPLING`
    The other arguments are SineGenerator's. Raises ValueError for an unknown f0_upsampling.
    """

    def __init__(
        self,
        sampling_rate: int,
        hop_length: int,
        harmonics: int = 8,
        amplitude: float = 0.1,
        noise: float = 0.003,
        random_phase: bool = True,
        f0_upsampling: str = "linear",
        aliasing: bool = False,
    ):
        super().__init__()
        if f0_upsampling not in F0_UPSAMPLING:
            raise ValueError(f"f0_upsampling must be {' or '.join(F0_UPSAMPLING)}, not {f0_upsampling!r}")
        self.hop_length = hop_length
        self.upsample = F0_UPSAMPLING[f0_upsampling]
        self.l_sin_gen = SineGenerator(sampling_rate, harmonics, amplitude, noise, random_phase, aliasing)
        self.l_linear = nn.Linear(harmonics + 1, 1)

    def forward(self, f0: Tensor) -> Tensor:
        """f0: (B, T) Hz per frame, 0 = unvoiced → (B, 1, T·hop_length).

        Made in blocks of `BLOCK` frames, whose phases go on from each other: an hour takes no more memory than seconds.
        """
        sines, hop, total = self.l_sin_gen, self.hop_length, f0.shape[1]
        start = sines.initial_phase(len(f0), f0.device)
        cycles = torch.zeros(len(f0), 1, dtype=torch.float64, device=f0.device)
        blocks = []
        for first in range(0, total, BLOCK):
            left, last = max(0, first - 1), min(total, first + BLOCK)  # a neighbour on either side, to interpolate
            upsampled = self.upsample(f0[:, left : last + 1].float(), hop)
            upsampled = upsampled[:, (first - left) * hop : (last - left) * hop]
            blocks.append(torch.tanh(self.l_linear(sines(upsampled, start + cycles * sines.multiples))))
            cycles = (cycles + (upsampled.double() / sines.sampling_rate).sum(1, keepdim=True)).remainder(1.0)
        return torch.cat(blocks, dim=1).transpose(1, 2)
