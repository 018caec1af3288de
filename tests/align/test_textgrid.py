"""TextGrids as people see them in Praat: words, phones and notes."""

import itertools
import re

import pytest
from praatio import textgrid

from svstoolkit.align.textgrid import labels_of_textgrids, pitch_name, read_textgrid, write_textgrid, write_textgrids
from svstoolkit.data.directory import read_data_directory
from svstoolkit.score.song import Note, Song

SONG = Song(
    (
        Note(0.0, 0.5, 0, "SP", ("SP",)),
        Note(0.5, 0.4, 60, "他", ("t", "a")),
        Note(0.9, 0.2, 62, "—", ("a",), True),
        Note(1.2, 0.4, 61.3, 'i"', ("i",)),
        Note(1.6, 0.9, 0, "AP", ("AP",)),
    )
)
LABEL = [(0.0, 0.412, "SP"), (0.412, 0.52, "t"), (0.52, 0.9, "a"), (0.9, 1.1, "a"), (1.1, 1.5, "i"), (1.5, 2.0, "AP")]


def test_tiers(tmp_path):
    path = tmp_path / "u.TextGrid"
    write_textgrid(path, LABEL, SONG)
    assert read_textgrid(path) == LABEL
    words = [(start, end, name) for start, end, name in read_textgrid(path, "words") if name]
    assert words == [(0.412, 1.1, "他"), (1.1, 1.5, 'i"'), (1.5, 2.0, "AP")]
    assert read_textgrid(path, "notes") == [
        (0.0, 0.5, ""), (0.5, 0.9, "C4"), (0.9, 1.1, "D4"), (1.1, 1.2, ""), (1.2, 1.6, "C#4+30"), (1.6, 2.0, ""),
    ]  # fmt: skip
    assert textgrid.openTextgrid(str(path), includeEmptyIntervals=False).maxTimestamp == 2.0


def test_long_format_as_praat_reads_it(tmp_path):
    """Praat wants every tier's intervals end to end from xmin to xmax, numbered, and quotes doubled."""
    write_textgrid(tmp_path / "u.TextGrid", LABEL, SONG)
    text = (tmp_path / "u.TextGrid").read_text(encoding="utf-8")
    assert text.startswith('File type = "ooTextFile"\nObject class = "TextGrid"\n')
    assert 'text = "i"""' in text
    for tier in re.split(r"item \[\d+\]:", text)[1:]:
        size = int(re.search(r"intervals: size = (\d+)", tier)[1])
        assert re.findall(r"intervals \[(\d+)\]", tier) == [str(i) for i in range(1, size + 1)]
        rows = re.findall(r"intervals \[\d+\]:\s+xmin = (\S+)\s+xmax = (\S+)", tier)
        assert float(rows[0][0]) == 0
        assert float(rows[-1][1]) == 2.0
        assert all(end == start for (_, end), (start, _) in itertools.pairwise(rows))


def test_a_score_that_outlasts_its_recording(tmp_path):
    label = [(start, min(end, 1.3), phone) for start, end, phone in LABEL[:5]]
    song = Song((*SONG.notes[:3], Note(1.2, 0.4, 60, "i", ("i",))))
    write_textgrid(tmp_path / "u.TextGrid", label, song)
    assert read_textgrid(tmp_path / "u.TextGrid", "notes")[-1] == (1.2, 1.3, "C4")


@pytest.mark.parametrize(("midi", "name"), [(60, "C4"), (69, "A4"), (21, "A0"), (60.5, "C4+50"), (59.9, "C4-10")])
def test_pitch_names(midi, name):
    assert pitch_name(midi) == name


def test_sets_there_and_back(tiny_data, tmp_path):
    dev = read_data_directory(tiny_data / "dev")
    first, second = dev
    write_textgrids(tmp_path, "dev", dev)
    assert labels_of_textgrids(tmp_path, "dev", dev) == (dev.label, {})
    (tmp_path / "dev" / f"{first}.TextGrid").rename(tmp_path / f"{first}.TextGrid")  # one folder for all sets
    path = tmp_path / "dev" / f"{second}.TextGrid"
    path.write_text("nothing")
    labels, failures = labels_of_textgrids(tmp_path, "dev", dev)
    assert labels == {first: dev.label[first]}
    assert f"utterance {second}: {path}" in failures[second]
