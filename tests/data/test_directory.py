"""Data directories: round trip, and the rules of Kaldi's validate_data_dir.sh --no-feats written out as a test."""

import itertools
from pathlib import Path

import pytest

from svstoolkit.data.directory import (
    Utterance,
    read_data_directory,
    read_label,
    read_table,
    write_data_directory,
    write_label,
)
from svstoolkit.errors import InputError
from svstoolkit.score.song import Note, Song


def song(*lyrics, language="ja"):
    notes = [Note(0.0, 0.2, 0, "SP", ("SP",))]
    for i, lyric in enumerate(lyrics):
        notes.append(Note(0.2 + 0.5 * i, 0.5, 60 + i, lyric, tuple(lyric)))
    return Song(tuple(notes), tempo=120.0, language=language)


def utterance(speaker, name, *lyrics, label=None):
    return Utterance(f"{speaker}-{name}", speaker, Path(f"/wavs/{name} take 1.wav"), song(*lyrics), label)


# Unsorted on purpose, with ids that C-locale and dictionary order put differently, and one speaker prefixing another.
UTTERANCES = [
    utterance("yuki2", "a", "ka"),
    utterance("yuki", "b", "ki", "ku"),
    utterance("Ann", "z", "ke"),
    utterance("yuki", "B", "ko"),
    utterance("yuki", "_c", "a"),
    utterance("ann", "1", "i"),
]


def validate(path: Path) -> None:
    """validate_data_dir.sh --no-feats: what it demands of each file it knows."""
    lists = {}
    for name in ("utt2spk", "spk2utt", "text", "wav.scp", "utt2lang"):
        content = (path / name).read_bytes()
        assert content.endswith(b"\n"), f"{name} has no newline at its end"
        lines = content.decode().splitlines()
        assert lines, f"empty file {name}"
        keys = [line.split()[0].encode() for line in lines]
        assert keys == sorted(set(keys)), f"{name} is not sorted or has duplicates"  # bytes sort as LC_ALL=C does
        lists[name] = lines
    pairs = [line.split() for line in lists["utt2spk"]]
    assert all(len(pair) == 2 for pair in pairs), "utt2spk has wrong format"
    by_speaker = [f"{speaker} {utt}".encode() for utt, speaker in pairs]
    assert by_speaker == sorted(by_speaker), "utt2spk is not sorted when sorted first on speaker-id"
    inverted = {}
    for utt, speaker in pairs:
        inverted.setdefault(speaker, []).append(utt)
    assert [line.split() for line in lists["spk2utt"]] == [[s, *utts] for s, utts in inverted.items()]
    for name in ("text", "wav.scp", "utt2lang"):
        assert [line.split()[0] for line in lists[name]] == [utt for utt, _ in pairs], f"{name} lists other utterances"
    text = "\n".join(lists["text"])
    assert not {"<s>", "</s>", "#0"} & set(text.split()), "text contains illegal symbols"
    assert all(c.isprintable() or c == "\n" for c in text), "text contains non-printable characters"
    assert not any(line.split(" ", 1)[1].startswith("~") for line in lists["wav.scp"])


def test_kaldi_accepts_it(tmp_path):
    write_data_directory(tmp_path / "train", UTTERANCES)
    validate(tmp_path / "train")


def test_the_validator_can_fail(tmp_path):
    write_data_directory(tmp_path, UTTERANCES)
    lines = (tmp_path / "text").read_text().splitlines(keepends=True)
    (tmp_path / "text").write_text("".join(lines[::-1]))
    with pytest.raises(AssertionError, match="text is not sorted"):
        validate(tmp_path)


def test_round_trip(tmp_path):
    write_data_directory(tmp_path, UTTERANCES)
    directory = read_data_directory(tmp_path)
    assert list(directory) == sorted((u.id for u in UTTERANCES), key=str.encode)
    assert len(directory) == len(UTTERANCES)
    for u in UTTERANCES:
        assert directory.wav[u.id] == str(u.wav)  # blanks inside survive
        assert directory.text[u.id] == u.song.phones
        assert directory.speaker[u.id] == u.speaker
        assert directory.language[u.id] == "ja"
        read = directory.song(u.id)
        assert read.phones == u.song.phones
        assert [n.pitch for n in read.notes] == [n.pitch for n in u.song.notes]
    assert directory.label == {}


