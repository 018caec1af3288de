"""Errors of phone starts, as the table of bench/alignment.py has them, and the table itself."""

from collections.abc import Mapping, Sequence

import numpy as np

from svstoolkit.data.directory import Label
from svstoolkit.errors import InputError

ERROR_COLUMNS = {
    "mean": "mean",
    "median": "median",
    "p95": "p95",
    "signed_mean": "signed",
    "within_10ms": "≤10 ms",
    "within_20ms": "≤20 ms",
    "within_50ms": "≤50 ms",
}
COLUMNS = {**ERROR_COLUMNS, "training_seconds": "training", "times_real_time": "× real time", "n": "n"}
UNITS = {"mean": "ms", "median": "ms", "p95": "ms", "signed_mean": "ms", "training_seconds": "s", "times_real_time": ""}


def start_errors(found: Mapping[str, Label], truth: Mapping[str, Label], slurs: bool = True) -> np.ndarray:
    """(n,) ms, found − true, of every phone start but an utterance's first, which is 0 by convention.

    Args:
        found: may lack utterances; every phone of those it has is compared.
        truth: a start that is nan is not known and not counted.
        slurs: whether a phone counts that repeats the one before it.

    Raises:
        InputError: an utterance without truth, with other phones than it, or nothing to compare.
    """
    errors = []
    for utterance, label in found.items():
        if utterance not in truth:
            raise InputError(f"utterance {utterance} has no true label; compare with the truth of the same corpus")
        if [p for *_, p in label] != [p for *_, p in truth[utterance]]:
            raise InputError(f"utterance {utterance}: its phones are not those of its true label")
        triples = zip(label, label[1:], truth[utterance][1:], strict=False)
        errors += [1000 * (a[0] - t[0]) for before, a, t in triples if slurs or a[2] != before[2]]
    known = np.array(errors)[~np.isnan(errors)]
    if not len(known):
        raise InputError("no label to compare with the truth")
    return known


def statistics(errors: np.ndarray) -> dict[str, float]:
    """Mean, median and 95th percentile of |error|, the mean of error (positive = late), ms, and shares in %."""
    size = np.abs(errors)
    shares = {f"within_{ms}ms": round(100 * float(np.mean(size <= ms + 1e-6)), 2) for ms in (10, 20, 50)}
    values = {
        "mean": size.mean(),
        "median": np.median(size),
        "p95": np.percentile(size, 95),
        "signed_mean": errors.mean(),
    }
    return {name: round(float(value), 2) for name, value in values.items()} | shares | {"n": len(errors)}


def table(rows: Sequence[Mapping]) -> str:
    """Rows {"method", figures, "note"} as text; what a row lacks is left blank.

    A note is printed beneath, with the mark its row carries.
    """
    notes = list(dict.fromkeys(row["note"] for row in rows if row.get("note")))
    names = [f"{r['method']} [{notes.index(r['note']) + 1}]" if r.get("note") else r["method"] for r in rows]
    heads = [f"{head}, {UNITS[key]}" if UNITS.get(key) else head for key, head in COLUMNS.items()]
    cells = [[_cell(key, row.get(key)) for key in COLUMNS] for row in rows]
    widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
    first = max(map(len, ["method", *names]))
    lines = [
        "  ".join([name.ljust(first), *(c.rjust(w) for c, w in zip(line, widths, strict=True))])
        for name, line in zip(["method", *names], [heads, *cells], strict=True)
    ]
    return "\n".join([*lines, *(f"[{i}] {note}" for i, note in enumerate(notes, 1))])


def _cell(key: str, value: float | None) -> str:
    if value is None:
        return ""
    if key == "n":
        return str(value)
    if key == "times_real_time":
        return f"{value:.0f}"
    if key == "signed_mean":
        return f"{value:+.1f}"
    return f"{value:.1f}" + (" %" if key.startswith("within") else "")
