"""Results of a listening test for every reader: JSON, CSV, LaTeX, a page, and columns for the terminal."""

import csv
import io
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from svstoolkit.data.files import write_json, write_text
from svstoolkit.evaluation.listening.analysis import Result, ScaleResult, SystemResult
from svstoolkit.evaluation.listening.figures import write_figures
from svstoolkit.evaluation.listening.page import environment


def write_report(output: Path, result: Result) -> None:
    """Writes results.json, systems.csv, pairs.csv, ratings.csv, systems.tex, index.html and the figures as PDF."""
    write_json(output / "results.json", result.to_dict())
    write_text(output / "systems.csv", systems_csv(result))
    write_text(output / "pairs.csv", _csv([{"scale": s.name} | asdict(p) for s in result.scales for p in s.pairs]))
    write_text(output / "ratings.csv", _csv([asdict(rating) for rating in result.ratings]))
    write_text(output / "systems.tex", latex_table(result))
    pictures = write_figures(output / "figures", result)
    tables = [(scale, *columns(scale, result)) for scale in result.scales]
    page = (
        environment()
        .get_template("results.html.j2")
        .render(result=result, tables=tables, pictures=pictures, p_text=_p, decimals=_decimals(result))
    )
    write_text(output / "index.html", page)


def columns(scale: ScaleResult, result: Result) -> tuple[list[str], list[list[str]]]:
    """The table of a scale: headings and, of each system, the cells as text; the first two are name and mean ± 95 %."""
    digits = _decimals(result)
    kind = result.key.kind.name
    heads = ["System", f"{'Mean rank' if kind == 'ranking' else scale.short} ± 95 %"]
    heads += {"ranking": ["Worth", "95 %"], "cmos": ["Better / same / worse", "p", "p (Holm)", "p (sign)"]}.get(
        kind, ["Bootstrap 95 %", "Median", "Quartiles"]
    )
    heads += ["Ratings", "Listeners", "Items"]
    rows = []
    for s in scale.systems:
        extra = s.extra
        if kind == "ranking":
            middle = [_number(extra.get("worth"), 2), _span(extra.get("worth_low"), extra.get("worth_high"), 2)]
        elif kind == "cmos":
            shares = " / ".join(f"{100 * extra[k]:.0f}" for k in ("better", "same", "worse"))
            middle = [f"{shares} %", *(_p(extra[k]) for k in ("p_wilcoxon", "p_holm", "p_sign"))]
        else:
            middle = [
                _span(*(s.bootstrap or (None, None)), digits),
                f"{s.median:g}",
                "–".join(f"{q:g}" for q in s.quartiles),
            ]
        counts = [str(x) for x in (s.crossed.n, s.crossed.n_listeners, s.crossed.n_items)]
        rows.append([s.system.replace("_", " "), _mean(s, digits), *middle, *counts])
    return heads, rows


def _decimals(result: Result) -> int:
    return 1 if result.key.kind.name == "mushra" else 2


def _mean(system: SystemResult, digits: int) -> str:
    mean = f"{system.crossed.mean:.{digits}f}".replace("-", "−")
    return mean if system.crossed.ci95 is None else f"{mean} ± {system.crossed.ci95:.{digits}f}"


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}".replace("-", "−")


def _span(low: float | None, high: float | None, digits: int) -> str:
    return "–" if low is None or high is None else f"{_number(low, digits)} … {_number(high, digits)}"


def _p(value: float | None) -> str:
    if value is None:
        return "–"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def text_tables(result: Result) -> str:
    """Monospaced columns; `*` marks the best system and those not significantly different from it."""
    parts = []
    for scale in result.scales:
        heads, rows = columns(scale, result)
        leaders = {name.replace("_", " ") for name in scale.leaders()}
        rows = [[row[0], ("*" if row[0] in leaders else "") + row[1], *row[2:]] for row in rows]
        widths = [max(len(row[i]) for row in [heads, *rows]) for i in range(len(heads))]
        lines = [
            "  ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))])
            for row in [heads, *rows]
        ]
        title = f"{scale.short}: {len(result.kept)} listeners"
        parts.append("\n".join([title, lines[0], "─" * len(lines[0]), *lines[1:], ""]))
    return "\n".join(parts)


def systems_csv(result: Result) -> str:
    """One line per scale and system, at full precision."""
    rows = []
    for scale in result.scales:
        for s in scale.systems:
            low, high = s.bootstrap or (None, None)
            row = {"scale": scale.name, "system": s.system, "kind": s.kind, **asdict(s.crossed)}
            row |= {"bootstrap_low": low, "bootstrap_high": high, "median": s.median}
            rows.append(row | {"quartile_1": s.quartiles[0], "quartile_3": s.quartiles[1], **s.extra})
    return _csv(rows)


def _csv(rows: Iterable[dict]) -> str:
    rows = list(rows)
    names = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, names, lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows([{k: "" if v is None else v for k, v in row.items()} for row in rows])
    return out.getvalue()


def latex_table(result: Result) -> str:
    """A booktabs tabular, systems × scales; bold: the best and those not significantly different from it."""
    digits = _decimals(result)
    names = list(dict.fromkeys(s.system for scale in result.scales for s in scale.systems))
    kinds = {s.system: s.kind for scale in result.scales for s in scale.systems}
    leaders = {scale.name: scale.leaders() for scale in result.scales}
    arrow = {True: r"$\downarrow$", False: r"$\uparrow$"}
    heads = [f"{scale.short} {arrow[scale.lower_is_better]}" for scale in result.scales]
    lines = [
        f"% {result.key.kind.title}, {len(result.kept)} listeners, mean ± 95 % interval with listener and item effects",
        rf"\begin{{tabular}}{{l{'r' * len(heads)}}}",
        r"\toprule",
        " & ".join(["System", *heads]) + r" \\",
        r"\midrule",
    ]
    for name in sorted(names, key=lambda n: kinds[n] == "system"):
        cells = []
        for scale in result.scales:
            found = next((s for s in scale.systems if s.system == name), None)
            cells.append(_latex_cell(found, digits, name in leaders[scale.name]))
        lines.append(" & ".join([_escape(name), *cells]) + r" \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", ""])


def _latex_cell(system: SystemResult | None, digits: int, bold: bool) -> str:
    if system is None:
        return "--"
    mean = f"{system.crossed.mean:.{digits}f}"
    interval = "" if system.crossed.ci95 is None else rf" \pm {system.crossed.ci95:.{digits}f}"
    shown = rf"\mathbf{{{mean}}}" if bold else mean
    return f"${shown}{interval}$"


def _escape(text: str) -> str:
    return "".join(f"\\{c}" if c in "&%$#_{}" else c for c in text)
