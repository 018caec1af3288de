"""Stage 0: a corpus on disk → data/{train,dev,test}/."""

import importlib
import inspect
import logging
import pkgutil
import shutil
import types
import typing
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path

from svstoolkit import corpora
from svstoolkit.bin import program
from svstoolkit.corpora.checks import CorpusReport, check_audio
from svstoolkit.data.directory import Utterance, write_data_directory
from svstoolkit.data.files import write_text
from svstoolkit.data.fingerprint import fingerprint, is_done, mark_done, unmark
from svstoolkit.errors import InputError
from svstoolkit.features.definition import FeatureDefinition

DESCRIPTION = """\
Stage 0: a corpus on disk becomes Kaldi/ESPnet data directories, one per set.

  svs data --corpus mini --corpus_dir downloads/mini             the synthetic singers, made on the spot
  svs data --corpus voicebank --corpus_dir BANK [BANK …]         UTAU voicebanks, one singer each
  svs data --corpus voicebank --corpus_dir BANK --corpus_args dev=10 test=10

A corpus is a module of svstoolkit.corpora with a function
  utterances(corpus_dirs, seed, nj, …) -> {"train": [Utterance …], "dev": …, "test": …};
its further parameters are what --corpus_args sets. Every recording is checked (readable, whole, not silent, sampling
rate, length against its score); all faults are listed at once and stop the stage unless --skip_bad_utterances true.
"""
GIVEN = ("corpus_dirs", "seed", "nj", "report")  # parameters this program fills in
STARTED = ".started"  # lies in the data folder while it is being written, so that a killed run is known as ours
STALE = ("utt2spk", "spk2utt", "wav.scp", "text", "utt2lang", "score.scp", "label")


def parser() -> ArgumentParser:
    result = program.parser("data", DESCRIPTION)
    add = result.add_argument
    add("--corpus", required=True, help="module of svstoolkit.corpora that reads the corpus")
    add("--corpus_dir", nargs="*", default=[], type=Path, help="where the corpus lies; one or several folders")
    add("--corpus_args", nargs="*", default=[], metavar="KEY=VALUE", help="options of the corpus module")
    add("--data_dir", default="data", type=Path, help="the data directories go below it")
    add("--sets", nargs="+", default=["train", "dev", "test"], help="sets to write")
    add("--seed", default=0, type=int, help="of the split, and of synthetic corpora")
    add("--nj", default=2, type=int, help="processes")
    rate = FeatureDefinition().sampling_rate
    add("--min_sampling_rate", default=rate, type=int, help="Hz the features need; lower rates are faults")
    add("--skip_bad_utterances", default=False, type=program.boolean, help="true: go on without faulty recordings")
    add("--overwrite", default=False, type=program.boolean, help="true: redo finished work")
    return result


def main(argv: list[str] | None = None) -> None:
    """The program; see DESCRIPTION."""
    args = parser().parse_args(argv)
    function = corpus_function(args.corpus)
    options = typed_options(function, args.corpus_args, args.corpus)
    if not args.overwrite and is_done(args.data_dir, _fingerprint(args, options)):
        logging.info("data: already done in %s; --overwrite true makes it again", args.data_dir)
        return
    _claim(args)
    report = CorpusReport()
    given = {"corpus_dirs": args.corpus_dir, "seed": args.seed, "nj": args.nj, "report": report}
    accepted = inspect.signature(function).parameters
    sets = function(**{key: value for key, value in given.items() if key in accepted}, **options)
    if unknown := [name for name in args.sets if name not in sets]:
        raise InputError(f"--sets: corpus {args.corpus} has no set {unknown[0]!r}; it has {', '.join(sets)}")
    sets = _without_faulty({name: sets[name] for name in args.sets}, report, args)
    _list_skipped(report, args.data_dir)
    for name, utterances in sets.items():
        _clear(args.data_dir / name)
        write_data_directory(args.data_dir / name, utterances)
    mark_done(args.data_dir, _fingerprint(args, options))
    (args.data_dir / STARTED).unlink(missing_ok=True)
    _summarize(sets, args.data_dir)


def corpus_function(name: str) -> Callable[..., dict[str, list[Utterance]]]:
    """The `utterances` function of svstoolkit.corpora.`name`.

    Raises:
        InputError: no such module, or it is no corpus; lists those there are.
    """
    module = None
    if name in {found.name for found in pkgutil.iter_modules(corpora.__path__)}:
        module = importlib.import_module(f"{corpora.__name__}.{name}")
    if not hasattr(module, "utterances"):
        raise InputError(f"--corpus: {name!r} is no corpus; there are {', '.join(available_corpora())}")
    return module.utterances


def available_corpora() -> list[str]:
    """Modules of svstoolkit.corpora that define `utterances`."""
    names = sorted(found.name for found in pkgutil.iter_modules(corpora.__path__))
    return [n for n in names if hasattr(importlib.import_module(f"{corpora.__name__}.{n}"), "utterances")]


