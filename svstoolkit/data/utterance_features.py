"""One utterance of a data directory → its features, every fault of its files found."""

from dataclasses import dataclass

import numpy as np
import torch

from svstoolkit.data.audio import Cut, native_rate, read_audio, resample
from svstoolkit.data.dataset import FULL_SCALE
from svstoolkit.data.directory import DataDirectory, Label
from svstoolkit.data.phone_table import DURATION, NOTE, per_frame, phone_table
from svstoolkit.data.recording_faults import CLIPPED_SAMPLES, clipped_samples
from svstoolkit.data.vocabulary import Vocabulary
from svstoolkit.errors import InputError
from svstoolkit.features.definition import FeatureDefinition
from svstoolkit.features.energy import frame_energy
from svstoolkit.features.f0 import extract_f0
from svstoolkit.features.loudness import loudness_gain
from svstoolkit.features.mel import mel_spectrogram
from svstoolkit.features.world import World
from svstoolkit.units import boundaries_to_frames

TOLERANCE = 0.050  # s, between the label and the audio, and between neighbouring phones of the label
LEAST_VOICED = 0.3  # part of the frames with a note; less is looked at
SHORT_OF_TARGET = 0.5  # LU below the loudness wanted that are told


@dataclass(frozen=True)
class Task:
    """What extraction needs to know of an utterance.

    boundaries: (N+1,) s, of its N phones
    table: (N, 7) phone table without durations
    limits: Hz, where its singer's F0 is searched; None: in all of the definition's range
    """

    utterance: str
    wav: str | Cut
    boundaries: np.ndarray
    table: np.ndarray
    limits: tuple[float, float] | None = None


@dataclass(frozen=True)
class UtteranceFeatures:
    """What stage 2 stores of an utterance.

    mel: (T, n_mels) float32, natural log
    f0: (T,) float32 Hz, 0 = unvoiced
    energy: (T,) float32
    audio: (T·hop,) int16
    phones: (N, 7) float32 phone table, its durations summing to T
    rate: Hz of the recording
    gain: it was multiplied with, for its loudness
    warnings: what to look at
    world: (T, n_world) float32, where the definition asks for it
    """

    mel: np.ndarray
    f0: np.ndarray
    energy: np.ndarray
    audio: np.ndarray
    phones: np.ndarray
    rate: int
    gain: float
    warnings: list[str]
    world: np.ndarray | None = None


def plan(directory: DataDirectory, utterance: str, vocabulary: Vocabulary) -> Task:
    """Reads score and label of an utterance, not its audio.

    Raises:
        InputError: text, score and label disagree, the label has gaps, or a phone or the singer is not in the
            vocabulary.
    """
    song = directory.song(utterance)
    vocabulary.singer_id(directory.speaker[utterance], utterance)
    table = phone_table(song, vocabulary, utterance=utterance)
    boundaries = _boundaries(directory, utterance)
    return Task(utterance, directory.wav[utterance], boundaries, table)


