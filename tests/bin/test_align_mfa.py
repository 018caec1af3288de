"""Stage 1 with the real Montreal Forced Aligner, on the embedded corpus: `make test-mfa`, some ten minutes."""

import json
import os
from pathlib import Path

import pytest

from svstoolkit.bin import align, data
from svstoolkit.data.directory import read_data_directory

MFA = os.environ.get("SVS_MFA")  # how it is called; set by make test-mfa, where its absence is an error
SETS = ("train", "dev", "test")
# The real program cannot come from pip, so neither make test nor make test-slow expects it. make test-mfa, which sets
# SVS_MFA, does: there a missing or broken program fails the test. What needs no program is in test_align_by_mfa.py.
pytestmark = [pytest.mark.slow, pytest.mark.mfa, pytest.mark.skipif(not MFA, reason="run by make test-mfa")]


@pytest.fixture(scope="module")
def aligned(tmp_path_factory) -> Path:
    """A folder with data, labels by MFA and exp."""
    folder = tmp_path_factory.mktemp("mfa")
    data.main(["--corpus", "mini", "--corpus_dir", str(folder / "mini"), "--data_dir", str(folder / "data")])
    run(folder, "exp", "--aligner", "mfa")
    return folder


def run(folder: Path, exp: str, *words: str) -> None:
    truth = ["--truth", str(folder / "mini" / "truth" / "label"), "--mfa.command", MFA]
    align.main(["--data_dir", str(folder / "data"), "--exp_dir", str(folder / exp), *truth, *words])


def counts(folder: Path, exp: str) -> tuple[int, int]:
    """Utterances with a label, and those listed as failed."""
    listing = folder / exp / "failed.txt"
    sets = [read_data_directory(folder / "data" / name) for name in SETS]
    assert all(set(directory) == set(directory.label) for directory in sets)
    return sum(map(len, sets)), len(listing.read_text().splitlines()) if listing.is_file() else 0


def median_error(folder: Path, exp: str) -> float:
    accuracy = json.loads((folder / exp / "accuracy.json").read_text())
    return accuracy["table"]["all"]["all"]["median"]


def test_trained_on_the_corpus(aligned):
    total = len((aligned / "mini" / "truth" / "label").read_text().splitlines())
    labelled, failed = counts(aligned, "exp")
    assert labelled + failed == total
    assert failed <= 0.1 * total
    assert median_error(aligned, "exp") < 60  # ms; 20 to 30 on ten minutes of another synthetic singer


def test_with_the_model_it_left(aligned):
    run(aligned, "again", "--aligner", "mfa", "--mfa.acoustic_model", str(aligned / "exp" / "mfa" / "model.zip"))
    assert median_error(aligned, "again") < 60
    run(aligned, "checked", "--aligner", "none")
