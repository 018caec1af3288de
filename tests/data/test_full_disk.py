"""A full disk is one line that names the file and the remedy; nothing is half-written, and the next run completes."""

import errno

import numpy as np
import pytest
import soundfile
from small_disk import SmallDisk, small_files

from svstoolkit.bin.program import run
from svstoolkit.data.archives import ArchiveReader, ArchiveWriter
from svstoolkit.data.audio import write_audio
from svstoolkit.data.files import atomic_path, write_text
from svstoolkit.errors import InputError

NOISE = np.random.default_rng(0).uniform(-0.5, 0.5, 48000).astype(np.float32)
REMEDY = r"cannot be written \(File too large; \d+ MiB are free there\); make room .* the same command goes on$"


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_old_text_stays(tmp_path):
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with small_files(1000), pytest.raises(InputError, match=rf"a\.txt: {REMEDY}"):
        write_text(path, "new" * 1000)
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_errors_of_what_is_read_are_no_errors_of_what_is_written(tmp_path):
    with pytest.raises(FileNotFoundError), atomic_path(tmp_path / "a.txt") as temporary:
        temporary.write_text((tmp_path / "absent").read_text())
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"file/a/b\.txt: cannot be written \(Not a directory"):
        write_text(tmp_path / "file/a/b.txt", "")


@pytest.mark.parametrize("name", ["a.wav", "a.flac"])
def test_sound(tmp_path, name):
    with small_files(20000), pytest.raises(InputError, match=f"{name}: {REMEDY}"):
        write_audio(tmp_path / name, NOISE, 24000)
    assert names(tmp_path) == []
    write_audio(tmp_path / name, NOISE, 24000)
    assert soundfile.info(tmp_path / name).subtype == "PCM_16"
    np.testing.assert_allclose(soundfile.read(tmp_path / name)[0], NOISE, atol=1.01 / 32768)


def test_archives(tmp_path):
    with ArchiveWriter(tmp_path / "mel") as writer:
        writer["old"] = NOISE[:100]
    cut_off = pytest.raises(InputError, match=rf"mel\.ark: {REMEDY}")
    with small_files(50000), cut_off, ArchiveWriter(tmp_path / "mel") as writer:
        writer["new"] = NOISE
    assert names(tmp_path) == ["mel.ark", "mel.crc", "mel.scp"]
    np.testing.assert_array_equal(ArchiveReader(tmp_path / "mel.scp")["old"], NOISE[:100])


def test_a_real_disk(tmp_path):
    with SmallDisk(tmp_path / "disk", 0.1) as disk:
        message = r"disk/{}: cannot be written \(No space left on device; 0 MiB are free there\)"
        with pytest.raises(InputError, match=message.format(r"a\.wav")):
            write_audio(disk.folder / "a.wav", np.tile(NOISE, 3), 24000)
        with pytest.raises(InputError, match=message.format(r"mel\.ark")), ArchiveWriter(disk.folder / "mel") as writer:
            writer["a"] = NOISE
        assert names(disk.folder) == []
        disk.resize(1)
        write_audio(disk.folder / "a.wav", np.tile(NOISE, 3), 24000)
        assert names(disk.folder) == ["a.wav"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_programs_end_with_one_line(capsys, number):
    def main():
        raise OSError(number, "No room", "/somewhere/train.log")

    with pytest.raises(SystemExit, match="1"):
        run(main)
    assert capsys.readouterr().err.startswith("error: /somewhere/train.log: cannot be written (No room; ")
