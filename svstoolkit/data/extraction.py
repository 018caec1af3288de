"""Stage 2: data directories → the dump, with resumption and results that do not depend on the number of processes."""

import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
from tqdm import tqdm

from svstoolkit.data.archives import ArchiveReader
from svstoolkit.data.definition_file import read_definition, write_definition
from svstoolkit.data.directory import DataDirectory, read_data_directory
from svstoolkit.data.extraction_faults import FAILED, require_few, tell, warnings_of, write_lists
from svstoolkit.data.f0_ranges import F0Ranges, find_ranges
from svstoolkit.data.files import write_text
from svstoolkit.data.fingerprint import fingerprint, is_done, mark_done
from svstoolkit.data.growing_archives import GrowingArchives
from svstoolkit.data.plots import plot_utterance
from svstoolkit.data.statistics import compute_statistics
from svstoolkit.data.tables import read_table
from svstoolkit.data.utterance_features import Task, UtteranceFeatures, extract_utterance, plan
from svstoolkit.data.vocabulary import Vocabulary, build_vocabulary
from svstoolkit.data.workers import Workers
from svstoolkit.errors import InputError
from svstoolkit.features.definition import FeatureDefinition, extractors_of
from svstoolkit.features.f0_extractors import require_installed

ARCHIVES = ("mel", "f0", "energy", "audio", "phones")  # of every set; and world, where the definition asks for it
COMPLETE = "utt2num_frames"  # written last: a set that has it is complete
METHOD = 2  # of extraction; a set made by another is made again
N_PLOTS = 3


@dataclass(frozen=True)
class SetPlan:
    """A set about to be extracted: where it comes from and goes, its tasks, and what of it cannot be used and why."""

    directory: DataDirectory
    output: Path
    tasks: list[Task]
    failed: dict[str, str] = field(default_factory=dict)
    key: str = ""  # fingerprint of its inputs

    @property
    def complete(self) -> bool:
        return (self.output / COMPLETE).is_file() and is_done(self.output, self.key)


def extract_dump(
    data_dir: Path,
    dump_dir: Path,
    sets: Sequence[str],
    train_set: str,
    definition: FeatureDefinition,
    extractor: str | None = None,
    nj: int = 1,
    overwrite: bool = False,
    max_failed: float = 0.1,
) -> dict[str, list[int]]:
    """Extracts `sets` of `data_dir` into `dump_dir`; vocabulary, F0 ranges and statistics are the training set's.

    Sets whose inputs have not changed are left alone; a killed run goes on behind the last utterance it stored.
    Faulty utterances are left out and listed in `dump_dir`/<set>/failed.txt.

    Args:
        extractor: of F0, instead of the definition's, and stored as its.

    Returns:
        Frames of each utterance, by set.

    Raises:
        InputError: a set or its label is missing, or more than the part `max_failed` of its utterances are faulty.
    """
    definition = replace(definition, f0_extractor=extractor or definition.f0_extractor)
    require_installed(extractors_of(definition.f0_extractor))
    directories = {name: _read_labelled(data_dir / name) for name in dict.fromkeys([train_set, *sets])}
    vocabulary = build_vocabulary(directories[train_set])
    plans = {name: _plan_set(directory, dump_dir / name, vocabulary) for name, directory in directories.items()}
    failed = {u: why for name in sets for u, why in plans[name].failed.items()}
    if any(len(plans[name].failed) > max_failed * len(directories[name]) for name in sets):
        require_few(failed, sum(len(directories[name]) for name in sets), 0.0)
    too_many: dict[str, str] = {}
    with Workers(nj) as workers:
        training = plans[train_set]
        ranges_file = dump_dir / "f0_ranges.json"
        ranges = find_ranges(
            F0Ranges.from_json(ranges_file), training.tasks, training.directory.speaker, definition, workers
        )
        _write_dump_files(dump_dir, definition, vocabulary, ranges, train_set in sets)
        plans = {name: _with_ranges(plans[name], ranges, definition, vocabulary) for name in sets}
        for name, planned in plans.items():
            if planned.complete and not overwrite:
                shutil.rmtree(planned.output / ".parts", ignore_errors=True)
                print(f"{planned.output}: finished before, nothing to do")
            else:
                if overwrite:
                    shutil.rmtree(planned.output / ".parts", ignore_errors=True)
                if name == train_set:
                    (dump_dir / "statistics.json").unlink(missing_ok=True)
                too_many |= _extract_set(planned, definition, max_failed, workers)
            tell(planned.output)
    if too_many:
        listing = dump_dir / (next(iter(sets)) if len(sets) == 1 else "<set>") / FAILED
        require_few(too_many, sum(len(p.directory) for p in plans.values()), 0.0, listing)
    if train_set in sets and not (dump_dir / "statistics.json").is_file():
        compute_statistics(dump_dir / train_set).to_json(dump_dir / "statistics.json")
    _plot_some(dump_dir, plans, definition)
    return {name: [int(n) for n in read_table(p.output / COMPLETE).values()] for name, p in plans.items()}


def _read_labelled(path: Path) -> DataDirectory:
    directory = read_data_directory(path)
    if not directory.label:
        raise InputError(f"{path}/label does not exist or is empty: run stage 1 (align) first")
    return directory


def _plan_set(directory: DataDirectory, output: Path, vocabulary: Vocabulary) -> SetPlan:
    """Reads all scores and labels, so that their faults show before any long work."""
    planned = SetPlan(directory, output, [])
    for utterance in directory:
        try:
            planned.tasks.append(plan(directory, utterance, vocabulary))
        except InputError as error:
            planned.failed[utterance] = str(error)
    return planned


