"""A whole song: every phrase where the score has it, and as the singer can sing it."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from svstoolkit.data.phone_table import NOTE
from svstoolkit.data.statistics import F0Statistics, Statistics
from svstoolkit.data.vocabulary import Vocabulary
from svstoolkit.errors import InputError
from svstoolkit.features.definition import FeatureDefinition
from svstoolkit.inference.sampling import Sampling
from svstoolkit.inference.singing import SungPhrase, experiments_of, octaves_to_fit, outside_range, perform, retimed
from svstoolkit.inference.song_page import write_song_page
from svstoolkit.inference.voice import Rendering
from svstoolkit.score.song import Note, Song
from svstoolkit.units import midi_to_hz

FEATURES = FeatureDefinition()
RATE, HOP = FEATURES.sampling_rate, FEATURES.hop_length


class Hummer:
    """Sings every frame as a constant, its note's number / 100: what is where can be read off the audio."""

    features = FEATURES
    vocabulary = Vocabulary(["<pad>", "AP", "SP", "zh/a", "zh/l"], ["zh/a"], ["one"])

    def durations(self, song, table, speaker):
        edges = np.array([note.onset for note in song.notes] + [song.duration])
        per_note = np.diff(np.rint(edges / FEATURES.frame_period)).astype(int)
        return np.concatenate(
            [[1] * (len(n.phones) - 1) + [d - len(n.phones) + 1] for n, d in zip(song.notes, per_note, strict=True)]
        )

    def sing(self, table, speaker, durations):
        notes = torch.tensor(np.repeat(table[:, NOTE], durations))
        return Rendering(notes.repeat_interleave(HOP) / 100, torch.zeros(len(notes), 80), notes, durations)


def song_of(*notes: tuple[float, float], language: str = "zh") -> Song:
    """(seconds, pitch) in a row."""
    made, at = [], 0.0
    for seconds, pitch in notes:
        phones = ("l", "a") if pitch else ("SP",)
        made.append(Note(at, seconds, pitch, "la" if pitch else "SP", phones))
        at += seconds
    return Song(tuple(made), language=language)


SONG = song_of((0.5, 0), (1.0, 60), (1.0, 62), (3.0, 0), (2.0, 64), (0.5, 0), (0.5, 65))


def test_every_phrase_lies_where_the_score_has_it():
    sung = perform(SONG, Hummer(), "one")
    assert len(sung.phrases) == 2
    assert len(sung.audio) == round(SONG.duration * RATE)
    for note in SONG.notes:
        middle = sung.audio[round((note.onset + 0.1) * RATE) : round((note.end - 0.1) * RATE)]
        np.testing.assert_allclose(middle, note.pitch / 100)


def test_the_same_seed_sings_the_same_and_each_phrase_has_its_own_noise():
    noise = []

    class Refiner:
        def refine(self, rendering, table, speaker, sampling):
            noise.append(torch.rand(1).item())
            return rendering.audio * sampling.steps

    first = perform(SONG, Hummer(), "one", Refiner(), Sampling(1), seed=3)
    second = perform(SONG, Hummer(), "one", Refiner(), Sampling(1), seed=3)
    np.testing.assert_array_equal(first.audio, second.audio)
    assert noise[:2] == noise[2:]
    assert noise[0] != noise[1]


@pytest.mark.parametrize(
    ("song", "message"),
    [
        (song_of((1.0, 0)), "rests throughout"),
        (song_of((1.0, 60), language="ja"), "phone 'ja/l' does not occur in the training set"),
    ],
)
def test_what_cannot_be_sung_is_said(song, message):
    with pytest.raises(InputError, match=message):
        perform(song, Hummer(), "one")
    with pytest.raises(InputError, match="singer 'two' does not occur"):
        perform(SONG, Hummer(), "two")


def statistics(lowest: float, highest: float) -> Statistics:
    low, high = midi_to_hz(lowest), midi_to_hz(highest)
    middle = float(np.log(midi_to_hz((lowest + highest) / 2)))
    return Statistics([0.0], [1.0], 0.0, 1.0, {"one": F0Statistics(middle, 0.2, float(low), float(high))})


def test_a_song_is_brought_into_the_singers_range_by_octaves():
    bass = statistics(40, 60)
    assert octaves_to_fit(SONG, bass, "one") == -12
    assert octaves_to_fit(SONG, statistics(55, 72), "one") == 0
    assert outside_range(SONG, bass, "one") == 3
    assert outside_range(SONG.transposed(-12), bass, "one") == 0


def test_retiming():
    fast = retimed(SONG, 2, 2.0)
    assert fast.duration == SONG.duration / 2
    assert fast.tempo == SONG.tempo * 2
    assert [n.pitch for n in fast.notes if not n.is_rest] == [62, 64, 66, 67]


def test_models_are_found_in_a_recipes_experiments(tmp_path):
    systems = {
        "fastspeech2": "fastspeech2.FastSpeech2System",
        "baseline": "fastspeech2.FastSpeech2System",
        "hifigan": "hifigan.HifiGanSystem",
        "nsf_hifigan": "hifigan.HifiGanSystem",
        "smoothsinger": "smoothsinger.SmoothSingerSystem",
        "diffsinger": "mel_diffusion.MelDiffusionSystem",
        "student": "consistency.ConsistencySystem",
    }
    (tmp_path / "align").mkdir()
    for name, path in systems.items():
        (tmp_path / name / "checkpoints").mkdir(parents=True)
        (tmp_path / name / "config.yaml").write_text(f"system: {{class_path: svstoolkit.systems.{path}}}\n")
    found = experiments_of(tmp_path)
    assert {role: path.name for role, path in found.items()} == {
        "acoustic": "fastspeech2",
        "vocoder": "nsf_hifigan",
        "diffusion": "student",
    }
    with pytest.raises(InputError, match="holds no trained acoustic"):
        experiments_of(tmp_path / "student")
    (tmp_path / "student" / "config.yaml").unlink()
    assert experiments_of(tmp_path)["diffusion"].name == "smoothsinger"


def test_the_page_shows_lyrics_and_sung_f0(tmp_path):
    sung = perform(SONG, Hummer(), "one")
    phrase = SungPhrase(0.0, SONG, np.full(100, 440.0), np.array([100]))
    write_song_page(
        tmp_path / "p.html", "p.wav", "A <song>", "facts", SimpleNamespace(phrases=[phrase]), SONG, FEATURES
    )
    page = (tmp_path / "p.html").read_text(encoding="utf-8")
    assert page.count("<rect") == sum(not note.is_rest for note in SONG.notes)
    assert page.count("<polyline") == 1
    assert 'src="p.wav"' in page
    assert "A &lt;song&gt;" in page
    assert sung.phrases[0].f0.max() == 62


def test_the_page_shows_what_was_predicted_where_another_f0_was_set(tmp_path):
    f0 = np.full(100, 440.0)
    predicted = np.where(np.arange(100) < 40, 400.0, 440.0)
    phrase = SungPhrase(0.0, SONG, f0, np.array([100]), predicted_f0=predicted)
    write_song_page(tmp_path / "p.html", "p.wav", "t", "facts", SimpleNamespace(phrases=[phrase]), SONG, FEATURES)
    page = (tmp_path / "p.html").read_text(encoding="utf-8")
    dashed = page.partition('<polyline class="predicted" points="')[2].partition('"')[0].split()
    assert page.count("<polyline") == 2
    assert len(dashed) == 40
    assert "Dashed: F0 as predicted" in page
