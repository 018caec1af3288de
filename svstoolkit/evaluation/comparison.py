"""A voice held against its recording: which frame of one belongs to which of the other."""

import math
from dataclasses import dataclass

import numpy as np

from svstoolkit.evaluation.measures.dtw import dtw_path
from svstoolkit.evaluation.measures.rhythm import warped_boundaries
from svstoolkit.evaluation.recording import Recording
from svstoolkit.features.definition import FeatureDefinition
from svstoolkit.score.languages.registry import is_vowel
from svstoolkit.score.song import Song
from svstoolkit.score.timing import as_sung

WARPING_BAND = 3.0  # s; both voices follow one score, so their clocks never part further
TIMING_TOLERANCE = 0.05  # s of length two recordings of equal timing may differ by
LENGTH_RATIO = 2.0  # beyond it one of the two is not the same phrase


@dataclass(frozen=True)
class Comparison:
    """A voice and its recording, frames paired.

    pairs: (P, 2) of (reference frame, voice frame)
    equal_timing: frame t of one belongs to frame t of the other
    song: the score both sing, None if unknown
    reference_bounds, voice_bounds: phone boundaries (N + 1,) in seconds, None if unknown
    """

    voice: Recording
    reference: Recording
    pairs: np.ndarray
    definition: FeatureDefinition
    equal_timing: bool
    song: Song | None = None
    reference_bounds: np.ndarray | None = None
    voice_bounds: np.ndarray | None = None

    @property
    def melody_known(self) -> bool:
        """Whether there is a score with notes; speech has none."""
        return self.song is not None and not self.song.spoken

    @property
    def voice_f0(self) -> np.ndarray:
        """(P,) Hz, 0 = unvoiced"""
        return self.voice.f0[self.pairs[:, 1]]

    @property
    def reference_f0(self) -> np.ndarray:
        """(P,) Hz, 0 = unvoiced"""
        return self.reference.f0[self.pairs[:, 0]]

    @property
    def voice_cepstra(self) -> np.ndarray:
        """(P, order + 1)"""
        return self.voice.cepstra[self.pairs[:, 1]]

    @property
    def reference_cepstra(self) -> np.ndarray:
        """(P, order + 1)"""
        return self.reference.cepstra[self.pairs[:, 0]]

    @property
    def sung_bounds(self) -> np.ndarray | None:
        """(N + 1,) s, phones as the voice sang them: as the system placed them or, of singing that came without, as
        warping finds them; None if the recording's are unknown too"""
        if self.voice_bounds is not None or self.reference_bounds is None:
            return self.voice_bounds
        return warped_boundaries(self.reference_bounds, self.pairs, self.definition.frame_period)

    def song_as_sung(self, reference: bool = False) -> Song | None:
        """The score with its notes where the voice, or the recording, sings them; as written where that is unknown"""
        bounds = self.reference_bounds if reference else self.sung_bounds
        if bounds is None or self.song is None:
            return self.song
        return as_sung(self.song, bounds, lambda phone: is_vowel(phone, self.song.language))

    def equal_length_audio(self) -> tuple[np.ndarray, np.ndarray]:
        """Voice and reference, cut to the shorter of them."""
        length = min(len(self.voice.audio), len(self.reference.audio))
        return self.voice.audio[:length], self.reference.audio[:length]


def pair_frames(
    voice: Recording, reference: Recording, definition: FeatureDefinition, equal_timing: bool
) -> np.ndarray:
    """Which frame of the reference belongs to which of the voice: (P, 2) of (reference frame, voice frame).

    With equal timing frame t belongs to frame t; otherwise dynamic time warping of the mel-cepstra without c(0)
    decides.

    Raises:
        ValueError: equal timing is claimed and the lengths differ; or one is more than twice as long as the other.
    """
    if not equal_timing:
        ratio = len(voice.audio) / len(reference.audio)
        if not 1 / LENGTH_RATIO <= ratio <= LENGTH_RATIO:
            raise ValueError(f"is {ratio:.2f} times as long as the recording; it cannot be the same phrase")
        band = math.ceil(WARPING_BAND / definition.frame_period)
        return dtw_path(reference.cepstra[:, 1:], voice.cepstra[:, 1:], band)
    difference = (len(voice.audio) - len(reference.audio)) / definition.sampling_rate
    if abs(difference) > TIMING_TOLERANCE:
        than = "longer" if difference > 0 else "shorter"
        raise ValueError(f"is {abs(difference):.3f} s {than} than the recording, whose timing it was to have")
    frames = np.arange(min(len(voice.f0), len(reference.f0)))
    return np.stack([frames, frames], axis=1)
