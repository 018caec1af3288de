"""The embedded corpus: a synthetic singer for machines without a corpus, with the exact truth of every boundary.

Public-domain songs (`melodies`), each syllable spoken by espeak-ng (`espeak`) and sung by `speech_to_singing`.
Everything follows from the seed and the utterance alone: utterances can be made in any order, by any number of
processes, again or only partly, and come out bit for bit the same.
"""

import hashlib
import logging
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from svstoolkit.corpora.synthesis.espeak import speak_mandarin
from svstoolkit.corpora.synthesis.melodies import MELODIES, SPLIT, Melody, semitone_range, song_of_line
from svstoolkit.corpora.synthesis.singing_durations import phone_timing
from svstoolkit.corpora.synthesis.singing_f0 import F0Model
from svstoolkit.corpora.synthesis.singing_spectrum import SpectralModel
from svstoolkit.corpora.synthesis.speech_to_singing import Singer, Singing, speech_to_singing
from svstoolkit.corpora.synthesis.spoken_syllable import AnalysedSyllable, SpokenSyllable, analyse
from svstoolkit.data.audio import write_audio
from svstoolkit.data.directory import Label, Utterance, write_label
from svstoolkit.data.files import write_json
from svstoolkit.errors import InputError
from svstoolkit.score.song import Song

SAMPLING_RATE = 24000
ROOM_NOISE = 1e-4  # RMS of the noise a recording has even in silence, −80 dB of full scale

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class MiniSinger:
    """A singer: who speaks the syllables, how the voice is coloured, and the middle of its range (MIDI)."""

    name: str
    voice: str
    pitch: int
    centre: int
    style: Singer


SINGERS = {
    singer.name: singer
    for singer in (
        MiniSinger(
            "alto",
            voice="cmn-latn-pinyin+f1",
            pitch=50,
            centre=65,
            style=Singer(
                formant_warp=1.04,
                brightness=1.0,
                breathiness=-4.0,
                f0=F0Model(vibrato_extent=35.0, fine_extent=2.0),
                spectrum=SpectralModel(formant_gain=4.0, am_depth=0.1),
            ),
        ),
        MiniSinger(
            "tenor",
            voice="cmn-latn-pinyin+m3",
            pitch=60,
            centre=54,
            style=Singer(
                formant_warp=0.98,
                breathiness=-4.0,
                f0=F0Model(vibrato_extent=28.0, vibrato_delay=0.3, fine_extent=1.0),
                spectrum=SpectralModel(formant_gain=8.0, am_depth=0.1),
            ),
        ),
    )
}


@dataclass(frozen=True)
class Phrase:
    """One utterance to be made."""

    id: str
    singer: str
    melody: str
    words: str
    song: Song
    seed: int


def phrases(seed: int = 0, phrases_per_song: int | None = None) -> dict[str, list[Phrase]]:
    """The corpus as scores, without sound: {"train": …, "dev": …, "test": …}.

    Args:
        phrases_per_song: at most this many lines of each song; of the train songs, as many more as it takes for
            every phone of dev and test to occur in train. None: everything.

    Raises:
        ValueError: phrases_per_song < 1.
    """
    if phrases_per_song is not None and phrases_per_song < 1:
        raise ValueError(f"phrases_per_song must be at least 1, not {phrases_per_song}")
    by_name = {melody.name: melody for melody in MELODIES}
    sets = {
        name: [
            _phrase(seed, singer, by_name[song], i)
            for singer in SINGERS
            for song in songs
            for i in _lines(by_name[song])
        ]
        for name, songs in SPLIT.items()
    }
    if phrases_per_song is None:
        return sets
    first = {name: [p for p in sets[name] if _line_number(p) <= phrases_per_song] for name in sets}
    needed = _phone_set(first["dev"]) | _phone_set(first["test"])
    for singer in SINGERS:
        rest = [p for p in sets["train"] if p.singer == singer and p not in first["train"]]
        while missing := needed - _phone_set(p for p in first["train"] if p.singer == singer):
            best = max(rest, key=lambda p: len(missing & set(p.song.phones)))
            first["train"].append(best)
            rest.remove(best)
    return first


def utterances(
    corpus_dirs: list[Path], seed: int = 0, nj: int = 1, phrases_per_song: int | None = None
) -> dict[str, list[Utterance]]:
    """Makes the corpus: `corpus_dir`/wav/*.wav (24 kHz, 16 bit, mono) and the truth in `corpus_dir`/truth/label.

    Recordings that are there already are kept, so an interrupted run is completed; those of another seed or
    another version of the synthesis are made anew.

    Args:
        corpus_dirs: one folder; the corpus is made in it.
        nj: processes.
        phrases_per_song: see `phrases`.

    Returns:
        utterances of each set, without labels: the truth is for measuring alone.
    """
    if len(corpus_dirs) != 1:
        raise InputError(f"--corpus_dir: corpus mini is made in one folder, not in {len(corpus_dirs)}")
    corpus_dir = Path(corpus_dirs[0])
    sets = phrases(seed, phrases_per_song)
    wanted = [phrase for name in sets for phrase in sets[name]]
    paths = {p.id: corpus_dir / "wav" / f"{p.id}.wav" for p in wanted}
    _discard_others(corpus_dir, {"seed": seed, "version": _version()})
    missing = [p for p in wanted if not paths[p.id].is_file()]
    _make_all(missing, corpus_dir / "wav", nj)
    write_label(corpus_dir / "truth" / "label", {p.id: true_label(p) for p in wanted})
    return {name: [Utterance(p.id, p.singer, paths[p.id], p.song) for p in sets[name]] for name in sets}


