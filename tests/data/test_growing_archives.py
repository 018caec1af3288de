"""Archives that are killed while they grow: what the journal says is there is there, and the rest is done again."""

from pathlib import Path

import kaldiio
import numpy as np
import pytest
from small_disk import small_files

from svstoolkit.data.archives import ArchiveReader
from svstoolkit.data.growing_archives import GrowingArchives
from svstoolkit.errors import InputError

NAMES = ("a", "b")
VALUES = {f"u{i}": (np.full((3 + i, 2), i, np.float32), np.arange(i + 1, dtype=np.float32)) for i in range(4)}


def grow(folder: Path, upto: int = 4, finish: bool = True) -> list[str]:
    """Adds what is missing of the first `upto` utterances; the names that were there already."""
    with GrowingArchives(folder / "parts", folder, NAMES) as growing:
        there = [entry.utterance for entry in growing.entries]
        for utterance in list(VALUES)[len(there) : upto]:
            growing.add(utterance, VALUES[utterance], frames=len(VALUES[utterance][0]))
        if finish:
            growing.finish()
    return there


def assert_whole(folder: Path) -> None:
    for i, name in enumerate(NAMES):
        reader = ArchiveReader(folder / f"{name}.scp")
        assert list(reader) == list(VALUES)
        assert all(np.array_equal(reader[u], VALUES[u][i]) for u in VALUES)
        assert {u for u, _ in kaldiio.load_ark(str(folder / f"{name}.ark"))} == set(VALUES)  # and nothing between


@pytest.mark.parametrize(
    ("file", "lost", "kept"),
    [
        ("a.ark", 1, 2),
        ("b.ark", 3, 2),
        ("journal", 1, 2),
        ("journal", 40, 2),
        ("a.ark", 10**6, 0),
        ("journal", 10**6, 0),
    ],
)
def test_it_goes_on_wherever_it_was_cut_off(tmp_path, file, lost, kept):
    assert grow(tmp_path, 3, finish=False) == []
    path = tmp_path / "parts" / file
    path.write_bytes(path.read_bytes()[: max(0, path.stat().st_size - lost)])
    assert grow(tmp_path) == list(VALUES)[:kept]
    assert_whole(tmp_path)


def test_half_an_utterance_behind_the_last_line_is_written_over(tmp_path):
    grow(tmp_path, 3, finish=False)
    for name in NAMES:
        with (tmp_path / "parts" / f"{name}.ark").open("ab") as file:
            file.write(b"u3 half of it")
    assert grow(tmp_path) == ["u0", "u1", "u2"]
    assert_whole(tmp_path)


def test_a_kill_while_the_archives_are_moved_loses_nothing(tmp_path, monkeypatch):
    import svstoolkit.data.archives as module

    monkeypatch.setattr(module, "write_text", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        grow(tmp_path)
    monkeypatch.undo()
    assert (tmp_path / "a.ark").exists()
    assert not (tmp_path / "b.ark").exists()
    assert grow(tmp_path) == list(VALUES)
    assert_whole(tmp_path)


def test_a_full_disk_is_one_line_and_the_next_run_goes_on(tmp_path):
    with GrowingArchives(tmp_path / "parts", tmp_path, NAMES) as growing:
        growing.add("u0", VALUES["u0"])
        full = r"parts/b\.ark: cannot be written \(File too large; .*make room.*the same command goes on"
        with small_files(10000), pytest.raises(InputError, match=full):
            growing.add("u1", (VALUES["u1"][0], np.zeros(5000, np.float32)))
    assert (tmp_path / "parts/b.ark").stat().st_size > 5000  # part of it
    assert grow(tmp_path) == ["u0"]
    assert_whole(tmp_path)


def test_an_unwritable_folder_is_one_line(tmp_path):
    (tmp_path / "parts").write_text("a file")
    with pytest.raises(InputError, match="parts: cannot be written"):
        grow(tmp_path)
