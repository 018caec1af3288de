"""The page to read and listen to: one HTML file, with sound and pictures beside it, that opens without a network."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from svstoolkit.data.html import embedded_json, template_environment
from svstoolkit.evaluation.breakdown import ERRORS, BreakdownRow
from svstoolkit.evaluation.contour_rows import TransitionRow, VibratoRow
from svstoolkit.evaluation.decoded import Decoded
from svstoolkit.evaluation.measures.transitions import CURVE_TIMES
from svstoolkit.evaluation.metrics import GROUPS, METRICS, MODES, REFERENCE_DURATIONS, SCORE
from svstoolkit.evaluation.page.data import (
    breakdown_data,
    comparison_data,
    contour_data,
    metric_data,
    phrase_data,
    rhythm_data,
    value_data,
)
from svstoolkit.evaluation.results import Row, Value
from svstoolkit.evaluation.rhythm_rows import TIMED, RhythmRow
from svstoolkit.evaluation.statistics import PairedComparison
from svstoolkit.evaluation.tables import KINDS, Table
from svstoolkit.features.definition import FeatureDefinition

MODE_TITLES = {SCORE: "From the score alone", REFERENCE_DURATIONS: "With the recording’s timing"}
GROUP_TITLES = {group: group.capitalize() for group in GROUPS} | {"espnet": "ESPnet"}
# px of a phrase on the page, from which the scroll bar is right before a phrase was ever drawn
TRACK_HEIGHT, HEADING_HEIGHT = 87, 100


@dataclass(frozen=True)
class Page:
    """All the page shows.

    stages: rows of exp/stages.json; failures: as in failed.json; phrases: from `phrases.phrase`
    figures: dicts of title, picture and document (paths relative to the page), width and height in px
    files: names of the tables written beside the page
    """

    definition: FeatureDefinition
    tables: Sequence[Table]
    values: Sequence[Value]
    comparisons: Sequence[PairedComparison]
    breakdown: Sequence[BreakdownRow]
    rhythm: Sequence[RhythmRow]
    transitions: Sequence[TransitionRow]
    vibrato: Sequence[VibratoRow]
    alignment: Sequence[Row]
    decoded: Sequence[Decoded]
    stages: Sequence[dict]
    failures: Sequence[dict]
    phrases: Sequence[dict]
    figures: Sequence[dict] = ()
    files: Collection[str] = ()


def render(page: Page) -> str:
    """The HTML with style, script and data inside it."""
    environment = template_environment("svstoolkit.evaluation.page")
    environment.filters["name"] = lambda system: system.replace("_", " ")
    environment.filters["duration"] = _duration
    measured = {metric.name: metric for table in page.tables for metric in table.metrics}
    modes = [mode for mode in MODES if any(t["mode"] == mode for p in page.phrases for t in p["tracks"])]
    return environment.get_template("index.html.j2").render(
        page=page,
        modes=modes,
        mode_titles=_mode_titles(page),
        titles=_titles(page),
        sizes={table.set.partition("/")[0]: table.size for table in page.tables},
        metrics=[metric for metric in METRICS.values() if metric.name in measured],
        groups={g: GROUP_TITLES[g] for g in GROUPS if any(m.group == g for m in measured.values())},
        any_headline=any(m.headline for m in measured.values()),
        all_headline=all(m.headline for m in measured.values()),
        undecided={c.set for c in page.comparisons} - {c.set for c in page.comparisons if c.decidable},
        height=_height,
        data=embedded_json(_data(page)),
    )


def _mode_titles(page: Page) -> dict[str, str]:
    """Recordings of unknown origin were not necessarily sung from a score."""
    return MODE_TITLES if page.decoded else MODE_TITLES | {SCORE: "With their own timing"}


def _titles(page: Page) -> dict[str, str]:
    parts = {table.set: table.set.partition("/") for table in page.tables}
    return {label: f"{_mode_titles(page)[mode or SCORE]} · {name}" for label, (name, _, mode) in parts.items()}


def _height(phrase: dict) -> int:
    """px a phrase takes with the first mode's tracks shown."""
    tracks = sum(track["mode"] == phrase["tracks"][0]["mode"] for track in phrase["tracks"])
    return HEADING_HEIGHT + phrase["roll"]["height"] + tracks * TRACK_HEIGHT


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{seconds:.1f} s"


def _data(page: Page) -> dict:
    return {
        "frame": page.definition.frame_period,
        "titles": _titles(page),
        "kinds": KINDS,
        "metrics": metric_data(),
        "errors": [{"name": n, "title": f"{s}, {u}", "decimals": d} for n, (s, u, d) in ERRORS.items()],
        "values": value_data(page.values),
        "comparisons": comparison_data(page.comparisons),
        "breakdown": breakdown_data(page.breakdown),
        "rhythm": rhythm_data(page.rhythm),
        "phoneClasses": [kind for kind in TIMED if any(r.phones == kind for r in page.rhythm)],
        "contours": contour_data(page.transitions, page.vibrato),
        "curveTimes": [round(1000 * t) for t in CURVE_TIMES.tolist()],
        "anchors": {f"{p['set']}\n{p['id']}": p["anchor"] for p in page.phrases},
        "phrases": [phrase_data(p) for p in page.phrases],
    }
