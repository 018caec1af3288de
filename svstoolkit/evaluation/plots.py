"""Figures as papers print them: mels of all systems, quality against steps and against the real-time factor."""

import hashlib
import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from svstoolkit.data.files import atomic_path
from svstoolkit.evaluation.decoded import Decoded
from svstoolkit.evaluation.jobs import Job
from svstoolkit.evaluation.metrics import CEILING, FLOOR, Metric, set_label
from svstoolkit.evaluation.page.pictures import COLOURS, log_mel, mel_range
from svstoolkit.evaluation.results import Row
from svstoolkit.evaluation.sounds import Sound, read_sound
from svstoolkit.evaluation.tables import KINDS, Table, headlines
from svstoolkit.features.definition import FeatureDefinition

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DRAWING = 1  # raised whenever a figure is drawn differently, so that no old one survives it
PANELS = 4  # metrics shown beside one another
DOTS_PER_INCH = 140  # of the pictures on the page
WIDTH = 7.2  # inches, of a page of two columns
SYSTEM_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7a6fd0", "#8c8c3c")
STYLE = {
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "lines.linewidth": 1.2,
    "lines.markersize": 4,
    "legend.frameon": False,
    "pdf.fonttype": 42,  # text stays text
}


def draw_figures(output: Path, jobs: Sequence[Job], tables: Sequence[Table], decoded: Sequence[Decoded]) -> list[dict]:
    """Draws every figure there is data for into <output>/figures, as PDF for a paper and PNG for the page.

    A figure of the same data is not drawn again.

    Args:
        jobs: scored ones; of those on the page, the first that no system lost is shown
        decoded: the systems' sampling steps and real-time factors

    Returns:
        dicts of title, picture and document (paths relative to `output`), width and height in px
    """
    figures = []
    for table in tables:
        of_set = [d for d in decoded if set_label(d.set_name, d.mode) == table.set]
        steps = {d.system: d.steps for d in of_set if d.steps is not None}
        factors = {d.system: d.rtf for d in of_set}
        tag = table.set.replace("/", "_")
        if found := _sounds(output, jobs, table.set):
            utterance, definition, sounds = found
            title = f"{utterance} sung by every system, {table.set}"
            figures.append(_Figure(f"mel_{tag}", title, mel_comparison, (sounds, definition)))
        if len(set(steps.values())) > 1 and _quality(table):
            title = f"Sampling steps against quality, {table.set}"
            figures.append(_Figure(f"steps_{tag}", title, steps_against_quality, (table, steps)))
        if len(factors) > 1 and _quality(table):
            title = f"Real-time factor against quality, {table.set}"
            figures.append(_Figure(f"speed_{tag}", title, speed_against_quality, (table, factors)))
    return [figure.write(output) for figure in figures]


def _sounds(
    output: Path, jobs: Iterable[Job], label: str
) -> tuple[str, FeatureDefinition, dict[str, np.ndarray]] | None:
    """Utterance, definition and system → sound of the first phrase of a set that nothing is missing of."""
    for job in jobs:
        takes = [take for take in job.takes if job.label(take) == label and take.system != FLOOR]
        paths = {take.system: output / job.sound_asset(take) for take in takes}
        if job.on_page and paths and all(path.is_file() for path in paths.values()):
            definition = job.settings.definition
            rate = definition.sampling_rate
            return job.utterance, definition, {s: read_sound(Sound(p), rate, resample=False) for s, p in paths.items()}
    return None


@dataclass(frozen=True)
class _Figure:
    """A drawing to come: `draw(*data)`."""

    name: str
    title: str
    draw: Callable[..., "Figure"]
    data: tuple

    def write(self, output: Path) -> dict:
        """Both files, unless they were drawn of this data before, which the PNG says of itself."""
        from matplotlib import rc_context
        from PIL import Image

        picture, document = (Path("figures") / f"{self.name}{suffix}" for suffix in (".png", ".pdf"))
        fingerprint = hashlib.sha256(_content((DRAWING, self.data)).encode()).hexdigest()
        if not ((output / document).is_file() and _source(output / picture) == fingerprint):
            with rc_context(STYLE):
                figure = self.draw(*self.data)
                figure.draw_without_rendering()
                figure.set_layout_engine("none")  # arranged once, not for each file
                with atomic_path(output / document) as temporary:
                    figure.savefig(temporary, metadata={"CreationDate": None})
                with atomic_path(output / picture) as temporary:
                    figure.savefig(temporary, dpi=DOTS_PER_INCH, metadata={"Source": fingerprint})
        with Image.open(output / picture) as image:
            width, height = image.size
        files = {"picture": picture.as_posix(), "document": document.as_posix()}
        return {"title": self.title, **files, "width": width, "height": height}


def _content(value: object) -> str:
    """A text that two equal drawings' data share."""
    if isinstance(value, np.ndarray):
        return hashlib.sha256(value.tobytes()).hexdigest()
    if isinstance(value, dict):
        return _content(tuple(value.items()))
    if isinstance(value, tuple):
        return f"({', '.join(map(_content, value))})"
    return repr(value)


def _source(picture: Path) -> str | None:
    from PIL import Image

    if not picture.is_file():
        return None
    with Image.open(picture) as image:
        return image.info.get("Source")


