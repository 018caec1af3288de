"""Figures of a listening test: means with their intervals, and how the ratings are spread."""

import io
from pathlib import Path

import numpy as np

from svstoolkit.data.files import atomic_path
from svstoolkit.evaluation.listening.analysis import Result, ScaleResult

INK, ACCENT, SOFT = "#1d1c1a", "#b3402a", "#8f8a80"
LOW, MIDDLE, HIGH = "#8a8378", "#e9e4da", "#b3402a"  # of the shares, from the lowest answer to the highest


def write_figures(folder: Path, result: Result) -> dict[str, list[str]]:
    """Writes `<scale>_means.pdf` and `<scale>_spread.pdf` for papers.

    Returns:
        scale → the same figures as SVG elements for a page, black as `currentColor`
    """
    import matplotlib

    style = {"font.size": 9, "axes.spines.top": False, "axes.spines.right": False, "svg.fonttype": "none"}
    style |= {"axes.edgecolor": INK, "xtick.color": INK, "ytick.color": INK, "text.color": INK, "axes.labelcolor": INK}
    pictures: dict[str, list[str]] = {}
    with matplotlib.rc_context(style | {"svg.hashsalt": "svs", "font.family": "sans-serif"}):
        for scale in result.scales:
            if not scale.systems:
                continue
            values = {
                s.system: [r.value for r in result.ratings if _counts(r, s.system, scale.name)] for s in scale.systems
            }
            for name, figure in (("means", _means(scale, result)), ("spread", _spread(scale, values, result))):
                with atomic_path(folder / f"{scale.name}_{name}.pdf") as temporary:
                    figure.savefig(temporary, bbox_inches="tight", metadata={"CreationDate": None})
                pictures.setdefault(scale.name, []).append(_svg(figure))
    return pictures


def _counts(rating, system: str, scale: str) -> bool:
    return rating.accepted and rating.role == "test" and rating.system == system and rating.scale == scale


def _figure(rows: int):
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.2, 0.75 + 0.32 * rows))
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_ylim(rows - 0.4, -0.6)
    return figure, axes


def _names(axes, scale: ScaleResult) -> None:
    axes.set_yticks(range(len(scale.systems)), [s.system.replace("_", " ") for s in scale.systems])
    for label, system in zip(axes.get_yticklabels(), scale.systems, strict=True):
        if system.kind != "system":
            label.set_fontstyle("italic")


def _means(scale: ScaleResult, result: Result):
    figure, axes = _figure(len(scale.systems))
    for row, system in enumerate(scale.systems):
        colour = ACCENT if system.kind == "system" else SOFT
        crossed = system.crossed
        axes.errorbar(crossed.mean, row, xerr=crossed.ci95 or 0, fmt="o", color=colour, capsize=2.5, ms=5, lw=1.4)
    kind = result.key.kind
    if kind.name == "cmos":
        axes.axvline(0, color=SOFT, lw=0.8)
        axes.set_xlabel(f"{scale.short} against {result.key.baseline} (positive: better), 95 %".replace("_", " "))
        reach = max(1.0, *(abs(s.crossed.mean) + (s.crossed.ci95 or 0) for s in scale.systems))
        axes.set_xlim(-min(3.1, reach * 1.1), min(3.1, reach * 1.1))
    elif kind.name == "ranking":
        axes.set_xlim(0.8, len(scale.systems) + 0.2)
        axes.set_xlabel("mean rank (1 is the best), 95 %")
    else:
        margin = 0.03 * (kind.highest - kind.lowest)
        axes.set_xlim(kind.lowest - margin, kind.highest + margin)
        axes.set_xlabel(f"{scale.short}, mean and 95 % interval")
    _names(axes, scale)
    return figure


def _spread(scale: ScaleResult, values: dict[str, list[int]], result: Result):
    figure, axes = _figure(len(scale.systems))
    kind = result.key.kind
    if kind.name == "mushra":
        line = {"color": INK, "linewidth": 0.9}
        axes.boxplot(
            list(values.values()),
            orientation="horizontal",
            positions=range(len(values)),
            widths=0.5,
            boxprops=line,
            whiskerprops=line,
            capprops=line,
            medianprops={"color": ACCENT, "linewidth": 1.6},
            flierprops={"marker": ".", "markersize": 3, "markeredgecolor": SOFT},
        )
        axes.set_xlim(-3, 103)
        axes.set_xlabel("median, quartiles, whiskers at 1.5 times their distance")
    else:
        from matplotlib.colors import LinearSegmentedColormap

        highest = len(scale.systems) if kind.name == "ranking" else kind.highest
        levels = np.arange(kind.lowest, highest + 1)
        colours = LinearSegmentedColormap.from_list("answers", [LOW, MIDDLE, HIGH])(np.linspace(0, 1, len(levels)))
        order = levels[::-1] if kind.name == "ranking" else levels
        left = np.zeros(len(values))
        for level, colour in zip(order, colours, strict=True):
            share = np.array([100 * s.shares.get(int(level), 0.0) for s in scale.systems])
            axes.barh(range(len(values)), share, left=left, color=colour, height=0.62, label=f"{level}")
            left += share
        axes.set_xlim(0, 100)
        axes.set_xlabel("share of the answers, %")
        axes.legend(ncols=len(levels), loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False, handlelength=0.9)
    _names(axes, scale)
    return figure


def _svg(figure) -> str:
    out = io.StringIO()
    figure.savefig(out, format="svg", bbox_inches="tight", transparent=True, metadata={"Date": None, "Creator": None})
    text = out.getvalue()
    return text[text.index("<svg") :].replace(INK, "currentColor")
