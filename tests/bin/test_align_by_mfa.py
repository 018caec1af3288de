"""`svs align --aligner mfa`, whole, with a stand-in for the program."""

import sys
from pathlib import Path

import numpy as np
import pytest

from svstoolkit.align.textgrid import read_textgrid
from svstoolkit.bin.align import main
from svstoolkit.data.directory import read_data_directory
from svstoolkit.errors import InputError

STAND_IN = Path(__file__).parents[1] / "mfa_stand_in.py"
SETS = ("train", "dev", "test")


@pytest.fixture
def align(tiny_data, tmp_path, monkeypatch):
    """Returns a function that runs the program; the stand-in is the only `mfa` on the PATH and loses an utterance."""
    for name in SETS:
        (tiny_data / name / "label").unlink()
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, script in (("mfa", f'exec {sys.executable} {STAND_IN} "$@"'), ("fstcompile", "exit 0")):
        (programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setenv("MFA_LOSES", "train002")

    def run(*words: str) -> None:
        main(["--aligner", "mfa", "--data_dir", str(tiny_data), "--exp_dir", str(tmp_path / "exp"), *words])

    return run


def test_what_mfa_lost_is_listed_and_the_rest_is_labelled(align, tiny_data, tmp_path, capsys):
    songs = {u: d.song(u) for d in map(read_data_directory, (tiny_data / n for n in SETS)) for u in d}
    align("--common.max_failed", "0.2")
    out = capsys.readouterr().out
    assert "aligned (mfa) 7 utterances (train 3, dev 2, test 2)" in out
    assert "1 left out" in out
    (line,) = (tmp_path / "exp" / "failed.txt").read_text().splitlines()
    assert line.startswith("alto_train002 ")
    assert "no TextGrid" in line
    for name in SETS:
        directory = read_data_directory(tiny_data / name)
        for u in directory:
            label = directory.label[u]
            assert [phone for *_, phone in label] == list(songs[u].phones)
            assert label[1][0] == 0.25  # where the stand-in puts the first phone
            assert np.all(np.diff([start for start, *_ in label]) > 0)
            assert read_textgrid(tmp_path / "exp" / "textgrids" / name / f"{u}.TextGrid") == label
    align("--common.max_failed", "0.2")
    assert "already aligned: 7 utterances" in capsys.readouterr().out
    align("--common.max_failed", "0.2", "--mfa.iterations", "3")
    assert "already aligned" not in capsys.readouterr().out


def test_a_model_that_is_not_there(align, tmp_path):
    with pytest.raises(InputError, match=r"model\.zip does not exist"):
        align("--mfa.acoustic_model", str(tmp_path / "model.zip"))


def test_without_mfa_nothing_is_begun(align, tmp_path, monkeypatch):
    with pytest.raises(InputError, match=r"not here.*make -C tools mfa.*--aligner hmm"):
        align("--mfa.command", "no-such-mfa")
    assert not (tmp_path / "exp").exists()