def mel_comparison(sounds: dict[str, np.ndarray], definition: FeatureDefinition) -> "Figure":
    """One mel spectrogram per system on one time axis; the first's loudest band sets the colours of all.

    Args:
        sounds: system → (L,) float in [−1, 1]
    """
    columns = 1 if len(sounds) < 4 else 2
    rows = math.ceil(len(sounds) / columns)
    figure, axes = _panels(rows, columns, 1.05, sharex=True, sharey=True)
    shown = mel_range(next(iter(sounds.values())), definition)
    for axis, (system, audio) in zip(axes, sounds.items(), strict=False):
        mel = log_mel(audio, definition)
        extent = (0, len(mel) * definition.frame_period, 0, definition.n_mels)
        axis.imshow(mel.T, origin="lower", aspect="auto", extent=extent, cmap=COLOURS, vmin=shown[0], vmax=shown[1])
        axis.set_title(_label(system), loc="left", pad=2)
    for axis in axes[len(sounds) :]:
        axis.remove()
    for axis in axes[(rows - 1) * columns : len(sounds)]:
        axis.set_xlabel("time, s")
    for axis in axes[: len(sounds) : columns]:
        axis.set_ylabel("mel band")
    return figure


def steps_against_quality(table: Table, steps: dict[str, int]) -> "Figure":
    """A panel per headline metric: mean and 95 % interval over sampling steps, one line per family of systems.

    A family are the systems whose names differ in the number at their end; the dashed line is the ceiling.
    """
    quality = _quality(table)
    columns = min(2, len(quality))
    figure, axes = _panels(math.ceil(len(quality) / columns), columns, 1.7)
    families = list(dict.fromkeys(_family(system) for system in steps))
    for axis, (metric, rows) in zip(axes, quality, strict=False):
        for family, colour in zip(families, _colours(len(families)), strict=True):
            members = sorted((n, rows[s]) for s, n in steps.items() if _family(s) == family and s in rows)
            if members:
                _points(axis, *zip(*members, strict=True), colour, label=_label(family), line="-")
        if CEILING in rows:
            axis.axhline(rows[CEILING].mean, color="0.5", linewidth=0.8, linestyle="--", label=_label(CEILING))
        axis.set_xscale("log")
        axis.set_xticks(sorted(set(steps.values())), [str(n) for n in sorted(set(steps.values()))])
        axis.minorticks_off()
        axis.set_xlabel("sampling steps")
        axis.set_ylabel(_title(metric))
    axes[0].legend(fontsize=7)
    for axis in axes[len(quality) :]:
        axis.remove()
    return figure


def speed_against_quality(table: Table, factors: dict[str, float]) -> "Figure":
    """A panel per headline metric: mean and 95 % interval of every system over its real-time factor, labelled."""
    quality = _quality(table)
    columns = min(2, len(quality))
    figure, axes = _panels(math.ceil(len(quality) / columns), columns, 1.9)
    colours = dict(zip(factors, _colours(len(factors)), strict=True))
    for axis, (metric, rows) in zip(axes, quality, strict=False):
        shown = sorted((factor, system) for system, factor in factors.items() if system in rows)
        for number, (factor, system) in enumerate(shown):
            colour = "0.5" if system in KINDS else colours[system]
            _points(axis, (factor,), (rows[system],), colour)
            above_or_below = (4, (3, -8)[number % 2])  # neighbours do not write over each other
            place = {"xytext": above_or_below, "textcoords": "offset points", "fontsize": 6.5, "color": colour}
            axis.annotate(_label(system), (factor, rows[system].mean), **place)
        axis.set_xscale("log")
        axis.margins(x=0.25, y=0.12)
        axis.set_xlabel("real-time factor")
        axis.set_ylabel(_title(metric))
    for axis in axes[len(quality) :]:
        axis.remove()
    return figure


def _quality(table: Table) -> list[tuple[Metric, dict[str, Row]]]:
    """The first headline metrics of sound, each with system → row; the floor is far off and left out."""
    quality = []
    shown = headlines(table)
    for k, metric in enumerate(shown.metrics):
        cells = {line.system: line.cells[k] for line in shown.lines if line.kind in ("system", "ceiling")}
        rows = {system: cell.row for system, cell in cells.items() if cell and cell.row.mean is not None}
        if metric.group != "speed" and len(rows) > 1:
            quality.append((metric, rows))
    return quality[:PANELS]


def _points(
    axis: "Axes", x: Sequence[float], rows: Sequence[Row], colour: str, label: str | None = None, line: str = "none"
) -> None:
    means, halves = [row.mean for row in rows], [row.ci95 or 0.0 for row in rows]
    axis.errorbar(x, means, yerr=halves, fmt="o", linestyle=line, color=colour, label=label, elinewidth=0.7, capsize=2)


def _panels(rows: int, columns: int, height: float, **options) -> tuple["Figure", list["Axes"]]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, 0.3 + rows * height), layout="constrained")
    return figure, list(figure.subplots(rows, columns, squeeze=False, **options).flat)


def _colours(count: int) -> list[str]:
    return [SYSTEM_COLOURS[k % len(SYSTEM_COLOURS)] for k in range(count)]


def _family(system: str) -> str:
    return re.sub(r"[_-]?\d+$", "", system) or system


def _label(system: str) -> str:
    return system.replace("_", " ")


def _title(metric: Metric) -> str:
    return f"{metric.short}{f', {metric.unit}' if metric.unit else ''} {metric.arrow}"
