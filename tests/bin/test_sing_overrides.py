"""`svs sing` with what a user sets: written, edited, sung again; and refused before a model is loaded."""

import json
import logging

import numpy as np
import pytest
import soundfile
from fakes import tiny_song
from vocoder_fakes import acoustic_experiment, vocoder_experiment

from svstoolkit.bin import sing
from svstoolkit.errors import InputError
from svstoolkit.inference.overrides_file import read_overrides
from svstoolkit.score.formats.ds import read_ds, write_ds

SECONDS = 0.05  # of the first consonant, as the .ds file has it


@pytest.fixture(scope="module")
def voice(tiny_dump, tmp_path_factory):
    folder = tmp_path_factory.mktemp("exp")
    acoustic_experiment(folder / "fastspeech2", tiny_dump)
    vocoder_experiment(folder / "nsf_hifigan", tiny_dump, "nsf_hifigan")
    return folder


@pytest.fixture
def score(tmp_path):
    """A .ds file with phone times and F0."""
    path, song = tmp_path / "song.ds", tiny_song(1)
    edges = [0.0]
    for note in song.notes:
        edges += [note.onset - SECONDS, note.onset] if len(note.phones) == 2 else [note.onset]
    edges = np.array([*edges[1:], song.duration])
    write_ds(song, path, np.diff(edges), [0.0, 300.0, 300.0, 300.0, 300.0], 0.4)
    return path


def sung(voice, score, output, *options: str) -> np.ndarray:
    arguments = [
        str(score),
        "--voice",
        str(voice),
        "--transpose",
        "0",
        "--write_curves",
        "true",
        "--output",
        str(output),
    ]
    sing.main([*arguments, *options])
    return soundfile.read(output / "song.wav", dtype="int16")[0].astype(int)


def test_what_is_written_is_sung_again_and_a_ds_files_curves_are_sung(voice, score, tmp_path):
    first = sung(voice, score, tmp_path / "a")
    curves = tmp_path / "a/song.curves.yaml"
    again = sung(voice, score, tmp_path / "b", "--ds_curves", "false", "--overrides", str(curves))
    assert np.abs(first - again).max() <= 33  # 1e-3: ln(exp(energy)) rounds
    song = read_ds(score)
    written = read_overrides(curves, song)
    assert written.boundaries[2] - written.boundaries[1] == pytest.approx(SECONDS, abs=0.011)
    f0 = np.concatenate([curve.values for curve in written.curves["f0"]])
    assert f0[len(f0) // 2] == pytest.approx(300, rel=1e-6)
    free = sung(voice, score, tmp_path / "c", "--ds_curves", "false")
    assert np.abs(first - free).max() > 100
    assert "Dashed: F0 as predicted" in (tmp_path / "a/song.html").read_text()
    assert "Dashed: F0 as predicted" not in (tmp_path / "c/song.html").read_text()


def test_f0_to_follow_goes_over_the_file_and_the_file_over_the_ds(voice, score, tmp_path):
    edits, table = tmp_path / "edits.yaml", tmp_path / "f0.csv"
    edits.write_text("f0: {times: [0, 1.0], values: [200, 200]}\n")
    table.write_text("time,hz\n0,150\n0.6,150\n")
    sung(voice, score, tmp_path / "out", "--overrides", str(edits), "--f0", str(table))
    curve = read_overrides(tmp_path / "out/song.curves.yaml", read_ds(score)).curves["f0"][0]
    found = curve.sampled(np.array([0.3, 0.55, 0.65, 0.9, 1.05]))
    np.testing.assert_allclose(found, [150, 150, 200, 200, 300], rtol=1e-6)


@pytest.mark.parametrize(
    ("edits", "message"),
    [
        ("cent: 3", r"edits\.yaml: unknown key cent; the nearest is cents"),
        ("notes: {2: {durations: [null, 9]}}", r"edits\.yaml: note \d, .* leaves no room|would end"),
        ("singers: {tenor: 1}", r"edits\.yaml: singer 'tenor' is none of the voice's"),
    ],
)
def test_bad_overrides_are_refused_before_a_model_is_loaded(voice, score, tmp_path, monkeypatch, edits, message):
    def loaded(*args):
        raise AssertionError("a model was loaded")

    monkeypatch.setattr("svstoolkit.inference.voice.load_trained", loaded)
    (tmp_path / "edits.yaml").write_text(edits)
    with pytest.raises(InputError, match=message):
        sung(voice, score, tmp_path / "out", "--overrides", str(tmp_path / "edits.yaml"))


def test_a_ds_of_singers_that_the_voice_lacks_asks_for_a_singer(voice, score, tmp_path):
    content = json.loads(score.read_text())
    score.write_text(json.dumps([content[0] | {"spk_mix": {"opencpop": 1.0}}]))
    with pytest.raises(InputError, match=r"song\.ds: singer 'opencpop' is none of the voice's"):
        sung(voice, score, tmp_path / "out")
    assert len(sung(voice, score, tmp_path / "out", "--singer", "bass"))


def test_overrides_are_of_one_score_and_checkpoints_are_named(voice, score, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    with pytest.raises(InputError, match=r"--f0 .* is of one song, 2 are given"):
        sing.main([str(score), "other.mid", "--voice", str(voice), "--f0", "x.csv"])
    with pytest.raises(InputError, match=r"fastspeech2 has no checkpoint of step 7; it has those of steps 1"):
        sung(voice, score, tmp_path / "out", "--checkpoint", "7")
    assert len(sung(voice, score, tmp_path / "out", "--checkpoint", "1"))
