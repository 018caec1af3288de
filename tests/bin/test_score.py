import json
import shutil
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "evaluation"))
from fake_decoding import SYSTEMS, fake_decoding

from svstoolkit.bin.score import main
from svstoolkit.data.stages import STAGE_NAMES
from svstoolkit.errors import InputError
from svstoolkit.evaluation.metrics import METRICS, select_metrics

ERRORS = ("mcd", "f0_rmse", "gross_pitch_error", "vuv_error")


@pytest.fixture(scope="module")
def experiment(tiny_dump, tmp_path_factory):
    """Arguments of a run whose results lie in output: one utterance of flat_2 is missing."""
    root = tmp_path_factory.mktemp("score")
    decode = fake_decoding(root / "decode", tiny_dump.parent / "data", tiny_dump)
    sorted((decode / "flat_2" / "score" / "test" / "wav").glob("*.wav"))[0].unlink()
    accuracy = {"metrics": [{"metric": "align_error_median", "unit": "ms", "value": 11.5, "n": 80}]}
    (root / "accuracy.json").write_text(json.dumps(accuracy))
    stages = [{"number": n, "name": STAGE_NAMES[n], "seconds": 75.0, "peak_memory_mb": 512} for n in (7, 8)]
    (root / "stages.json").write_text(json.dumps({"stages": stages}))
    arguments = ["--data_dir", tiny_dump.parent / "data", "--dump_dir", tiny_dump, "--decode_dir", decode]
    arguments += ["--output", root / "output", "--alignment", root / "accuracy.json", "--stages", root / "stages.json"]
    arguments = [*map(str, arguments), "--skip_metrics", "dnsmos_sig", "dnsmos_bak", "dnsmos_ovrl"]
    main(arguments)
    return root, arguments


@pytest.fixture(scope="module")
def results(experiment):
    rows = json.loads((experiment[0] / "output" / "results.json").read_text())
    assert all(set(row) == {"system", "set", "metric", "unit", "mean", "ci95", "n"} for row in rows)
    return {(r["set"], r["system"], r["metric"]): r for r in rows}


def test_every_system_has_every_metric(results):
    modes = {system: modes for system, (*_, modes) in SYSTEMS.items()}
    modes |= dict.fromkeys(("ground_truth", "floor"), ("score", "reference_durations"))
    expected = {("all", "alignment", "align_error_median")}
    for system in modes:
        for mode in modes[system]:
            label = "test" if mode == "score" else "test/reference_durations"
            absent = {"timing": mode == "score", "labels": mode != "score", "beats": mode != "score"}
            for name in select_metrics(["all"], ["dnsmos_sig", "dnsmos_bak", "dnsmos_ovrl"], False):
                if METRICS[name].group != "speed" and not absent.get(METRICS[name].needs, False):
                    expected.add((label, system, name))
            if system in SYSTEMS:
                expected.add((label, system, "rtf"))
    assert set(results) == expected


def test_figures_are_what_was_put_in(results):
    def mean(system, metric, name="test/reference_durations"):
        return results[name, system, metric]["mean"]

    for metric in ERRORS:
        assert mean("ground_truth", metric) == 0.0
        assert mean("ground_truth", metric, "test") == 0.0
    assert mean("good_10", "f0_rmse") == pytest.approx(10, abs=5)
    assert mean("flat_2", "f0_rmse") == pytest.approx(80, abs=8)
    assert mean("flat_2", "gross_pitch_error") > 95
    assert mean("good_10", "gross_pitch_error") < 5
    assert mean("good_10", "rtf") == pytest.approx(0.5)
    for metric, better in (("mcd", -1), ("gross_pitch_error", -1), ("vuv_error", -1), ("pesq", 1), ("stoi", 1)):
        truth, good, floor = (better * mean(system, metric) for system in ("ground_truth", "good_10", "floor"))
        assert truth >= good > floor


