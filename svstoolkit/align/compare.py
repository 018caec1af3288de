"""One alignment measured against another."""

from collections.abc import Callable, Mapping

import numpy as np

from svstoolkit.data.directory import Label
from svstoolkit.errors import InputError

STATISTICS = {"mean": "ms", "median": "ms", "p95": "ms", "signed_mean": "ms", "within_20ms": "%", "within_50ms": "%"}


def boundary_errors(
    hypothesis: Mapping[str, Label], truth: Mapping[str, Label], class_of: Callable[[str, str], str]
) -> dict[str, dict[str, float]]:
    """Errors of phone starts, hypothesis − truth. The first phone of an utterance, which starts at 0, is left out.

    Args:
        class_of: (utterance, phone) → name of the phone's class, e.g. "consonant". A phone that repeats the one
            before it (a slur) is of the class "continuation" instead: its start is a matter of the score.

    Returns:
        {class or "all": {"mean", "median", "p95" of the absolute error in ms, "signed_mean" ms (positive = late),
        "within_20ms", "within_50ms" in %, "n" phone starts}}; classes without phones are left out.

    Raises:
        InputError: an utterance without truth, or whose phones differ from it.
    """
    errors: dict[str, list[float]] = {}
    for utterance, label in hypothesis.items():
        if utterance not in truth:
            raise InputError(f"utterance {utterance} has no true alignment; give a --truth file of all sets")
        true_label = truth[utterance]
        phones, true_phones = [p for *_, p in label], [p for *_, p in true_label]
        if phones != true_phones:
            raise InputError(
                f"utterance {utterance}: aligned phones {' '.join(phones)} are not those of the truth, "
                f"{' '.join(true_phones)}"
            )
        for i in range(1, len(label)):
            name = "continuation" if phones[i] == phones[i - 1] else class_of(utterance, phones[i])
            error = 1000 * (label[i][0] - true_label[i][0])
            errors.setdefault(name, []).append(error)
    everything = [e for name in errors for e in errors[name]]
    return {name: _statistics(np.array(e)) for name, e in {"all": everything, **errors}.items() if e}


def accuracy_metrics(table: Mapping[str, Mapping[str, float]]) -> list[dict]:
    """The figures of all phones in a table of `boundary_errors` as rows {"metric", "unit", "value", "n"}."""
    figures = table["all"]
    return [
        {"metric": f"alignment_{name}", "unit": unit, "value": round(figures[name], 3), "n": figures["n"]}
        for name, unit in STATISTICS.items()
    ]


def _statistics(errors: np.ndarray) -> dict[str, float]:
    size = np.abs(errors)
    return {
        "mean": float(size.mean()),
        "median": float(np.median(size)),
        "p95": float(np.percentile(size, 95)),
        "signed_mean": float(errors.mean()),
        "within_20ms": float(100 * np.mean(size <= 20 + 1e-6)),
        "within_50ms": float(100 * np.mean(size <= 50 + 1e-6)),
        "n": len(errors),
    }
