"""Utterances are taken out of every table and come back to the byte."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from svstoolkit.align.quality_drop import COMPLETE, Share, bring_back, drop_worst
from svstoolkit.data.directory import read_data_directory, write_data_directory
from svstoolkit.errors import InputError

TABLES = ("wav.scp", "text", "utt2spk", "spk2utt", "utt2lang", "score.scp", "label", "utt2dur", "spk2gender")


def tables(path: Path) -> dict[str, str]:
    return {name: (path / name).read_text() for name in TABLES}


@pytest.fixture
def train(tiny_data):
    path = tiny_data / "train"
    (path / "utt2dur").write_text("".join(f"{u} 1.5\n" for u in read_data_directory(path)))
    (path / "spk2gender").write_text("alto f\nbass m\n")
    return path


def quality(utterance: str, suspicion: float = 5.0):
    finding = SimpleNamespace(text=f"{utterance} is wrong")
    return SimpleNamespace(
        utterance=SimpleNamespace(id=utterance, set="train"), suspicion=suspicion, findings=[finding]
    )


def drop(path: Path, utterances: list[str], listing: Path) -> None:
    sets = {"train": read_data_directory(path)}
    ranked = [quality(u) for u in [*utterances, *(u for u in sets["train"] if u not in utterances)]]
    drop_worst(sets, ranked, Share(count=len(utterances)), listing)


def test_every_table_loses_them_and_gets_them_back(train, tmp_path):
    before = tables(train)
    everyone = list(read_data_directory(train))
    basses = [u for u in everyone if u.startswith("bass")]
    drop(train, [*basses, everyone[0]], tmp_path / "dropped.txt")
    left = read_data_directory(train)
    assert set(left) == set(everyone) - {*basses, everyone[0]}
    assert set(left.label) == set(left)
    for text in tables(train).values():
        assert "bass" not in text
        assert everyone[0] not in text
    assert (train / "spk2utt").read_text() == f"alto {' '.join(left)}\n"
    assert (train / "spk2gender").read_text() == "alto f\n"
    assert f"{everyone[0]} train 5.0 {everyone[0]} is wrong\n" in (tmp_path / "dropped.txt").read_text()
    assert bring_back(train)
    assert tables(train) == before
    assert not (train / COMPLETE).exists()
    assert not bring_back(train)


def test_what_stopped_half_way_is_brought_back(train, tmp_path):
    before = tables(train)
    drop(train, list(read_data_directory(train))[:1], tmp_path / "dropped.txt")
    (train / "text").write_text(before["text"])  # as if killed before this table
    assert bring_back(train)
    assert tables(train) == before


def test_mended_labels_are_kept(train, tmp_path):
    first, second = list(read_data_directory(train))[:2]
    drop(train, [first], tmp_path / "dropped.txt")
    label = (train / "label").read_text()
    (train / "label").write_text(label.replace(f"{second} 0.000", f"{second} 0.001"))
    assert bring_back(train)
    back = read_data_directory(train).label
    assert back[second][0][0] == 0.001
    assert list(back) == list(read_data_directory(train))


def test_a_set_written_anew_is_left_alone(train, tmp_path):
    from fakes import tiny_utterances

    drop(train, list(read_data_directory(train))[:1], tmp_path / "dropped.txt")
    write_data_directory(train, tiny_utterances(tmp_path / "wav", "train", 2))
    assert not bring_back(train)
    assert len(read_data_directory(train)) == 2
    assert not (train / COMPLETE).exists()


def test_utterances_without_a_score_any_more_stay_away(train, tmp_path):
    first = next(iter(read_data_directory(train)))
    drop(train, [first], tmp_path / "dropped.txt")
    (train / "score" / f"{first}.json").unlink()  # as stage 0 leaves a corpus that no longer has it
    assert not bring_back(train)
    assert first not in read_data_directory(train)


def test_no_set_is_emptied(train, tmp_path):
    before = tables(train)
    with pytest.raises(InputError, match="set train would have no utterances"):
        drop(train, list(read_data_directory(train)), tmp_path / "dropped.txt")
    assert tables(train) == before
    assert not (tmp_path / "dropped.txt").exists()


@pytest.mark.parametrize(
    ("text", "count"), [("0", 0), ("3", 3), ("0.05", 5), ("5%", 5), ("0.29", 29), ("1", 1), ("0.001", 0)]
)
def test_share_of_a_hundred(text, count):
    assert Share.of(text)(100) == count


@pytest.mark.parametrize("text", ["many", "-1", "1.5", "120%", "", "nan"])
def test_what_is_no_share(text):
    with pytest.raises(ValueError):
        Share.of(text)
