"""Every table of the report as CSV and LaTeX, by file name."""

from collections.abc import Iterable, Sequence

from svstoolkit.evaluation.breakdown import ERRORS, BreakdownRow
from svstoolkit.evaluation.contour_rows import FIGURES, TransitionRow, VibratoRow
from svstoolkit.evaluation.decoded import Decoded
from svstoolkit.evaluation.grids import Grid, csv_text, latex_grids
from svstoolkit.evaluation.metrics import METRICS
from svstoolkit.evaluation.results import Row, Value
from svstoolkit.evaluation.rhythm_rows import RhythmRow
from svstoolkit.evaluation.statistics import PairedComparison
from svstoolkit.evaluation.tables import Table, csv_table, latex_table


def table_files(
    tables: Sequence[Table],
    values: Sequence[Value],
    comparisons: Sequence[PairedComparison],
    breakdown: Sequence[BreakdownRow],
    rhythm: Sequence[RhythmRow],
    transitions: Sequence[TransitionRow],
    vibrato: Sequence[VibratoRow],
    decoded: Sequence[Decoded],
    stages: Sequence[dict],
    alignment: Sequence[Row],
) -> dict[str, str]:
    """File name → content. Tables of which there is no row are left out."""
    grids = {
        "utterances": _utterances(values),
        "comparisons": _comparisons(comparisons),
        "breakdown": _breakdown(breakdown),
        "rhythm": _rhythm(rhythm),
        "transitions": _transitions(transitions),
        "vibrato": _vibrato(vibrato),
        "speed": _speed(decoded),
        "stages": _stages(stages),
        "alignment": _alignment(alignment),
    }
    files = {"overview.csv": csv_table(tables), "overview.tex": latex_table(tables)}
    for name, grid in grids.items():
        if grid.rows:
            files[f"{name}.csv"] = csv_text(grid.header, grid.rows)
            files[f"{name}.tex"] = latex_grids(_printed(name, grid))
    return files


def _utterances(values: Sequence[Value]) -> Grid:
    """One row per set, utterance and system, one column per metric."""
    metrics = [m for m in METRICS.values() if any(v.metric == m.name for v in values)]
    cells: dict[tuple[str, str, str], dict[str, float | None]] = {}
    for v in values:
        cells.setdefault((v.set, v.utterance, v.system), {})[v.metric] = v.value
    return Grid(
        "Every utterance",
        ("set", "utterance", "system", *(m.name for m in metrics)),
        (None, None, None, *(m.decimals for m in metrics)),
        tuple((*place, *(of.get(m.name) for m in metrics)) for place, of in cells.items()),
    )


def _comparisons(comparisons: Sequence[PairedComparison]) -> Grid:
    return Grid(
        "Pairs of systems: mean difference a − b over the n utterances both have, its 95 % bootstrap interval, "
        "p of the signed-rank test, and the same corrected after Holm",
        ("set", "metric", "a", "b", "n", "difference", "ci_low", "ci_high", "p", "p_holm", "significant"),
        (None, None, None, None, None, 3, 3, 3, 4, 4, None),
        tuple(
            (c.set, c.metric, c.a, c.b, c.n, c.difference, *(c.ci or (None, None)), c.p, c.p_holm, c.significant)
            for c in comparisons
        ),
    )


def _breakdown(rows: Sequence[BreakdownRow]) -> Grid:
    return Grid(
        "Errors by phone and by pitch",
        ("set", "by", "key", "system", "frames", *ERRORS),
        (None, None, None, None, None, *(decimals for _, _, decimals in ERRORS.values())),
        tuple((r.set, r.by, r.key, r.system, r.frames, *(getattr(r, error) for error in ERRORS)) for r in rows),
    )


def _rhythm(rows: Sequence[RhythmRow]) -> Grid:
    fields = ("n", "median", "absolute_50", "absolute_90", "within_20", "within_30", "within_50")
    return Grid(
        "How late phones start, ms, against the recording's labels (vowels on their beats: against the score): median, "
        "percentiles of the distance, per cent within 20, 30 and 50 ms",
        ("set", "phones", "system", *fields),
        (None, None, None, None, *(1,) * 6),
        tuple((r.set, r.phones, r.system, *(getattr(r, field) for field in fields)) for r in rows),
    )


def _transitions(rows: Sequence[TransitionRow]) -> Grid:
    distances = ("curve_distance", *(f"{figure}_distance" for figure in FIGURES))
    fields = ("written", "n", *FIGURES, *distances)
    return Grid(
        "Transitions between notes: start against the beat and duration from 10 to 90 % in ms, overshoot and "
        "preparation in per cent of the step; distances of the average curve and of the distributions from the "
        "recording's",
        ("set", "direction", "system", *fields),
        (None, None, None, None, None, *(1,) * 9),
        tuple((r.set, r.direction, r.system, *(getattr(r, field) for field in fields)) for r in rows),
    )


def _vibrato(rows: Sequence[VibratoRow]) -> Grid:
    figures = ("share", "rate", "rate_sd", "extent", "extent_sd", "rate_distance", "extent_distance")
    return Grid(
        "Vibrato: notes long enough to have one, per cent of them that do, rate in Hz, extent in cents; distances of "
        "the distributions from the recording's",
        ("set", "system", "sustained", "n", *figures),
        (None, None, None, None, 1, 2, 2, 1, 1, 2, 1),
        tuple((r.set, r.system, r.sustained, r.n, *(getattr(r, field) for field in figures)) for r in rows),
    )


def _speed(decoded: Sequence[Decoded]) -> Grid:
    fields = ("rtf", "audio_seconds", "wall_seconds", "parameters", "multiply_adds_per_second", "steps", "hardware")
    return Grid(
        "Speed",
        ("set", "mode", "system", *fields),
        (None, None, None, 3, 1, 1, None, 0, None, None),
        tuple((d.set_name, d.mode, d.system, *(getattr(d, field) for field in fields)) for d in decoded),
    )


def _stages(stages: Sequence[dict]) -> Grid:
    header = ("number", "name", "seconds", "peak_memory_mb")
    return Grid("Stages", header, (None, None, 1, 0), tuple(tuple(stage[key] for key in header) for stage in stages))


def _alignment(rows: Sequence[Row]) -> Grid:
    header = ("set", "metric", "mean", "unit", "n")
    digits = (None, None, 1, None, None)
    return Grid("Alignment", header, digits, tuple((r.set, r.metric, r.mean, r.unit, r.n) for r in rows))


def _printed(name: str, grid: Grid) -> Iterable[Grid]:
    """What LaTeX prints of a grid: one table per set, utterances with their headline metrics only."""
    if name in ("stages", "alignment"):
        return [grid]
    kept = [k for k, title in enumerate(grid.header) if k > 0 and _is_printed(name, title, grid)]
    sets = dict.fromkeys(row[0] for row in grid.rows)
    return [
        Grid(
            f"{grid.caption}: {set_name}",
            tuple(_title(grid.header[k]) for k in kept),
            tuple(grid.digits[k] for k in kept),
            tuple(tuple(row[k] for k in kept) for row in grid.rows if row[0] == set_name),
        )
        for set_name in sets
    ]


def _is_printed(name: str, title: str, grid: Grid) -> bool:
    metric = METRICS.get(title)
    if name != "utterances" or metric is None:
        return True
    return metric.headline or not any(METRICS[t].headline for t in grid.header if t in METRICS)


def _title(name: str) -> str:
    return METRICS[name].short if name in METRICS else name.replace("_", " ")
