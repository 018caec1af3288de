"""From scores to exp/score: all files that are written of them."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from svstoolkit.data.files import write_changed_text
from svstoolkit.data.stages import STAGE_NAMES
from svstoolkit.evaluation.breakdown import breakdown_rows
from svstoolkit.evaluation.contour_rows import transition_rows, vibrato_rows
from svstoolkit.evaluation.learned.scoring import WHOLE_SET
from svstoolkit.evaluation.metrics import set_label
from svstoolkit.evaluation.page.phrases import phrase
from svstoolkit.evaluation.page.render import Page, render
from svstoolkit.evaluation.planning import PlannedSet
from svstoolkit.evaluation.plots import draw_figures
from svstoolkit.evaluation.results import Row, Value, aggregate, real_time_factors
from svstoolkit.evaluation.rhythm_rows import rhythm_rows
from svstoolkit.evaluation.statistics import paired_comparisons
from svstoolkit.evaluation.table_files import table_files
from svstoolkit.evaluation.tables import Table, overview


@dataclass(frozen=True)
class ScoredSet:
    """A planned set and its scores.

    scores: one list per job, as `score_utterance` gives them
    learned: values of the metrics that need weights
    """

    plan: PlannedSet
    scores: list[list[dict]]
    learned: Sequence[Value] = ()


def values_of(scored: ScoredSet) -> list[Value]:
    """Every metric of every utterance, learned ones and real-time factors included; None where there is no value.

    A take that could not be scored has a None for each metric of its set.
    """
    scores = _all_scores(scored)
    metrics: dict[str, dict[str, None]] = {}
    for score in scores:
        metrics.setdefault(score["set"], {}).update(dict.fromkeys(score["values"]))
    values = [
        Value(score["system"], score["set"], score["utterance"], metric, score["values"].get(metric))
        for score in scores
        for metric in metrics[score["set"]]
    ]
    factors = real_time_factors(scored.plan.decoded, [job.utterance for job in scored.plan.jobs])
    return [*values, *scored.learned, *factors]


def failures_of(scored: ScoredSet) -> list[dict]:
    """What could not be planned or scored: system, set, utterance, metric (None = all of them), reason."""
    return scored.plan.failures + [
        {key: score[key] for key in ("system", "set", "utterance")} | failure
        for score in _all_scores(scored)
        for failure in score["failures"]
    ]


def write_report(
    output: Path, scored_sets: Sequence[ScoredSet], alignment: Sequence[Row], stages: Sequence[dict]
) -> list[Table]:
    """Writes results.json, utterances.json, failed.json, every table, the figures and index.html into `output`.

    A file whose content would not change is left alone. Stages are shown up to the one before this.

    Returns:
        the overview tables
    """
    values = [value for scored in scored_sets for value in values_of(scored)]
    failures = [failure for scored in scored_sets for failure in failures_of(scored)]
    decoded = [d for scored in scored_sets for d in scored.plan.decoded]
    scores = [score for scored in scored_sets for score in _all_scores(scored)]
    rows_of = {
        "breakdown": breakdown_rows(scores),
        "rhythm": rhythm_rows(scores),
        "transitions": transition_rows(scores),
        "vibrato": vibrato_rows(scores),
    }
    stages = [stage for stage in stages if stage["name"] != STAGE_NAMES[-1]]
    rows = aggregate(values)
    values = [value for value in values if value.utterance != WHOLE_SET]
    comparisons = paired_comparisons(values)
    tables = overview(rows, _sizes(scored_sets), failures, comparisons)
    contents = table_files(tables, values, comparisons, **rows_of, decoded=decoded, stages=stages, alignment=alignment)
    page = Page(
        definition=scored_sets[0].plan.jobs[0].settings.definition,
        tables=tables,
        values=values,
        comparisons=comparisons,
        **rows_of,
        alignment=alignment,
        decoded=decoded,
        stages=stages,
        failures=failures,
        phrases=[p for scored in scored_sets for p in _phrases(scored)],
        figures=draw_figures(output, [job for s in scored_sets for job in s.plan.jobs], tables, decoded),
        files=tuple(contents),
    )
    contents |= {
        "results.json": _json([row.to_dict() for row in [*rows, *alignment]]),
        "utterances.json": _json(_per_utterance(values)),
        "failed.json": _json(failures),
        "index.html": render(page),
    }
    for name, content in contents.items():
        write_changed_text(output / name, content)
    return tables


def _all_scores(scored: ScoredSet) -> list[dict]:
    return [score for of_job in scored.scores for score in of_job]


def _sizes(scored_sets: Sequence[ScoredSet]) -> dict[str, int]:
    """Number of utterances of each set label, in the order of the tables."""
    return {
        set_label(scored.plan.name, mode): len(scored.plan.jobs)
        for scored in scored_sets
        for mode in dict.fromkeys(take.mode for take in scored.plan.jobs[0].takes)
    }


def _phrases(scored: ScoredSet) -> list[dict]:
    jobs = zip(scored.plan.jobs, scored.scores, strict=True)
    return [phrase(job, scores) for job, scores in jobs if job.on_page]


def _per_utterance(values: Iterable[Value]) -> list[dict]:
    table: dict[tuple[str, str, str], dict] = {}
    for v in values:
        key = {"system": v.system, "set": v.set, "utterance": v.utterance}
        table.setdefault(tuple(key.values()), key)[v.metric] = v.value
    return list(table.values())


def _json(rows: list[dict]) -> str:
    """A list of records, one to a line."""
    return "[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]\n" if rows else "[]\n"
