"""The learning curve: boundary error by minutes of singing."""

from collections.abc import Mapping, Sequence
from pathlib import Path

CURVE_MINUTES = (1.5, 4.0, 10.0, 20.0, 30.0)
CURVE_METHODS = ("flat", "score_start", "full")
PANELS = {
    "median": "median error of phone starts, ms",
    "mean": "mean error, ms",
    "within_20ms": "phone starts within 20 ms, %",
}


def draw_curve(points: Sequence[Mapping], path: Path) -> Path:
    """Draws a panel per figure, a line per method.

    Args:
        points: {"minutes", "rows"} with rows as in the table.

    Returns:
        path
    """
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, panels = plt.subplots(1, len(PANELS), figsize=(4.2 * len(PANELS), 3.6), layout="constrained")
    methods = list(dict.fromkeys(row["method"] for point in points for row in point["rows"]))
    for axes, (key, label) in zip(panels, PANELS.items(), strict=True):
        for method in methods:
            pairs = [(p["minutes"], r[key]) for p in points for r in p["rows"] if r["method"] == method]
            axes.plot(*zip(*pairs, strict=True), marker="o", label=method)
        ticks = [point["minutes"] for point in points]
        axes.set_xscale("log")
        axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks], minor=False)
        axes.minorticks_off()
        if key != "within_20ms":
            axes.set_yscale("log")
        axes.set_xlabel("minutes of singing")
        axes.set_ylabel(label)
        axes.grid(alpha=0.3)
    panels[0].legend(frameon=False)
    figure.savefig(path, dpi=150)
    plt.close(figure)
    return path