def test_a_lost_utterance_is_counted_listed_and_flagged(experiment, results):
    output = experiment[0] / "output"
    assert results["test", "flat_2", "mcd"]["n"] == 1
    assert results["test", "flat_2", "mcd"]["ci95"] is None
    assert results["test", "good_10", "mcd"]["n"] == 2
    (failure,) = json.loads((output / "failed.json").read_text())
    assert (failure["system"], failure["set"], failure["metric"]) == ("flat_2", "test", None)
    assert "does not exist" in failure["reason"]
    lost = {"system": "flat_2", "set": "test", "utterance": failure["utterance"]}
    (values,) = (u for u in json.loads((output / "utterances.json").read_text()) if u.items() >= lost.items())
    assert values["mcd"] is None
    assert "lost 1 of 2" in (output / "index.html").read_text()


class Page(HTMLParser):
    """Collects references and text of a page, and checks that its elements are closed in order."""

    def __init__(self, text):
        super().__init__()
        self.references, self.ids, self.open, self.data = [], [], [], {}
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.references += [v for k, v in attributes.items() if k in ("src", "href", "poster", "data")]
        self.ids += [attributes["id"]] if "id" in attributes else []
        if tag not in ("meta", "img", "br"):
            self.open.append((tag, attributes.get("id")))

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, text):
        if self.open:
            self.data[self.open[-1]] = self.data.get(self.open[-1], "") + text


def test_the_page_stands_alone(experiment):
    output = experiment[0] / "output"
    text = (output / "index.html").read_text()
    assert "http://" not in text
    assert "https://" not in text
    page = Page(text)
    data = json.loads(page.data["script", "data"])
    sounds = [t["audio"] for p in data["phrases"] for t in p["tracks"] if t["audio"]]
    assert len(sounds) == 2 * (1 + 2 + 2 + 4) - 1
    for reference in [*page.references, *sounds]:
        if reference.startswith("#"):
            assert unquote(reference[1:]) in page.ids
        else:
            assert (output / unquote(reference)).is_file(), reference
    assert len(set(page.ids)) == len(page.ids)
    assert "a &lt;processor&gt;" in text
    assert "7 decode" in page.data["th", None]
    assert "8 score" not in page.data["th", None]  # its own time is not known yet


def test_pictures_have_a_pixel_per_frame_and_band(experiment):
    from PIL import Image

    output = experiment[0] / "output"
    data = json.loads(Page((output / "index.html").read_text()).data["script", "data"])
    track = data["phrases"][0]["tracks"][0]
    picture = Image.open(output / "pictures" / "ground_truth" / "test" / f"{Path(track['audio']).stem}.webp")
    assert picture.size == (len(track["f0"]) // 2, 80)
    grey = np.asarray(picture.convert("L"), dtype=float)
    assert grey[:40].mean() < grey[40:].mean()  # voices have their energy low


def test_again_nothing_is_rewritten_and_more_processes_find_the_same(experiment, tmp_path):
    root, arguments = experiment
    output = root / "output"
    before = {path: path.stat().st_mtime_ns for path in output.rglob("*")}
    main(arguments)
    assert {path: path.stat().st_mtime_ns for path in output.rglob("*")} == before
    arguments = [*arguments]
    arguments[arguments.index(str(output))] = str(tmp_path / "parallel")
    main([*arguments, "--nj", "2"])
    assert (tmp_path / "parallel" / "results.json").read_bytes() == (output / "results.json").read_bytes()


def test_stages_that_did_not_run_are_named(experiment, tmp_path):
    root, arguments = experiment

    def with_option(name, value):
        changed = [*arguments]
        changed[changed.index(f"--{name}") + 1] = str(value)
        return changed

    with pytest.raises(InputError, match=r"nothing was decoded.*stage 7"):
        main(with_option("decode_dir", tmp_path / "absent"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="run stage 7"):
        main(with_option("decode_dir", tmp_path / "empty"))
    with pytest.raises(InputError, match="stage 2"):
        main(with_option("dump_dir", tmp_path / "absent"))
    with pytest.raises(InputError, match="stage 0"):
        main(with_option("data_dir", tmp_path / "absent"))
    half = shutil.copytree(root / "decode", tmp_path / "half")
    (half / "good_10" / "score" / "test" / "decode.json").unlink()
    with pytest.raises(InputError, match=r"good_10 was not finished.*stage 7"):
        main(with_option("decode_dir", half))
