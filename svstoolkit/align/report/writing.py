"""The quality report after stage 1: quality.json and index.html with its sounds and pictures."""

import json
import math
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from svstoolkit.align.job import Job
from svstoolkit.align.quality import MEASURES, UNITS, Z_FREE, Z_MOST, Quality, rank
from svstoolkit.align.quality_sounds import labelled_utterances
from svstoolkit.align.report.drawing import ASSETS, drawn
from svstoolkit.align.report.page import render
from svstoolkit.data.directory import DataDirectory
from svstoolkit.data.files import write_json, write_text
from svstoolkit.data.fingerprint import fingerprint, is_done, mark_done, unmark

VERSION = 2  # raised whenever the page is drawn differently
SCORES = "likelihoods.json"


def keep_scores(folder: Path, scores: Mapping[str, float]) -> None:
    """Keeps the aligner's log likelihoods per frame beside its model, for reports to come; JSON knows no infinity."""
    finite = {u: round(float(score), 6) for u, score in scores.items() if math.isfinite(score)}
    if finite:
        write_json(folder / SCORES, finite)
    else:
        (folder / SCORES).unlink(missing_ok=True)


def kept_scores(folder: Path) -> dict[str, float]:
    """What `keep_scores` kept; empty if the aligner tells none."""
    path = folder / SCORES
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def write_report(
    folder: Path,
    sets: Mapping[str, DataDirectory],
    job: Job,
    is_vowel: Callable[..., bool],
    scores: Mapping[str, float],
    worst: int,
    nj: int,
) -> list[Quality]:
    """Writes the report on all labels of the sets; what has not changed is not drawn again.

    Args:
        scores: log likelihood per frame of the utterances that have one
        worst: how many of the most suspicious utterances are drawn

    Returns:
        All utterances, most suspicious first.
    """
    ranked = rank(labelled_utterances(sets, job, is_vowel, scores, nj))
    report = quality_json(ranked)
    shown = ranked[:worst]
    stamps = [path for q in shown for path in (q.utterance.wav, sets[q.utterance.set].score[q.utterance.id])]
    labels = {q.utterance.id: q.utterance.label for q in shown}
    digest = fingerprint(stamps=stamps, version=VERSION, worst=worst, report=report, labels=labels)
    if (folder / "index.html").is_file() and (folder / "quality.json").is_file() and is_done(folder / ASSETS, digest):
        return ranked
    unmark(folder / ASSETS)
    shutil.rmtree(folder / ASSETS, ignore_errors=True)
    write_json(folder / "quality.json", report)
    songs = {q.utterance.id: sets[q.utterance.set].song(q.utterance.id) for q in shown}
    pictures = [drawn(folder, quality, songs[quality.utterance.id]) for quality in shown]
    write_text(folder / "index.html", render(ranked, pictures))
    mark_done(folder / ASSETS, digest)
    return ranked


def quality_json(ranked: Sequence[Quality]) -> dict:
    """The report as data: how suspicion is defined, then every utterance with its measures and findings."""
    return {
        "suspicion": f"sum over measures of min({Z_MOST:g}, max(0, z - {Z_FREE:g})), z in robust standard deviations",
        "measures": {m: {"title": title, "meaning": text, "unit": UNITS[m]} for m, (title, text) in MEASURES.items()},
        "utterances": [_utterance_json(q) for q in ranked],
    }


def _utterance_json(quality: Quality) -> dict:
    u = quality.utterance
    return {
        "id": u.id,
        "set": u.set,
        "singer": u.singer,
        "seconds": round(u.label[-1][1], 3),
        "suspicion": round(quality.suspicion, 3),
        "likelihood": u.likelihood,
        "z": {name: round(z, 3) for name, z in quality.z.items()},
        "findings": [
            {
                "measure": f.measure,
                "z": round(f.z, 3),
                "text": f.text,
                "start": None if f.phone is None else u.label[f.phone][0],
            }
            for f in quality.findings
        ],
    }
