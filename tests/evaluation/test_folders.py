import pytest

from svstoolkit.errors import InputError
from svstoolkit.evaluation.folders import list_sounds


def touch(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"")
    return root


def test_a_folder_is_searched_in_depth_and_other_files_are_left_alone(tmp_path):
    touch(tmp_path, "b.wav", "a.flac", "singer/a.WAV", "notes.txt", "a.json")
    sounds, problems = list_sounds(tmp_path)
    assert list(sounds) == ["a", "b", "singer/a"]
    assert sounds["singer/a"] == tmp_path / "singer/a.WAV"
    assert not problems


def test_a_second_file_of_an_utterance_is_a_problem_that_names_both(tmp_path):
    touch(tmp_path, "a.wav", "a.flac")
    sounds, [(_, utterance, reason)] = list_sounds(tmp_path)
    assert sounds == {"a": tmp_path / "a.flac"}
    assert utterance == "a"
    assert "a.wav" in reason
    assert "a.flac" in reason


def test_a_similar_name_is_another_utterance(tmp_path):
    touch(tmp_path, "song_1.wav", "song_10.wav", "song_1.2.wav")
    assert list(list_sounds(tmp_path)[0]) == ["song_1", "song_1.2", "song_10"]


def test_a_kaldi_list_is_read(tmp_path):
    scp = tmp_path / "wav.scp"
    scp.write_text("u1 /data/one take.wav\nu2 /data/2.wav\n")
    sounds, _ = list_sounds(scp)
    assert {key: str(path) for key, path in sounds.items()} == {"u1": "/data/one take.wav", "u2": "/data/2.wav"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [("u1 sox in.wav -t wav - |\n", "command"), ("u1\n", "line 1"), ("u1 a.wav\nu1 b.wav\n", "line 2.*twice")],
)
def test_a_list_that_cannot_be_read_says_why(tmp_path, text, reason):
    scp = tmp_path / "wav.scp"
    scp.write_text(text)
    with pytest.raises(InputError, match=reason):
        list_sounds(scp)


def test_what_is_neither_folder_nor_list_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"absent: neither a folder"):
        list_sounds(tmp_path / "absent")