def _with_ranges(planned: SetPlan, ranges: F0Ranges, definition: FeatureDefinition, vocabulary: Vocabulary) -> SetPlan:
    """The plan with its singers' F0 ranges and the fingerprint of everything it depends on."""
    directory = planned.directory
    tables = [directory.path / table for table in ("text", "label", "utt2spk", "utt2lang", "wav.scp", "segments")]
    key = fingerprint(
        inputs=[*tables, *map(Path, directory.score.values())],
        stamps=directory.wav.values(),
        definition=definition.decisive() | ({"world": True} if definition.world else {}),
        vocabulary=asdict(vocabulary),
        ranges=ranges.singers,
        method=METHOD,
    )
    tasks = [replace(t, limits=ranges.singers.get(directory.speaker[t.utterance])) for t in planned.tasks]
    return replace(planned, tasks=tasks, key=key)


def _write_dump_files(
    dump_dir: Path, definition: FeatureDefinition, vocabulary: Vocabulary, ranges: F0Ranges, with_training_set: bool
) -> None:
    """features.yaml, vocabulary.json, f0_ranges.json; if they change, sets made with the old ones are incomplete."""
    features, phones, limits = (dump_dir / name for name in ("features.yaml", "vocabulary.json", "f0_ranges.json"))
    known = F0Ranges.from_json(limits)
    changed = [
        str(path)
        for path, same in (
            (features, features.is_file() and read_definition(features) == definition),
            (phones, phones.is_file() and Vocabulary.from_json(phones) == vocabulary),
            (limits, known is not None and known.singers == ranges.singers),
        )
        if not same
    ]
    if changed:
        stale = sorted(dump_dir.glob(f"*/{COMPLETE}"))
        if stale and not with_training_set:
            raise InputError(
                f"{' and '.join(changed)} would change, and with it the training set; run stage 2 for all sets"
            )
        for marker in stale:
            marker.unlink()
        (dump_dir / "statistics.json").unlink(missing_ok=True)
        write_definition(features, definition)
        vocabulary.to_json(phones)
    if known != ranges:
        ranges.to_json(limits)


def _extract_set(
    planned: SetPlan, definition: FeatureDefinition, max_failed: float, workers: Workers
) -> dict[str, str]:
    """Extracts what is missing and finishes the set; what failed, if that is too much for it to be finished."""
    parts = planned.output / ".parts"
    folder = parts / planned.key[:16]
    for other in parts.glob("*"):
        if other != folder:
            shutil.rmtree(other)
    names = (*ARCHIVES, "world") if definition.world else ARCHIVES
    with GrowingArchives(folder, planned.output, names) as growing:
        done = len(growing.entries)
        outcomes = workers.map(partial(_try_extract, definition=definition), planned.tasks[done:])
        title = planned.output.name
        for task in tqdm(planned.tasks[done:], title, len(planned.tasks), initial=done, unit="utt", mininterval=1.0):
            outcome = next(outcomes)
            if isinstance(outcome, InputError):
                growing.leave_out(task.utterance, str(outcome))
                continue
            values = {name: getattr(outcome, name) for name in names}
            values["audio"] = (definition.sampling_rate, outcome.audio)
            about = {"rate": outcome.rate, "gain": outcome.gain, "warnings": outcome.warnings}
            growing.add(task.utterance, list(values.values()), frames=len(outcome.mel), **about)
        entries = growing.entries
        failed = planned.failed | {e.utterance: e.failed for e in entries if e.failed}
        write_lists(planned.output, failed, warnings_of(entries))
        if len(failed) > max_failed * len(planned.directory) or len(failed) == len(planned.directory):
            return failed
        (planned.output / COMPLETE).unlink(missing_ok=True)
        for stale in planned.output.glob("world.*") if "world" not in names else ():  # asked for another time
            stale.unlink()
        growing.finish()
    stored = [e for e in entries if not e.failed]
    speaker = planned.directory.speaker
    tables = {"utt2spk": {e.utterance: speaker[e.utterance] for e in stored}}
    if definition.loudness is not None:
        tables["utt2gain"] = {e.utterance: f"{20 * np.log10(e.gain):.2f}" for e in stored}
    for name, table in (tables | {COMPLETE: {e.utterance: e.frames for e in stored}}).items():
        if name == COMPLETE:
            write_definition(planned.output / "features.yaml", definition)
            mark_done(planned.output, planned.key)
        write_text(planned.output / name, "".join(f"{u} {value}\n" for u, value in table.items()))
    shutil.rmtree(parts)
    return {}


def _try_extract(task: Task, definition: FeatureDefinition) -> UtteranceFeatures | InputError:
    """An utterance's faults are results: the others go on, and all faults are told together."""
    try:
        return extract_utterance(task, definition)
    except InputError as error:
        return error


def _plot_some(dump_dir: Path, plans: dict[str, SetPlan], definition: FeatureDefinition) -> None:
    """Pictures of utterances spread over the first set, renewed when its features are newer."""
    planned = next(iter(plans.values()))
    utterances = list(read_table(planned.output / COMPLETE))
    chosen = {utterances[i] for i in np.linspace(0, len(utterances) - 1, N_PLOTS).round().astype(int)}
    made = (planned.output / COMPLETE).stat().st_mtime
    for utterance in sorted(chosen):
        path = dump_dir / "plots" / f"{utterance}.png"
        if path.is_file() and path.stat().st_mtime >= made:
            continue
        values = [ArchiveReader(planned.output / f"{name}.scp")[utterance] for name in ("mel", "f0", "phones")]
        plot_utterance(path, *values, planned.directory.text[utterance], definition)
