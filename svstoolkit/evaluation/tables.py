"""The overview table, systems × metrics, and its forms: for the terminal, CSV and LaTeX."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from svstoolkit.evaluation.grids import csv_text, latex_escape
from svstoolkit.evaluation.metrics import CEILING, FLOOR, GROUND_TRUTH, METRICS, Metric
from svstoolkit.evaluation.results import Row
from svstoolkit.evaluation.statistics import PairedComparison

KINDS = {GROUND_TRUTH: "reference", CEILING: "ceiling", FLOOR: "floor"}  # any other system: "system"


@dataclass(frozen=True)
class Cell:
    """A mean with its interval, as shown.

    partial: the mean does not cover the whole set
    best: best of the systems proper, as rounded for show
    tied: not the best, and not significantly worse than it either
    """

    row: Row
    text: str
    interval: str
    partial: bool
    best: bool
    tied: bool = False


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


def overview(
    rows: Iterable[Row],
    sizes: dict[str, int],
    failures: Iterable[dict] = (),
    comparisons: Iterable[PairedComparison] = (),
) -> list[Table]:
    """One table per set in `sizes` (set → number of utterances).

    Rows of metrics not in METRICS are left aside. `failures` as in failed.json; without `comparisons`, or where the
    utterances are too few to decide them, no system is marked as tied with the best.
    """
    rows = list(rows)
    lost = Counter((s, x) for s, x, _ in {(f["set"], f["system"], f["utterance"]) for f in failures})
    insignificant: dict[tuple[str, str], set[frozenset[str]]] = {}
    for c in comparisons:
        if c.decidable and not c.significant:
            insignificant.setdefault((c.set, c.metric), set()).add(frozenset((c.a, c.b)))
    tables = []
    for set_name, size in sizes.items():
        here = {(r.system, r.metric): r for r in rows if r.set == set_name and r.metric in METRICS}
        metrics = tuple(m for m in METRICS.values() if any(metric == m.name for _, metric in here))
        systems = sorted(dict.fromkeys(system for system, _ in here), key=_rank)
        columns = []
        for metric in metrics:
            column = [here.get((system, metric.name)) for system in systems]
            columns.append(_column(column, metric, size, insignificant.get((set_name, metric.name), set())))
        lines = [
            Line(system, KINDS.get(system, "system"), lost[set_name, system], tuple(column[k] for column in columns))
            for k, system in enumerate(systems)
        ]
        tables.append(Table(set_name, size, metrics, tuple(lines)))
    return tables


def _column(
    rows: Sequence[Row | None], metric: Metric, size: int, insignificant: set[frozenset[str]]
) -> list[Cell | None]:
    """The cells of one metric; the best is looked for among two systems or more."""
    cells = [row and _cell(row, metric, size) for row in rows]
    means = {r.system: r.mean for r in rows if r and r.system not in KINDS and r.mean is not None}
    if len(means) < 2:
        return cells
    first = (max if metric.higher_is_better else min)(means, key=means.__getitem__)
    best = metric.show(means[first])
    for k, cell in enumerate(cells):
        if cell is not None and cell.row.system in means:
            tied = cell.text != best and frozenset((first, cell.row.system)) in insignificant
            cells[k] = replace(cell, best=cell.text == best, tied=tied)
    return cells


def _rank(system: str) -> int:
    """Ground truth and ceiling on top, the floor at the bottom, systems between them in their given order."""
    return {GROUND_TRUTH: 0, CEILING: 1, FLOOR: 3}.get(system, 2)


def _cell(row: Row, metric: Metric, size: int) -> Cell:
    text = "–" if row.mean is None else metric.show(row.mean)
    interval = "" if row.ci95 is None else metric.show(row.ci95)
    return Cell(row, text, interval, row.n < (1 if metric.of_the_set else size), best=False)


def headlines(table: Table) -> Table:
    """The same table with its headline metrics alone, or all of them where none of them is one."""
    kept = [k for k, metric in enumerate(table.metrics) if metric.headline] or range(len(table.metrics))
    return _columns(table, kept)


def by_group(table: Table) -> list[Table]:
    """The table cut into one per group of metrics, so that each fits a page."""
    groups: dict[str, list[int]] = {}
    for k, metric in enumerate(table.metrics):
        groups.setdefault(metric.group, []).append(k)
    return [_columns(table, kept) for kept in groups.values()]


def _columns(table: Table, kept: Iterable[int]) -> Table:
    kept = list(kept)
    lines = tuple(replace(line, cells=tuple(line.cells[k] for k in kept)) for line in table.lines)
    return replace(table, metrics=tuple(table.metrics[k] for k in kept), lines=lines)


def text_table(table: Table) -> str:
    """The headline metrics in monospaced columns.

    `*` marks the best system, `≈` one not significantly worse, `!` one that lost utterances.
    """
    table = headlines(table)
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
    return f"{'*' if cell.best else '≈' if cell.tied else ''}{cell.text}{interval}"


def csv_table(tables: Iterable[Table]) -> str:
    """One line per set and system; mean, ci95 and n of every metric at full precision."""
    tables = list(tables)
    metrics = [m for m in METRICS.values() if any(m in table.metrics for table in tables)]
    header = ["set", "system", *(f"{m.name}{part}" for m in metrics for part in ("", "_ci95", "_n"))]
    lines = []
    for table in tables:
        for line in table.lines:
            cells = dict(zip((m.name for m in table.metrics), line.cells, strict=True))
            rows = [cells[m.name].row if cells.get(m.name) else None for m in metrics]
            values = [value for r in rows for value in ((r.mean, r.ci95, r.n) if r else (None, None, None))]
            lines.append([table.set, line.system, *values])
    return csv_text(header, lines)


def latex_table(tables: Iterable[Table]) -> str:
    """Booktabs tabulars: of each set the headline metrics, then every group of metrics.

    The best system is bold, one not significantly worse has ≈, and the reference rows are set off by rules.
    """
    texts = []
    for table in tables:
        head, groups = headlines(table), by_group(table)
        texts.append(_latex(head, "headline metrics"))
        if len(head.metrics) < len(table.metrics):
            texts += [_latex(group, group.metrics[0].group) for group in groups]
    return "\n".join(texts)


def _latex(table: Table, what: str) -> str:
    arrows = {"↑": r"$\uparrow$", "↓": r"$\downarrow$"}
    heads = [f"{latex_escape(m.short + (f' ({m.unit})' if m.unit else ''))} {arrows[m.arrow]}" for m in table.metrics]
    lines = [
        f"% {table.set}, {what}: {table.size} utterances, mean ± 95 % interval (Student's t); "
        "bold: best, ≈: not significantly worse (signed-rank test and bootstrap, Holm's correction)",
        rf"\begin{{tabular}}{{l{'r' * len(heads)}}}",
        r"\toprule",
        " & ".join(["System", *heads]) + r" \\",
    ]
    kind = None
    for line in table.lines:
        group = "top" if line.kind in ("reference", "ceiling") else line.kind
        lines += [r"\midrule"] * (group != kind)
        kind = group
        lines.append(" & ".join([latex_escape(line.system), *map(_latex_cell, line.cells)]) + r" \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", ""])


def _latex_cell(cell: Cell | None) -> str:
    if cell is None or cell.row.mean is None:
        return "--"
    mean = rf"\mathbf{{{cell.text}}}" if cell.best else cell.text
    marks = [r"\approx"] * cell.tied + [f"n={cell.row.n}"] * cell.partial
    interval = rf" \pm {cell.interval}" if cell.interval else ""
    return f"${mean}{interval}{'^{' + ', '.join(marks) + '}' if marks else ''}$"