def sing(phrase: Phrase) -> Singing:
    """The phrase sung; samples include the room's noise."""
    singer = SINGERS[phrase.singer]
    analysed = [_analysed(phrase.singer, p) for p in _syllables(phrase.song)]
    singing = speech_to_singing(analysed, phrase.song, singer.style, seed=phrase.seed, sampling_rate=SAMPLING_RATE)
    noise = np.random.default_rng(phrase.seed + 1).standard_normal(len(singing.samples))
    singing.samples[:] += ROOM_NOISE * noise
    return singing


def true_label(phrase: Phrase) -> Label:
    """Exact times of the phrase's phones; needs the spoken syllables' boundaries but no singing."""
    return phone_timing(phrase.song, [_spoken(phrase.singer, p) for p in _syllables(phrase.song)])


def _lines(melody: Melody) -> range:
    return range(1, len(melody.lines) + 1)


def _line_number(phrase: Phrase) -> int:
    return int(phrase.id.rsplit("_", 1)[1])


def _phone_set(phrases: Iterable[Phrase]) -> set[str]:
    return {phone for p in phrases for phone in p.song.phones}


def _phrase(seed: int, singer: str, melody: Melody, line: int) -> Phrase:
    """Key, tempo and rests of a line are drawn for (seed, singer, melody, line) alone."""
    identity = f"{singer}_{melody.name}_{line:02d}"
    random = np.random.default_rng([seed, *identity.encode()])
    words, notation = melody.lines[line - 1]
    low, high = semitone_range(melody)
    tonic = SINGERS[singer].centre - (low + high) // 2 + int(random.integers(-3, 4))
    song = song_of_line(
        words,
        notation,
        tonic=tonic,
        tempo=round(melody.tempo * random.uniform(0.92, 1.10), 1),
        silence_before=random.uniform(0.20, 0.32),
        breath_before=random.uniform(0.25, 0.40) if random.random() < 0.5 else 0.0,
        silence_after=random.uniform(0.22, 0.36),
    )
    return Phrase(identity, singer, melody.name, words, song, seed=int(random.integers(2**31)))


def _syllables(song: Song) -> list[str]:
    return ["".join(note.phones) for note in song.notes if not note.is_rest and not note.slur]


@cache
def _spoken(singer: str, pinyin: str) -> SpokenSyllable:
    return speak_mandarin(pinyin, voice=SINGERS[singer].voice, pitch=SINGERS[singer].pitch)


@cache
def _analysed(singer: str, pinyin: str) -> AnalysedSyllable:
    return analyse(_spoken(singer, pinyin), SAMPLING_RATE)


def _make_all(missing: list[Phrase], wav_dir: Path, n_jobs: int) -> None:
    """Makes recordings in `n_jobs` processes, each with its own run of the sorted phrases.

    A process so meets few singers, and speaks and analyses each of their syllables once.
    """
    from tqdm import tqdm

    ordered = sorted(missing, key=lambda p: p.id)
    n_jobs = min(n_jobs, len(ordered))
    progress = partial(tqdm, total=len(ordered), desc="singing", unit="phrase", disable=not ordered)
    if n_jobs <= 1:
        for phrase in progress(ordered):
            _make(phrase, wav_dir)
        return
    pools = [ProcessPoolExecutor(1, mp_context=get_context("spawn")) for _ in range(n_jobs)]
    try:
        jobs = [pools[i * n_jobs // len(ordered)].submit(_make, p, wav_dir) for i, p in enumerate(ordered)]
        for job in progress(as_completed(jobs)):
            job.result()
    finally:
        for pool in pools:
            pool.shutdown(cancel_futures=True)


def _make(phrase: Phrase, wav_dir: Path) -> None:
    samples = sing(phrase).samples
    write_audio(wav_dir / f"{phrase.id}.wav", np.rint(samples * 32767).astype(np.int16), SAMPLING_RATE)


def _discard_others(corpus_dir: Path, made_by: dict) -> None:
    """Removes recordings made with another seed or version; records what the coming ones are made by.

    Raises:
        InputError: the folder holds recordings that this corpus did not make.
    """
    import json

    record = corpus_dir / "made_by.json"
    if record.is_file() and json.loads(record.read_text(encoding="utf-8")) == made_by:
        return
    stale = sorted((corpus_dir / "wav").glob("*.wav"))
    if stale and not record.is_file():
        raise InputError(f"{corpus_dir}/wav holds recordings of another origin; give corpus mini an empty --corpus_dir")
    if stale:
        log.warning("%s: %d recordings of another seed or version are made anew", corpus_dir, len(stale))
    for path in stale:
        path.unlink()
    write_json(record, made_by)


def _version() -> str:
    """Digest of the synthesis's own sources, so that a change of them is not mistaken for finished work."""
    synthesis = sorted(Path(__file__).with_name("synthesis").glob("*.py"))
    sources = [path.read_bytes() for path in (Path(__file__), *synthesis)]
    return hashlib.sha256(b"\0".join(sources)).hexdigest()[:16]
