"""Archives: what kaldiio reads back, whole or not at all, from anywhere."""

import multiprocessing
import os
import pickle
import struct
from pathlib import Path

import kaldiio
import numpy as np
import pytest

from svstoolkit.data.archives import ArchiveReader, ArchiveWriter
from svstoolkit.errors import InputError

MATRIX = np.arange(12, dtype=np.float32).reshape(4, 3)
VECTOR = np.array([1.5, -2.0], dtype=np.float32)
SAMPLES = np.array([0, 1, -32768, 32767], dtype=np.int16)


def write_all(prefix: Path) -> None:
    with ArchiveWriter(prefix) as writer:
        writer["utt-b"] = MATRIX
        writer["utt-a"] = VECTOR
        writer["ütt-c"] = (24000, SAMPLES)


def read_key(reader: ArchiveReader) -> float:
    return float(reader["utt-a"].sum())


def test_values_come_back_through_kaldiio_itself(tmp_path):
    write_all(tmp_path / "x")
    loaded = kaldiio.load_scp(str(tmp_path / "x.scp"))
    assert list(loaded) == ["utt-b", "utt-a", "ütt-c"]
    assert np.array_equal(loaded["utt-b"], MATRIX)
    assert np.array_equal(loaded["utt-a"], VECTOR)
    rate, samples = loaded["ütt-c"]
    assert rate == 24000
    assert np.array_equal(samples, SAMPLES)
    assert {key for key, _ in kaldiio.load_ark(str(tmp_path / "x.ark"))} == set(loaded)


def test_bytes_are_kaldis_binary_matrix_format(tmp_path):
    with ArchiveWriter(tmp_path / "x") as writer:
        writer["m"] = MATRIX
    expected = b"m \0BFM \4" + struct.pack("<i", 4) + b"\4" + struct.pack("<i", 3) + MATRIX.tobytes()
    assert (tmp_path / "x.ark").read_bytes() == expected
    assert (tmp_path / "x.scp").read_text() == f"m {tmp_path}/x.ark:2\n"


def test_our_reader_gives_the_same_values_in_order(tmp_path):
    write_all(tmp_path / "x")
    reader = ArchiveReader(tmp_path / "x.scp")
    assert list(reader) == ["utt-b", "utt-a", "ütt-c"]
    assert len(reader) == 3
    assert "utt-a" in reader
    assert np.array_equal(reader["utt-b"], MATRIX)
    assert reader["ütt-c"][0] == 24000
    with pytest.raises(KeyError):
        reader["nobody"]


def write_keys(prefix: Path, keys: list[str], failing: bool = False) -> None:
    with ArchiveWriter(prefix) as writer:
        for key in keys:
            writer[key] = VECTOR
        if failing:
            raise RuntimeError


def test_an_exception_in_the_middle_leaves_nothing(tmp_path):
    with pytest.raises(RuntimeError):
        write_keys(tmp_path / "x", ["a"], failing=True)
    assert list(tmp_path.iterdir()) == []


def test_an_exception_in_the_middle_leaves_the_old_archive(tmp_path):
    write_all(tmp_path / "x")
    with pytest.raises(RuntimeError):
        write_keys(tmp_path / "x", ["a"], failing=True)
    assert np.array_equal(ArchiveReader(tmp_path / "x.scp")["utt-b"], MATRIX)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["x.ark", "x.crc", "x.scp"]


def test_a_dump_is_readable_from_another_directory(tmp_path, monkeypatch):
    (tmp_path / "recipe").mkdir()
    monkeypatch.chdir(tmp_path / "recipe")
    write_all(Path("dump/x"))
    assert Path("dump/x.scp").read_text().startswith("utt-b dump/x.ark:")
    monkeypatch.chdir(tmp_path)
    assert np.array_equal(ArchiveReader("recipe/dump/x.scp")["utt-a"], VECTOR)


def test_a_reader_can_be_pickled_and_used_in_another_process(tmp_path):
    write_all(tmp_path / "x")
    reader = ArchiveReader(tmp_path / "x.scp")
    before = len(os.listdir("/proc/self/fd"))
    assert read_key(reader) == -0.5
    assert len(os.listdir("/proc/self/fd")) == before
    assert read_key(pickle.loads(pickle.dumps(reader))) == -0.5
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert pool.map(read_key, [reader]) == [-0.5]


