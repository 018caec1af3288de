"""The page of the quality report: one HTML file, with sounds and pictures beside it, that opens without a network."""

from collections.abc import Sequence

import numpy as np

from svstoolkit.align.quality import MEASURES, UNITS, Z_FREE, Z_MOST, Quality
from svstoolkit.data.html import embedded_json, template_environment

BINS = 41
TAIL = 0.5  # per cent of the values that lie beyond either end of a histogram


def render(ranked: Sequence[Quality], pictures: Sequence[dict]) -> str:
    """The HTML with style, script and data inside it.

    Args:
        ranked: all utterances, most suspicious first
        pictures: the first of them, from `drawing.drawn`
    """
    environment = template_environment("svstoolkit.align.report")
    measured = {name for quality in ranked for name in quality.z}
    sets = list(dict.fromkeys(sorted(q.utterance.set for q in ranked)))
    return environment.get_template("index.html.j2").render(
        pictures=pictures,
        worst=f"The worst {len(pictures)}" if len(pictures) > 1 else "The worst",
        count=len(ranked),
        suspicious=sum(q.suspicion > 0 for q in ranked),
        minutes=sum(q.utterance.label[-1][1] for q in ranked) / 60,
        sets={name: sum(q.utterance.set == name for q in ranked) for name in sets},
        measures={name: words for name, words in MEASURES.items() if name in measured},
        unmeasured=[title for name, (title, _) in MEASURES.items() if name not in measured],
        z_free=Z_FREE,
        z_most=Z_MOST,
        histograms=_histograms(ranked),
        data=embedded_json(_data(ranked, [name for name in MEASURES if name in measured], len(pictures))),
    )


def _data(ranked: Sequence[Quality], measures: list[str], drawn: int) -> dict:
    rows = [
        [
            rank,
            q.utterance.id,
            q.utterance.set,
            q.utterance.singer,
            round(q.utterance.label[-1][1], 1),
            round(q.suspicion, 1),
            *(round(q.z[name], 1) if name in q.z else None for name in measures),
            q.findings[0].text if q.findings else "",
        ]
        for rank, q in enumerate(ranked, 1)
    ]
    titles = ["", "Utterance", "Set", "Singer", "s", "Suspicion", *(MEASURES[m][0] for m in measures), "Most of all"]
    return {"titles": titles, "rows": rows, "drawn": drawn, "free": Z_FREE, "numbers": [5, 6 + len(measures)]}


def _histograms(ranked: Sequence[Quality]) -> list[dict]:
    """A histogram of every measure that has values, and of suspicion."""
    values = {
        name: np.array([value for quality in ranked for value in quality.values.get(name, ())]) for name in MEASURES
    }
    values = {name: found for name, found in values.items() if len(found)}
    figures = [
        {"title": MEASURES[name][0], "unit": UNITS[name], **histogram(found, logarithmic=name == "duration")}
        for name, found in values.items()
    ]
    suspicion = np.array([quality.suspicion for quality in ranked])
    return [{"title": "Suspicion", "unit": "per utterance", **histogram(suspicion)}, *figures]


def histogram(values: np.ndarray, logarithmic: bool = False) -> dict:
    """Bars of (N,) values for a picture 200 wide and 60 high; what lies beyond its ends is in the outermost bars.

    Returns:
        bars: (x, y, width, height), heights by the square root of the counts, so that rare values show
        low, middle, high: the values at the ends and at the median's place (0 … 200, `median_x`), as text
        count: N
    """
    scaled = np.log2(values) if logarithmic else values
    low, median, high = np.percentile(scaled, (TAIL, 50, 100 - TAIL))
    if high - low < 1e-9:
        low, high = low - 0.5, high + 0.5
    counts, _ = np.histogram(np.clip(scaled, low, high), BINS, (low, high))
    heights = 58 * np.sqrt(counts / counts.max())
    step = 200 / BINS
    shown = [2.0**v if logarithmic else v for v in (low, median, high)]
    return {
        "bars": [
            (round(k * step, 2), round(60 - max(h, 1.0), 1), round(step - 0.6, 2), round(max(h, 1.0), 1))
            for k, h in enumerate(heights)
            if counts[k]
        ],
        "low": _figure(shown[0]),
        "middle": _figure(shown[1]),
        "high": _figure(shown[2]),
        "median_x": round(float(200 * (median - low) / (high - low)), 1),
        "count": len(values),
    }


def _figure(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 20 else f"{value:.2g}"
