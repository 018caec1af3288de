"""The page of the quality report stands alone and shows what is suspicious."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
import soundfile
from PIL import Image

from svstoolkit.align.job import job_of
from svstoolkit.align.report.drawing import waveform
from svstoolkit.align.report.page import histogram
from svstoolkit.align.report.writing import keep_scores, kept_scores, write_report
from svstoolkit.data.directory import read_data_directory, write_label


def is_vowel(phone: str, code: str) -> bool:
    return phone in "aiu"


class Page(HTMLParser):
    """What the page refers to, its articles, and its data."""

    def __init__(self, path: Path):
        super().__init__()
        self.files, self.articles, self.flagged, self.inside, self.data = [], [], [], "", {}
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.inside = values.get("id", tag)
        self.files += [unquote(values[k]) for k in ("src", "href", "data-sound") if k in values]
        if tag == "article":
            self.articles.append(values)
        if "flagged" in values.get("class", ""):
            self.flagged.append(values["title"])

    def handle_data(self, text):
        if self.inside == "data" and text.strip():
            self.data = json.loads(text)


@pytest.fixture
def report(tiny_data, tmp_path):
    """Writes the report on the tiny corpus, one consonant of which lasts far too long; returns it and the page."""
    train = read_data_directory(tiny_data / "train")
    wrong = list(train)[2]
    (a, _, p), (_, c, q) = train.label[wrong][2:4]
    train.label[wrong][2:4] = [(a, c - 0.01, p), (c - 0.01, c, q)]
    write_label(tiny_data / "train" / "label", train.label)

    def write(worst: int = 3, scores=None):
        sets = {name: read_data_directory(tiny_data / name) for name in ("train", "dev")}
        ranked = write_report(tmp_path / "exp", sets, job_of(sets, is_vowel, 0.08), is_vowel, scores or {}, worst, 1)
        return ranked, Page(tmp_path / "exp" / "index.html")

    return wrong, write


def test_the_page_stands_alone(report, tmp_path):
    wrong, write = report
    ranked, page = write()
    assert ranked[0].utterance.id == wrong
    assert len(page.articles) == 3
    assert len(page.data["rows"]) == len(ranked) == 6
    assert page.data["rows"][0][1] == wrong
    for name in page.files:
        assert name.startswith("#") or (tmp_path / "exp" / name).is_file()
    text = (tmp_path / "exp" / "index.html").read_text()
    assert not re.search(r"https?:|//cdn|@import|url\(", text)
    assert page.flagged
    assert all(re.match(r"\w+, [0-9.]+ to [0-9.]+ s, \d+ ms", title) for title in page.flagged)


def test_sound_and_picture_are_the_recordings(report, tmp_path):
    wrong, write = report
    _, page = write(1)
    seconds = float(page.articles[0]["data-seconds"])
    info = soundfile.info(tmp_path / "exp" / page.articles[0]["data-sound"])
    assert info.format == "FLAC"
    assert info.duration == pytest.approx(seconds, abs=0.002)
    with Image.open(tmp_path / "exp" / "quality" / f"{wrong}.webp") as image:
        assert image.size == (round(seconds * 24000) // 256, 80)


def test_what_has_not_changed_is_not_drawn_again(report, tmp_path):
    _, write = report
    write()
    stamp = (tmp_path / "exp" / "index.html").stat().st_mtime_ns
    write()
    assert (tmp_path / "exp" / "index.html").stat().st_mtime_ns == stamp
    write(1)
    assert len(list((tmp_path / "exp" / "quality").glob("*.flac"))) == 1
    write(0)
    assert not list((tmp_path / "exp" / "quality").glob("*.flac"))


def test_names_cannot_break_the_page(report, tmp_path, tiny_data):
    wrong, write = report
    odd = f"{wrong}#1%</script>&\"'é".replace("/", "")
    for name in ("wav.scp", "text", "utt2spk", "utt2lang", "score.scp", "label"):
        path = tiny_data / "train" / name
        path.write_text(path.read_text().replace(f"{wrong} ", f"{odd} "))
    ranked, page = write()
    assert ranked[0].utterance.id == odd
    assert page.data["rows"][0][1] == odd
    assert unquote(page.articles[0]["data-sound"]) == f"quality/{odd}.flac"


def test_report_as_data(report, tmp_path):
    wrong, write = report
    scores = dict.fromkeys(("alto_train000", "alto_train002"), -50.0)
    write(scores=scores)
    written = json.loads((tmp_path / "exp" / "quality.json").read_text())
    first = written["utterances"][0]
    assert first["id"] == wrong
    assert first["likelihood"] == scores.get(wrong)
    assert first["suspicion"] == max(u["suspicion"] for u in written["utterances"])
    duration = next(f for f in first["findings"] if f["measure"] == "duration")
    assert duration["start"] is not None
    assert set(written["measures"]) >= set(first["z"])


def test_likelihoods_are_kept_and_forgotten(tmp_path):
    keep_scores(tmp_path, {"u": -1.25, "v": float("-inf")})
    assert kept_scores(tmp_path) == {"u": -1.25}
    keep_scores(tmp_path, {})
    assert kept_scores(tmp_path) == {}


def test_histogram_counts_everything():
    bars = histogram(np.array([0.0] * 9 + [1.0]))["bars"]
    assert len(bars) == 2
    assert bars[0][3] / bars[1][3] == pytest.approx(3, rel=0.01)  # square roots
    assert histogram(np.ones(5))["count"] == 5
    shown = histogram(np.array([0.5, 1.0, 2.0]), logarithmic=True)
    assert (shown["middle"], shown["median_x"]) == ("1", 100.0)


def test_waveform_of_any_length():
    assert waveform(np.array([0.5], np.float32), 24000).startswith("M")
    path = waveform(np.sin(np.arange(24000) / 5).astype(np.float32), 24000)
    heights = [float(point.split()[1]) for point in path[1:-1].split("L")]
    assert (min(heights), max(heights)) == (pytest.approx(1, abs=0.1), pytest.approx(99, abs=0.1))
