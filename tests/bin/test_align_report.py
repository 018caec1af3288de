"""`svs align`: quality report, --drop_worst, compare."""

import json
from pathlib import Path

import pytest

from svstoolkit.bin.align import main
from svstoolkit.data.directory import read_data_directory
from svstoolkit.errors import InputError

SETS = ("train", "dev", "test")


@pytest.fixture
def work(tiny_data: Path, tmp_path: Path):
    def align(*words: str) -> None:
        main(["--data_dir", str(tiny_data), "--exp_dir", str(tmp_path / "exp"), "--nj", "1", *words])

    return align


def everyone(data: Path) -> list[str]:
    return [u for name in SETS for u in read_data_directory(data / name)]


@pytest.mark.parametrize("aligner", ["score", "none"])
def test_the_worst_are_left_out_and_come_back(work, tiny_data, tmp_path, capsys, aligner):
    before = everyone(tiny_data)
    work("--aligner", aligner, "--drop_worst", "2")
    assert "the 2 worst dropped" in capsys.readouterr().out
    order = [u["id"] for u in json.loads((tmp_path / "exp" / "quality.json").read_text())["utterances"]]
    assert sorted(order) == sorted(before)
    assert sorted(everyone(tiny_data)) == sorted(set(before) - set(order[:2]))
    listed = [line.split()[0] for line in (tmp_path / "exp" / "dropped.txt").read_text().splitlines()]
    assert listed == order[:2]
    work("--aligner", aligner, "--drop_worst", "2")
    assert sorted(everyone(tiny_data)) == sorted(set(before) - set(order[:2]))
    capsys.readouterr()
    work("--aligner", aligner)
    assert ("already aligned" in capsys.readouterr().out) == (aligner == "score")
    assert everyone(tiny_data) == before
    assert not (tmp_path / "exp" / "dropped.txt").exists()


def test_page_and_number_drawn(work, tmp_path):
    work("--aligner", "none", "--worst", "1")
    assert (tmp_path / "exp" / "index.html").read_text().count("<article") == 1


@pytest.mark.parametrize("words", [["--drop_worst", "some"], ["--drop_worst", "1.5"], ["--worst", "-1"]])
def test_bad_numbers_are_refused(work, words, capsys):
    with pytest.raises(SystemExit):
        work("--aligner", "none", *words)
    assert words[0] in capsys.readouterr().err


def test_a_set_is_not_emptied(work, tiny_data):
    with pytest.raises(InputError, match=r"set \w+ would have no utterances"):
        work("--aligner", "none", "--drop_worst", "8")
    assert len(everyone(tiny_data)) == 8


def test_compare(tiny_data, tmp_path, capsys):
    main(["compare", str(tiny_data / "train"), str(tiny_data / "train" / "label"), "--output", str(tmp_path / "c")])
    told = capsys.readouterr().out
    assert "4 utterances are in both" in told
    assert json.loads((tmp_path / "c.json").read_text())["table"]["all"]["within_10ms"] == 100
    assert (tmp_path / "c.txt").read_text() in told
    with pytest.raises(InputError, match="no phone start in common"):
        main(["compare", str(tiny_data / "train"), str(tiny_data / "dev")])