@pytest.mark.parametrize("value", [MATRIX.astype(np.float64), (24000, MATRIX), SAMPLES])
def test_other_types_are_refused(tmp_path, value):
    with pytest.raises(ValueError, match="expected"), ArchiveWriter(tmp_path / "x") as writer:
        writer["a"] = value


@pytest.mark.parametrize("keys", [["a", "a"], [""], ["a b"]])
def test_bad_keys_are_refused(tmp_path, keys):
    with pytest.raises(ValueError, match="key"):
        write_keys(tmp_path / "x", keys)


def test_a_missing_or_cut_archive_is_named(tmp_path):
    with pytest.raises(InputError, match=r"mel\.scp"):
        ArchiveReader(tmp_path / "mel.scp")
    write_all(tmp_path / "x")
    ark = tmp_path / "x.ark"
    ark.write_bytes(ark.read_bytes()[:20])
    with pytest.raises(InputError, match=r"x\.ark: utt-b"):
        ArchiveReader(tmp_path / "x.scp")["utt-b"]
    ark.unlink()
    with pytest.raises(InputError, match="does not exist"):
        ArchiveReader(tmp_path / "x.scp")["utt-b"]


@pytest.mark.parametrize(("start", "length"), [(0, 2), (1, 2), (2, 9), (4, 3), (9, 1), (0, 0)])
@pytest.mark.parametrize("key", ["utt-b", "utt-a", "ütt-c"])
def test_a_part_is_what_slicing_the_whole_gives(tmp_path, key, start, length):
    write_all(tmp_path / "x")
    reader = ArchiveReader(tmp_path / "x.scp")
    whole = reader[key]
    rate, values = whole if isinstance(whole, tuple) else (0, whole)
    part = reader.part(key, start, length)
    assert (part.total, part.rate) == (len(values), rate)
    np.testing.assert_array_equal(part.values, values[start : start + length])
    assert part.values.dtype == values.dtype


def test_of_what_cannot_be_read_in_part_the_whole_is_read(tmp_path):
    with (tmp_path / "x.ark").open("wb") as file:
        kaldiio.save_ark(file, {"c": MATRIX}, compression_method=2)
    (tmp_path / "x.scp").write_text(f"c {tmp_path}/x.ark:2\n")
    part = ArchiveReader(tmp_path / "x.scp").part("c", 1, 2)
    assert part.total == 4
    np.testing.assert_allclose(part.values, MATRIX[1:3], atol=0.1)


def test_a_part_of_a_truncated_archive_is_refused(tmp_path):
    write_all(tmp_path / "x")
    content = (tmp_path / "x.ark").read_bytes()
    for key, size in (("ütt-c", len(content) - 1), ("utt-b", 30), ("utt-b", 12)):
        (tmp_path / "x.ark").write_bytes(content[:size])
        with pytest.raises(InputError, match=f"{key} cannot be read"):
            ArchiveReader(tmp_path / "x.scp").part(key, 0, 4)


@pytest.mark.parametrize(
    "value", [MATRIX, MATRIX[0], (24000, np.arange(9, dtype=np.int16))], ids=["matrix", "vector", "audio"]
)
def test_any_damaged_bit_is_noticed(tmp_path, value):
    with ArchiveWriter(tmp_path / "x") as writer:
        writer["a"], writer["b"] = value, value
    whole = (tmp_path / "x.ark").read_bytes()
    size = len(whole) // 2
    for at in range(len("a "), size):
        damaged = bytearray(whole)
        damaged[at] ^= 1 << at % 8
        (tmp_path / "x.ark").write_bytes(damaged)
        reader = ArchiveReader(tmp_path / "x.scp")
        with pytest.raises(InputError, match=r"x\.ark: a cannot be read .*write the archive again"):
            reader["a"]
        reader["b"]


def test_damage_of_archives_without_checksums_is_an_error_or_another_value(tmp_path):
    """As Kaldi writes them: no bit of a wav ends in an exception of another kind."""
    with ArchiveWriter(tmp_path / "x") as writer:
        writer["a"] = (24000, np.arange(9, dtype=np.int16))
    (tmp_path / "x.crc").unlink()
    whole, refused = (tmp_path / "x.ark").read_bytes(), 0
    for bit in range(8 * len("a "), 8 * len(whole)):
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        (tmp_path / "x.ark").write_bytes(damaged)
        try:
            ArchiveReader(tmp_path / "x.scp")["a"]
        except InputError:
            refused += 1
    assert refused > 100