def test_label_round_trip_and_form(tmp_path):
    labels = {"b": [(0.0, 0.31, "s"), (0.31, 0.92, "a")], "a": [(0.0, 1.0 / 3.0, "SP")]}
    write_label(tmp_path / "label", labels)
    assert (tmp_path / "label").read_text() == "a 0.000 0.333 SP\nb 0.000 0.310 s 0.310 0.920 a\n"
    assert read_label(tmp_path / "label")["b"] == labels["b"]


def test_label_is_written_only_when_all_have_one(tmp_path):
    label = [(0.0, 0.2, "SP"), (0.2, 0.4, "k"), (0.4, 0.7, "a")]
    labelled = utterance("s", "1", "ka", label=label)
    write_data_directory(tmp_path / "some", [labelled, utterance("s", "2", "ka")])
    assert not (tmp_path / "some" / "label").exists()
    write_data_directory(tmp_path / "all", [labelled])
    assert read_data_directory(tmp_path / "all").label == {"s-1": label}


def test_same_utterances_in_any_order_give_the_same_bytes(tmp_path):
    names = ("utt2spk", "spk2utt", "text", "wav.scp", "utt2lang")
    for i, order in enumerate(itertools.islice(itertools.permutations(UTTERANCES), 3)):
        write_data_directory(tmp_path / str(i), order)
        assert all((tmp_path / str(i) / n).read_bytes() == (tmp_path / "0" / n).read_bytes() for n in names)


def test_id_must_start_with_its_speaker(tmp_path):
    with pytest.raises(InputError, match="take1 must start with its speaker id ann"):
        write_data_directory(tmp_path, [Utterance("take1", "ann", Path("a.wav"), song("a"))])
    assert not (tmp_path / "utt2spk").exists()


def test_no_utterances_are_refused(tmp_path):
    with pytest.raises(InputError, match="no utterances to write"):
        write_data_directory(tmp_path / "dev", [])


@pytest.fixture
def written(tmp_path):
    write_data_directory(tmp_path / "train", UTTERANCES)
    return tmp_path / "train"


def test_a_folder_that_is_no_data_directory(tmp_path):
    with pytest.raises(InputError, match="run stage 0 first"):
        read_data_directory(tmp_path)


def test_an_empty_set(written):
    (written / "utt2spk").write_text("")
    with pytest.raises(InputError, match="no utterances"):
        read_data_directory(written)


@pytest.mark.parametrize("name", ["wav.scp", "text", "score.scp"])
def test_a_missing_table_is_named(written, name):
    (written / name).unlink()
    with pytest.raises(InputError, match=f"{name}: cannot be read"):
        read_data_directory(written)


def test_disagreeing_tables_name_the_utterance(written):
    lines = (written / "wav.scp").read_text().splitlines()
    (written / "wav.scp").write_text("\n".join(lines[1:]) + "\n")
    with pytest.raises(InputError, match=r"wav\.scp and utt2spk disagree about utterance Ann-z"):
        read_data_directory(written)


def test_score_and_text_must_agree(written):
    text = (written / "text").read_text().replace("ann-1 SP i", "ann-1 SP u")
    (written / "text").write_text(text)
    with pytest.raises(InputError, match="utterance ann-1: text has phones SP u"):
        read_data_directory(written).song("ann-1")


@pytest.mark.parametrize(
    ("content", "message"),
    [("a x\nb\n", "line 2"), ("a x\na y\n", "line 2: a is given twice"), ("a x\n\n", "line 2")],
)
def test_bad_table_lines_are_named(tmp_path, content, message):
    (tmp_path / "t").write_text(content)
    with pytest.raises(InputError, match=message):
        read_table(tmp_path / "t")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("u 0.0 0.1", "2 cells, expected triples"),
        ("u 0.0 x a", "utterance u: could not convert"),
        ("u 0.5 0.4 a", "a ends at 0.4, before its start 0.5"),
    ],
)
def test_bad_labels_are_named(tmp_path, line, message):
    (tmp_path / "label").write_text(line + "\n")
    with pytest.raises(InputError, match=message):
        read_label(tmp_path / "label")


def test_espnets_directory_without_utt2lang_is_mandarin(written):
    (written / "utt2lang").unlink()
    assert set(read_data_directory(written).language.values()) == {"zh"}
