"""The floor: what a system scores that knows the target's loudness and nothing else."""

import hashlib

import numpy as np


def loudness_noise(audio: np.ndarray, hop_length: int, utterance: str) -> np.ndarray:
    """White noise with the target's energy in every frame of `hop_length` samples.

    The noise is uniform, whose peak is only √3 times its root mean square, so it clips no sooner than singing.
    It depends on the audio and the utterance id alone.

    Args:
        audio: (L,) float
        hop_length: samples
        utterance: seeds the noise

    Returns:
        (L,) float64; each frame [t·hop, (t+1)·hop) has exactly the energy it has in `audio`
    """
    seed = int.from_bytes(hashlib.sha256(utterance.encode()).digest()[:8], "big")
    noise = np.random.default_rng(seed).uniform(-1.0, 1.0, len(audio))
    starts = np.arange(0, len(audio), hop_length)
    target = np.add.reduceat(np.asarray(audio, dtype=np.float64) ** 2, starts)
    gain = np.sqrt(target / np.add.reduceat(noise**2, starts))
    return noise * np.repeat(gain, hop_length)[: len(audio)]
