"""Tiny corpora in their true layouts, as the tests of each corpus build them."""

import importlib
import sys
from collections.abc import Callable
from pathlib import Path

import soundfile

sys.path.insert(0, str(Path(__file__).parents[1] / "corpora"))


def _tests_of(corpus: str):
    return importlib.import_module(f"test_{corpus}")


def opencpop(folder: Path) -> dict:
    _tests_of("opencpop").corpus(folder)
    return {"dev_songs": 1}


def m4singer(folder: Path) -> dict:
    tests = _tests_of("m4singer")
    tests.corpus(folder, [tests.clean(name) for name in tests.NAMES])
    return {"dev_songs": 1}


def popcs(folder: Path) -> dict:
    _tests_of("popcs").corpus(folder)
    return {"dev_songs": 1}


def gtsinger(folder: Path) -> dict:
    _tests_of("gtsinger").corpus(folder, ("Chinese", "English"))
    return {"dev_songs": 1, "test_songs": 1}


def csd(folder: Path) -> dict:
    tests = _tests_of("csd")
    for name in ("en001a", "en046a", "en047b"):
        tests.write_song(folder, "english", name, tests.ENGLISH_ROWS, tests.ENGLISH_TEXT, ["twinkle little star", "I"])
    for name in ("kr001a", "kr050a"):
        tests.write_song(folder, "korean", name, tests.KOREAN_ROWS, ["h_a_g k_y_o j_o_ng"], ["학교종"])
    return {"shortest": 1.0, "longest": 6.0}


def kiritan(folder: Path) -> dict:
    for name in ("01", "02", "13"):
        _tests_of("kiritan").write_song(folder, name)
    return {"shortest": 4.0, "longest": 8.0}


def pjs(folder: Path) -> dict:
    for name in ("pjs001", "pjs002", "pjs017"):
        _tests_of("pjs").write_song(folder, name)
    return {}


def nit_song070(folder: Path) -> dict:
    tests = _tests_of("nit_song070")
    for number in ("001", "003", "004"):
        samples = tests.write_song(folder / "data", number, tests.song_lines())
        wav = folder / "data" / "wav" / f"nitech_jp_song070_f001_{number}.wav"
        wav.parent.mkdir(exist_ok=True)
        soundfile.write(wav, samples, 48000)
    return {}


def ljspeech(folder: Path) -> dict:
    from ljspeech_fakes import ljspeech_tree

    ljspeech_tree(folder)
    return {}


def voicebank(folder: Path) -> dict:
    _tests_of("voicebank").bank(folder / "yuki", ["かきくけこ", "きくけこか", "くけこかき"])
    return {"dev": 1, "test": 1}


# corpus → writes its tree and returns the options it is read with
TREES: dict[str, Callable[[Path], dict]] = {
    function.__name__: function
    for function in (opencpop, m4singer, popcs, gtsinger, csd, kiritan, pjs, nit_song070, ljspeech, voicebank)
}
