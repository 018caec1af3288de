"""The objective figures of ESPnet's recipes, by ESPnet's own definitions, so that published numbers compare.

They are those of `evaluate_{mcd,f0,semitone,vuv}.py` in ESPnet's egs2/TEMPLATE/asr1/pyscripts/utils, which score
the singing recipes (svs.sh, stage 9), with their default options:

- Samples are 16-bit integers in −32768 … 32767; frames are 1024 samples every 256, at every sampling rate.
- MCD: mel-cepstra by SPTK's `mcep` of Hamming windows (power normalised, 1e-6 added to the periodogram) from
  sample 0 on without padding; order and α by rate, five rates only. c(0) is **included**, so MCD measures loudness
  too, and the frames are paired by dynamic time warping on the same cepstra, which forgives timing.
- F0 by WORLD's Harvest, **40–800 Hz** whatever the recipe's range: higher notes of a soprano are lost or an octave off.
  Frames are paired by warping on CheapTrick's envelopes (`sp2mc`, c(0) included). With an FFT of 1024, CheapTrick takes
  F0 below 3·rate/1021 (71 Hz at 24 kHz, 130 Hz at 44.1 kHz) for 500 Hz.
- log-F0 RMSE: natural logarithm, over pairs voiced in both.
- Semitone accuracy: pairs whose F0, rounded to a semitone of A4 = 440 Hz, is the same; two unvoiced frames count
  as **correct**, so silence raises it.
- V/UV error: pairs voiced in one only, of all.
- The warping is `fastdtw`, an approximation; see `fast_dtw_path` for its two builds.

Two things of the scripts are not reproduced: at different sampling rates they resample the reference (and stop, with
numpy ≥ 1.24); and they leave out utterances that fail.
"""

from dataclasses import dataclass

import numpy as np

from svstoolkit.errors import InputError
from svstoolkit.evaluation.measures.cepstra import mel_cepstrum, order_and_alpha
from svstoolkit.evaluation.measures.fast_dtw import fast_dtw_path
from svstoolkit.evaluation.measures.mcd import mel_cepstral_distortion
from svstoolkit.evaluation.measures.mcep import mel_cepstral_analysis
from svstoolkit.units import hz_to_midi

RATES = (16000, 22050, 24000, 44100, 48000)
FRAME, SHIFT = 1024, 256  # samples
F0_MIN, F0_MAX = 40.0, 800.0  # Hz
FLOOR = 1e-6  # of the periodogram of 16-bit integers
FULL_SCALE = 32768.0


@dataclass(frozen=True)
class EspnetFeatures:
    """cepstra: (T, order + 1) by SPTK's mcep; f0: (T',) Hz, 0 = unvoiced; envelope: (T', order + 1), CheapTrick's"""

    cepstra: np.ndarray
    f0: np.ndarray
    envelope: np.ndarray


def espnet_metrics(
    voice: np.ndarray,
    reference: np.ndarray,
    sampling_rate: int,
    f0_min: float = F0_MIN,
    f0_max: float = F0_MAX,
    compiled: bool = True,
) -> dict[str, float]:
    """ESPnet's four figures of a voice against its recording; see the module for what they mean.

    Args:
        voice, reference: (L,), (L',) in [−1, 1]; taken in 16-bit steps, so exact for files of 16 bits
        sampling_rate: Hz, of both; one of RATES
        f0_min, f0_max: Hz, Harvest's range; ESPnet's own unless given
        compiled: which build of `fastdtw` to follow; see `fast_dtw_path`

    Returns:
        mcd: dB; log_f0_rmse: natural log, NaN where nothing is voiced in both; semitone_accuracy: %; vuv_error: %

    Raises:
        InputError: a rate for which ESPnet has no setting.
        ValueError: one of the two is shorter than a frame.
    """
    features = (espnet_features(audio, sampling_rate, f0_min, f0_max) for audio in (voice, reference))
    return compare_espnet_features(*features, compiled)


def espnet_features(
    audio: np.ndarray, sampling_rate: int, f0_min: float = F0_MIN, f0_max: float = F0_MAX
) -> EspnetFeatures:
    """What the figures are made from; the same arguments and errors as `espnet_metrics`."""
    import pyworld

    if sampling_rate not in RATES:
        known = ", ".join(map(str, RATES))
        raise InputError(f"ESPnet's metrics are defined for {known} Hz, not {sampling_rate} Hz; score without them")
    if len(audio) < FRAME:
        raise ValueError(f"is shorter than one of ESPnet's frames ({len(audio)} of {FRAME} samples)")
    order, alpha = order_and_alpha(sampling_rate)
    samples = np.clip(np.rint(np.asarray(audio, dtype=np.float64) * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1)

    window = np.hamming(FRAME)
    window /= np.sqrt(np.sum(window**2))
    frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME)[::SHIFT] * window

    f0, times = pyworld.harvest(samples, sampling_rate, f0_min, f0_max, frame_period=1000.0 * SHIFT / sampling_rate)
    power = pyworld.cheaptrick(samples, f0, times, sampling_rate, fft_size=FRAME)
    return EspnetFeatures(mel_cepstral_analysis(frames, order, alpha, FLOOR), f0, mel_cepstrum(power, order, alpha))


def compare_espnet_features(
    voice: EspnetFeatures, reference: EspnetFeatures, compiled: bool = True
) -> dict[str, float]:
    """`espnet_metrics` of features that are already there."""
    pairs = fast_dtw_path(voice.cepstra, reference.cepstra, compiled=compiled)
    mcd = mel_cepstral_distortion(voice.cepstra[pairs[:, 0]], reference.cepstra[pairs[:, 1]], with_c0=True)
    pairs = fast_dtw_path(voice.envelope, reference.envelope, compiled=compiled)
    ours, theirs = voice.f0[pairs[:, 0]], reference.f0[pairs[:, 1]]
    both = (ours > 0) & (theirs > 0)
    same = np.rint(hz_to_midi(ours)) == np.rint(hz_to_midi(theirs))  # unvoiced is MIDI 0, far below any F0
    log_ratio = np.log(ours[both]) - np.log(theirs[both])
    return {
        "mcd": mcd,
        "log_f0_rmse": float(np.sqrt(np.mean(log_ratio**2))) if both.any() else float("nan"),
        "semitone_accuracy": 100.0 * float(np.mean(same)),
        "vuv_error": 100.0 * float(np.mean((ours > 0) != (theirs > 0))),
    }
