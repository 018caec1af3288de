import json

import numpy as np
import pytest
from scipy import stats

from svstoolkit.errors import InputError
from svstoolkit.evaluation.results import Row, Value, aggregate, alignment_rows, mean_and_interval
from svstoolkit.evaluation.tables import csv_table, latex_table, overview, text_table


def test_the_interval_is_students():
    values = np.random.default_rng(0).normal(5, 2, 9)
    mean, half = mean_and_interval(values)
    low, high = stats.t.interval(0.95, 8, loc=values.mean(), scale=stats.sem(values))
    assert mean == pytest.approx((low + high) / 2)
    assert half == pytest.approx((high - low) / 2)


def test_few_values_have_no_interval():
    assert mean_and_interval([3.0]) == (3.0, None)
    assert mean_and_interval([]) == (None, None)


def values(system, numbers, metric="mcd"):
    return [Value(system, "test", f"u{k}", metric, number) for k, number in enumerate(numbers)]


def test_what_has_no_value_is_not_counted():
    rows = aggregate([*values("a", [1.0, None, 3.0]), *values("b", [None, None])])
    assert rows[0] == Row("a", "test", "mcd", "dB", 2.0, pytest.approx(12.706 * 1.0, rel=1e-3), 2)
    assert rows[1] == Row("b", "test", "mcd", "dB", None, None, 0)


@pytest.fixture
def tables():
    scores = {"floor": 15, "sys_2": 5, "sys_1": 4, "copy_synthesis": 2, "ground_truth": 0}
    rows = aggregate(v for s, m in scores.items() for v in values(s, [m - 0.5, m + 0.5, None if s == "sys_2" else m]))
    rows += aggregate(values("sys_1", [3.0, 3.0, 3.0], "pesq") + values("sys_2", [1.0, 1.0, 1.0], "pesq"))
    failures = [{"system": "sys_2", "set": "test", "utterance": "u2", "metric": None, "reason": "gone"}] * 2
    return overview(rows, {"test": 3}, failures)


def test_reference_rows_frame_the_systems_and_never_win(tables):
    (table,) = tables
    assert [line.system for line in table.lines] == ["ground_truth", "copy_synthesis", "sys_2", "sys_1", "floor"]
    assert [line.kind for line in table.lines] == ["reference", "ceiling", "system", "system", "floor"]
    best = {(line.system, cell.row.metric) for line in table.lines for cell in line.cells if cell and cell.best}
    assert best == {("sys_1", "mcd"), ("sys_1", "pesq")}
    assert [line.lost for line in table.lines] == [0, 0, 1, 0, 0]
    assert [line.cells[0].partial for line in table.lines] == [False, False, True, False, False]


def test_text_csv_and_latex_say_the_same(tables):
    text = text_table(tables[0])
    assert "*4.00±" in text
    assert "sys_2 !" in text
    header, *lines = csv_table(tables).splitlines()
    assert header == "set,system,mcd,mcd_ci95,mcd_n,pesq,pesq_ci95,pesq_n"
    assert lines[2].startswith("test,sys_2,5.0,")
    assert lines[2].endswith(",2,1.0,0.0,3")
    latex = latex_table(tables)
    assert r"sys\_1 & $\mathbf{4.00} \pm 1.24$ & $\mathbf{3.00} \pm 0.00$ \\" in latex
    assert "^{n=2}" in latex
    assert latex.count(r"\midrule") == 3  # below the head, the reference rows and the systems


def test_alignment_rows(tmp_path):
    path = tmp_path / "accuracy.json"
    metric = {"metric": "align_error_median", "unit": "ms", "value": 11.5, "n": 800}
    path.write_text(json.dumps({"metrics": [metric]}))
    assert alignment_rows(path) == [Row("alignment", "all", "align_error_median", "ms", 11.5, None, 800)]
    for broken in ("{", "[]", '{"metrics": [{"metric": "x"}]}'):
        path.write_text(broken)
        with pytest.raises(InputError, match="stage 1"):
            alignment_rows(path)
