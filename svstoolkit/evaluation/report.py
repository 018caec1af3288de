"""From decoded singing to exp/score: what is to be scored, and all files that are written of it."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from svstoolkit.data.archives import ArchiveReader
from svstoolkit.data.directory import DataDirectory, read_data_directory
from svstoolkit.data.files import write_text
from svstoolkit.data.stages import STAGE_NAMES
from svstoolkit.errors import InputError
from svstoolkit.evaluation.decoded import Decoded, find_decoded
from svstoolkit.evaluation.metrics import FLOOR, GROUND_TRUTH, set_label
from svstoolkit.evaluation.page.render import Page, phrase, render
from svstoolkit.evaluation.results import Row, Value, aggregate, real_time_factors
from svstoolkit.evaluation.scoring import Job, Take
from svstoolkit.evaluation.tables import Table, csv_table, latex_table, overview
from svstoolkit.features.definition import FeatureDefinition


@dataclass(frozen=True)
class ScoredSet:
    """A test set, what every system sang of it, and the scores (one list per job, as `score_utterance` gives them)."""

    data: DataDirectory
    decoded: list[Decoded]
    jobs: list[Job]
    scores: list[list[dict]]


def plan_set(
    data_dir: Path,
    dump_dir: Path,
    decode_dir: Path,
    output: Path,
    definition: FeatureDefinition,
    f0_extractor: str,
    page_phrases: int,
    overwrite: bool,
) -> tuple[DataDirectory, list[Decoded], list[Job]]:
    """One job per utterance of the set `data_dir`, whose name the folders of dump and decoding share.

    In each mode that any system was decoded in, the ground truth comes first and the floor last.

    Raises:
        InputError: a stage before this one has not run on the set.
    """
    data = read_data_directory(data_dir)
    name = data.path.name
    audio_scp = dump_dir / name / "audio.scp"
    if missing := [u for u in data if u not in ArchiveReader(audio_scp)]:
        raise InputError(f"{audio_scp} lacks utterance {missing[0]} of {data.path}; run stage 2 (features) again")
    decoded = find_decoded(decode_dir, name)
    modes = sorted({d.mode for d in decoded}, reverse=True)  # "score" first
    jobs = []
    for number, utterance in enumerate(data):
        takes = []
        for mode in modes:
            sung = [Take(d.system, mode, d.wav(utterance)) for d in decoded if d.mode == mode]
            takes += [Take(GROUND_TRUTH, mode), *sung, Take(FLOOR, mode)]
        on_page = number < page_phrases
        jobs.append(Job(name, utterance, audio_scp, tuple(takes), definition, f0_extractor, output, on_page, overwrite))
    return data, decoded, jobs


def values_of(scored: ScoredSet) -> list[Value]:
    """Every metric of every utterance, real-time factors included; None where there is no value.

    A take that could not be scored has a None for each metric of its set.
    """
    scores = [score for of_job in scored.scores for score in of_job]
    metrics: dict[str, dict[str, None]] = {}
    for score in scores:
        metrics.setdefault(score["set"], {}).update(dict.fromkeys(score["values"]))
    values = [
        Value(score["system"], score["set"], score["utterance"], metric, score["values"].get(metric))
        for score in scores
        for metric in metrics[score["set"]]
    ]
    return values + real_time_factors(scored.decoded, scored.data)


def failures_of(scored: ScoredSet) -> list[dict]:
    """What could not be scored: system, set, utterance, metric (None = all of them), reason."""
    return [
        {key: score[key] for key in ("system", "set", "utterance")} | failure
        for of_job in scored.scores
        for score in of_job
        for failure in score["failures"]
    ]


def write_report(
    output: Path, scored_sets: Sequence[ScoredSet], alignment: Sequence[Row], stages: Sequence[dict]
) -> list[Table]:
    """Writes results.json, utterances.json, failed.json, overview.csv, overview.tex and index.html into `output`.

    A file whose content would not change is left alone. Stages are shown up to the one before this.

    Returns:
        the overview tables
    """
    values = [value for scored in scored_sets for value in values_of(scored)]
    failures = [failure for scored in scored_sets for failure in failures_of(scored)]
    rows = aggregate(values)
    sizes = {
        set_label(scored.data.path.name, mode): len(scored.data)
        for scored in scored_sets
        for mode in dict.fromkeys(take.mode for take in scored.jobs[0].takes)
    }
    tables = overview(rows, sizes, failures)
    page = Page(
        definition=scored_sets[0].jobs[0].definition,
        tables=tables,
        values=values,
        alignment=alignment,
        decoded=[d for scored in scored_sets for d in scored.decoded],
        stages=[stage for stage in stages if stage["name"] != STAGE_NAMES[-1]],
        failures=failures,
        phrases=[p for scored in scored_sets for p in _phrases(scored)],
    )
    contents = {
        "results.json": _json([row.to_dict() for row in [*rows, *alignment]]),
        "utterances.json": _json(_per_utterance(values)),
        "failed.json": _json(failures),
        "overview.csv": csv_table(tables),
        "overview.tex": latex_table(tables),
        "index.html": render(page),
    }
    for name, content in contents.items():
        path = output / name
        if not path.is_file() or path.read_text(encoding="utf-8") != content:
            write_text(path, content)
    return tables


def _phrases(scored: ScoredSet) -> list[dict]:
    data = scored.data
    phrases = []
    for job, scores in zip(scored.jobs, scored.scores, strict=True):
        if job.on_page:
            label = data.label.get(job.utterance)
            boundaries = [label[0][0], *(end for _, end, _ in label)] if label else None
            singer = data.speaker[job.utterance]
            phrases.append(phrase(job, data.song(job.utterance), singer, boundaries, scores, scored.decoded))
    return phrases


def _per_utterance(values: Iterable[Value]) -> list[dict]:
    table: dict[tuple[str, str, str], dict] = {}
    for v in values:
        key = {"system": v.system, "set": v.set, "utterance": v.utterance}
        table.setdefault(tuple(key.values()), key)[v.metric] = v.value
    return list(table.values())


def _json(rows: list[dict]) -> str:
    """A list of records, one to a line."""
    return "[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]\n" if rows else "[]\n"
