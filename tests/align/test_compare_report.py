"""Two sets of labels read from disk and compared."""

import json

import numpy as np
import pytest
from praatio import textgrid

from svstoolkit.align.compare import compare_labels, paired_phones
from svstoolkit.align.compare_report import (
    classes_of_phones,
    comparison_figure,
    comparison_text,
    read_labels,
    write_comparison,
)
from svstoolkit.data.directory import write_label
from svstoolkit.errors import InputError

A = [(0.0, 0.5, "SP"), (0.5, 0.6, "t"), (0.6, 1.0, "a"), (1.0, 2.0, "SP")]
B = [(0.0, 0.45, "SP"), (0.45, 0.6, "t"), (0.6, 1.1, "a"), (1.1, 1.3, "AP"), (1.3, 2.0, "SP")]


def class_of(utterance: str, phone: str) -> str:
    return "rest" if phone in ("SP", "AP") else "vowel" if phone == "a" else "consonant"


def test_figures_and_what_only_one_has():
    found = compare_labels({"u": A, "v": A}, {"u": B, "w": B}, class_of)
    assert found.table["all"]["n"] == 3
    assert found.table["all"]["mean"] == pytest.approx((50 + 0 + 300) / 3)
    assert found.table["all"]["signed_mean"] == pytest.approx((50 + 0 - 300) / 3)
    assert found.table["all"]["within_10ms"] == pytest.approx(100 / 3)
    assert found.table["all"]["within_50ms"] == pytest.approx(200 / 3)
    assert found.table["consonant"]["median"] == pytest.approx(50)
    assert found.table["rest"]["p95"] == pytest.approx(300)
    assert (found.utterances, found.utterances_only_in_a, found.utterances_only_in_b) == (1, ["v"], ["w"])
    assert found.phones_only_in_b == [("u", "AP", 1.1)]
    assert found.phones_only_in_a == []


def test_phones_are_paired_by_name_then_by_place():
    one = [(0.0, 1.0, "SP"), (1.0, 1.2, "a"), (1.2, 2.0, "SP")]
    two = [(0.0, 0.4, "a"), (0.4, 0.9, "SP"), (0.9, 1.2, "a"), (1.2, 2.0, "SP"), (2.0, 3.0, "a")]
    assert paired_phones(one, two) == [(0, 1), (1, 2), (2, 3)]
    assert paired_phones(two, one) == [(1, 0), (2, 1), (3, 2)]
    later = [(5.0, 5.5, "a"), (5.5, 6.0, "a")]
    assert paired_phones([(5.5, 6.0, "a")], later) == [(0, 1)]
    assert paired_phones(A, []) == []


def test_label_files_data_directories_and_textgrids_are_read(tmp_path):
    write_label(tmp_path / "data" / "label", {"u": A})
    (tmp_path / "data" / "utt2lang").write_text("u ja\n")
    grid = textgrid.Textgrid()
    grid.addTier(textgrid.IntervalTier("phones", [(s, e, p) for s, e, p in A if p != "SP"], 0, 2.0))
    (tmp_path / "grids" / "singer").mkdir(parents=True)
    grid.save(str(tmp_path / "grids" / "singer" / "u.TextGrid"), "long_textgrid", includeBlankSpaces=True)
    for path in ("data/label", "data", "grids", "grids/singer/u.TextGrid"):
        assert read_labels(tmp_path / path) == {"u": A}
    assert classes_of_phones([tmp_path / "data", tmp_path / "grids"], "zh")("u", "N") == "vowel"
    assert classes_of_phones([tmp_path / "grids"], "zh")("u", "N") == "consonant"
    with pytest.raises(InputError, match="nowhere: no label file"):
        read_labels(tmp_path / "nowhere")


def test_text_json_and_pictures(tmp_path):
    many = {f"only{i}": A for i in range(12)}
    found = compare_labels({"u": A, **many}, {"u": B}, class_of)
    text = comparison_text(found)
    assert "utterances only in A (12):\n  only0" in text
    assert "… and 2 more" in text
    assert "phones only in B (1):\n  u AP at 1.100 s" in text
    files = write_comparison(tmp_path / "a.b", found, {"a": "A", "b": "B"})
    assert [path.name for path in files] == ["a.b.txt", "a.b.json", "a.b.png", "a.b.pdf"]
    assert all(path.stat().st_size for path in files)
    written = json.loads(files[1].read_text())
    assert written["utterances_only_in_a"]["count"] == 12
    assert written["table"]["all"]["n"] == 3
    left, _ = comparison_figure(found).axes
    assert np.sum([bar.get_height() for container in left.containers for bar in container]) == 3


def test_nothing_in_common_is_told(tmp_path):
    found = compare_labels({"u": A}, {"v": B}, class_of)
    assert found.table == {}
    assert "0 utterances are in both" in comparison_text(found)
    assert len(write_comparison(tmp_path / "c", found, {})) == 2
