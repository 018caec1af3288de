"""What a training shows of whole phrases: sound, pictures and the very metrics that stage 8 reports."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from torch import nn

from svstoolkit.evaluation.comparison import Comparison, pair_frames
from svstoolkit.evaluation.families import compare
from svstoolkit.evaluation.measures.pitch import f0_rmse, gross_pitch_error, vuv_error
from svstoolkit.evaluation.page.pictures import log_mel, mel_pixels, shown_range
from svstoolkit.evaluation.recording import analyse
from svstoolkit.features.definition import FeatureDefinition
from svstoolkit.training.journal import Observation

METRICS = ("mcd", "f0_rmse", "gross_pitch_error", "vuv_error")  # cheap, and defined for a voice still unborn
F0_EXTRACTOR = "dio"  # stage 8's


def observer(definition: FeatureDefinition) -> Callable[[Any, Mapping[str, nn.Module], Mapping], Observation]:
    """A function (system, networks, batch of one whole phrase) → `Observation`, for the training loop.

    Systems of waveforms are scored as stage 8 scores singing with the recording's timing. For those of frames the mel
    is shown, their own or that of the audio they make, and F0 is scored as predicted.
    """

    def observe(system: Any, networks: Mapping[str, nn.Module], batch: Mapping) -> Observation:
        shown = {name: value[0].float().cpu().numpy() for name, value in system.demonstrate(networks, batch).items()}
        recorded = {name: batch[name][0].float().cpu().numpy() for name in ("mel", "f0", "audio") if name in batch}
        (phrase,) = batch["utterances"]
        if "audio" in shown and "audio" in recorded:
            return observe_sound(phrase, shown["audio"], recorded["audio"], definition)
        values = {
            "f0_rmse": f0_rmse(shown["f0"], recorded["f0"]),
            "gross_pitch_error": gross_pitch_error(shown["f0"], recorded["f0"]),
            "vuv_error": vuv_error(shown["f0"], recorded["f0"]),
        }
        known = {name: None if np.isnan(value) else value for name, value in values.items()}
        sounds = {"sung": shown["audio"]} if "audio" in shown else {}
        mel = log_mel(shown["audio"], definition) if sounds else shown["mel"]
        return Observation(phrase, known, sounds, _pictures(mel, recorded["mel"]), definition.sampling_rate)

    return observe


def observe_sound(phrase: str, voice: np.ndarray, recording: np.ndarray, definition: FeatureDefinition) -> Observation:
    """voice, recording: (L,) in [−1, 1] of equal timing. A silent voice has no metrics."""
    sounds = {"sung": voice, "recorded": recording}
    pictures = _pictures(log_mel(voice, definition), log_mel(recording, definition))
    try:
        ours, theirs = (analyse(x.astype(np.float64), definition, F0_EXTRACTOR) for x in (voice, recording))
        comparison = Comparison(ours, theirs, pair_frames(ours, theirs, definition, True), definition, True)
        values, _ = compare(comparison, METRICS)
    except ValueError:
        values = dict.fromkeys(METRICS)
    return Observation(phrase, values, sounds, pictures, definition.sampling_rate)


def _pictures(voice: np.ndarray, recording: np.ndarray) -> dict[str, np.ndarray]:
    """The two mels (T, n_mels), the recording's below, in the colours of the page."""
    shown = shown_range(recording)
    length = min(len(voice), len(recording))
    gap = np.zeros((2, length, 3), dtype=np.uint8)
    return {"mel": np.concatenate([mel_pixels(voice[:length], shown), gap, mel_pixels(recording[:length], shown)])}
