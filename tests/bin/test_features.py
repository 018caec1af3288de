"""The program of stage 2: options, its summary line and its one-line errors."""

import subprocess
import sys
from pathlib import Path

import pytest

from svstoolkit.bin import features
from svstoolkit.data.definition_file import read_definition
from svstoolkit.errors import InputError


def arguments(data: Path, *more: str) -> list[str]:
    dump = data.parent / "dump"
    return ["--data_dir", str(data), "--dump_dir", str(dump), "--nj", "1", "--f0_extractor", "dio", *more]


def test_the_recipe_s_config_holds_only_what_differs(tiny_data, capsys):
    config = tiny_data.parent / "features.yaml"
    config.write_text("n_mels: 40\n")
    features.main(arguments(tiny_data, "--config", str(config)))
    written = read_definition(tiny_data.parent / "dump" / "features.yaml")
    assert (written.n_mels, written.hop_length) == (40, 256)
    summary = capsys.readouterr().out.splitlines()[-1]
    assert "train 4, dev 2, test 2 utterances" in summary
    assert summary.endswith(f"are in {tiny_data.parent / 'dump'}")


def test_an_unknown_key_stops_before_any_work(tiny_data):
    config = tiny_data.parent / "features.yaml"
    config.write_text("hop_lenght: 256\n")
    with pytest.raises(InputError, match="hop_lenght"):
        features.main(arguments(tiny_data, "--config", str(config)))
    assert not (tiny_data.parent / "dump").exists()


@pytest.mark.parametrize("wrong", [["--dumpdir", "x"], ["stray"], ["--overwrite", "yes"], ["--f0_extractor", "crepe"]])
def test_wrong_options_are_refused(tiny_data, wrong):
    with pytest.raises(SystemExit) as stop:
        features.main(arguments(tiny_data, *wrong))
    assert stop.value.code == 2


def test_a_faulty_corpus_is_one_message_and_exit_status_1(tiny_data):
    (tiny_data / "train" / "label").unlink()
    command = [sys.executable, "-m", "svstoolkit.bin.features", *arguments(tiny_data)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert "run stage 1" in done.stderr
    assert "Traceback" not in done.stderr
