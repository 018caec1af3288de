"""The metrics by family: what is computed together, and on what kind of comparison it can be."""

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np

from svstoolkit.evaluation.comparison import Comparison
from svstoolkit.evaluation.contour_sums import transitions_of
from svstoolkit.evaluation.measures import beats, levels, melody, pitch, quality, rhythm, spectra, steady, vibrato
from svstoolkit.evaluation.measures.espnet import compare_espnet_features
from svstoolkit.evaluation.measures.mcd import mel_cepstral_distortion
from svstoolkit.evaluation.measures.transcription import transcribe
from svstoolkit.evaluation.measures.transitions import transition_errors
from svstoolkit.evaluation.metrics import METRICS
from svstoolkit.score.languages.registry import is_vowel

Values = dict[str, float]


@dataclass(frozen=True)
class Family:
    """Metrics that one computation gives. measure: comparison → metric → value; ValueError where none can be had"""

    names: tuple[str, ...]
    measure: Callable[[Comparison], Values]


def envelope(comparison: Comparison) -> Values:
    """Mel-cepstral distortion of the paired frames."""
    cepstra = comparison.voice_cepstra, comparison.reference_cepstra
    return {
        "mcd": mel_cepstral_distortion(*cepstra),
        "mcd_c0": mel_cepstral_distortion(*cepstra, with_c0=True),
    }


def spectrum(comparison: Comparison) -> Values:
    """Distances of the spectra at equal times."""
    sounds = comparison.equal_length_audio()
    return {
        "log_spectral_distance": spectra.log_spectral_distance(*sounds, comparison.voice.sampling_rate),
        "multi_resolution_stft": spectra.multi_resolution_stft_distance(*sounds, comparison.voice.sampling_rate),
    }


def f0(comparison: Comparison) -> Values:
    """F0 and voicing of the paired frames."""
    tracks = comparison.voice_f0, comparison.reference_f0
    return {
        "f0_rmse": pitch.f0_rmse(*tracks),
        "log_f0_rmse": pitch.log_f0_rmse(*tracks),
        "f0_correlation": pitch.f0_correlation(*tracks),
        "gross_pitch_error": pitch.gross_pitch_error(*tracks),
        "gross_pitch_error_20": pitch.gross_pitch_error_20(*tracks),
        "vuv_error": pitch.vuv_error(*tracks),
        "f0_frame_error": pitch.f0_frame_error(*tracks),
        "semitone_accuracy": pitch.semitone_accuracy(*tracks),
    }


def tune(comparison: Comparison) -> Values:
    """The voice's own F0 against the score, on the score's clock."""
    track, frame_period = comparison.voice.f0, comparison.definition.frame_period
    notes = melody.score_notes(comparison.song)
    frames = melody.melody_scores(track, melody.score_frames(comparison.song, len(track), frame_period))
    sung = melody.note_scores(transcribe(track, frame_period), notes)
    in_tune = melody.notes_in_tune(melody.note_deviations(track, notes, frame_period))
    return {**frames, **sung, "notes_in_tune": in_tune, **steady.steady_pitch_errors(track, notes, frame_period)}


def vibrati(comparison: Comparison) -> Values:
    """Vibrato of the score's notes, in the voice and in the recording."""
    spans, _ = melody.score_notes(comparison.song)
    period = comparison.definition.frame_period
    ours, theirs = (vibrato.note_vibrato(r.f0, spans, period) for r in (comparison.voice, comparison.reference))
    return vibrato.vibrato_errors(ours, theirs)


def transitions(comparison: Comparison) -> Values:
    """The way from note to note, in the voice and in the recording."""
    return transition_errors(transitions_of(comparison), transitions_of(comparison, reference=True))


def timing(comparison: Comparison) -> Values:
    """Where the phones lie, as the system placed them or, of foreign singing, as warping finds them."""
    song, bounds = comparison.song, comparison.sung_bounds
    vowels = np.array([is_vowel(phone, song.language) for phone in song.phones])
    late = beats.vowel_deviations(song, bounds, lambda phone: is_vowel(phone, song.language))
    return rhythm.timing_errors(bounds, comparison.reference_bounds, vowels) | beats.beat_errors(late)


