"""The learned metrics by name. Their weights are published; none come with this package."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from svstoolkit.errors import InputError
from svstoolkit.evaluation.learned.frechet import load_fad, load_fad_clap
from svstoolkit.evaluation.learned.mos import load_singmos_pro, load_utmos
from svstoolkit.evaluation.learned.recognition import load_cer, load_cer_pinyin
from svstoolkit.evaluation.learned.singer import load_singer_similarity
from svstoolkit.evaluation.learned.takes import Take

Score = Callable[[list[Take], int], list[float]]


@dataclass(frozen=True)
class LearnedMetric:
    """load: (weights, device) → the function that scores; with `by_language` it also takes `language`
    needs: what besides the singing: "", "reference" or "text"
    """

    load: Callable[..., Score]
    needs: str = ""
    by_language: bool = False


LEARNED = {
    "cer": LearnedMetric(load_cer, needs="text", by_language=True),
    "cer_pinyin": LearnedMetric(load_cer_pinyin, needs="text", by_language=True),
    "singer_similarity": LearnedMetric(load_singer_similarity, needs="reference"),
    "fad": LearnedMetric(load_fad, needs="reference"),
    "fad_clap": LearnedMetric(load_fad_clap, needs="reference"),
    "utmos": LearnedMetric(load_utmos),
    "singmos_pro": LearnedMetric(load_singmos_pro),
}


def load_learned(name: str, weights: Path | None = None, device: str = "cpu", language: str = "zh") -> Score:
    """The function that scores takes by a learned metric.

    Args:
        name: one of LEARNED
        weights: file or folder of its weights; by default $SVSTOOLKIT_WEIGHTS, then the libraries' own caches, then a
            download (docs/learned_metrics.md)
        device: torch's name
        language: ISO 639-1 of the lyrics, for those `by_language`

    Returns:
        (takes, sampling rate) → one value a take, NaN where it is undefined (too short, not finite, no lyrics left);
        a single value for metrics of the set (metrics.yaml: of_the_set). A take is a `Take` or a tuple (audio,
        reference or None, text or None).

    Raises:
        InputError: unknown name; or a package or the weights are absent: says which, and where to put them.
    """
    if name not in LEARNED:
        raise InputError(f"no learned metric is called {name!r}; there are {', '.join(LEARNED)}")
    metric = LEARNED[name]
    load = partial(metric.load, language=language) if metric.by_language else metric.load
    return load(None if weights is None else Path(weights), device)
