import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "evaluation" / "listening"))
from simulated import make_systems, rate_everything

from svstoolkit.bin.listen import main
from svstoolkit.errors import InputError


@pytest.fixture(scope="module")
def wavs(tmp_path_factory):
    root = tmp_path_factory.mktemp("wavs")
    make_systems(root, 5)
    return root


def systems(wavs, *names):
    return ["--systems", *(f"{name}={wavs / name}" for name in names)]


def test_from_folders_to_results(wavs, tmp_path, capsys):
    test = ["--test", str(tmp_path)]
    arguments = ["--reference", str(wavs / "truth"), "--utterances", "4", "--listeners", "8"]
    main(["build", *systems(wavs, "good", "fair", "poor"), *arguments, "--output", str(tmp_path)])
    said = capsys.readouterr().out
    assert "8 sessions of 8 trials" in said  # 4, two checks, two repeats
    assert "2 ratings of every system in every utterance" in said
    key = json.loads((tmp_path / "key.json").read_text())
    assert key["systems"] == ["ground_truth", "good", "fair", "poor"]
    with pytest.raises(InputError, match="nobody has rated yet"):
        main(["analyse", *test])
    rate_everything(tmp_path)
    main(["analyse", *test, "--bootstrap", "50"])
    said = capsys.readouterr().out
    assert re.search(r"Quality: 8 listeners\n", said)
    assert (tmp_path / "results/results.json").is_file()
    assert said.index("good") < said.index("fair") < said.index("poor")
    with pytest.raises(InputError, match="no listener's ratings can be used"):
        main(["analyse", *test, "--max_repeat_difference", "-1"])


def test_from_what_stage_7_decoded(wavs, tmp_path, capsys):
    for system in ("good", "poor"):
        folder = tmp_path / "decode" / system / "reference_durations" / "test"
        folder.mkdir(parents=True)
        (folder / "wav").symlink_to(wavs / system)
        record = {"rtf": 1.0, "audio_seconds": 1.0, "wall_seconds": 1.0, "hardware": "x", "utterances": {}}
        (folder / "decode.json").write_text(json.dumps(record))
    decoded = ["--decode_dir", str(tmp_path / "decode"), "--reference", str(wavs / "truth"), "--listeners", "2"]
    decoded += ["--kind", "mushra", "--output", str(tmp_path / "listen")]
    with pytest.raises(InputError, match="nothing of the set test was decoded in the mode score"):
        main(["build", *decoded])
    main(["build", *decoded, "--mode", "reference_durations", "--only", "poor"])
    assert json.loads((tmp_path / "listen/key.json").read_text())["systems"] == [
        "ground_truth",
        "poor",
        "anchor_3500",
        "anchor_7000",
    ]


def test_a_session_too_short_for_all_pairs_is_said(wavs, tmp_path, capsys):
    arguments = ["--listeners", "2", "--trials_per_listener", "3", "--loudness", "-5", "--output", str(tmp_path / "x")]
    (tmp_path / "words.txt").write_text("First\nparagraph.\n\n\nSecond <one>.\n")
    arguments += ["--instructions", str(tmp_path / "words.txt"), "--title", "Song"]
    main(["build", *systems(wavs, "good", "poor"), *arguments])
    said = capsys.readouterr().out
    assert "! not every system is heard in every utterance" in said
    assert "! the target of -5 LUFS was lowered" in said
    page = (tmp_path / "x/page/index.html").read_text()
    content = json.loads(re.search(r'id="content">(.*?)</script>', page, re.DOTALL)[1])
    assert content["instructions"] == ["First paragraph.", "Second <one>."]


def test_mistakes_are_one_line(wavs, tmp_path):
    with pytest.raises(InputError, match="instructions"):
        main(["build", *systems(wavs, "good"), "--instructions", str(tmp_path / "absent")])
    with pytest.raises(InputError, match="give either"):
        main(["build"])
    with pytest.raises(SystemExit):
        main(["build", "--kin", "mos"])
    with pytest.raises(SystemExit):
        main([])
    with pytest.raises(InputError, match="build the test first"):
        main(["serve", "--test", str(tmp_path)])


# a test run in the background ignores interrupts, and its children with it
HEEDING_INTERRUPTS = """import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from svstoolkit.bin.listen import main
main(sys.argv[1:])"""


def test_serve_until_interrupted(wavs, tmp_path):
    main(["build", *systems(wavs, "good", "poor"), "--listeners", "2", "--output", str(tmp_path)])
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-c", HEEDING_INTERRUPTS, "serve", "--test", str(tmp_path), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as run:
        try:
            address = run.stdout.readline().split()[0]
            with urllib.request.urlopen(address, timeout=10) as answer:
                assert b"Listening test" in answer.read()
            run.send_signal(signal.SIGINT)
            assert run.wait(timeout=10) == 0
        finally:
            run.kill()
