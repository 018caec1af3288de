"""Listeners' opinions predicted from the sound alone: UTMOS (of speech) and SingMOS-Pro (of singing)."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from svstoolkit.errors import InputError
from svstoolkit.evaluation.learned.takes import Take, at_rate, score_takes
from svstoolkit.evaluation.learned.wav2vec2 import wav2vec2
from svstoolkit.evaluation.learned.weights import load_strictly, read_checkpoint, weight_file

RATE = 16000  # Hz
RELEASES = "https://github.com/{}/releases/download/{}"
UTMOS_FILE = "utmos22_strong_step7459_v1.pt"
UTMOS_URL = RELEASES.format("tarepan/SpeechMOS", f"v1.0.0/{UTMOS_FILE}")
SINGMOS_FILE = "ft_wav2vec2_large_ll60k_mdf_p1_200epochs_all_192epochs.pth"
SINGMOS_URL = RELEASES.format("South-Twilight/SingMOS", f"ckpt_v3/{SINGMOS_FILE}")
SINGMOS_PREFIX, UTMOS_PREFIX = "ssl_model.ssl_model.upstream.model.", "wav2vec2."
SINGMOS_DOMAIN = 1  # the domain that the published predictor supposes when it is told none
FRAME, SHORTEST = 320, 400  # samples: frame shift of wav2vec 2.0, and the least it can read


def load_utmos(weights: Path | None, device: str) -> Callable[[list[Take], int], list[float]]:
    """UTMOS strong learner (Saeki et al. 2022, arXiv 2204.02152), 1 … 5, trained on speech at 16 kHz.

    The figures are those of `utmos22_strong` of github.com/tarepan/SpeechMOS on the same 16 kHz signal.

    Raises:
        InputError: the weights are absent or no such weights.
    """
    return _loaded(_utmos, weight_file(weights, UTMOS_FILE, UTMOS_URL, "UTMOS"), "UTMOS", device)


def load_singmos_pro(weights: Path | None, device: str) -> Callable[[list[Take], int], list[float]]:
    """SingMOS-Pro (Tang et al. 2025, arXiv 2510.01812), 1 … 5, trained on listeners' opinions of sung voices at 16 kHz.

    The figures are those of `singmos_pro` of github.com/South-Twilight/SingMOS on the same 16 kHz signal.

    Raises:
        InputError: the weights are absent or no such weights.
    """
    path = weight_file(weights, SINGMOS_FILE, SINGMOS_URL, "SingMOS-Pro")
    return _loaded(_singmos_pro, path, "SingMOS-Pro", device)


def _loaded(build: Callable, path: Path, metric: str, device: str) -> Callable[[list[Take], int], list[float]]:
    import torch

    tensors = read_checkpoint(path, metric)
    try:
        predictor = build(tensors, path).to(device)
    except (KeyError, RuntimeError, ValueError, AttributeError) as error:
        if isinstance(error, InputError):
            raise
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"{path} does not fit {metric} ({reason}); download it again") from error

    @torch.no_grad()
    def rating(audio: np.ndarray) -> float:
        return float(predictor(torch.tensor(audio, dtype=torch.float32, device=device)[None])[0])

    return lambda takes, rate: score_takes(takes, lambda take: rating(at_rate(take.audio, rate, RATE, SHORTEST)))


def _utmos(tensors: dict, path: Path):
    """Domain and judge are constants; a recurrent layer reads them with the features, and frames are averaged."""
    import torch
    from torch import nn

    class Utmos(nn.Module):
        def __init__(self):
            super().__init__()
            self.wav2vec2 = wav2vec2(_under(tensors, UTMOS_PREFIX))
            for name in ("domain_emb", "judge_emb"):
                self.register_buffer(name, torch.zeros_like(tensors[name]))
            self.blstm = nn.LSTM(
                tensors["blstm.weight_ih_l0"].shape[1],
                tensors["blstm.weight_hh_l0"].shape[1],
                batch_first=True,
                bidirectional=True,
            )
            hidden, inputs = tensors["projection.0.weight"].shape
            self.projection = nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, 1))

        def forward(self, audio):
            features = self.wav2vec2(audio)[0]
            constants = torch.cat([self.domain_emb, self.judge_emb], dim=1).expand(*features.shape[:2], -1)
            frames = self.projection(self.blstm(torch.cat([features, constants], dim=2))[0])
            return frames.mean(dim=(1, 2)) * 2 + 3

    return _with_head(Utmos(), tensors, UTMOS_PREFIX, path, "UTMOS")


def _singmos_pro(tensors: dict, path: Path):
    """A rating of each frame from its features and the domain's embedding, within 1 … 5, then their mean."""
    import torch
    from torch import nn
    from torch.nn.functional import layer_norm

    class SingMosPro(nn.Module):
        def __init__(self):
            super().__init__()
            self.wav2vec2 = wav2vec2(_under(tensors, SINGMOS_PREFIX))
            self.domain_emb = nn.Embedding(*tensors["domain_emb.weight"].shape)
            hidden, inputs = tensors["decoder.net.0.weight"].shape
            layers = (nn.Linear(inputs, hidden), nn.ReLU(), nn.Dropout(0.3), nn.Linear(hidden, 1))
            self.decoder = nn.ModuleDict({"net": nn.Sequential(*layers)})

        def forward(self, audio):
            features = self.wav2vec2(layer_norm(audio, audio.shape[1:]))[0]
            # s3prl, with which it was trained, repeats the last frame until there is one for every 320 samples
            missing = -(-audio.shape[1] // FRAME) - features.shape[1]
            features = torch.cat([features, features[:, -1:].expand(-1, missing, -1)], dim=1)
            domain = self.domain_emb.weight[SINGMOS_DOMAIN].expand(*features.shape[:2], -1)
            frames = self.decoder["net"](torch.cat([features, domain], dim=2))
            return (frames.tanh() * 2 + 3).mean(dim=(1, 2))

    return _with_head(SingMosPro(), tensors, SINGMOS_PREFIX, path, "SingMOS-Pro")


def _under(tensors: dict, prefix: str) -> dict:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _with_head(network, tensors: dict, prefix: str, path: Path, metric: str):
    """The network with the weights beside wav2vec 2.0's, which it has already."""
    head = {name: tensor for name, tensor in tensors.items() if not name.startswith(prefix)}
    own = {f"wav2vec2.{name}": tensor for name, tensor in network.wav2vec2.state_dict().items()}
    return load_strictly(network, own | head, path, metric)
