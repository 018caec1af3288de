"""One recording as the metrics see it: samples, F0 and mel-cepstra."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from svstoolkit.evaluation.measures.cepstra import mel_cepstrum, order_and_alpha, spectral_envelope
from svstoolkit.evaluation.measures.dnsmos import dnsmos
from svstoolkit.evaluation.measures.espnet import EspnetFeatures, espnet_features
from svstoolkit.evaluation.measures.levels import loudness
from svstoolkit.features.definition import FeatureDefinition
from svstoolkit.features.f0 import extract_f0

SILENCE = 2.0**-15  # full scale 1; nothing above one step of 16 bits


@dataclass(frozen=True)
class Recording:
    """audio: (L,) float64 in [−1, 1]; f0: (T,) Hz, 0 = unvoiced; cepstra: (T, order + 1)

    What only some metrics need is computed when first asked for, so that a recording that many voices are held
    against is analysed once.
    """

    audio: np.ndarray
    f0: np.ndarray
    cepstra: np.ndarray
    sampling_rate: int

    @cached_property
    def loudness(self) -> float:
        """LUFS; NaN where nothing is above the gate. Raises ValueError when shorter than a gating block."""
        return loudness(self.audio, self.sampling_rate)

    @cached_property
    def dnsmos(self) -> dict[str, float]:
        """sig, bak and ovrl of DNSMOS P.835"""
        return dnsmos(self.audio, self.sampling_rate)

    @cached_property
    def espnet(self) -> EspnetFeatures:
        """What ESPnet's definitions are computed from."""
        return espnet_features(self.audio, self.sampling_rate)


def analyse(audio: np.ndarray, definition: FeatureDefinition, f0_extractor: str = "dio") -> Recording:
    """F0 and mel-cepstra of a recording at the definition's rate and frames.

    Raises:
        ValueError: shorter than one analysis window, not finite, or digital silence.
    """
    if len(audio) < definition.n_fft:
        raise ValueError(f"is shorter than one analysis window ({len(audio)} of {definition.n_fft} samples)")
    if not np.isfinite(audio).all():
        raise ValueError(f"has {np.count_nonzero(~np.isfinite(audio))} samples that are not finite")
    audio = np.asarray(audio, dtype=np.float64)
    if np.abs(audio).max() <= SILENCE:
        raise ValueError("is digital silence")
    f0 = np.asarray(extract_f0(audio, definition, f0_extractor), dtype=np.float64)
    order, alpha = order_and_alpha(definition.sampling_rate)
    return Recording(
        audio, f0, mel_cepstrum(spectral_envelope(audio, f0, definition), order, alpha), definition.sampling_rate
    )
