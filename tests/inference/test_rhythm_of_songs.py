"""Rhythm in whole songs: melismas, rests, breaths, short notes, clusters, changes of tempo; vowels stay on the beat."""

from itertools import pairwise

import mido
import numpy as np
import pytest

from svstoolkit.data.phone_table import phone_table
from svstoolkit.data.vocabulary import Vocabulary
from svstoolkit.inference.rhythm import durations_from_score
from svstoolkit.score.reading import read_song
from svstoolkit.score.song import BREATH, PAUSE, SLUR_LYRIC, Note, Song
from svstoolkit.score.timing import nucleus_index

PERIOD = 0.01  # s per frame
VOWELS = {"a", "i", "ao", "eh", "ae", "uw"}
CONSONANTS = ("m", "n", "s", "t", "r", "l", "k", "p", "sh")


def song_of(*rows: tuple[float, float, str], language: str = "zh") -> Song:
    """Rows of seconds, MIDI number, phones; "+a" is a slur over a, SP and AP are rests."""
    onset, notes = 0.0, []
    for seconds, pitch, phones in rows:
        slur = phones.startswith("+")
        named = tuple(phones.removeprefix("+").split())
        lyric = SLUR_LYRIC if slur else phones
        notes.append(Note(onset, seconds, pitch, lyric, named, slur))
        onset += seconds
    return Song(tuple(notes), language=language)


def frames_of(song: Song, predicted: float | np.ndarray = 0.1, period: float = PERIOD) -> np.ndarray:
    """Frames (N,) of a song whose phones the model gives `predicted` seconds each."""
    phones = sorted(set(song.qualified_phones))
    vowels = [phone for phone in phones if phone.partition("/")[2] in VOWELS]
    vocabulary = Vocabulary(phones=["<pad>", *phones], vowels=vowels, singers=["one"])
    seconds = np.broadcast_to(np.asarray(predicted, dtype=float), len(song.phones))
    frames = durations_from_score(song, phone_table(song, vocabulary), seconds, vocabulary, period)
    assert frames.min() >= 1
    assert frames.sum() == max(round(song.duration / period), len(frames))
    return frames


def starts_of(song: Song, predicted: float | np.ndarray = 0.1) -> list[int]:
    return np.cumsum([0, *frames_of(song, predicted)[:-1]]).tolist()


def nuclei(song: Song) -> list[tuple[int, Note]]:
    """The phone on each note's beat, by its index, and the note."""
    found, first = [], 0
    for note in song.notes:
        found.append((first + nucleus_index(note.phones, VOWELS.__contains__), note))
        first += len(note.phones)
    return found


def test_a_melisma_over_three_notes_turns_on_its_beats():
    song = song_of((0.5, 60, "m a"), (0.3, 62, "+a"), (0.25, 64, "+a"), (0.6, 62, "sh i"))
    assert starts_of(song)[1:] == [10, 50, 80, 95, 105]  # a, its slurs, sh ten frames before the beat of i
    assert frames_of(song).tolist() == [10, 40, 30, 15, 10, 60]


def test_a_consonant_after_a_rest_sounds_in_the_rest():
    song = song_of((0.5, 60, "m a"), (0.4, 0, PAUSE), (0.6, 62, "sh i"))
    assert frames_of(song).tolist() == [10, 40, 30, 10, 60]


def test_a_breath_inside_a_phrase_keeps_its_place():
    song = song_of(
        (0.5, 60, "m a"), (0.2, 0, BREATH), (0.3, 62, "i"), (0.3, 0, BREATH), (0.1, 0, PAUSE), (0.6, 62, "s a")
    )
    assert frames_of(song).tolist() == [10, 40, 20, 30, 30, 5, 5, 60]  # s takes half the pause, not the breath


def test_a_note_shorter_than_the_consonants_after_it_keeps_half():
    song = song_of((0.5, 60, "a"), (0.06, 62, "+a"), (0.5, 60, "s t r a"))
    assert frames_of(song).tolist() == [50, 3, 1, 1, 1, 50]


def test_a_note_with_fewer_frames_than_phones_gives_way_and_the_next_beat_stands():
    song = song_of((0.5, 60, "a"), (0.02, 62, "+a"), (0.5, 60, "s t r a"), (0.5, 60, "i"))
    starts = starts_of(song)
    assert starts[-1] == 102  # the beat after the crowded one
    assert starts[:1] == [0]
    assert abs(starts[-2] - 52) <= 2


def test_english_codas_stay_in_their_note():
    song = song_of((1.0, 60, "t eh k s t"), (0.4, 62, "k ae t s"), (0.5, 0, PAUSE), language="en")
    # t | eh: to the coda, 3 × 8, then k of the next before its beat | ae, t s until the rest
    assert frames_of(song, 0.08).tolist() == [8, 60, 8, 8, 8, 8, 24, 8, 8, 50]