def typed_options(function: Callable, pairs: list[str], corpus: str) -> dict[str, object]:
    """`key=value` words as keywords of the function, each in its parameter's type.

    Raises:
        InputError: no `=`, a key the function has not (names the nearest), or a value of another type.
    """
    hints = typing.get_type_hints(function)
    known = {key: hints[key] for key in inspect.signature(function).parameters if key not in GIVEN}
    options: dict[str, object] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals or key not in known:
            near = get_close_matches(key, known, 1)
            hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(known) or 'none'}"
            raise InputError(f"--corpus_args: {pair!r} is no option of corpus {corpus} (KEY=VALUE); {hint}")
        try:
            options[key] = _typed(text, known[key])
        except (ValueError, program.argparse.ArgumentTypeError) as error:
            raise InputError(f"--corpus_args: {pair!r}: {key} must be {_type_name(known[key])}") from error
    return options


def _typed(text: str, hint: object) -> object:
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        inner = [kind for kind in typing.get_args(hint) if kind is not type(None)]
        return None if text in ("none", "null") else _typed(text, inner[0])
    if typing.get_origin(hint) in (list, tuple):
        return [_typed(part, typing.get_args(hint)[0]) for part in text.split(",") if part]
    return program.boolean(text) if hint is bool else hint(text)


def _type_name(hint: object) -> str:
    return getattr(hint, "__name__", str(hint)) if isinstance(hint, type) else str(hint)


def _fingerprint(args: Namespace, options: dict[str, object]) -> str:
    """Of the request and of every file of the corpus, by size and time."""
    stamps = sorted(file for folder in args.corpus_dir for file in folder.rglob("*") if file.is_file())
    keys = ("corpus", "corpus_dir", "sets", "seed", "min_sampling_rate", "skip_bad_utterances")
    request = {key: getattr(args, key) for key in keys}
    return fingerprint(stamps=stamps, options=options, **request)


def _claim(args: Namespace) -> None:
    """Takes the data folder for writing.

    Raises:
        InputError: it holds a data directory that this program did not write.
    """
    ours = any((args.data_dir / name).exists() for name in (STARTED, "fingerprint"))
    foreign = [name for name in args.sets if (args.data_dir / name / "utt2spk").exists()]
    if foreign and not ours and not args.overwrite:
        raise InputError(
            f"{args.data_dir / foreign[0]} exists and was not written by this program; "
            "choose another --data_dir, start at stage 1 to use it, or --overwrite true to replace it"
        )
    write_text(args.data_dir / STARTED, "svs data was started here and has not finished; run it again\n")
    unmark(args.data_dir)


def _clear(path: Path) -> None:
    """Takes away an older set's files, utt2spk first: without it no stage takes the folder for complete."""
    for name in STALE:
        (path / name).unlink(missing_ok=True)
    shutil.rmtree(path / "score", ignore_errors=True)


def _without_faulty(sets: dict, report: CorpusReport, args: Namespace) -> dict[str, list[Utterance]]:
    """The sets without utterances that have a fatal problem, all of which are listed.

    Raises:
        InputError: there are some and --skip_bad_utterances is false.
    """
    everything = [utterance for utterances in sets.values() for utterance in utterances]
    problems = report.problems + check_audio(everything, args.min_sampling_rate, args.nj)
    for problem in problems:
        logging.warning("%s: %s", "bad" if problem.fatal else "warning", problem.message)
    fatal = [problem for problem in problems if problem.fatal]
    listing = args.data_dir / "bad_utterances.txt"
    listing.unlink(missing_ok=True)
    if not fatal:
        return sets
    first, count = fatal[0].message, len({problem.file for problem in fatal})
    if not args.skip_bad_utterances:
        more = f" (and {count - 1} more bad recordings, listed above)" if count > 1 else ""
        raise InputError(f"{first}{more}; or go on without them: --skip_bad_utterances true")
    write_text(listing, "".join(f"{p.utterance} {p.message}\n" for p in fatal))
    logging.warning("%d bad recordings left out, listed in %s", count, listing)
    bad = {problem.utterance for problem in fatal}
    return {name: [u for u in utterances if u.id not in bad] for name, utterances in sets.items()}


def _list_skipped(report: CorpusReport, data_dir: Path) -> None:
    """Names what is no utterance, counted by reason, in the log and in skipped.txt."""
    listing = data_dir / "skipped.txt"
    listing.unlink(missing_ok=True)
    if report.skipped:
        write_text(listing, "".join(f"{file}\t{reason}\n" for file, reason in report.skipped))
        logging.info("%d files are no utterances, listed in %s:", len(report.skipped), listing)
    for reason, count in Counter(reason for _, reason in report.skipped).most_common():
        logging.info("  %d × %s", count, reason)


def _summarize(sets: dict[str, list[Utterance]], data_dir: Path) -> None:
    for name, utterances in sets.items():
        minutes = sum(u.song.duration for u in utterances) / 60
        singers = Counter(u.speaker for u in utterances)
        phones = {phone for u in utterances for phone in u.song.phones}
        logging.info(
            "%-6s %5d utterances %7.1f minutes %3d phones, singers: %s",
            name,
            len(utterances),
            minutes,
            len(phones),
            ", ".join(f"{singer} ({count})" for singer, count in sorted(singers.items())),
        )
    total = sum(map(len, sets.values()))
    logging.info("data: %d utterances in %s", total, " ".join(str(data_dir / name) for name in sets))


if __name__ == "__main__":
    program.run(main)
