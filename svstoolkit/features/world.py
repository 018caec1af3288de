"""WORLD's parameters of a voice in few numbers per frame, and the waveform made of them again.

WORLD (Morise, Yokomori and Ozawa 2016) takes a voice for pulses at F0 and noise, both filtered by one envelope.
FFT-NPSS (Blaauw and Bonada 2020), a baseline of DiffSinger, predicts these parameters instead of a mel.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

# Variance of 16-bit quantisation noise for a full scale of ±1. Added to every envelope, so that digital silence
# and inaudible residue are the same silence, and not two arbitrary spectral shapes.
QUANTISATION_POWER = (2.0**-15) ** 2 / 12.0
N_ENVELOPE = 60  # coefficients of the envelope, FFT-NPSS's and DiffSinger's
LOWEST_RATE = 12000  # Hz, from which on WORLD has a band of aperiodicity


@dataclass(frozen=True)
class World:
    """WORLD's analysis and synthesis at the frames of a feature definition, frame t at (t + ½)·hop_length samples.

    A frame is the log power of CheapTrick's envelope (Morise 2015) as the first 60 coefficients of a cosine transform
    over the mel scale (Morise, Miyashita and Ozawa 2017; pyworld.code_spectral_envelope), and then D4C's aperiodicity
    (Morise 2016) in dB in B bands of 3 kHz, 0 where nothing is periodic. Which frames are voiced F0 alone says.

    sampling_rate: Hz, at least 12000; hop_length: samples
    f0_min: Hz, lowest F0 that there will be: it decides on the length of the FFT, and that on the coefficients' scale
    """

    sampling_rate: int
    hop_length: int
    f0_min: float

    def __post_init__(self):
        if self.sampling_rate < LOWEST_RATE:
            raise ValueError(f"WORLD needs a sampling_rate of at least {LOWEST_RATE} Hz, not {self.sampling_rate}")
        if self.hop_length < 1 or self.f0_min <= 0:
            raise ValueError(f"need hop_length >= 1 and f0_min > 0, not {self.hop_length}, {self.f0_min}")

    @classmethod
    def of(cls, definition: Any) -> "World":
        """WORLD at a FeatureDefinition's frames."""
        return cls(definition.sampling_rate, definition.hop_length, definition.f0_min)

    @property
    def dimensions(self) -> int:
        """Numbers per frame, 60 + B: 63 at 24 kHz, 65 at 44.1 kHz."""
        import pyworld

        return N_ENVELOPE + pyworld.get_num_aperiodicities(self.sampling_rate)

    @property
    def fft_size(self) -> int:
        """Samples, enough for three periods of f0_min."""
        import pyworld

        return pyworld.get_cheaptrick_fft_size(self.sampling_rate, self.f0_min)

    def analyse(self, audio: np.ndarray, f0: np.ndarray) -> np.ndarray:
        """Audio (L,) in [−1, 1] with its F0 (T,) Hz, 0 = unvoiced → (T, 60 + B) float32."""
        import pyworld

        audio, f0 = (np.ascontiguousarray(values, dtype=np.float64) for values in (audio, f0))
        given = (audio, f0, (np.arange(len(f0)) + 0.5) * self.hop_length / self.sampling_rate, self.sampling_rate)
        envelope = pyworld.cheaptrick(*given, fft_size=self.fft_size) + QUANTISATION_POWER
        aperiodicity = pyworld.d4c(*given, threshold=0.0, fft_size=self.fft_size)  # f0 has decided on voicing already
        coded = (
            pyworld.code_spectral_envelope(envelope, self.sampling_rate, N_ENVELOPE),
            pyworld.code_aperiodicity(aperiodicity, self.sampling_rate),
        )
        return np.concatenate(coded, axis=1).astype(np.float32)

    def synthesise(self, features: np.ndarray, f0: np.ndarray) -> np.ndarray:
        """What `analyse` returns (T, 60 + B), and F0 (T,) Hz → audio (T·hop_length,) float64, not clipped.

        Raises:
            ValueError: the two differ in T, or there are other than 60 + B numbers per frame.
        """
        import pyworld

        if features.shape != (len(f0), self.dimensions):
            raise ValueError(f"expected WORLD's features {(len(f0), self.dimensions)}, found {features.shape}")
        if not len(f0):
            return np.zeros(0)
        # WORLD's frame k lies at k·hop. With one more before, our frame t is its k = t + 1, half a hop late.
        places = np.arange(-1, len(f0) + 1).clip(0, len(f0) - 1)
        f0, features = (np.ascontiguousarray(values[places], dtype=np.float64) for values in (f0, features))
        envelope, bands = (np.ascontiguousarray(part) for part in np.split(features, [N_ENVELOPE], axis=1))
        audio = pyworld.synthesize(
            f0,
            pyworld.decode_spectral_envelope(envelope, self.sampling_rate, self.fft_size),
            pyworld.decode_aperiodicity(np.minimum(bands, 0.0), self.sampling_rate, self.fft_size),
            self.sampling_rate,
            1000.0 * self.hop_length / self.sampling_rate,
        )
        late = self.hop_length // 2
        return audio[late : late + (len(f0) - 2) * self.hop_length]