def test_a_coda_takes_at_most_half_of_a_short_note():
    song = song_of((0.5, 0, PAUSE), (0.2, 60, "uw k s t"), (0.5, 0, PAUSE), language="en")
    assert frames_of(song, 0.3).tolist() == [50, 10, 3, 4, 3, 50]


def test_a_melisma_ends_with_its_coda():
    song = song_of((0.5, 60, "t eh"), (0.5, 62, "+eh k s t"), (0.5, 0, PAUSE), language="en")
    assert frames_of(song, 0.05).tolist() == [5, 45, 35, 5, 5, 5, 50]


def random_song(rng: np.random.Generator) -> Song:
    rows, vowel = [(0.3, 0, PAUSE)], "a"
    for _ in range(rng.integers(2, 15)):
        kind, seconds = rng.random(), float(rng.uniform(0.02, 0.7))
        if kind < 0.15:
            rows.append((seconds, 0, [PAUSE, BREATH][rng.integers(2)]))
        elif kind < 0.35 and rows[-1][1]:
            rows.append((seconds, 62, f"+{vowel}"))
        else:
            onset, coda = (rng.choice(CONSONANTS, rng.integers(0, 4)), rng.choice(CONSONANTS, rng.integers(0, 3)))
            vowel = str(rng.choice(sorted(VOWELS)))
            rows.append((seconds, 60, " ".join([*onset, vowel, *coda])))
    return song_of(*rows)


def test_random_songs_keep_every_beat_that_has_room():
    rng = np.random.default_rng(0)
    beats = kept = 0
    for _ in range(300):
        song = random_song(rng)
        starts = starts_of(song, rng.uniform(0.0, 0.4, len(song.phones)))
        on_beat = nuclei(song)
        for (before, _), (index, note) in pairwise(on_beat):
            beats += 1
            room = round(note.onset / PERIOD) - starts[before]
            wanted = round(note.onset / PERIOD)
            if abs(starts[index] - wanted) <= 0.5:
                kept += 1
            else:  # only where the phones since the last beat fill the time to this one, a frame each
                assert room <= index - before, (song, starts)
    assert kept > 0.9 * beats


def beats_of(song: Song) -> list[float]:
    """Where the vowels begin, in seconds, with frames of a millisecond."""
    frames = frames_of(song, 0.02, period=0.001)
    starts = np.cumsum([0, *frames[:-1]]) / 1000
    return [float(starts[i]) for i, note in nuclei(song) if not note.is_rest]


def test_a_midi_files_tempo_changes_put_vowels_at_the_right_seconds(tmp_path):
    track = mido.MidiTrack()
    track.append(mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(120)))
    for i, syllable in enumerate(("ma", "ma", "sha", "sha")):
        if i == 2:
            track.append(mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(60)))
        track.append(mido.MetaMessage("lyrics", text=syllable))
        track.append(mido.Message("note_on", note=60 + i, velocity=90))
        track.append(mido.Message("note_off", note=60 + i, velocity=0, time=480))
    mido.MidiFile(ticks_per_beat=480, tracks=[track]).save(tmp_path / "song.mid")
    song = read_song(tmp_path / "song.mid", "zh")
    assert song.duration == pytest.approx(0.5 + 0.5 + 1 + 1)
    assert beats_of(song)[1:] == pytest.approx([0.5, 1.0, 2.0], abs=1e-3)  # the first note gives its m some time


def test_a_musicxml_files_tempo_changes_put_vowels_at_the_right_seconds(tmp_path):
    def note(step, syllable):
        lyric = f"<lyric><syllabic>single</syllabic><text>{syllable}</text></lyric>"
        pitch = f"<pitch><step>{step}</step><octave>4</octave></pitch>"
        return f"<note>{pitch}<duration>1</duration><voice>1</voice>{lyric}</note>"

    def measure(number, bpm, *notes):
        start = "<attributes><divisions>1</divisions><time><beats>2</beats><beat-type>4</beat-type></time></attributes>"
        tempo = f'<direction><sound tempo="{bpm}"/></direction>'
        return f'<measure number="{number}">{start * (number == 1)}{tempo}{"".join(notes)}</measure>'

    measures = measure(1, 120, note("C", "ma"), note("D", "ma")) + measure(2, 60, note("E", "sha"), note("F", "sha"))
    listed = '<part-list><score-part id="P1"><part-name>V</part-name></score-part></part-list>'
    path = tmp_path / "song.musicxml"
    path.write_text(f'<score-partwise>{listed}<part id="P1">{measures}</part></score-partwise>')
    song = read_song(path, "zh")
    assert song.duration == pytest.approx(3.0)
    assert beats_of(song)[1:] == pytest.approx([0.5, 1.0, 2.0], abs=1e-3)
