"""A fingerprint changes with everything that counts and with nothing else."""

import os

from svstoolkit.data.fingerprint import fingerprint, is_done, mark_done, unmark


def test_settings_count_and_their_order_does_not():
    assert fingerprint(a=1, b={"x": 1, "y": 2}) == fingerprint(b={"y": 2, "x": 1}, a=1)
    assert fingerprint(a=1) != fingerprint(a=2)
    assert fingerprint(a=1) != fingerprint(b=1)


def test_contents_count_and_times_do_not(tmp_path):
    path = tmp_path / "text"
    missing = fingerprint(inputs=[path])
    path.write_text("one")
    first = fingerprint(inputs=[path])
    os.utime(path, (1, 1))
    assert fingerprint(inputs=[path]) == first != missing
    path.write_text("two")
    assert fingerprint(inputs=[path]) != first


def test_a_folder_counts_with_every_file_in_it(tmp_path):
    (tmp_path / "d" / "e").mkdir(parents=True)
    (tmp_path / "d" / "e" / "f").write_text("1")
    first = fingerprint(inputs=[tmp_path / "d"])
    (tmp_path / "d" / "e" / "f").rename(tmp_path / "d" / "f")
    assert fingerprint(inputs=[tmp_path / "d"]) != first


def test_stamps_count_size_and_time_of_change(tmp_path):
    path = tmp_path / "wav"
    path.write_text("one")
    os.utime(path, (1, 1))
    first = fingerprint(stamps=[path])
    assert fingerprint(stamps=[path]) == first
    os.utime(path, (2, 2))
    assert fingerprint(stamps=[path]) != first


def test_work_is_done_when_marked_with_its_fingerprint(tmp_path):
    assert not is_done(tmp_path, "abc")
    mark_done(tmp_path, "abc")
    assert is_done(tmp_path, "abc")
    assert not is_done(tmp_path, "abd")
    unmark(tmp_path)
    assert not is_done(tmp_path, "abc")
