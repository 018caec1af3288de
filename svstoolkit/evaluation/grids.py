"""Tables as files: CSV at full precision, and LaTeX as it is printed."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Field = str | int | float | bool | None


@dataclass(frozen=True)
class Grid:
    """One table. header: column titles; rows: a field per column, None where there is no value

    digits: decimals of each column in print, None for text and whole numbers
    """

    caption: str
    header: tuple[str, ...]
    digits: tuple[int | None, ...]
    rows: tuple[tuple[Field, ...], ...]


def csv_text(header: Sequence[str], rows: Iterable[Sequence[Field]]) -> str:
    """Comma-separated lines below a header; nothing stands where there is no value."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(["" if field is None else field for field in row] for row in rows)
    return out.getvalue()


def latex_grids(grids: Iterable[Grid]) -> str:
    """A longtable with booktabs rules for each grid: it breaks across pages and repeats its head."""
    return "\n".join(_latex(grid) for grid in grids)


def _latex(grid: Grid) -> str:
    lines = [
        f"% {grid.caption}",
        rf"\begin{{longtable}}{{{''.join('l' if _is_text(grid, k) else 'r' for k in range(len(grid.header)))}}}",
        r"\toprule",
        " & ".join(map(latex_escape, grid.header)) + r" \\",
        r"\midrule",
        r"\endhead",
    ]
    for row in grid.rows:
        lines.append(" & ".join(_field(field, d) for field, d in zip(row, grid.digits, strict=True)) + r" \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{longtable}", ""])


def _is_text(grid: Grid, column: int) -> bool:
    return any(isinstance(row[column], str) for row in grid.rows)


def _field(field: Field, digits: int | None) -> str:
    if field is None:
        return "--"
    if isinstance(field, bool):
        return "yes" if field else "no"
    if isinstance(field, str):
        return latex_escape(field)
    return f"${field}$" if digits is None else f"${field:.{digits}f}$"


def latex_escape(text: str) -> str:
    """The text with LaTeX's special characters made plain."""
    named = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    return "".join(named.get(c) or (f"\\{c}" if c in "&%$#_{}" else c) for c in text)
