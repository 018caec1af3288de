"""LJSpeech in its own layout: three columns by bars, quotation marks that are text, FastSpeech 2's split."""

import shutil

import pytest
import soundfile
from ljspeech_fakes import CLIPS, RATE, ljspeech_tree

from svstoolkit.bin.data import main
from svstoolkit.corpora.checks import CorpusReport
from svstoolkit.corpora.ljspeech import utterances, written_out
from svstoolkit.data.directory import read_data_directory
from svstoolkit.errors import InputError


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    return ljspeech_tree(tmp_path_factory.mktemp("corpus"))


@pytest.fixture
def corpus(tree, tmp_path):
    """A copy that may be damaged."""
    return shutil.copytree(tree, tmp_path / "LJSpeech-1.1")


def test_the_split_is_by_documents(tree):
    report = CorpusReport()
    sets = utterances([tree], report=report)
    assert not report.problems
    assert not report.skipped
    ids = {name: {u.id for u in found} for name, found in sets.items()}
    assert ids["test"] == {"LJ001-0001", "LJ002-0001"}
    assert ids["dev"] == {"LJ003-0001", "LJ003-0002"}
    assert ids["train"] == {name for name in CLIPS if name >= "LJ004"}
    assert utterances([tree.parent]).keys() == sets.keys()  # the folder it lies in is good too


def test_clips_are_speech_as_long_as_their_recordings(tree):
    sets = utterances([tree])
    song = next(u.song for u in sets["test"] if u.id == "LJ002-0001")
    assert song.spoken
    assert song.lyrics == "The debtors of seventeen eighty paid"
    info = soundfile.info(tree / "wavs/LJ002-0001.wav")
    assert (info.samplerate, info.duration) == (RATE, pytest.approx(song.duration))
    assert next(u.song for u in sets["dev"] if u.id == "LJ003-0001").lyrics == "mister Smith saw three boys they ran"
    assert next(u.song for u in sets["train"] if u.id == "LJ004-0002").lyrics.endswith("U S Secret Service")


def test_abbreviations_are_written_out():
    assert written_out('"No," said J. Fry & Co.; at 9 p.m.') == '"No," said J Fry and company; at 9 p m '
    assert written_out("No. ten, St. Paul's, etc., &c.") == "number ten, saint Paul's, et cetera, et cetera"
    assert written_out("plain, text.") == "plain, text."


def test_bad_clips_are_told_and_the_others_go_on(corpus, tmp_path):
    (corpus / "wavs/LJ004-0001.wav").unlink()
    (corpus / "wavs/LJ005-0001.wav").write_bytes(b"RIFF, and no more")
    shutil.copy(corpus / "wavs/LJ006-0001.wav", corpus / "wavs/LJ099-0001.wav")
    metadata = corpus / "metadata.csv"
    lines = metadata.read_text(encoding="utf-8").replace("The debtors [of seventeen", "The debtors [of 17")
    metadata.write_text(lines + "LJ001-0001|twice|twice\n\n", encoding="utf-8")
    report = CorpusReport()
    sets = utterances([corpus], report=report)
    told = {problem.utterance: problem.message for problem in report.problems}
    assert set(told) == {"LJ004-0001", "LJ005-0001", "LJ002-0001", "LJ001-0001-twice"}
    assert "LJ004-0001.wav" in told["LJ004-0001"]
    assert "number" in told["LJ002-0001"]
    assert [reason for _, reason in report.skipped] == ["metadata.csv has no line for it"]
    assert sum(map(len, sets.values())) == len(CLIPS) - 3
    arguments = ["--corpus", "ljspeech", "--corpus_dir", str(corpus), "--data_dir", str(tmp_path / "data")]
    arguments += ["--min_sampling_rate", str(RATE)]
    with pytest.raises(InputError, match="skip_bad_utterances true"):
        main(arguments)
    main([*arguments, "--skip_bad_utterances", "true"])
    assert list(read_data_directory(tmp_path / "data/test")) == ["LJ001-0001"]
    assert "LJ004-0001" in (tmp_path / "data/bad_utterances.txt").read_text()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("LJ001-0001|one column more|a|b\n", "line 1: expected LJ"),
        ("LJ001-0001,commas,commas\n", "line 1: expected LJ"),
        ("LJ001-0001|a|caf\xe9\n".encode("latin-1"), "cannot be read as UTF-8"),
        ("LJ001-0001|1|2\n", "every other of the corpus"),
    ],
)
def test_a_malformed_table_is_refused(corpus, content, words):
    path = corpus / "metadata.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError, match=words):
        utterances([corpus])


def test_another_folder_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"metadata.csv; give --corpus_dir"):
        utterances([tmp_path])
    with pytest.raises(InputError, match="one folder"):
        utterances([])
