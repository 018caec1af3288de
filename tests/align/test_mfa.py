"""Finding and calling Montreal Forced Aligner, with stand-ins on the PATH."""

import json
import stat
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import yaml

from svstoolkit.align import mfa_program
from svstoolkit.align.mfa import Mfa, align_with_mfa, require_mfa
from svstoolkit.align.transcript import transcript
from svstoolkit.errors import InputError
from svstoolkit.score.song import Note, Song

KALPY = "ModuleNotFoundError: No module named '_kalpy'"
STAND_IN = Path(__file__).parents[1] / "mfa_stand_in.py"


def program(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text("#!/bin/sh\n" + script)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def path(tmp_path, monkeypatch) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setattr(mfa_program, "INSTALLED", tmp_path / "none")
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


def test_no_mfa_says_how_to_get_it(path):
    with pytest.raises(InputError, match=r"not here.*conda.*--aligner hmm"):
        require_mfa("mfa")


def test_mfa_from_pip_is_found_out(path):
    program(path, "mfa", f'echo "Traceback" >&2; echo "{KALPY}" >&2; exit 1\n')
    with pytest.raises(InputError, match=r"_kalpy.*cannot run.*conda"):
        require_mfa("mfa")


def test_mfa_without_openfst(path):
    program(path, "mfa", "echo 3.4.3\n")
    with pytest.raises(InputError, match="fstcompile"):
        require_mfa("mfa")
    program(path, "fstcompile", "exit 0\n")
    assert require_mfa("mfa") == "3.4.3"


def test_old_mfa_and_mfa_in_another_environment(path):
    program(path, "mfa", "echo 2.0.6\n")
    with pytest.raises(InputError, match=r"3\.x is needed.*2\.0\.6"):
        require_mfa("mfa")
    program(path, "conda", '[ "$1 $2 $3" = "run -n other" ] && [ "$4" = mfa ] && echo 3.3.0\n')
    with pytest.raises(InputError, match=r"3\.3\.0 is here, but not OpenFst's `fstcompile`"):
        require_mfa("conda run -n other mfa")
    program(path, "conda", '[ "$1 $2 $3" = "run -n other" ] && echo 3.3.0\n')
    assert require_mfa("conda run -n other mfa") == "3.3.0"


def test_an_environment_that_is_not_activated(path, tmp_path, monkeypatch):
    """Its own programs are found; and the one tools/Makefile made is found without being named."""
    environment = tmp_path / "environment" / "bin"
    environment.mkdir(parents=True)
    program(environment, "mfa", "command -v fstcompile >&2 && echo 3.4.3\n")
    with pytest.raises(InputError, match="mfa version` fails"):
        require_mfa(str(environment / "mfa"))
    program(environment, "fstcompile", "exit 0\n")
    assert require_mfa(str(environment / "mfa")) == "3.4.3"
    with pytest.raises(InputError, match=r"not here.*make -C tools mfa"):
        require_mfa("mfa")
    monkeypatch.setattr(mfa_program, "INSTALLED", environment)
    assert require_mfa("mfa") == "3.4.3"


SONG = Song(
    (Note(0, 0.25, 0, "SP", ("SP",)), Note(0.5, 0.25, 60, "ta", ("t", "a")), Note(0.75, 0.25, 0, "SP", ("SP",)))
)


def job(tmp_path: Path):
    transcripts = [transcript(f"ann_{n}", "ann", SONG, "a".__contains__, 0.1) for n in ("1", "lost")]
    wavs = {t.utterance: str(tmp_path / f"{t.utterance}.wav") for t in transcripts}
    for wav in wavs.values():
        soundfile.write(wav, np.zeros(16000), 16000)
    return transcripts, wavs, dict.fromkeys(wavs, 1.0)


def test_trained_with_the_settings_for_singing_and_read_back(trainer, tmp_path):
    boundaries, failures = align_with_mfa(tmp_path / "mfa", *job(tmp_path), Mfa(), nj=2)
    np.testing.assert_allclose(boundaries["ann_1"], [0, 0.25, 0.5, 0.75, 1.0])
    assert list(failures) == ["ann_lost"]
    call = (tmp_path / "mfa" / "textgrids" / "call.json").read_text()
    for word in ('"-c"', '"--topology_path"', '"--single_speaker"', '"--clean"', '"-j", "2"', "model.zip"):
        assert word in call
    topology = yaml.safe_load((tmp_path / "mfa" / "topology.yaml").read_text())
    assert topology == {phone: {"min_states": 3, "max_states": 3} for phone in ("a", "t")}
    config = yaml.safe_load((tmp_path / "mfa" / "config.yaml").read_text())
    assert (config["beam"], config["self_loop_scale"], config["boost_silence"]) == (100, 1.0, 0.1)
    assert config["training"] == [{"monophone": {"num_iterations": 40, "max_gaussians": 1000, "boost_silence": 0.1}}]


@pytest.fixture
def trainer(path, tmp_path):
    """A stand-in that gives every phone 0.25 s after 0.25 s of silence, and loses ann_lost."""
    program(path, "fstcompile", "exit 0\n")
    program(path, "mfa", f'exec {sys.executable} {STAND_IN} "$@"\n')


def test_a_given_model_is_used_and_kept(trainer, tmp_path):
    model = tmp_path / "mfa" / "model.zip"  # where an earlier run left it
    model.parent.mkdir()
    with zipfile.ZipFile(model, "w") as archive:
        archive.writestr("model/meta.json", json.dumps({"phones": ["a", "t", "d"]}))
    transcripts, wavs, durations = job(tmp_path)
    durations["ann_lost"] = 0.05
    options = Mfa(acoustic_model=str(model))
    boundaries, failures = align_with_mfa(tmp_path / "mfa", transcripts, wavs, durations, options, nj=1)
    np.testing.assert_allclose(boundaries["ann_1"], [0, 0.25, 0.5, 0.75, 1.0])
    assert "too short for 2 phones of at least 0.03 s" in failures["ann_lost"]
    *call, _, root = json.loads((tmp_path / "mfa" / "textgrids" / "call.json").read_text())
    assert call[0] == "align"
    assert call[3] == str(model)
    assert "--topology_path" not in call
    assert "training" not in yaml.safe_load((tmp_path / "mfa" / "config.yaml").read_text())
    assert not call[1].startswith(root)  # or MFA refuses the corpus
    assert model.exists()
    with zipfile.ZipFile(model, "w") as archive:
        archive.writestr("model/meta.json", json.dumps({"phones": ["a", "d"]}))
    _, failures = align_with_mfa(tmp_path / "mfa", *job(tmp_path), options, nj=1)
    assert "phone 't' of the syllable 'ta' (note 2)" in failures["ann_1"]


def test_a_collapsed_model_is_found_out(trainer, tmp_path):
    transcripts, wavs, durations = job(tmp_path)
    long = Song((*SONG.notes[:1], replace(SONG.notes[1], duration=3.0), replace(SONG.notes[2], onset=3.5)))
    transcripts[0] = transcript("ann_1", "ann", long, "a".__contains__, 0.1)
    boundaries, failures = align_with_mfa(tmp_path / "mfa", transcripts, wavs, durations, Mfa(), nj=1)
    assert not boundaries
    assert "0.50 s, where the score has 3.10 s of singing; its model has collapsed" in failures["ann_1"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"retry_beam": 100}, "retry_beam must be greater"),
        ({"states_per_phone": 0}, "at least 1"),
        ({"phone_map": "map.yaml"}, "acoustic_model; give one"),
    ],
)
def test_settings_that_make_no_sense(words, message):
    with pytest.raises(ValueError, match=message):
        Mfa(**words)


def test_a_failing_run_names_its_log(path, tmp_path):
    program(path, "fstcompile", "exit 0\n")
    program(path, "mfa", '[ "$1" = version ] && echo 3.4.3 || { echo "CorpusError: broken" >&2; exit 1; }\n')
    with pytest.raises(InputError, match=r"exit status 1 \(CorpusError: broken\); see .*mfa\.log"):
        align_with_mfa(tmp_path / "mfa", *job(tmp_path), Mfa(), nj=1)
