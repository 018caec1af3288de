"""One set of labels measured against another."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from svstoolkit.data.directory import Label
from svstoolkit.errors import InputError

WITHIN = (10, 20, 50)  # ms
STATISTICS = {
    "mean": "ms",
    "median": "ms",
    "p95": "ms",
    "signed_mean": "ms",
    **{f"within_{limit}ms": "%" for limit in WITHIN},
}
ClassOf = Callable[[str, str], str]  # (utterance, phone) → e.g. "consonant"


@dataclass
class Comparison:
    """Phone starts of `a` against those of `b`.

    errors: a − b in ms, per class of phone
    utterances: how many both have; only_in_a, only_in_b: utterances, and phones as (utterance, phone, start s)
    """

    errors: dict[str, np.ndarray]
    utterances: int = 0
    utterances_only_in_a: list[str] = field(default_factory=list)
    utterances_only_in_b: list[str] = field(default_factory=list)
    phones_only_in_a: list[tuple[str, str, float]] = field(default_factory=list)
    phones_only_in_b: list[tuple[str, str, float]] = field(default_factory=list)

    @property
    def table(self) -> dict[str, dict[str, float]]:
        """{"all" or class: {STATISTICS and "n"}}; empty if nothing is in both."""
        return _table(self.errors)


def compare_labels(a: Mapping[str, Label], b: Mapping[str, Label], class_of: ClassOf) -> Comparison:
    """Boundary errors of all phones that both have, a − b; see `boundary_errors` for what is left out.

    Phones are paired in order so that most have a partner of their name and, of all ways to do so, starts lie
    nearest (Needleman and Wunsch 1970).
    """
    errors: dict[str, list[float]] = {}
    shared = [u for u in a if u in b]
    result = Comparison({}, len(shared), sorted(set(a) - set(b)), sorted(set(b) - set(a)))
    for utterance in shared:
        ours, theirs = a[utterance], b[utterance]
        pairs = paired_phones(ours, theirs)
        for name, error in _errors(utterance, ours, theirs, pairs, class_of):
            errors.setdefault(name, []).append(error)
        result.phones_only_in_a += _unpaired(utterance, ours, {i for i, _ in pairs})
        result.phones_only_in_b += _unpaired(utterance, theirs, {j for _, j in pairs})
    result.errors = {name: np.array(values) for name, values in errors.items()}
    return result


def paired_phones(a: Label, b: Label) -> list[tuple[int, int]]:
    """Indices (i, j) of phones of one name, in order; see `compare_labels`."""
    if [p for *_, p in a] == [p for *_, p in b]:
        return [(i, i) for i in range(len(a))]
    longest = max(label[-1][1] if label else 0.0 for label in (a, b)) + 1.0
    worth = np.zeros((len(a) + 1, len(b) + 1))  # of the best pairing of what follows; a pair is worth 1 less distance
    for i in range(len(a) - 1, -1, -1):
        for j in range(len(b) - 1, -1, -1):
            skip = max(worth[i + 1, j], worth[i, j + 1])
            gain = 1 - abs(a[i][0] - b[j][0]) / (longest * (len(a) + len(b)))
            worth[i, j] = max(skip, worth[i + 1, j + 1] + gain) if a[i][2] == b[j][2] else skip
    pairs, i, j = [], 0, 0
    while i < len(a) and j < len(b):
        if worth[i, j] == worth[i + 1, j]:
            i += 1
        elif worth[i, j] == worth[i, j + 1]:
            j += 1
        else:
            pairs.append((i, j))
            i, j = i + 1, j + 1
    return pairs


def boundary_errors(
    hypothesis: Mapping[str, Label], truth: Mapping[str, Label], class_of: ClassOf
) -> dict[str, dict[str, float]]:
    """Errors of phone starts, hypothesis − truth. The first phone of an utterance, which starts at 0, is left out.

    Args:
        class_of: (utterance, phone) → name of the phone's class, e.g. "consonant". A phone that repeats the one
            before it (a slur) is of the class "continuation" instead: its start is a matter of the score.

    Returns:
        {class or "all": {"mean", "median", "p95" of the absolute error in ms, "signed_mean" ms (positive = late),
        "within_10ms", "within_20ms", "within_50ms" in %, "n" phone starts}}; classes without phones are left out.

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
        pairs = [(i, i) for i in range(len(label))]
        for name, error in _errors(utterance, label, true_label, pairs, class_of):
            errors.setdefault(name, []).append(error)
    return _table({name: np.array(e) for name, e in errors.items()})


def accuracy_metrics(table: Mapping[str, Mapping[str, float]]) -> list[dict]:
    """The figures of all phones in a table of `boundary_errors` as rows {"metric", "unit", "value", "n"}."""
    figures = table["all"]
    return [
        {
            "metric": f"align_{name}" if name.startswith("within") else f"align_error_{name}",
            "unit": unit,
            "value": round(figures[name], 3),
            "n": figures["n"],
        }
        for name, unit in STATISTICS.items()
    ]


def _errors(
    utterance: str, ours: Label, theirs: Label, pairs: Iterable[tuple[int, int]], class_of: ClassOf
) -> Iterable[tuple[str, float]]:
    """(class, ms) of each pair but that of the two first phones."""
    for i, j in pairs:
        if i or j:
            phone = ours[i][2]
            continued = i and j and ours[i - 1][2] == phone == theirs[j - 1][2]
            yield "continuation" if continued else class_of(utterance, phone), 1000 * (ours[i][0] - theirs[j][0])


def _unpaired(utterance: str, label: Label, paired: set[int]) -> list[tuple[str, str, float]]:
    return [(utterance, phone, start) for i, (start, _, phone) in enumerate(label) if i not in paired]


def _table(errors: Mapping[str, np.ndarray]) -> dict[str, dict[str, float]]:
    if not errors:
        return {}
    everything = np.concatenate(list(errors.values()))
    return {name: _statistics(e) for name, e in {"all": everything, **errors}.items()}


def _statistics(errors: np.ndarray) -> dict[str, float]:
    size = np.abs(errors)
    return {
        "mean": float(size.mean()),
        "median": float(np.median(size)),
        "p95": float(np.percentile(size, 95)),
        "signed_mean": float(errors.mean()),
        **{f"within_{limit}ms": float(100 * np.mean(size <= limit + 1e-6)) for limit in WITHIN},
        "n": len(errors),
    }
