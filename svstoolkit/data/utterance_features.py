"""One utterance of a data directory → its features, every fault of its files found."""

from dataclasses import dataclass

import numpy as np
import torch

from svstoolkit.data.audio import read_audio
from svstoolkit.data.dataset import FULL_SCALE
from svstoolkit.data.directory import DataDirectory, Label
from svstoolkit.data.phone_table import DURATION, phone_table
from svstoolkit.data.vocabulary import Vocabulary
from svstoolkit.errors import InputError
from svstoolkit.features.definition import FeatureDefinition
from svstoolkit.features.energy import frame_energy
from svstoolkit.features.f0 import extract_f0
from svstoolkit.features.mel import mel_spectrogram
from svstoolkit.units import boundaries_to_frames

TOLERANCE = 0.050  # s, between the label and the audio, and between neighbouring phones of the label


@dataclass(frozen=True)
class Task:
    """What extraction needs to know of an utterance.

    boundaries: (N+1,) s, of its N phones
    table: (N, 7) phone table without durations
    """

    utterance: str
    wav: str
    boundaries: np.ndarray
    table: np.ndarray


@dataclass(frozen=True)
class UtteranceFeatures:
    """What stage 2 stores of an utterance.

    mel: (T, n_mels) float32, natural log
    f0: (T,) float32 Hz, 0 = unvoiced
    energy: (T,) float32
    audio: (T·hop,) int16
    phones: (N, 7) float32 phone table, its durations summing to T
    """

    mel: np.ndarray
    f0: np.ndarray
    energy: np.ndarray
    audio: np.ndarray
    phones: np.ndarray


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


def extract_utterance(task: Task, definition: FeatureDefinition, extractor: str = "harvest") -> UtteranceFeatures:
    """Reads the recording and computes its features, all from the 16-bit samples that are stored beside them.

    Raises:
        InputError: the recording is faulty (see `read_audio`), shorter than one window, or not as long as its label.
    """
    samples = read_audio(task.wav, definition.sampling_rate, task.utterance)
    length, end = len(samples) / definition.sampling_rate, float(task.boundaries[-1])
    if abs(length - end) > TOLERANCE:
        raise InputError(
            f"utterance {task.utterance}: its label ends at {end:.3f} s, its audio {task.wav} at {length:.3f} s; "
            "align it again (stage 1 with --overwrite true) or correct the label"
        )
    n_frames = len(samples) // definition.hop_length
    if len(samples) < definition.n_fft:
        raise InputError(
            f"utterance {task.utterance}: {task.wav} has {len(samples)} samples at {definition.sampling_rate} Hz, "
            f"fewer than one window of {definition.n_fft}; drop the utterance"
        )
    audio = np.rint(np.clip(samples[: n_frames * definition.hop_length] * FULL_SCALE, -FULL_SCALE, FULL_SCALE - 1))
    stored = (audio / FULL_SCALE).astype(np.float32)
    batch = torch.from_numpy(stored).unsqueeze(0)
    table = task.table.copy()
    table[:, DURATION] = boundaries_to_frames(task.boundaries, definition.frame_period, n_frames)
    return UtteranceFeatures(
        mel=mel_spectrogram(batch, definition)[0].numpy(),
        f0=extract_f0(stored.astype(np.float64), definition, extractor),
        energy=frame_energy(batch, definition)[0].numpy(),
        audio=audio.astype(np.int16),
        phones=table,
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
