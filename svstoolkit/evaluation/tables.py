"""The overview table, systems × metrics, and its forms: for the terminal, CSV and LaTeX."""

import csv
import io
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from svstoolkit.evaluation.metrics import CEILING, FLOOR, GROUND_TRUTH, METRICS, Metric
from svstoolkit.evaluation.results import Row

KINDS = {GROUND_TRUTH: "reference", CEILING: "ceiling", FLOOR: "floor"}  # any other system: "system"


@dataclass(frozen=True)
class Cell:
    """partial: the mean does not cover the whole set; best: best of the systems proper, as rounded for show"""

    row: Row
    text: str
    interval: str
    partial: bool
    best: bool


@dataclass(frozen=True)
class Line:
    """One system of a table.

    lost: utterances of which something could not be scored
    cells: follow the table's metrics, None where the metric does not apply
    """

    system: str
    kind: str
    lost: int
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True)
class Table:
    """The overview of one set. size: its number of utterances"""

    set: str
    size: int
    metrics: tuple[Metric, ...]
    lines: tuple[Line, ...]


def overview(rows: Iterable[Row], sizes: dict[str, int], failures: Iterable[dict] = ()) -> list[Table]:
    """One table per set in `sizes` (set → number of utterances).

    Rows of metrics not in METRICS are left aside. `failures` as in failed.json.
    """
    rows = list(rows)
    lost = Counter((s, x) for s, x, _ in {(f["set"], f["system"], f["utterance"]) for f in failures})
    tables = []
    for set_name, size in sizes.items():
        here = {(r.system, r.metric): r for r in rows if r.set == set_name and r.metric in METRICS}
        metrics = tuple(m for m in METRICS.values() if any(metric == m.name for _, metric in here))
        best = {m.name: _best(m, here) for m in metrics}
        systems = sorted(dict.fromkeys(system for system, _ in here), key=_rank)
        lines = [
            Line(
                system,
                KINDS.get(system, "system"),
                lost[set_name, system],
                tuple(_cell(here.get((system, m.name)), m, size, best[m.name]) for m in metrics),
            )
            for system in systems
        ]
        tables.append(Table(set_name, size, metrics, tuple(lines)))
    return tables


def _rank(system: str) -> int:
    """Ground truth and ceiling on top, the floor at the bottom, systems between them in their given order."""
    return {GROUND_TRUTH: 0, CEILING: 1, FLOOR: 3}.get(system, 2)


def _best(metric: Metric, rows: dict[tuple[str, str], Row]) -> str | None:
    means = [r.mean for (s, m), r in rows.items() if m == metric.name and s not in KINDS and r.mean is not None]
    if len(means) < 2:
        return None
    return metric.show(max(means) if metric.higher_is_better else min(means))


def _cell(row: Row | None, metric: Metric, size: int, best: str | None) -> Cell | None:
    if row is None:
        return None
    text = "–" if row.mean is None else metric.show(row.mean)
    interval = "" if row.ci95 is None else metric.show(row.ci95)
    return Cell(row, text, interval, row.n < size, row.system not in KINDS and text == best)


def text_table(table: Table) -> str:
    """The table in monospaced columns; `*` marks the best system, `!` one that lost utterances."""
    heads = [f"{m.short}{m.arrow}" for m in table.metrics]
    body = []
    for line in table.lines:
        body.append([f"{line.system}{' !' if line.lost else ''}", *map(_text_cell, line.cells)])
    rows = [[table.set, *heads], *body]
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    text = [
        "  ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))])
        for row in rows
    ]
    return "\n".join([text[0], "─" * len(text[0]), *text[1:]])


def _text_cell(cell: Cell | None) -> str:
    if cell is None:
        return ""
    interval = f"±{cell.interval}" if cell.interval else ""
    return f"{'*' if cell.best else ''}{cell.text}{interval}"


def csv_table(tables: Iterable[Table]) -> str:
    """One line per set and system; mean, ci95 and n of every metric at full precision."""
    tables = list(tables)
    metrics = [m for m in METRICS.values() if any(m in table.metrics for table in tables)]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["set", "system", *(f"{m.name}{part}" for m in metrics for part in ("", "_ci95", "_n"))])
    for table in tables:
        for line in table.lines:
            cells = dict(zip((m.name for m in table.metrics), line.cells, strict=True))
            rows = [cells[m.name].row if cells.get(m.name) else None for m in metrics]
            values = [value for r in rows for value in ((r.mean, r.ci95, r.n) if r else ("", "", ""))]
            writer.writerow([table.set, line.system, *("" if v is None else v for v in values)])
    return out.getvalue()


def latex_table(tables: Iterable[Table]) -> str:
    """A booktabs tabular per set, the best system in bold, the reference rows set off by rules."""
    return "\n".join(_latex(table) for table in tables)


def _latex(table: Table) -> str:
    arrows = {"↑": r"$\uparrow$", "↓": r"$\downarrow$"}
    heads = [f"{m.short}{f' ({_escape(m.unit)})' if m.unit else ''} {arrows[m.arrow]}" for m in table.metrics]
    lines = [
        f"% {table.set}, {table.size} utterances, mean ± 95 % interval (Student's t)",
        rf"\begin{{tabular}}{{l{'r' * len(heads)}}}",
        r"\toprule",
        " & ".join(["System", *heads]) + r" \\",
    ]
    kind = None
    for line in table.lines:
        group = "top" if line.kind in ("reference", "ceiling") else line.kind
        lines += [r"\midrule"] * (group != kind)
        kind = group
        lines.append(" & ".join([_escape(line.system), *map(_latex_cell, line.cells)]) + r" \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", ""])


def _latex_cell(cell: Cell | None) -> str:
    if cell is None or cell.row.mean is None:
        return "--"
    mean = rf"\mathbf{{{cell.text}}}" if cell.best else cell.text
    lost = rf"^{{n={cell.row.n}}}" if cell.partial else ""
    interval = rf" \pm {cell.interval}" if cell.interval else ""
    return f"${mean}{interval}{lost}$"


def _escape(text: str) -> str:
    return "".join(f"\\{c}" if c in "&%$#_{}" else c for c in text)
