"""Embeddings of sound: VGGish and CLAP, each (L,) → (N, D)."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np

from svstoolkit.evaluation.learned.takes import at_rate
from svstoolkit.evaluation.learned.weights import (
    load_pretrained,
    load_strictly,
    pretrained,
    read_checkpoint,
    require_package,
    weight_file,
)

VGGISH_FILE = "vggish-10086976.pth"
VGGISH_URL = f"https://github.com/harritaylor/torchvggish/releases/download/v0.1/{VGGISH_FILE}"
VGGISH_RATE, VGGISH_FFT, VGGISH_WINDOW, VGGISH_HOP = 16000, 512, 400, 160  # Hz, samples
VGGISH_BANDS, VGGISH_LOW, VGGISH_HIGH, VGGISH_OFFSET = 64, 125.0, 7500.0, 0.01
VGGISH_FRAMES = 96  # of one example
VGGISH_LAYERS = (64, "pool", 128, "pool", 256, 256, "pool", 512, 512, "pool")
CLAP_FOLDER, CLAP_REPOSITORY, CLAP_RATE = "larger_clap_music", "laion/larger_clap_music", 48000
CLAP_WINDOW, CLAP_HOP, CLAP_SHORTEST = 10, 1, 0.1  # s

Embed = Callable[[np.ndarray, int], np.ndarray]


def load_vggish(weights: Path | None, device: str) -> Embed:
    """VGGish (Hershey et al. 2017, arXiv 1609.09430): (audio (L,), Hz) → (L // 0.96 s, 128), before any PCA.

    Raises:
        InputError: the weights are absent or no such weights. The function returned raises ValueError below 0.98 s.
    """
    import torch

    path = weight_file(weights, VGGISH_FILE, VGGISH_URL, "FAD (VGGish)")
    with torch.device("meta"):  # initial weights would only be replaced
        network = _vggish()
    network = load_strictly(network, read_checkpoint(path, "FAD (VGGish)"), path, "FAD (VGGish)").to(device)

    @torch.no_grad()
    def embed(audio: np.ndarray, rate: int) -> np.ndarray:
        shortest = VGGISH_WINDOW + (VGGISH_FRAMES - 1) * VGGISH_HOP
        examples = vggish_examples(at_rate(audio, rate, VGGISH_RATE, shortest))
        return network(torch.tensor(examples, device=device)).double().cpu().numpy()

    return embed


def load_clap(weights: Path | None, device: str) -> Embed:
    """CLAP for music (Wu et al. 2023, arXiv 2211.06687): (audio (L,), Hz) → (N, 512) of length 1.

    One embedding for every second that starts a window of 10 s; shorter audio is one window, repeated to fill it.

    Raises:
        InputError: `transformers` or the weights are absent. The function returned raises ValueError below 0.1 s.
    """
    require_package("transformers", "FAD (CLAP)")
    import torch
    from transformers import ClapAudioModelWithProjection, ClapFeatureExtractor

    source = pretrained(weights, CLAP_FOLDER, CLAP_REPOSITORY, "FAD (CLAP)")
    classes = (ClapFeatureExtractor, ClapAudioModelWithProjection)
    features, network = load_pretrained(classes, source, "FAD (CLAP)", device)

    @torch.no_grad()
    def embed(audio: np.ndarray, rate: int) -> np.ndarray:
        audio = at_rate(audio, rate, CLAP_RATE, int(CLAP_SHORTEST * CLAP_RATE))
        size, hop = CLAP_WINDOW * CLAP_RATE, CLAP_HOP * CLAP_RATE
        windows = [audio[i : i + size] for i in range(0, max(len(audio) - size, 0) + 1, hop)]
        found = []
        for window in windows:
            inputs = features(window, sampling_rate=CLAP_RATE, return_tensors="pt").to(device)
            found.append(torch.nn.functional.normalize(network(**inputs).audio_embeds, dim=-1))
        return torch.cat(found).double().cpu().numpy()

    return embed


def vggish_examples(audio: np.ndarray) -> np.ndarray:
    """VGGish's input: (L,) at 16 kHz → (N, 1, 96, 64) float32 log-mel magnitudes of 96 frames of 10 ms each."""
    frames = np.lib.stride_tricks.sliding_window_view(np.asarray(audio, np.float64), VGGISH_WINDOW)[::VGGISH_HOP]
    window = np.hanning(VGGISH_WINDOW + 1)[:-1]
    log_mel = np.log(np.abs(np.fft.rfft(frames * window, VGGISH_FFT)) @ _vggish_filters() + VGGISH_OFFSET)
    count = len(log_mel) // VGGISH_FRAMES
    return log_mel[: count * VGGISH_FRAMES].reshape(count, 1, VGGISH_FRAMES, VGGISH_BANDS).astype(np.float32)


@lru_cache(maxsize=1)
def _vggish_filters() -> np.ndarray:
    """(257, 64): triangles whose sides are straight on the mel axis, as HTK's; none takes in 0 Hz."""

    def mel(hz):
        return 1127.0 * np.log1p(np.asarray(hz) / 700.0)

    bins = mel(np.linspace(0, VGGISH_RATE / 2, VGGISH_FFT // 2 + 1))[:, None]
    edges = np.linspace(mel(VGGISH_LOW), mel(VGGISH_HIGH), VGGISH_BANDS + 2)
    low, centre, high = edges[:-2], edges[1:-1], edges[2:]
    filters = np.maximum(0.0, np.minimum((bins - low) / (centre - low), (high - bins) / (high - centre)))
    filters[0] = 0.0
    return filters


def _vggish():
    """Convolutions of 3 × 3 over time and mel bands, then three full layers; the last one's activation is left out."""
    from torch import nn

    convolutions, channels = [], 1
    for layer in VGGISH_LAYERS:
        if layer == "pool":
            convolutions.append(nn.MaxPool2d(2))
        else:
            convolutions += [nn.Conv2d(channels, layer, 3, padding=1), nn.ReLU()]
            channels = layer
    spots = VGGISH_FRAMES // 16 * VGGISH_BANDS // 16

    class Vggish(nn.Module):
        def __init__(self):
            super().__init__()
            self.features = nn.Sequential(*convolutions)
            full = (nn.Linear(channels * spots, 4096), nn.ReLU(), nn.Linear(4096, 4096), nn.ReLU())
            self.embeddings = nn.Sequential(*full, nn.Linear(4096, 128))

        def forward(self, examples):
            # the weights come from TensorFlow, where channels are last
            return self.embeddings(self.features(examples).permute(0, 2, 3, 1).flatten(1))

    return Vggish()
