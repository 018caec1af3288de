"""What overrides make of a phrase's F0, energy and singers, frame by frame."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from svstoolkit.corpora.phrases import Phrase
from svstoolkit.features.definition import FeatureDefinition
from svstoolkit.features.energy import energy_of_level, level_of_energy
from svstoolkit.inference.overrides import Overrides, Settings
from svstoolkit.inference.phrasing import first_phone
from svstoolkit.score.song import Song


@dataclass(frozen=True)
class FramesInSong:
    """Where a phrase's frames lie in its song.

    times: (T,) s of their centres; durations: (N,) frames of its phones; phones, notes: (N,) indices in the song
    """

    times: np.ndarray
    durations: np.ndarray
    phones: np.ndarray
    notes: np.ndarray

    @classmethod
    def of_phrase(cls, song: Song, phrase: Phrase, durations: np.ndarray, frame_period: float) -> "FramesInSong":
        counts = [len(note.phones) for note in phrase.song.notes]
        return cls(
            times=phrase.start + (np.arange(int(np.sum(durations))) + 0.5) * frame_period,
            durations=np.asarray(durations),
            phones=first_phone(song, phrase) + np.arange(sum(counts)),
            notes=phrase.first + np.repeat(np.arange(len(counts)), counts),
        )

    def per_phone(self, layer: Overrides) -> list[tuple[Settings, Settings, Settings]]:
        """Of each phone (N) what is set for it, for its note and for the song."""
        nothing = Settings()
        return [
            (layer.phones.get(phone, nothing), layer.notes.get(note, nothing), layer.song)
            for phone, note in zip(self.phones.tolist(), self.notes.tolist(), strict=True)
        ]

    def absolute(self, layer: Overrides, control: str) -> np.ndarray:
        """(T,) what is set for phones, notes or the song; NaN where nothing is."""
        found = [
            next((v for s in levels if (v := getattr(s, control)) is not None), np.nan)
            for levels in self.per_phone(layer)
        ]
        return np.repeat(np.array(found, dtype=np.float64), self.durations)

    def relative(self, layer: Overrides, control: str) -> np.ndarray:
        """(T,) the sum of what phones, notes, song and curves add."""
        sums = [sum(getattr(s, control) or 0.0 for s in levels) for levels in self.per_phone(layer)]
        return np.repeat(np.array(sums, dtype=np.float64), self.durations) + np.nan_to_num(self.curve(layer, control))

    def curve(self, layer: Overrides, control: str) -> np.ndarray:
        """(T,) what curves set; NaN between them."""
        found = np.full(len(self.times), np.nan)
        for curve in layer.curves.get(control, ()):
            values = curve.sampled(self.times, logarithmic=control == "f0")
            found = np.where(np.isnan(values), found, values)
        return found


def overridden_f0(predicted: np.ndarray, layers: Sequence[Overrides], frames: FramesInSong) -> np.ndarray:
    """predicted: (T,) Hz, 0 = unvoiced → (T,) float32 Hz as the layers, one after another, leave it."""
    f0 = np.asarray(predicted, dtype=np.float64)
    for layer in layers:
        if not layer.sets("f0", "cents"):
            continue
        level = frames.absolute(layer, "f0")
        f0 = np.where(np.isnan(level), f0, np.where(f0 > 0, level, 0.0))
        curve = frames.curve(layer, "f0")
        follows = ~np.isnan(curve) & (layer.voicing | (f0 > 0))
        f0 = np.where(follows, curve, f0) * 2.0 ** (frames.relative(layer, "cents") / 1200)
    return f0.astype(np.float32)


def overridden_energy(
    predicted: np.ndarray, layers: Sequence[Overrides], frames: FramesInSong, definition: FeatureDefinition
) -> np.ndarray:
    """predicted: (T,) energy, as features.energy has it → (T,) float32 as the layers leave it."""
    level = level_of_energy(predicted, definition)
    for layer in layers:
        if layer.sets("energy", "gain"):
            for given in (frames.absolute(layer, "energy"), frames.curve(layer, "energy")):
                level = np.where(np.isnan(given), level, given)
            level = level + frames.relative(layer, "gain")
    return energy_of_level(level, definition).astype(np.float32)


def singer_weights(
    speaker: str, layers: Sequence[Overrides], frames: FramesInSong, singers: Sequence[str]
) -> np.ndarray:
    """(T, S) float32 weights of the voice's S `singers`, each frame's adding up to 1.

    `speaker` sings what the layers leave open.
    """
    index = {name: i for i, name in enumerate(singers)}

    def weights_of(mixes: Sequence[Mapping[str, float]]) -> np.ndarray:
        weights = np.zeros((len(mixes), len(singers)))
        for row, mix in enumerate(mixes):
            weights[row, [index[name] for name in mix]] = list(mix.values())
        return weights

    weights = np.repeat(weights_of([{speaker: 1.0}]), len(frames.times), axis=0)
    for layer in layers:
        mixes = [next((s.singers for s in levels if s.singers), {}) for levels in frames.per_phone(layer)]
        given = np.repeat(weights_of(mixes), frames.durations, axis=0)
        weights = np.where(given.any(axis=1, keepdims=True), given, weights)
        for curve in layer.curves.get("singers", ()):
            sampled = curve.sampled(frames.times)
            given = np.zeros_like(weights)
            given[:, [index[name] for name in curve.names]] = sampled
            weights = np.where(np.isnan(sampled[:, :1]), weights, given)
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
