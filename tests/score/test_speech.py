"""Speech as a song: words without pitch, pauses at punctuation, nothing that tells a model a duration."""

from dataclasses import replace

import numpy as np
import pytest

from svstoolkit.corpora.phrases import cut_phrases
from svstoolkit.data.phone_table import NOTE, NOTE_DURATION, NOTE_INDEX, NOTE_ONSET, SLUR, phone_table
from svstoolkit.data.vocabulary import Vocabulary
from svstoolkit.errors import InputError
from svstoolkit.score.faults import song_faults
from svstoolkit.score.formats.espnet_json import read_score_json, song_to_json
from svstoolkit.score.song import Note, Song
from svstoolkit.score.speech import spoken_song

TEXT = 'Well-known men -- "not all" [of them], said: don\'t!'


def test_words_have_their_phones_and_punctuation_is_a_pause():
    song = spoken_song(TEXT, "en", seconds=4.0)
    words = ["SP", "Wellknown", "men", "SP", "not", "all", "SP", "of", "them", "SP", "said", "SP", "don't", "SP"]
    assert [note.lyric for note in song.notes] == words
    assert song.notes[4].phones == ("N", "AA", "T")
    assert song.spoken
    assert song.estimated
    assert song.lyrics == "Wellknown men not all of them said don't"
    assert song.duration == pytest.approx(4.0)
    assert song_faults(song) == []
    rates = {round(note.duration / len(note.phones), 9) for note in song.notes if not note.is_silent}
    assert len(rates) == 1


def test_other_languages_speak_too():
    assert [n.lyric for n in spoken_song("你好，世界。", "zh").notes] == ["SP", "你", "好", "SP", "世", "界", "SP"]
    assert spoken_song("きょうは、いい", "ja").phones[-3:] == ("i", "i", "SP")


@pytest.mark.parametrize(
    ("text", "seconds", "words"),
    [
        ("It was 1865.", None, "'1' is a number"),
        (" -- ", None, "has no words"),
        ("Many words here", 0.03, "hold no 11"),
    ],
)
def test_what_cannot_be_spoken_is_said(text, seconds, words):
    with pytest.raises(InputError, match=words):
        spoken_song(text, "en", seconds)


def test_a_score_file_keeps_it(tmp_path):
    song = spoken_song("The debtors paid.", "en", seconds=2.0)
    (tmp_path / "a.json").write_text(song_to_json(song), encoding="utf-8")
    read = read_score_json(tmp_path / "a.json", "en")
    assert read.spoken
    assert (read.phones, read.lyrics, read.estimated) == (song.phones, song.lyrics, True)
    assert song_faults(read) == []


def test_only_a_song_without_any_pitch_is_spoken():
    rest, word = Note(0, 1, 0, "SP", ("SP",)), Note(1, 1, 0, "ma", ("m", "a"))
    assert Song((rest, word)).spoken
    assert not Song((rest,)).spoken
    assert not Song(()).spoken
    mixed = Song((rest, word, Note(2, 1, 60, "la", ("l", "a"))))
    assert not mixed.spoken
    assert [fault.kind for fault in song_faults(mixed)] == ["sung rest"]
    assert [fault.kind for fault in song_faults(Song((rest,)))] == ["nothing sung"]


def test_what_models_read_does_not_depend_on_times():
    song = spoken_song("Which judge should hang the boy?", "en", seconds=2.0)
    slow = replace(song.stretched(3.0), notes=tuple(replace(n, duration=n.duration + 1) for n in song.notes))
    vocabulary = Vocabulary(["<pad>", *sorted(set(song.qualified_phones))], [], ["LJ"])
    table = phone_table(song, vocabulary)
    np.testing.assert_array_equal(table, phone_table(slow, vocabulary))
    assert not table[:, [NOTE, NOTE_DURATION, NOTE_ONSET, SLUR]].any()
    assert len(set(table[:, NOTE_INDEX])) == len(song.notes)


def test_speech_is_cut_in_its_pauses():
    notes, onset = [], 0.0
    for note in spoken_song("One two, three four. Five six.", "en").notes:
        notes.append(replace(note, onset=onset, duration=0.6 if note.is_silent else 1.5))
        onset = notes[-1].end
    phrases = cut_phrases(Song(tuple(notes), language="en"), longest=5.0)
    assert [phrase.song.lyrics for phrase in phrases] == ["One two", "three four", "Five six"]