def extract_utterance(task: Task, definition: FeatureDefinition) -> UtteranceFeatures:
    """Reads the recording and computes its features, all from the 16-bit samples that are stored beside them.

    Raises:
        InputError: the recording is faulty (see `read_audio`), shorter than one window, not as long as its label,
            or has no F0 though it is sung.
    """
    samples, rate, warnings = _recording(task, definition.sampling_rate)
    _require_length(task, samples, definition)
    gain = 1.0
    if definition.loudness is not None:
        gain, loudness = _gain(task, samples, definition.sampling_rate, definition.loudness)
        if loudness < definition.loudness - SHORT_OF_TARGET:
            warnings.append(f"is raised to {loudness:.1f} LUFS, short of {definition.loudness:g}, so as not to clip")
    n_frames = len(samples) // definition.hop_length
    scaled = gain * FULL_SCALE * samples[: n_frames * definition.hop_length]
    audio = np.rint(np.clip(scaled, -FULL_SCALE, FULL_SCALE - 1))
    stored = (audio / FULL_SCALE).astype(np.float32)
    table = task.table.copy()
    table[:, DURATION] = boundaries_to_frames(task.boundaries, definition.frame_period, n_frames)
    f0 = extract_f0(stored.astype(np.float64), definition, limits=task.limits)
    sung = per_frame(table, NOTE) > 0
    voiced = np.mean(f0[sung] > 0) if sung.any() else 1.0
    if voiced == 0:
        low, high = task.limits or (definition.f0_min, definition.f0_max)
        raise InputError(
            f"utterance {task.utterance}: {task.wav} has no voiced frame between {low:g} and {high:g} Hz on its notes; "
            "pair the right recording, widen f0_min to f0_max in conf/features.yaml, or drop the utterance"
        )
    if voiced < LEAST_VOICED:
        warnings.append(f"only {100 * voiced:.0f}% of its notes' frames are voiced; listen, and check its label")
    batch = torch.from_numpy(stored).unsqueeze(0)
    return UtteranceFeatures(
        mel=mel_spectrogram(batch, definition)[0].numpy(),
        f0=f0,
        energy=frame_energy(batch, definition)[0].numpy(),
        audio=audio.astype(np.int16),
        phones=table,
        rate=rate,
        gain=gain,
        warnings=warnings,
        world=World.of(definition).analyse(stored, f0) if definition.world else None,
    )


def _recording(task: Task, sampling_rate: int) -> tuple[np.ndarray, int, list[str]]:
    """The recording (L,) at `sampling_rate` Hz, its own rate, and what is wrong with its level."""
    rate = native_rate(task.wav)
    samples = read_audio(task.wav, max(rate, sampling_rate), task.utterance)  # which refuses a lower rate
    clipped = clipped_samples(samples)
    warnings = [f"{clipped} samples at full scale; listen whether it distorts"] if clipped >= CLIPPED_SAMPLES else []
    return resample(samples, rate, sampling_rate), rate, warnings


def _gain(task: Task, samples: np.ndarray, sampling_rate: int, target: float) -> tuple[float, float]:
    try:
        return loudness_gain(samples, sampling_rate, target)
    except ValueError as error:
        raise InputError(
            f"utterance {task.utterance}: {task.wav} is {error}; replace it, drop the utterance, or set loudness: null "
            "in conf/features.yaml"
        ) from error


def _require_length(task: Task, samples: np.ndarray, definition: FeatureDefinition) -> None:
    length, end = len(samples) / definition.sampling_rate, float(task.boundaries[-1])
    if abs(length - end) > TOLERANCE:
        raise InputError(
            f"utterance {task.utterance}: its label ends at {end:.3f} s, its audio {task.wav} at {length:.3f} s; "
            "align it again (stage 1 with --overwrite true) or correct the label"
        )
    if len(samples) < definition.n_fft:
        raise InputError(
            f"utterance {task.utterance}: {task.wav} has {len(samples)} samples at {definition.sampling_rate} Hz, "
            f"fewer than one window of {definition.n_fft}; drop the utterance"
        )


def _boundaries(directory: DataDirectory, utterance: str) -> np.ndarray:
    where = f"{directory.path}/label: utterance {utterance}"
    if utterance not in directory.label:
        raise InputError(f"{where} is missing; run stage 1 again")
    label: Label = directory.label[utterance]
    phones = tuple(phone for _, _, phone in label)
    if phones != directory.text[utterance]:
        raise InputError(
            f"{where} has phones {' '.join(phones)}, text has {' '.join(directory.text[utterance])}; run stage 1 again"
        )
    starts = np.array([start for start, _, _ in label])
    ends = np.array([end for _, end, _ in label])
    gaps = np.concatenate([starts[:1], starts[1:] - ends[:-1]])
    if (worst := int(np.abs(gaps).argmax())) and abs(gaps[worst]) > TOLERANCE:
        raise InputError(
            f"{where}: phone {worst + 1} ({phones[worst]}) starts at {starts[worst]:.3f} s, the one before it ends at "
            f"{ends[worst - 1]:.3f} s; phones must follow each other, put SP where there is silence"
        )
    if starts[0] > TOLERANCE:
        raise InputError(f"{where}: its first phone starts at {starts[0]:.3f} s; expected 0, put SP before it")
    return np.append(starts, ends[-1])