def mean_opinion(comparison: Comparison) -> Values:
    """DNSMOS P.835 of the voice alone."""
    return {f"dnsmos_{name}": rating for name, rating in comparison.voice.dnsmos.items()}


def level(comparison: Comparison) -> Values:
    """Loudness against the recording's."""
    return {"loudness_difference": abs(comparison.voice.loudness - comparison.reference.loudness)}


def clipping(comparison: Comparison) -> Values:
    """Samples cut off at full scale."""
    return {"clipping": levels.clipping_rate(comparison.voice.audio)}


def espnet(comparison: Comparison) -> Values:
    """ESPnet's definitions, with its own frames, F0 and warping."""
    values = compare_espnet_features(comparison.voice.espnet, comparison.reference.espnet)
    return {f"espnet_{name}": value for name, value in values.items()}


def _perceptual(name: str, measure: Callable) -> Family:
    """A score of sound against sound at one moment."""
    return Family(
        (name,), lambda comparison: {name: measure(*comparison.equal_length_audio(), comparison.voice.sampling_rate)}
    )


def applies(metric: str, comparison: Comparison) -> bool:
    """Whether what the metric needs is known of this comparison."""
    needs = METRICS[metric].needs
    if needs == "timing":
        return comparison.equal_timing
    if needs == "score":
        return comparison.melody_known
    if needs in ("labels", "beats"):
        known = comparison.song is not None and comparison.reference_bounds is not None
        return known and not comparison.equal_timing and (comparison.melody_known or needs == "labels")
    return True


def compare(comparison: Comparison, wanted: Collection[str]) -> tuple[dict[str, float | None], dict[str, str]]:
    """The wanted metrics of a voice against its reference, as far as they apply to this comparison.

    Returns:
        values: metric → value, None where it is undefined (no frame voiced in both) or could not be computed
        reasons: metric → why it could not be computed
    """
    values: dict[str, float | None] = {}
    reasons: dict[str, str] = {}
    for family in FAMILIES:
        names = [name for name in family.names if name in wanted and applies(name, comparison)]
        if not names:
            continue
        try:
            measured = family.measure(comparison)
        except ValueError as error:
            measured = {}
            reasons |= dict.fromkeys(names, str(error))
        for name in names:
            value = measured.get(name)
            values[name] = None if value is None or not math.isfinite(value) else float(value)
    return values, reasons


TUNE = (
    "raw_pitch_accuracy",
    "notes_in_tune",
    "steady_pitch_error",
    "steady_pitch_error_20",
    "onset_f1",
    "onset_pitch_f1",
    "onset_pitch_offset_f1",
)
FAMILIES = (
    Family(("mcd", "mcd_c0"), envelope),
    Family(("log_spectral_distance", "multi_resolution_stft"), spectrum),
    Family(tuple(name for name, metric in METRICS.items() if metric.group == "pitch"), f0),
    Family(TUNE, tune),
    Family(("transition_error", "transition_duration_error", "overshoot_error"), transitions),
    Family(("vibrato_rate_error", "vibrato_extent_error", "vibrato_agreement"), vibrati),
    Family(tuple(name for name, metric in METRICS.items() if metric.group == "timing"), timing),
    _perceptual("pesq", quality.pesq_wideband),
    _perceptual("pesq_nb", quality.pesq_narrowband),
    _perceptual("stoi", quality.stoi),
    _perceptual("estoi", quality.estoi),
    Family(("dnsmos_sig", "dnsmos_bak", "dnsmos_ovrl"), mean_opinion),
    Family(("loudness_difference",), level),
    Family(("clipping",), clipping),
    Family(tuple(name for name, metric in METRICS.items() if metric.group == "espnet"), espnet),
)
