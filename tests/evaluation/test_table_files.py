import csv
import io

import pytest

from svstoolkit.evaluation.breakdown import BreakdownRow
from svstoolkit.evaluation.contour_rows import TransitionRow, VibratoRow
from svstoolkit.evaluation.grids import latex_escape
from svstoolkit.evaluation.results import Value, aggregate
from svstoolkit.evaluation.rhythm_rows import RhythmRow
from svstoolkit.evaluation.statistics import paired_comparisons
from svstoolkit.evaluation.table_files import table_files
from svstoolkit.evaluation.tables import overview


@pytest.fixture(scope="module")
def files():
    scores = {"a_1": (4.0, 37), "b": (4.05, 40), "c": (9.0, 37)}
    values = [
        Value(system, "test", f"u{k}", metric, value + (k * spread % 11) / 10)
        for metric in ("mcd", "log_f0_rmse")
        for system, (value, spread) in scores.items()
        for k in range(20)
    ]
    values[-1] = Value("c", "test", "u19", "log_f0_rmse", None)
    comparisons = paired_comparisons(values)
    tables = overview(aggregate(values), {"test": 20}, [], comparisons)
    breakdown = [BreakdownRow("a_1", "test", "phone", "%", 10, 3.25, None, None, 12.5)]
    rhythm = [RhythmRow("a_1", "test", "plosive", 4, -12.5, 12.5, 40.0, 50.0, 75.0, 100.0, (1.0, 2.0))]
    missing = [None] * 5
    transitions = [TransitionRow("a_1", "test", "up", 9, 7, -60.0, 81.25, 9.0, 5.5, *missing, curve=(0.0, 1.0))]
    vibrato = [VibratoRow("a_1", "test", 8, 6, 75.0, 5.5, 0.1, 60.0, 4.0, 0.25, None, ((5.5, 60.0),))]
    shapes = (breakdown, rhythm, transitions, vibrato)
    return table_files(tables, values, comparisons, *shapes, decoded=[], stages=[], alignment=[])


def read(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_every_table_that_has_rows_is_csv_and_latex(files):
    names = ("overview", "utterances", "comparisons", "breakdown", "rhythm", "transitions", "vibrato")
    assert set(files) == {f"{name}.{suffix}" for name in names for suffix in ("csv", "tex")}
    for name, text in files.items():
        if name.endswith(".tex"):
            body = [line for line in text.splitlines() if "&" in line]
            assert body
            for line in body:
                assert line.endswith(r"\\")
            assert text.count(r"\begin{") == text.count(r"\end{")


def test_csv_holds_what_was_measured(files):
    utterances = read(files["utterances.csv"])
    assert len(utterances) == 60
    assert utterances[0] == {"set": "test", "utterance": "u0", "system": "a_1", "mcd": "4.0", "log_f0_rmse": "4.0"}
    assert utterances[-1]["log_f0_rmse"] == ""
    (phone,) = read(files["breakdown.csv"])
    assert (phone["key"], phone["mcd"], phone["f0_rmse"]) == ("%", "3.25", "")
    comparison = next(r for r in read(files["comparisons.csv"]) if (r["metric"], r["a"], r["b"]) == ("mcd", "a_1", "c"))
    assert (comparison["n"], comparison["significant"]) == ("20", "True")
    assert float(comparison["difference"]) == pytest.approx(-5.0)


def test_shapes_hold_their_figures_and_no_curves(files):
    (rhythm,), (transition,), (vibrato,) = (read(files[f"{name}.csv"]) for name in ("rhythm", "transitions", "vibrato"))
    assert (rhythm["phones"], rhythm["median"], rhythm["absolute_90"]) == ("plosive", "-12.5", "40.0")
    assert (transition["n"], transition["duration"], transition["curve_distance"]) == ("7", "81.25", "")
    assert "curve" not in transition
    assert (vibrato["share"], vibrato["rate_distance"], vibrato["extent_distance"]) == ("75.0", "0.25", "")
    assert r"up & a\_1 & $9$ & $7$ & $-60.0$ & $81.2$ & $9.0$ & $5.5$ & -- &" in files["transitions.tex"]


def test_latex_prints_headlines_first_and_marks_ties(files):
    head, *groups = files["overview.tex"].split(r"\end{tabular}")[:-1]
    assert "MCD" in head
    assert "log-F0" not in head
    assert len(groups) == 2  # spectrum and pitch
    assert r"a\_1 & $\mathbf{4.50} \pm 0.16$ \\" in head
    assert r"^{\approx}$ \\" in next(line for line in head.splitlines() if line.startswith("b &"))
    assert r"c & $9.50 \pm 0.16$ \\" in head  # significantly worse: no mark
    assert r"\% & a\_1 & $10$ & $3.25$ & -- & -- & $12.5$ \\" in files["breakdown.tex"]


def test_latex_special_characters_are_plain():
    assert latex_escape(r"a_b {50%} \x ~^") == r"a\_b \{50\%\} \textbackslash{}x \textasciitilde{}\textasciicircum{}"
