import pytest

from svstoolkit.evaluation.breakdown import BreakdownRow, breakdown_rows


def score(system, phone=None, pitch=None):
    kinds = {"phone": phone, "pitch": pitch}
    return {"system": system, "set": "test", "breakdown": {k: v for k, v in kinds.items() if v}}


def test_sums_of_utterances_become_rates_over_all_frames():
    first = score("a", {"s": [10, 40.0, 0, 0.0, 0, 5]}, {"64": [10, 20.0, 8, 800.0, 2, 1]})
    second = score("a", {"s": [30, 40.0, 0, 0.0, 0, 5], "a": [10, 10.0, 10, 1000.0, 1, 0]})
    assert breakdown_rows([first, second]) == [
        BreakdownRow("a", "test", "phone", "a", 10, 1.0, 10.0, 10.0, 0.0),
        BreakdownRow("a", "test", "phone", "s", 40, 2.0, None, None, 25.0),
        BreakdownRow("a", "test", "pitch", "64", 10, 2.0, 10.0, 25.0, 10.0),
    ]


def test_systems_stay_in_order_and_pitches_rise():
    sums = [1, 1.0, 1, 1.0, 0, 0]
    rows = breakdown_rows([score("z", pitch={"100": sums, "58": sums}), score("b", pitch={"60": sums})])
    assert [(r.system, r.key) for r in rows] == [("z", "58"), ("z", "100"), ("b", "60")]


@pytest.mark.parametrize("scores", [[], [{"system": "a", "set": "test"}], [score("a")]])
def test_scores_without_a_breakdown_have_none(scores):
    assert breakdown_rows(scores) == []
