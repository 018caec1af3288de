"""Vocabulary and phone table."""

import numpy as np
import pytest
from fakes import tiny_song

from svstoolkit.data.directory import read_data_directory
from svstoolkit.data.phone_table import DURATION, NOTE, NOTE_ONSET, PHONE, per_frame, phone_table
from svstoolkit.data.vocabulary import Vocabulary, build_vocabulary
from svstoolkit.errors import InputError
from svstoolkit.score.song import Note, Song

VOCABULARY = Vocabulary(["<pad>", "SP", "zh/a", "zh/l"], ["zh/a"], ["alto", "bass"])
SONG = Song((
    Note(0.0, 0.5, 0, "SP", ("SP",)),
    Note(0.5, 1.0, 60, "la", ("l", "a")),
    Note(1.5, 0.25, 62.5, "—", ("a",), slur=True),
))  # fmt: skip


def test_vocabulary_of_a_training_set(tiny_data):
    vocabulary = build_vocabulary(read_data_directory(tiny_data / "train"))
    assert vocabulary.phones == ["<pad>", "SP", *(f"zh/{phone}" for phone in "adilmu")]
    assert vocabulary.vowels == ["zh/a", "zh/i", "zh/u"]
    assert vocabulary.singers == ["alto", "bass"]
    assert (vocabulary.n_phones, vocabulary.n_singers) == (8, 2)


def test_ids_are_positions(tmp_path):
    assert VOCABULARY.phone_ids(["SP", "zh/l", "zh/a"]) == [1, 3, 2]
    assert VOCABULARY.singer_id("bass") == 1
    VOCABULARY.to_json(tmp_path / "v.json")
    assert Vocabulary.from_json(tmp_path / "v.json") == VOCABULARY


def test_what_the_training_set_lacks_is_named():
    with pytest.raises(InputError, match=r"utt7.*'zh/zh'"):
        VOCABULARY.phone_ids(["SP", "zh/zh"], "utt7")
    with pytest.raises(InputError, match="<pad>"):
        VOCABULARY.phone_ids(["<pad>"])
    with pytest.raises(InputError, match=r"utt7.*'tenor'"):
        VOCABULARY.singer_id("tenor", "utt7")


def test_a_damaged_file_is_named(tmp_path):
    path = tmp_path / "vocabulary.json"
    with pytest.raises(InputError, match="run stage 2"):
        Vocabulary.from_json(path)
    for content in ("nonsense", '{"phones": ["a"], "vowels": [], "singers": []}', '{"phones": ["<pad>"]}'):
        path.write_text(content)
        with pytest.raises(InputError, match=r"vocabulary\.json"):
            Vocabulary.from_json(path)


def test_phone_table_column_by_column():
    table = phone_table(SONG, VOCABULARY, np.array([3, 1, 4, 2]))
    expected = [
        [1, 3, 0, 0.5, 0, 0, 0.0],
        [3, 1, 60, 1.0, 0, 1, 0.5],
        [2, 4, 60, 1.0, 0, 1, 0.5],
        [2, 2, 62.5, 0.25, 1, 2, 1.5],
    ]
    assert table.dtype == np.float32
    np.testing.assert_array_equal(table, np.array(expected, dtype=np.float32))


def test_the_same_phone_of_two_languages_is_two(tiny_data):
    (tiny_data / "train" / "utt2lang").write_text(
        "".join(
            f"{line.split()[0]} {'zh' if number else 'ja'}\n"
            for number, line in enumerate((tiny_data / "train" / "utt2lang").read_text().splitlines())
        )
    )
    directory = read_data_directory(tiny_data / "train")
    first = next(iter(directory))
    vocabulary = build_vocabulary(directory)
    for phone in set(directory.text[first]) - {"SP", "AP"}:
        assert f"ja/{phone}" in vocabulary.phones
    assert {"SP", "zh/a"} <= set(vocabulary.phones)
    ids = vocabulary.phone_ids(directory.song(first).qualified_phones)
    assert [vocabulary.phones[i] for i in ids] == list(directory.song(first).qualified_phones)


def test_unknown_durations_are_zero_and_wrong_ones_refused():
    assert np.all(phone_table(SONG, VOCABULARY)[:, DURATION] == 0)
    with pytest.raises(ValueError, match="3 durations for 4 phones"):
        phone_table(SONG, VOCABULARY, np.ones(3))
    with pytest.raises(InputError, match="utt9"):
        phone_table(tiny_song(1), VOCABULARY, utterance="utt9")


def test_columns_repeated_per_frame():
    table = phone_table(SONG, VOCABULARY, np.array([3, 0, 2, 1]))
    np.testing.assert_array_equal(per_frame(table, PHONE), [1, 1, 1, 2, 2, 2])
    np.testing.assert_array_equal(per_frame(table, NOTE), np.float32([0, 0, 0, 60, 60, 62.5]))
    np.testing.assert_array_equal(per_frame(table, NOTE_ONSET), np.float32([0, 0, 0, 0.5, 0.5, 1.5]))


def test_languages_are_those_of_the_phones():
    vocabulary = Vocabulary(["<pad>", "AP", "SP", "en/t", "ja/a", "zh/a", "zh/m"], ["zh/a"], ["one"])
    assert vocabulary.languages == ["en", "ja", "zh"]
    assert vocabulary.n_languages == 3
    assert vocabulary.phone_languages == [0, 0, 0, 1, 2, 3, 3]  # pauses and padding have none


def test_singers_mix_by_weights():
    vocabulary = Vocabulary(["<pad>", "zh/a"], ["zh/a"], ["alto", "bass", "tenor"])
    assert vocabulary.singer_weights({"tenor": 0.75, "alto": 0.25}) == [0.25, 0.0, 0.75]
    assert vocabulary.singer_weights({"bass": 1}) == [0.0, 1.0, 0.0]


@pytest.mark.parametrize(
    ("mix", "message"),
    [
        ({"alto": 0.5, "bass": 0.6}, "alto 0.5 bass 0.6: the weights must not be negative, and add up to 1"),
        ({"alto": 1.5, "bass": -0.5}, "must not be negative"),
        ({}, r"\(none\)"),
        ({"soprano": 1.0}, "'soprano' does not occur"),
    ],
)
def test_mixtures_that_are_none_are_refused(mix, message):
    with pytest.raises(InputError, match=message):
        Vocabulary(["<pad>", "zh/a"], ["zh/a"], ["alto", "bass"]).singer_weights(mix)
