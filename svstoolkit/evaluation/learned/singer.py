"""Singer similarity: whether two recordings are of one voice."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from svstoolkit.errors import InputError
from svstoolkit.evaluation.learned.takes import Take, at_rate, score_takes
from svstoolkit.evaluation.learned.weights import load_pretrained, pretrained, require_package

FOLDER, REPOSITORY = "wavlm-base-plus-sv", "microsoft/wavlm-base-plus-sv"
RATE = 16000  # Hz
SHORTEST = 1600  # samples; the speaker network's own convolutions span 15 frames of 20 ms
METRIC = "singer similarity"


def load_singer_similarity(weights: Path | None, device: str) -> Callable[[list[Take], int], list[float]]:
    """Cosine of the WavLM-base-plus-sv embeddings of singing and recording, −1 … 1; higher is more alike.

    Chen et al. 2022 (arXiv 2110.13900); as SoulX-Singer-Eval's Speaker-Sim. Trained to tell speakers apart.

    Raises:
        InputError: `transformers` or the weights are absent. The function returned raises it for takes that have no
            reference.
    """
    require_package("transformers", METRIC)
    import torch
    from transformers import Wav2Vec2FeatureExtractor, WavLMForXVector

    source = pretrained(weights, FOLDER, REPOSITORY, METRIC)
    features, network = load_pretrained((Wav2Vec2FeatureExtractor, WavLMForXVector), source, METRIC, device)

    @torch.no_grad()
    def embedding(audio: np.ndarray, rate: int) -> torch.Tensor:
        # one at a time: the base model's group norm would read the padding of a batch
        inputs = features(at_rate(audio, rate, RATE, SHORTEST), sampling_rate=RATE, return_tensors="pt").to(device)
        return network(**inputs).embeddings[0]

    def similarity(take: Take, rate: int) -> float:
        if take.reference is None:
            raise InputError("singer similarity needs recordings to compare with; give the reference folder")
        pair = (embedding(sound, rate) for sound in (take.audio, take.reference))
        return float(torch.nn.functional.cosine_similarity(*pair, dim=0))

    return lambda takes, rate: score_takes(takes, lambda take: similarity(take, rate))
