"""One recording as the metrics see it: its F0 and mel-cepstra; and the metrics of one recording against another."""

import math
from dataclasses import dataclass

import numpy as np

from svstoolkit.evaluation.measures.cepstra import mel_cepstrum, order_and_alpha, spectral_envelope
from svstoolkit.evaluation.measures.dtw import dtw_path
from svstoolkit.evaluation.measures.mcd import mel_cepstral_distortion
from svstoolkit.evaluation.measures.pitch import f0_rmse, gross_pitch_error, vuv_error
from svstoolkit.evaluation.measures.quality import pesq_wideband, stoi
from svstoolkit.features.definition import FeatureDefinition
from svstoolkit.features.f0 import extract_f0

WARPING_BAND = 3.0  # s; both voices follow one score, so their clocks never part further
TIMING_TOLERANCE = 0.05  # s of length two recordings of equal timing may differ by


@dataclass(frozen=True)
class Recording:
    """audio: (L,) float64 in [−1, 1]; f0: (T,) Hz, 0 = unvoiced; cepstra: (T, order + 1)"""

    audio: np.ndarray
    f0: np.ndarray
    cepstra: np.ndarray


def analyse(audio: np.ndarray, definition: FeatureDefinition, f0_extractor: str = "dio") -> Recording:
    """F0 and mel-cepstra of a recording at the definition's rate and frames.

    Raises:
        ValueError: shorter than one analysis window, or not finite.
    """
    if len(audio) < definition.n_fft:
        raise ValueError(f"is shorter than one analysis window ({len(audio)} of {definition.n_fft} samples)")
    if not np.isfinite(audio).all():
        raise ValueError("has samples that are not finite")
    audio = np.asarray(audio, dtype=np.float64)
    f0 = np.asarray(extract_f0(audio, definition, f0_extractor), dtype=np.float64)
    order, alpha = order_and_alpha(definition.sampling_rate)
    return Recording(audio, f0, mel_cepstrum(spectral_envelope(audio, f0, definition), order, alpha))


def pair_frames(
    voice: Recording, reference: Recording, definition: FeatureDefinition, equal_timing: bool
) -> np.ndarray:
    """Which frame of the reference belongs to which of the voice: (P, 2) of (reference frame, voice frame).

    With equal timing frame t belongs to frame t; otherwise dynamic time warping of the mel-cepstra without c(0)
    decides.

    Raises:
        ValueError: equal timing is claimed and the lengths differ.
    """
    if not equal_timing:
        band = math.ceil(WARPING_BAND / definition.frame_period)
        return dtw_path(reference.cepstra[:, 1:], voice.cepstra[:, 1:], band)
    difference = (len(voice.audio) - len(reference.audio)) / definition.sampling_rate
    if abs(difference) > TIMING_TOLERANCE:
        raise ValueError(f"is {difference:+.3f} s longer than the target, whose durations it was to have")
    frames = np.arange(min(len(voice.f0), len(reference.f0)))
    return np.stack([frames, frames], axis=1)


def compare(
    voice: Recording, reference: Recording, definition: FeatureDefinition, equal_timing: bool
) -> tuple[dict[str, float | None], dict[str, str]]:
    """Every metric of a voice against its reference.

    Returns:
        values: metric → value, None where it is undefined (no frame voiced in both) or could not be computed
        reasons: metric → why it could not be computed

    Raises:
        ValueError: the two cannot be compared at all.
    """
    pairs = pair_frames(voice, reference, definition, equal_timing)
    ours, theirs = voice.f0[pairs[:, 1]], reference.f0[pairs[:, 0]]
    values = {
        "mcd": mel_cepstral_distortion(voice.cepstra[pairs[:, 1]], reference.cepstra[pairs[:, 0]]),
        "f0_rmse": f0_rmse(ours, theirs),
        "gross_pitch_error": gross_pitch_error(ours, theirs),
        "vuv_error": vuv_error(ours, theirs),
    }
    reasons = {}
    if equal_timing:
        length = min(len(voice.audio), len(reference.audio))
        for name, measure in (("pesq", pesq_wideband), ("stoi", stoi)):
            try:
                values[name] = measure(voice.audio[:length], reference.audio[:length], definition.sampling_rate)
            except ValueError as error:
                values[name], reasons[name] = None, str(error)
    return {name: None if v is None or math.isnan(v) else v for name, v in values.items()}, reasons
