"""MFA's corpus and dictionary, and TextGrids that MFA 3.4.3 really wrote, as our boundaries."""

import itertools
from pathlib import Path

import numpy as np
import pytest
import soundfile

from svstoolkit.align.mfa import read_alignments
from svstoolkit.align.mfa_corpus import (
    MfaDictionary,
    dictionary_of,
    sound_boundaries_of_intervals,
    syllables,
    write_corpus,
)
from svstoolkit.align.textgrid import read_textgrid
from svstoolkit.align.transcript import Transcript, transcript
from svstoolkit.errors import InputError
from svstoolkit.score.song import Note, Song

DATA = Path(__file__).parent / "data"
VOWELS = {"i+n", "iA+N", "uo", "A", "uei", "iE+n", "j+Au", "i+N", "a", "N"}
U004 = [  # the synthetic phrase's true phones and starts; it ends at 4.365 s
    (["SP"], 0.0), (["n", "i+n"], 0.88), (["SP"], 1.125), (["l", "iA+N"], 1.48), (["SJ", "iA+N"], 2.18),
    (["k", "uo"], 2.845), (["m", "A"], 3.365), (["SP"], 4.095), ([], 4.365),
]  # fmt: skip
U004_STARTS = [0, 0.8, 0.88, 1.125, 1.365, 1.48, 2.05, 2.18, 2.78, 2.845, 3.235, 3.365, 4.095]
U005 = [
    (["SP"], 0.0), (["k", "uei"], 0.455), (["m", "iE+n"], 0.995), (["t", "j+Au"], 1.44), (["tSJh", "i+n"], 2.035),
    (["j", "i+N"], 2.505), (["th", "j+Au"], 2.945), (["SP"], 3.26), ([], 3.62),
]  # fmt: skip
U005_STARTS = [0, 0.42, 0.455, 0.895, 0.995, 1.355, 1.44, 1.865, 2.035, 2.37, 2.505, 2.84, 2.945, 3.26]


def made(name: str, rows: list, speaker: str = "textgrids") -> Transcript:
    notes = [
        Note(start, after - start, 0 if phones == ["SP"] else 60, "x", tuple(phones))
        for (phones, start), (_, after) in itertools.pairwise(rows)
    ]
    return transcript(name, speaker, Song(tuple(notes)), VOWELS.__contains__, 0.1)


def test_real_textgrids_are_read_and_near_the_truth():
    transcripts = [made("u004", U004), made("u005", U005)]
    dictionary = dictionary_of(transcripts)
    assert all(ours == theirs for ours, theirs in dictionary.phones.items())
    found, failures = read_alignments(DATA, transcripts, dictionary, {"u004": 4.365, "u005": 3.62})
    assert not failures
    np.testing.assert_allclose(
        found["u004"], [0, 0.8, 0.88, 1.11, 1.36, 1.49, 2.06, 2.23, 2.8, 2.89, 3.24, 3.36, 4.07, 4.365]
    )
    for name, truth in (("u004", U004_STARTS), ("u005", U005_STARTS)):
        errors = np.abs(found[name][1:-1] - truth[1:])
        assert np.mean(errors) < 0.035  # MFA as tuned was 31 ms off on the corpus these come from


def test_blanks_without_a_pause_lengthen_the_sound_before():
    """u005 has blanks at 1.85–1.9 and 2.84–2.87 s that the score knows nothing of."""
    t = made("u005", U005)
    boundaries = sound_boundaries_of_intervals(
        read_textgrid(DATA / "textgrids" / "u005.TextGrid"), t, dictionary_of([t]), 3.62
    )
    np.testing.assert_allclose(boundaries[6:9], [1.46, 1.9, 2.07])
    assert len(boundaries) == len(t.sounds) + 1


def test_missing_and_unknown_words_are_failures():
    transcripts = [made("u099", U004), made("oov", U005)]
    _, failures = read_alignments(DATA, transcripts, dictionary_of(transcripts), {"u099": 4.365, "oov": 4.215})
    assert set(failures) == {"u099", "oov"}
    assert "no TextGrid" in failures["u099"]
    assert "spn" in failures["oov"]


def test_pauses_take_the_blanks_and_survive_without_one():
    song = Song(
        (
            Note(0, 0.8, 0, "SP", ("SP",)),
            Note(0.8, 0.5, 60, "a", ("a",)),
            Note(1.3, 0.3, 0, "SP", ("SP",)),
            Note(1.6, 0.4, 60, "a", ("a",)),
        )
    )
    t = transcript("u", "s", song, VOWELS.__contains__, 0.1)
    intervals = [(0.0, 1.0, ""), (1.0, 1.5, "a"), (1.5, 2.0, "a")]
    boundaries = sound_boundaries_of_intervals(intervals, t, dictionary_of([t]), 2.0)
    np.testing.assert_allclose(boundaries, [0, 1.0, 1.5, 1.51, 2.0])


def test_corpus_on_disk(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(100), 16000, subtype="PCM_16")
    soundfile.write(tmp_path / "b.flac", np.full(100, 0.25), 16000, subtype="PCM_24")
    song = Song(
        (
            Note(0, 0.5, 0, "SP", ("SP",)),
            Note(0.5, 0.5, 60, "ta", ("t", "a")),
            Note(1.0, 0.5, 62, "—", ("a",), True),
            Note(1.5, 0.5, 60, "ta", ("t_h", "a")),
            Note(2.0, 0.2, 0, "AP", ("AP",)),
            Note(2.2, 0.5, 60, "n", ("N",)),
        )
    )
    transcripts = [transcript(u, "ann", song, VOWELS.__contains__, 0.1) for u in ("ann_1", "ann_2")]
    assert syllables(transcripts[0]) == [("t", "a"), ("t_h", "a"), ("AP",), ("N",)]
    dictionary = write_corpus(
        tmp_path / "mfa", transcripts, {"ann_1": str(tmp_path / "a.wav"), "ann_2": str(tmp_path / "b.flac")}
    )
    folder = tmp_path / "mfa" / "corpus" / "ann"
    assert (folder / "ann_1.wav").resolve() == tmp_path / "a.wav"
    assert soundfile.info(folder / "ann_2.wav").subtype == "PCM_16"
    assert soundfile.read(folder / "ann_2.wav")[0][0] == pytest.approx(0.25)
    words = [dictionary.words[s] for s in syllables(transcripts[0])]
    assert (folder / "ann_1.lab").read_text() == " ".join(words) + "\n"
    rows = dict(line.split("\t") for line in (tmp_path / "mfa" / "dictionary.txt").read_text().splitlines())
    assert rows[words[0]] == "t a"
    assert "_" not in "".join(rows.values())
    assert len(set(dictionary.phones.values())) == len(dictionary.phones)
    assert all(word == word.lower() and word.isalnum() for word in rows)


def test_unreadable_textgrid_names_the_file(tmp_path):
    (tmp_path / "x.TextGrid").write_text("nothing\n")
    with pytest.raises(InputError, match=r"x\.TextGrid"):
        read_textgrid(tmp_path / "x.TextGrid")
    with pytest.raises(InputError, match="no tier 'notes'"):
        read_textgrid(DATA / "textgrids" / "u004.TextGrid", "notes")


def test_dictionary_text():
    assert MfaDictionary({("a",): "w0", ("t", "a"): "w1"}, {"a": "a", "t": "x5+"}).text() == "w0\ta\nw1\tx5+ a\n"
