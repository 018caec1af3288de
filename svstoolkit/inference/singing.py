"""A whole song of any length from its score: sung phrase by phrase, each laid where the score has it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from svstoolkit.conf.reading import read_yaml
from svstoolkit.corpora.phrases import Phrase, cut_phrases
from svstoolkit.data.phone_table import phone_table
from svstoolkit.data.statistics import Statistics
from svstoolkit.errors import InputError
from svstoolkit.inference.mel_diffusion import MelRefiner
from svstoolkit.inference.overridden_singing import check_singers, sing_overridden, who_sings
from svstoolkit.inference.overrides import Overrides
from svstoolkit.inference.phrasing import LONGEST_PHRASE, timed_phrases
from svstoolkit.inference.sampling import OWN, Sampling
from svstoolkit.inference.seeds import utterance_seed
from svstoolkit.inference.voice import ReferenceSinger, WaveformRefiner
from svstoolkit.score.song import Song, qualified
from svstoolkit.score.timing import as_sung
from svstoolkit.systems.loading import stage_of
from svstoolkit.units import hz_to_midi

OCTAVE = 12
ROLES = {"acoustic": "acoustic", "vocoder": "vocoder", "distill": "diffusion", "diffusion": "diffusion"}  # of stages
PREFERRED = ("student", "fastspeech2", "nsf_hifigan", "smoothsinger")  # of several experiments of one stage


@dataclass(frozen=True)
class SungPhrase:
    """start: seconds in the song; song: the phrase's score; f0: (T,), Hz, 0 = unvoiced; durations: (N,) frames;
    energy: (T,) as features.energy has it, None of a voice without; predicted_f0: (T,) Hz, where F0 was overridden
    """

    start: float
    song: Song
    f0: np.ndarray
    durations: np.ndarray
    energy: np.ndarray | None = None
    predicted_f0: np.ndarray | None = None


@dataclass(frozen=True)
class Performance:
    """audio: (L,) float32 in [-1, 1], as long as the score, or as the speech was predicted to be; phrases: in order;
    boundaries: (N+1,) s in the song, where its phones begin and the last one ends
    """

    audio: np.ndarray
    phrases: list[SungPhrase]
    boundaries: np.ndarray


def perform(
    song: Song,
    singer: ReferenceSinger,
    speaker: str,
    refiner: MelRefiner | WaveformRefiner | None = None,
    sampling: Sampling = OWN,
    seed: int = 0,
    progress: Callable[[Iterable], Iterable] = iter,
    overrides: Sequence[Overrides] = (),
) -> Performance:
    """Sings a song. Between phrases, where the score rests for long, there is silence.

    Speech (`Song.spoken`) lasts as long as is predicted, and is spoken in one go, so it should not be much longer
    than the utterances of training.

    Args:
        speaker: one of the voice's singers.
        refiner, sampling: a model of stage 5 or 6, and its steps and sampler.
        progress: wraps the phrases, such as tqdm.
        overrides: in the song's times and at its pitch, the later over the earlier.

    Raises:
        InputError: nothing to sing, a singer or phone the voice does not know, or overrides that cannot be sung.
    """
    # what is spoken has its times, and so its phrases, only when they are predicted
    phrases = [Phrase(0.0, song.duration, song)] if song.spoken else cut_phrases(song, longest=LONGEST_PHRASE)
    if not phrases:
        raise InputError("the score has no note to sing, it rests throughout; choose another part with --part")
    tables = [phone_table(phrase.song, singer.vocabulary) for phrase in phrases]  # faults show before any work
    check_singers(overrides, singer.vocabulary.singers)
    singer.vocabulary.singer_id(speaker)
    rate, period = singer.features.sampling_rate, singer.features.frame_period
    vowels = frozenset(singer.vocabulary.vowels)

    def is_vowel(phone: str) -> bool:
        return qualified(phone, song.language) in vowels

    predicted = [
        singer.durations(phrase.song, table, who_sings(song, phrase, singer, speaker, overrides).phones)
        for phrase, table in zip(phrases, tables, strict=True)
    ]
    if song.spoken:
        song = as_sung(song, period * np.append(0, np.cumsum(predicted[0])), is_vowel)
        phrases = [Phrase(0.0, song.duration, song)]
    phrases, durations, boundaries = timed_phrases(song, phrases, predicted, overrides, is_vowel, period)
    audio = np.zeros(round(song.duration * rate), dtype=np.float32)
    sung = []
    for number, (phrase, frames) in enumerate(progress(list(zip(phrases, durations, strict=True)))):
        torch.manual_seed(utterance_seed(f"{number}", seed))
        table = phone_table(phrase.song, singer.vocabulary)
        rendering, predicted_f0 = sing_overridden(song, phrase, table, frames, singer, speaker, overrides)
        if refiner is not None:
            singers = who_sings(song, phrase, singer, speaker, overrides, frames)
            heard = singers.phones if isinstance(refiner, MelRefiner) else singers.most
            samples = refiner.refine(rendering, table, heard, sampling)
        else:
            samples = rendering.audio
        at = round(phrase.start * rate)
        piece = samples.cpu().numpy()[: len(audio) - at]
        audio[at : at + len(piece)] += piece
        energy = None if rendering.energy is None else rendering.energy.cpu().numpy()
        f0 = rendering.f0.cpu().numpy()
        sung.append(SungPhrase(phrase.start, phrase.song, f0, np.asarray(frames), energy, predicted_f0))
    return Performance(audio.clip(-1, 1), sung, boundaries)


def octaves_to_fit(song: Song, statistics: Statistics, speaker: str) -> int:
    """Semitones, whole octaves, that bring the song nearest to the middle of what the singer sang in training."""
    pitches = [note.pitch for note in song.notes if not note.is_rest]
    weights = [note.duration for note in song.notes if not note.is_rest]
    if speaker not in statistics.f0 or not pitches:
        return 0
    middle = hz_to_midi(np.exp(statistics.f0[speaker].log_mean))
    return OCTAVE * round((middle - np.average(pitches, weights=weights)) / OCTAVE)


def outside_range(song: Song, statistics: Statistics, speaker: str) -> int:
    """How many notes lie beyond the F0 the singer had in training, by more than a semitone."""
    if speaker not in statistics.f0:
        return 0
    lowest, highest = hz_to_midi(np.array([statistics.f0[speaker].minimum, statistics.f0[speaker].maximum]))
    return sum(not lowest - 1 <= note.pitch <= highest + 1 for note in song.notes if not note.is_rest)


def experiments_of(folder: Path) -> dict[str, Path]:
    """A recipe's exp/ → one trained experiment each for acoustic, vocoder and diffusion, by what their configs train.

    A student is preferred to what it was taught by; of several others, those that begin with a name of `PREFERRED`,
    and else the first by name.

    Raises:
        InputError: no trained acoustic model in it.
    """
    found: dict[str, list[tuple]] = {}
    for experiment in sorted(folder.iterdir() if folder.is_dir() else ()):
        if (experiment / "checkpoints").is_dir() and (experiment / "config.yaml").is_file():
            stage = stage_of(read_yaml(experiment / "config.yaml"))
            preference = [experiment.name.startswith(name) for name in PREFERRED]
            order = (stage != "distill", preference.index(True) if any(preference) else len(preference))
            found.setdefault(ROLES[stage], []).append((*order, experiment.name, experiment))
    if "acoustic" not in found:
        raise InputError(
            f"{folder}: holds no trained acoustic model; "
            "name a recipe's exp folder, such as egs/mini/exp after `make demo`"
        )
    return {role: min(experiments)[-1] for role, experiments in found.items()}


def retimed(song: Song, transpose: float, speed: float) -> Song:
    """The song `transpose` semitones higher and `speed` times as fast."""
    moved = song.transposed(transpose) if transpose else song
    return moved.stretched(1 / speed) if speed != 1 else moved
