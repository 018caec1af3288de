import json

import pytest

from svstoolkit.errors import InputError
from svstoolkit.evaluation.decoded import find_decoded

RECORD = {"rtf": 0.5, "audio_seconds": 2.0, "wall_seconds": 1.0, "hardware": "x", "parameters": 1, "steps": 4}
RECORD["utterances"] = {"u1": {"seconds": 2.0, "wall": 1.0}}


def decoded(root, system, mode="score", record=RECORD):
    folder = root / system / mode / "test"
    folder.mkdir(parents=True)
    if record is not None:
        (folder / "decode.json").write_text(record if isinstance(record, str) else json.dumps(record))


def test_systems_come_in_natural_order_the_ceiling_first(tmp_path):
    for system in ("smooth_24", "smooth_4", "alpha"):
        decoded(tmp_path, system)
    decoded(tmp_path, "copy_synthesis", "reference_durations")
    found = find_decoded(tmp_path, "test")
    assert [d.system for d in found] == ["copy_synthesis", "alpha", "smooth_4", "smooth_24"]
    assert found[1].times == {"u1": (2.0, 1.0)}
    assert found[1].wav("u1") == tmp_path / "alpha" / "score" / "test" / "wav" / "u1.wav"


@pytest.mark.parametrize(
    ("system", "mode", "record", "message"),
    [
        ("a", "score", None, "not finished.*stage 7"),
        ("a", "score", "{", "not a record"),
        ("a", "score", {"rtf": 1}, "not a record"),
        ("a", "karaoke", RECORD, "karaoke.*modes are"),
        ("floor", "score", RECORD, "reference row"),
    ],
)
def test_bad_decodings_are_named(tmp_path, system, mode, record, message):
    decoded(tmp_path, system, mode, record)
    with pytest.raises(InputError, match=message):
        find_decoded(tmp_path, "test")


def test_nothing_decoded(tmp_path):
    with pytest.raises(InputError, match="run stage 7"):
        find_decoded(tmp_path, "test")
