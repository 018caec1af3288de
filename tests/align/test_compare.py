"""Boundary errors worked out by hand."""

import pytest

from svstoolkit.align.compare import accuracy_metrics, boundary_errors
from svstoolkit.errors import InputError


def label(*starts: float, phones: str = "SP t a a SP", end: float = 2.0):
    names = phones.split()
    return list(zip(starts, [*starts[1:], end], names, strict=True))


def class_of(utterance: str, phone: str) -> str:
    return {"SP": "rest", "t": "consonant", "a": "vowel"}[phone]


def test_errors_by_class():
    truth = {"u": label(0, 0.5, 0.6, 1.0, 1.5)}
    found = boundary_errors({"u": label(0, 0.51, 0.56, 1.0, 1.6)}, truth, class_of)
    assert set(found) == {"all", "consonant", "vowel", "continuation", "rest"}
    assert found["all"]["n"] == 4
    assert found["all"]["mean"] == pytest.approx((10 + 40 + 0 + 100) / 4)
    assert found["all"]["median"] == pytest.approx(25)
    assert found["all"]["signed_mean"] == pytest.approx((10 - 40 + 100) / 4)
    assert found["all"]["p95"] == pytest.approx(40 + 0.85 * 60)
    assert found["all"]["within_10ms"] == found["all"]["within_20ms"] == 50
    assert found["all"]["within_50ms"] == 75
    assert found["continuation"] == {
        "mean": 0, "median": 0, "p95": 0, "signed_mean": 0,
        "within_10ms": 100, "within_20ms": 100, "within_50ms": 100, "n": 1,
    }  # fmt: skip
    rows = {row["metric"]: row for row in accuracy_metrics(found)}
    assert rows["align_error_median"] == {"metric": "align_error_median", "unit": "ms", "value": 25.0, "n": 4}
    assert rows["align_within_50ms"]["unit"] == "%"


def test_the_start_at_zero_is_not_counted():
    truth = {"u": label(0, 0.5, 0.6, 1.0, 1.5)}
    assert boundary_errors(truth, truth, class_of)["all"]["n"] == 4


def test_other_phones_or_utterances_are_refused():
    truth = {"u": label(0, 0.5, 0.6, 1.0, 1.5)}
    with pytest.raises(InputError, match="utterance v has no true alignment"):
        boundary_errors({"v": truth["u"]}, truth, class_of)
    with pytest.raises(InputError, match="utterance u: aligned phones SP a t a SP"):
        boundary_errors({"u": label(0, 0.5, 0.6, 1.0, 1.5, phones="SP a t a SP")}, truth, class_of)
