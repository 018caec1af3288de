"""Mel, and F0, → waveform by a trained vocoder: many utterances at once, long ones in overlapping windows.

An utterance sounds the same whatever it is batched with and however it is cut, but for rounding: every window is read
with as many frames around it as a sample depends on. Before an utterance's first frame and behind its last one these
are that frame again. Left alone, the network would see mels of zero there, which are loud. At a cut in the midst of
singing the difference from what it sings when the song goes on lies 11 dB below the song so, 7 dB with silence there,
37 dB with the last frame (a small trained HiFi-GAN).
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from svstoolkit.errors import InputError
from svstoolkit.inference.seeds import utterance_seed
from svstoolkit.systems.loading import Trained, load_trained

BATCH_FRAMES = 4096  # in one forward pass, padding included: under 1 GB for HiFi-GAN V1
FADE = 4  # frames over which a window passes into the next, for vocoders that add noise of their own
FARTHEST = 2048  # frames that a sample may depend on


@dataclass(frozen=True)
class Utterance:
    """What a vocoder reads.

    name: of the output; the noise of an NSF vocoder depends on it
    mel: (T, n_mels) natural-log amplitude; f0: (T,) Hz, 0 = unvoiced, for NSF vocoders
    gain: by which the recording was multiplied before its mel was taken; the output is divided by it
    """

    name: str
    mel: np.ndarray
    f0: np.ndarray | None = None
    gain: float = 1.0

    def transposed(self, semitones: float) -> "Utterance":
        """The same with another F0."""
        if self.f0 is None or not semitones:
            return self
        return replace(self, f0=(self.f0 * 2.0 ** (semitones / 12)).astype(np.float32))


@dataclass(frozen=True)
class Window:
    """Frames `start` to `end` of an utterance."""

    utterance: int
    start: int
    end: int

    @property
    def frames(self) -> int:
        return self.end - self.start


def windows(utterance: int, frames: int, longest: int) -> Iterator[Window]:
    """Windows of at most `longest` frames, more than `FADE`, that cover all frames and overlap by `FADE`."""
    start = 0
    while frames - start > longest:
        yield Window(utterance, start, start + longest)
        start += longest - FADE
    yield Window(utterance, start, frames)


class Vocoder:
    """A trained vocoder.

    needs_f0: whether it is driven by F0 beside the mel
    context: frames on either side that a sample depends on, measured

    Raises:
        InputError: the experiment is not trained yet, or is no vocoder.
    """

    def __init__(self, experiment: str | Path, device: str | torch.device = "cpu", which: str | int = "latest"):
        self.device = torch.device(device)
        self.trained: Trained = load_trained(experiment, self.device, which)
        if "generator" not in self.trained.system.networks or self.trained.system.stage != "vocoder":
            raise InputError(f"{experiment} is no vocoder; give an experiment of stage 4 (vocoder), or a checkpoint")
        self.features = self.trained.features
        self.generator = self.trained.system.networks["generator"]
        source = self.generator.source(torch.full((1, 1), 220.0, device=self.device))
        self.needs_f0 = source is not None
        self._points = 0 if source is None else source.shape[-1]  # of the source, in a frame
        self.context = context_frames(self.generator, self.features.n_mels, self.device)

    def require_fit(self, utterance: Utterance, source: str) -> None:
        """Raises InputError, naming `source`, unless the vocoder can sing this."""
        mel, f0, bands = utterance.mel, utterance.f0, self.features.n_mels
        if mel.ndim != 2 or mel.shape[1] != bands or not len(mel):
            turned = "; transpose it" if mel.ndim == 2 and mel.shape[0] == bands else ""
            raise InputError(
                f"{source}: a mel of shape {mel.shape}, expected (frames, {bands}){turned}. {self.expected()}"
            )
        if not np.isfinite(mel).all():
            raise InputError(
                f"{source}: {np.isnan(mel).sum()} NaN and {np.isinf(mel).sum()} infinite values in its mel; compute it "
                f"again. {self.expected()}"
            )
        if not self.needs_f0:
            return
        if f0 is None:
            raise InputError(
                f"{source}: this vocoder needs F0 beside the mel; give --f0 f0.scp, or .npz with mel and f0"
            )
        if f0.shape != (len(mel),) or not np.isfinite(f0).all() or (f0 < 0).any():
            raise InputError(
                f"{source}: F0 of shape {f0.shape} for {len(mel)} frames of mel; expected one value per frame, in Hz, "
                "0 where unvoiced"
            )

    def require_budget(self, batch_frames: int) -> None:
        """Raises InputError unless so many frames hold a window."""
        if batch_frames <= 2 * self.context + FADE:
            raise InputError(
                f"--batch_frames {batch_frames}: this vocoder looks {self.context} frames ahead and back; give at "
                f"least {2 * self.context + FADE + 1}, better some thousands"
            )

    def expected(self) -> str:
        """The mel that the vocoder was trained on, in words."""
        d = self.features
        return (
            f"{self.trained.checkpoint} reads natural-log amplitudes, floored at {d.log_floor:g}, of {d.n_mels} Slaney "
            f"mel bands from {d.fmin:g} to {d.fmax:g} Hz; {d.sampling_rate} Hz, hop {d.hop_length}, window "
            f"{d.win_length}, FFT {d.n_fft}"
        )

    @torch.no_grad()
    def vocode(
        self, utterances: Sequence[Utterance], batch_frames: int = BATCH_FRAMES, seed: int = 0
    ) -> list[np.ndarray]:
        """Waveforms (T·hop,) float32 in [-1, 1], one for each utterance.

        Windows of like length make up batches of at most `batch_frames` frames, padding included.

        Raises:
            InputError: an utterance does not fit the vocoder, or `batch_frames` is too little for one window.
        """
        self.require_budget(batch_frames)
        for utterance in utterances:
            self.require_fit(utterance, utterance.name)
        hop = self.features.hop_length
        outputs = [np.zeros(len(u.mel) * hop, np.float32) for u in utterances]
        longest = batch_frames - 2 * self.context
        cut = [w for i, u in enumerate(utterances) for w in windows(i, len(u.mel), longest)]
        cut.sort(key=lambda w: -w.frames)
        with torch.random.fork_rng():
            mels = [np.pad(u.mel, ((self.context, self.context), (0, 0)), mode="edge") for u in utterances]
            sources = [self._source(utterance, seed) for utterance in utterances]
            while cut:
                count = batch_frames // (cut[0].frames + 2 * self.context)
                batch, cut = cut[:count], cut[count:]
                torch.manual_seed(utterance_seed(utterances[batch[0].utterance].name, seed))
                for window, samples in zip(batch, self._sing(batch, mels, sources), strict=True):
                    sung = samples[self.context * hop : (self.context + window.frames) * hop]
                    weight = faded(window, len(utterances[window.utterance].mel), hop)
                    outputs[window.utterance][window.start * hop : window.end * hop] += weight * sung
        return [np.clip(samples / u.gain, -1, 1) for samples, u in zip(outputs, utterances, strict=True)]

    def _source(self, utterance: Utterance, seed: int) -> Tensor | None:
        """The whole utterance's excitation (1, (T + 2·context)·points), on the CPU: its phase has no windows."""
        if not self.needs_f0:
            return None
        torch.manual_seed(utterance_seed(utterance.name, seed))
        f0 = np.pad(np.asarray(utterance.f0, np.float32), self.context, mode="edge")
        return self.generator.source(torch.from_numpy(f0)[None].to(self.device))[0].cpu()

    def _sing(
        self, batch: Sequence[Window], mels: Sequence[np.ndarray], sources: Sequence[Tensor | None]
    ) -> np.ndarray:
        """(B, frames·hop), of the longest window with its context. mels, sources: with `context` on either side."""
        frames, points = batch[0].frames + 2 * self.context, self._points
        mel = torch.full((len(batch), frames, self.features.n_mels), math.log(self.features.log_floor))
        source = torch.zeros(len(batch), 1, frames * points) if self.needs_f0 else None
        for row, window in enumerate(batch):
            right = window.end + 2 * self.context
            mel[row, : right - window.start] = torch.from_numpy(mels[window.utterance][window.start : right])
            if source is not None:
                wave = sources[window.utterance][:, window.start * points : right * points]
                source[row, :, : wave.shape[1]] = wave
        driven = {} if source is None else {"source": source.to(self.device)}
        return self.generator(mel.to(self.device), **driven).cpu().numpy()


