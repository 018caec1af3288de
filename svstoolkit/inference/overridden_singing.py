"""One phrase sung by the reference singer as its predictions and a user's overrides together have it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from svstoolkit.conf.building import nearest
from svstoolkit.corpora.phrases import Phrase
from svstoolkit.errors import InputError
from svstoolkit.inference.controls import FramesInSong, overridden_energy, overridden_f0, singer_weights
from svstoolkit.inference.overrides import Overrides
from svstoolkit.inference.phone_times import NOMINAL
from svstoolkit.inference.voice import ReferenceSinger, Rendering
from svstoolkit.score.song import Song, qualified
from svstoolkit.score.timing import score_phone_boundaries
from svstoolkit.units import boundaries_to_frames


@dataclass(frozen=True)
class Singers:
    """Who sings a phrase.

    phones: a singer, or weights phone by phone (N, n_singers)
    frames: weights frame by frame (T, n_singers), None where phones tell all
    most: the singer of the greatest weight, whom models that take one singer hear
    """

    phones: str | np.ndarray
    frames: np.ndarray | None
    most: str


def check_singers(overrides: Sequence[Overrides], singers: Sequence[str]) -> None:
    """Raises InputError for a singer that the voice does not have; names where it is set."""
    for layer in overrides:
        if unknown := sorted(layer.singer_names - set(singers)):
            told = nearest(unknown[0], singers)
            raise InputError(f"{layer.source}: singer {unknown[0]!r} is none of the voice's; {told}")


def who_sings(
    song: Song,
    phrase: Phrase,
    singer: ReferenceSinger,
    speaker: str,
    overrides: Sequence[Overrides],
    durations: np.ndarray | None = None,
) -> Singers:
    """Who sings a phrase of a song: the singer, or as the overrides have it.

    Args:
        durations: (N,) frames; without them a curve is read where the score has the phones.
    """
    layers = [layer for layer in overrides if layer.sets("singers")]
    if not layers:
        return Singers(speaker, None, speaker)
    period = singer.features.frame_period
    if durations is None:
        vowels = frozenset(singer.vocabulary.vowels)
        written = score_phone_boundaries(phrase.song, lambda p: qualified(p, song.language) in vowels, NOMINAL)
        durations = boundaries_to_frames(written, period, round(phrase.song.duration / period)).clip(min=1)
    names = singer.vocabulary.singers
    weights = singer_weights(speaker, layers, FramesInSong.of_phrase(song, phrase, durations, period), names)
    starts = np.cumsum(durations) - durations
    per_phone = np.add.reduceat(weights, starts, axis=0) / np.asarray(durations, dtype=np.float32)[:, None]
    changing = any(layer.curves.get("singers") for layer in layers)
    return Singers(per_phone, weights if changing else None, names[int(weights.sum(axis=0).argmax())])


def sing_overridden(
    song: Song,
    phrase: Phrase,
    table: np.ndarray,
    durations: np.ndarray,
    singer: ReferenceSinger,
    speaker: str,
    overrides: Sequence[Overrides],
) -> tuple[Rendering, np.ndarray | None]:
    """A phrase sung, and the F0 (T,) Hz that was predicted where another was sung.

    Args:
        table: (N, 7), the phrase's phone table; durations: (N,) frames.

    Raises:
        InputError: energy is overridden, and the voice has none.
    """
    singers = who_sings(song, phrase, singer, speaker, overrides, durations)
    if not any(layer.sets("f0", "cents", "energy", "gain", "singers") for layer in overrides):
        return singer.sing(table, singers.phones, durations), None
    place = FramesInSong.of_phrase(song, phrase, durations, singer.features.frame_period)
    given = {} if singers.frames is None else {"frame_singers": singers.frames}
    predicted_f0 = None
    if any(layer.sets("f0", "cents") for layer in overrides):
        predicted_f0 = singer.predict(table, singers.phones, durations, **given)["f0"][0].cpu().numpy()
        given["f0"] = overridden_f0(predicted_f0, overrides, place)
    if louder := [layer for layer in overrides if layer.sets("energy", "gain")]:
        output = singer.predict(table, singers.phones, durations, **given)  # energy is predicted from F0
        if "energy" not in output:
            raise InputError(f"{louder[0].source}: the voice knows no energy; leave energy and gain out")
        predicted = output["energy"][0].cpu().numpy()
        given["energy"] = overridden_energy(predicted, louder, place, singer.features)
    return singer.sing(table, singers.phones, durations, **given), predicted_f0
