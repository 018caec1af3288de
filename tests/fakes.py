"""Small valid corpora for tests: harmonic tones sung on the notes of a score, with exact labels."""

from pathlib import Path

import numpy as np
import soundfile

from svstoolkit.data.directory import Utterance, write_data_directory
from svstoolkit.score.song import Note, Song
from svstoolkit.units import midi_to_hz

RATE = 24000
SINGERS = ("alto", "bass")
SYLLABLES = (("l", "a"), ("m", "i"), ("d", "u"))
CONSONANT = 0.08  # s, taken from what precedes the note


def tiny_song(seed: int, n_notes: int = 3) -> Song:
    """SP, `n_notes` syllables with the second one held over a slur, SP; about 1.5 s."""
    rng = np.random.default_rng(seed)
    notes, onset = [Note(0.0, 0.25, 0, "SP", ("SP",))], 0.25
    for i in range(n_notes):
        duration, pitch = float(rng.choice([0.25, 0.3, 0.35])), int(rng.integers(55, 68))
        phones = SYLLABLES[(seed + i) % len(SYLLABLES)]
        notes.append(Note(onset, duration, pitch, "".join(phones), phones))
        onset += duration
        if i == 1:
            notes.append(Note(onset, 0.2, pitch + 2, "—", phones[1:], slur=True))
            onset += 0.2
    return Song((*notes, Note(onset, 0.25, 0, "SP", ("SP",))))


def tiny_label(song: Song) -> list[tuple[float, float, str]]:
    """Vowels on their notes' onsets, consonants before them."""
    starts = []
    for note in song.notes:
        lead = CONSONANT * (len(note.phones) - 1)
        starts += [note.onset - lead + i * CONSONANT for i in range(len(note.phones))]
    ends = [*starts[1:], song.duration]
    return [(round(s, 3), round(e, 3), p) for s, e, p in zip(starts, ends, song.phones, strict=True)]


def sing(song: Song, rate: int = RATE, seed: int = 0) -> np.ndarray:
    """Harmonics of the notes' pitch below 5 kHz, noise on consonants: (L,) float in [-1, 1]."""
    rng = np.random.default_rng(seed)
    times = np.arange(round(song.duration * rate)) / rate
    f0 = np.zeros(len(times))
    for note in song.notes:
        f0[(times >= note.onset) & (times < note.end)] = midi_to_hz(note.pitch)
    phase = 2 * np.pi * np.cumsum(f0) / rate
    voice = sum(np.sin(k * phase) * ((f0 > 0) & (f0 * k < 5000)) / k for k in range(1, 16))
    for start, end, phone in tiny_label(song):
        if phone in ("l", "m", "d"):
            inside = (times >= start) & (times < end)
            voice[inside] = 0.2 * rng.standard_normal(int(inside.sum()))
    return 0.2 * voice + 1e-3 * rng.standard_normal(len(times))


def tiny_utterances(wav_dir: Path, prefix: str, n_utterances: int, rate: int = RATE) -> list[Utterance]:
    """Utterances of alternating singers with their wavs and labels."""
    wav_dir.mkdir(parents=True, exist_ok=True)
    utterances = []
    for i in range(n_utterances):
        singer = SINGERS[i % len(SINGERS)]
        song = tiny_song(seed=i)
        wav = wav_dir / f"{singer}_{prefix}{i:03d}.wav"
        soundfile.write(wav, sing(song, rate, seed=i), rate, subtype="PCM_16")
        utterances.append(Utterance(wav.stem, singer, wav, song, tiny_label(song)))
    return utterances


def tiny_data_directory(folder: Path, n_utterances: int = 4, rate: int = RATE) -> Path:
    """Writes `folder`/data/{train,dev,test}, with label; `n_utterances` in train, two in dev and in test.

    Returns:
        `folder`/data.
    """
    for name, count in (("train", n_utterances), ("dev", 2), ("test", 2)):
        write_data_directory(folder / "data" / name, tiny_utterances(folder / "wav", name, count, rate))
    return folder / "data"


def tiny_dump(folder: Path, n_utterances: int = 4, data_dir: Path | None = None) -> Path:
    """Runs stage 2, WORLD's features among it, on a tiny corpus (made in `folder` unless `data_dir` is given).

    Returns:
        `folder`/dump, with train, dev and test.
    """
    from svstoolkit.data.extraction import extract_dump
    from svstoolkit.features.definition import FeatureDefinition

    data_dir = data_dir or tiny_data_directory(folder, n_utterances)
    extract_dump(
        data_dir, folder / "dump", ["train", "dev", "test"], "train", FeatureDefinition(world=True), extractor="dio"
    )
    return folder / "dump"
