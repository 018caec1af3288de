import csv
import io
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from scipy.stats import wilcoxon
from simulated import make_systems, rate_everything

from svstoolkit.errors import InputError
from svstoolkit.evaluation.listening.analysis import analyse
from svstoolkit.evaluation.listening.build import build
from svstoolkit.evaluation.listening.kinds import KINDS
from svstoolkit.evaluation.listening.planning import Settings
from svstoolkit.evaluation.listening.report import text_tables, write_report
from svstoolkit.evaluation.listening.screening import Rules
from svstoolkit.evaluation.listening.sources import gather

BEST_FIRST = ["truth", "good", "fair", "poor"]
WITH_ANCHORS = ["truth", "good", "anchor_7000", "fair", "poor", "anchor_3500"]


@pytest.fixture(scope="module")
def rated(tmp_path_factory):
    """Of every kind a test with 12 simulated listeners, its folder, and its analysis."""
    root = tmp_path_factory.mktemp("analysis")
    sources = gather(make_systems(root / "wavs", 9), "truth")
    made = {}
    for kind in KINDS:
        build(sources, Settings(kind, utterances=8, listeners=12, baseline="fair"), root / kind)
        rate_everything(root / kind)
        made[kind] = root / kind, analyse(root / kind, [root / kind / "ratings"], Rules(), samples=100)
    return made


@pytest.mark.parametrize("kind", KINDS)
def test_the_planted_order_is_found(rated, kind):
    _, result = rated[kind]
    assert len(result.kept) == 12
    assert result.problems == ()
    expected = {"cmos": ["truth", "good", "poor"], "mushra": WITH_ANCHORS}.get(kind, BEST_FIRST)
    for scale in result.scales:
        order = sorted(scale.systems, key=lambda s: s.crossed.mean, reverse=not scale.lower_is_better)
        assert [s.system for s in order] == expected
        assert {s.system: s.kind for s in order}["truth"] == "reference"
        assert scale.leaders() == {"good"}
        assert all(s.crossed.ci95 is not None and s.bootstrap is not None for s in order)
        together = 8 if KINDS[kind].whole else 8 / len(expected)
        assert all(s.crossed.n == pytest.approx(12 * together, abs=8) for s in order)
        assert all(pair.p_holm < 0.05 for pair in scale.pairs if "anchor" not in pair.first + pair.second)


def test_ratings_are_those_of_the_tests_own_trials(rated):
    folder, result = rated["mos"]
    sessions = json.loads((folder / "key.json").read_text())["sessions"]
    values = {}
    for n, trials in enumerate(sessions, start=1):
        answers = json.loads((folder / "ratings" / f"{n:04d}.json").read_text())["answers"]
        for answer in answers:
            if trials[answer["trial"]]["role"] == "test":
                values.setdefault(trials[answer["trial"]]["conditions"][0], []).append(answer["values"][0])
    for system in result.scales[0].systems:
        assert system.crossed.mean == pytest.approx(np.mean(values[system.system]))
        assert system.median == np.median(values[system.system])
        assert sum(system.shares.values()) == pytest.approx(1)


def test_comparisons_are_turned_to_the_system(rated):
    _, result = rated["cmos"]
    good = next(s for s in result.scales[0].systems if s.system == "good")
    assert good.crossed.mean > 0 > next(s for s in result.scales[0].systems if s.system == "poor").crossed.mean
    mine = [r for r in result.ratings if r.system == "good" and r.role == "test"]
    means = [np.mean([r.value for r in mine if r.session == n]) for n in range(1, 13)]
    assert good.extra["p_wilcoxon"] == pytest.approx(wilcoxon([m for m in means if m]).pvalue)
    assert good.extra["p_holm"] >= good.extra["p_wilcoxon"]
    assert good.extra["better"] + good.extra["same"] + good.extra["worse"] == pytest.approx(1)


def test_worths_follow_the_ranks(rated):
    systems = rated["ranking"][1].scales[0].systems
    worths = [s.extra["worth"] for s in sorted(systems, key=lambda s: s.crossed.mean)]
    assert worths == sorted(worths, reverse=True)
    assert sum(worths) == pytest.approx(1)
    assert all(s.extra["worth_low"] <= s.extra["worth"] <= s.extra["worth_high"] for s in systems)


class Page(HTMLParser):
    """Checks that elements are closed in order and collects what is referred to."""

    def __init__(self, text):
        super().__init__()
        self.open, self.links = [], []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.links += [v for k, v in attributes if k in ("href", "src") and not v.startswith("#")]
        if tag not in ("meta", "link", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize("kind", KINDS)
def test_the_report(rated, kind, tmp_path):
    _, result = rated[kind]
    write_report(tmp_path, result)
    content = json.loads((tmp_path / "results.json").read_text())
    rows = list(csv.DictReader(io.StringIO((tmp_path / "systems.csv").read_text())))
    assert len(rows) == sum(len(scale["systems"]) for scale in content["scales"])
    assert float(rows[0]["mean"]) == content["scales"][0]["systems"][0]["crossed"]["mean"]
    ratings = list(csv.DictReader(io.StringIO((tmp_path / "ratings.csv").read_text())))
    assert len(ratings) == len(result.ratings)
    assert len(list(csv.DictReader(io.StringIO((tmp_path / "pairs.csv").read_text())))) > 0
    latex = (tmp_path / "systems.tex").read_text()
    assert latex.count("{") == latex.count("}")
    assert re.search(r"good .*\\mathbf", latex)
    text = (tmp_path / "index.html").read_text()
    page = Page(text)
    assert all((tmp_path / link).is_file() for link in page.links)
    assert text.count("<svg") == 2 * len(result.scales)
    assert "Nobody was rejected" in text
    assert len(list((tmp_path / "figures").glob("*.pdf"))) == 2 * len(result.scales)
    table = text_tables(result)
    assert re.search(r"^good +\*", table, re.MULTILINE)


def test_who_is_rejected_is_told_and_does_not_count(rated, tmp_path):
    folder, _ = rated["mos"]
    for file in (folder / "ratings").glob("*.json"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    bad = json.loads((tmp_path / "0003.json").read_text())
    for answer in bad["answers"]:
        answer["values"] = [3]
    (tmp_path / "0003.json").write_text(json.dumps(bad))
    (tmp_path / "notes.json").write_text("see <script>")
    found = analyse(folder, [tmp_path], Rules(), samples=20)
    (rejected,) = found.rejected
    assert rejected.listener.startswith("3:")
    assert len(rejected.reasons) == 2
    assert [p.file.endswith("notes.json") for p in found.problems] == [True]
    assert {r.accepted for r in found.ratings if r.session == 3} == {False}
    assert sum(s.crossed.n for s in found.scales[0].systems) == 11 * 8
    write_report(tmp_path / "report", found)
    text = (tmp_path / "report" / "index.html").read_text()
    assert rejected.listener in text
    assert "notes.json" in text


def test_nobody_left(rated, tmp_path):
    folder, _ = rated["mos"]
    with pytest.raises(InputError, match="there are none"):
        analyse(folder, [tmp_path], Rules())
    (tmp_path / "1.json").write_text("{}")
    with pytest.raises(InputError, match="is not a file of ratings"):
        analyse(folder, [tmp_path], Rules())