def faded(window: Window, frames: int, hop_length: int) -> np.ndarray:
    """What each sample of a window is multiplied with, so that it and its neighbours sum to 1: (n·hop,)."""
    weight = np.ones((window.end - window.start) * hop_length, np.float32)
    ramp = (np.arange(FADE * hop_length, dtype=np.float32) + 0.5) / (FADE * hop_length)
    if window.start > 0:
        weight[: len(ramp)] = ramp
    if window.end < frames:
        weight[len(weight) - len(ramp) :] = ramp[::-1]
    return weight


@torch.no_grad()
def context_frames(generator: nn.Module, n_mels: int, device: torch.device) -> int:
    """How many frames before and behind a frame its samples depend on: a NaN is put into one, and seen how far it gets.

    Raises:
        InputError: more than `FARTHEST`.
    """
    reach = 16
    while reach <= FARTHEST:
        frames = 2 * reach + 1
        mel = torch.zeros(1, frames, n_mels, device=device)
        mel[:, reach] = torch.nan
        source = generator.source(torch.full((1, frames), 220.0, device=device))
        if source is not None:
            points = source.shape[-1] // frames
            source[..., reach * points : (reach + 1) * points] = torch.nan
        reached = generator(mel, source=source).isnan().view(frames, -1).any(1).nonzero().squeeze(1)
        first, last = int(reached[0]), int(reached[-1])
        if first > 0 and last < frames - 1:
            return max(reach - first, last - reach)
        reach *= 2
    raise InputError(f"the vocoder's samples depend on more than {FARTHEST} frames around them: it sings no parts")


def vocode(
    vocoder: Vocoder | str | Path,
    mels: Sequence[np.ndarray],
    f0s: Sequence[np.ndarray] | None = None,
    batch_frames: int = BATCH_FRAMES,
    seed: int = 0,
) -> list[np.ndarray]:
    """Mels (T, n_mels) in natural log, and F0 (T,) in Hz for NSF vocoders, → waveforms (T·hop,) in [-1, 1].

    vocoder: an experiment of stage 4, or a `Vocoder` that was made of one, to use it more than once

    Raises:
        InputError: see `Vocoder`.
    """
    if not isinstance(vocoder, Vocoder):
        vocoder = Vocoder(vocoder)
    pairs = zip(mels, [None] * len(mels) if f0s is None else f0s, strict=True)
    return vocoder.vocode([Utterance(f"mel {i}", mel, f0) for i, (mel, f0) in enumerate(pairs)], batch_frames, seed)
