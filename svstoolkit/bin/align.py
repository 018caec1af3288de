"""Stage 1: when each phone is sung, in every set's `label`.

Aligners:
  hmm    the embedded GMM-HMM, trained on the very sets it aligns, starting from the score
  mfa    Montreal Forced Aligner 3.x, trained on the very sets it aligns (to be installed apart)
  score  the score's own timing: vowels on their beat, consonants before it
  none   labels are there already; they are checked

Further options override the config: --hmm.iterations 40, --mfa.command "conda run -n mfa mfa".
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from svstoolkit.align.aligners import HmmAligner, align_by_mfa, align_by_score
from svstoolkit.align.compare import accuracy_metrics, boundary_errors
from svstoolkit.align.job import AlignOptions, Outcome, job_of
from svstoolkit.align.labels import require_labels, settle_failures, without, write_labels
from svstoolkit.align.mfa import Mfa, require_mfa
from svstoolkit.align.mfcc import Mfcc
from svstoolkit.align.recordings import seconds_of
from svstoolkit.align.training import HmmTraining
from svstoolkit.bin.program import boolean, parser, run
from svstoolkit.conf.building import construct
from svstoolkit.conf.loading import load_config
from svstoolkit.data.directory import DataDirectory, read_data_directory, read_label
from svstoolkit.data.files import write_json
from svstoolkit.data.fingerprint import fingerprint, is_done, mark_done
from svstoolkit.errors import InputError
from svstoolkit.score.languages import is_vowel
from svstoolkit.score.song import REST_PHONES

ALIGNERS = ("hmm", "mfa", "score", "none")


def main(argv: list[str] | None = None) -> None:
    options = parser("align", __doc__)
    options.add_argument("--aligner", choices=ALIGNERS, default="hmm", help="see above")
    options.add_argument("--data_dir", type=Path, default=Path("data"), help="holds a data directory per set")
    options.add_argument("--sets", nargs="+", default=["train", "dev", "test"], help="sets to align together")
    options.add_argument("--exp_dir", type=Path, default=Path("exp/align"), help="model, logs and figures")
    options.add_argument("--config", type=Path, help="YAML with the keys that differ from the packaged align.yaml")
    options.add_argument("--nj", type=int, default=2, help="recordings read at once")
    options.add_argument("--ngpu", type=int, default=0, help="1: train and align (hmm) on the GPU")
    options.add_argument("--truth", type=Path, help="true alignment of all sets, a `label` file, to measure against")
    options.add_argument("--skip_failed", type=boolean, default=False, help="drop utterances that cannot be aligned")
    options.add_argument("--overwrite", type=boolean, default=False, help="align again what is finished")
    args, dotted = options.parse_known_args(argv)
    if args.nj < 1:
        options.error("--nj must be at least 1")
    started = time.monotonic()
    config = Config(load_config("align", args.config, dotted))
    sets = {name: read_data_directory(args.data_dir / name) for name in args.sets}
    _check_training_sets(config.common.train_sets, args.sets)
    if args.aligner == "none":
        require_labels(sets, {u: seconds_of(path) for d in sets.values() for u, path in d.wav.items()})
        done = "checked the labels of"
    elif not args.overwrite and _finished(args, config, sets):
        done = "already aligned:"
    else:
        sets = _align(args, config, sets)
        done = f"aligned ({args.aligner})"
    accuracy = _measured(args, sets) if args.truth else ""
    counts = ", ".join(f"{name} {len(directory)}" for name, directory in sets.items())
    print(
        f"{done} {sum(map(len, sets.values()))} utterances ({counts}) in {time.monotonic() - started:.0f} s"
        f"{accuracy}; labels in {args.data_dir}/<set>/label"
    )


class Config:
    """align.yaml's sections as objects; every key and value is checked."""

    def __init__(self, values: dict[str, Any]):
        self.values = values
        self.common = construct(AlignOptions, values["common"], "common")
        self.mfcc = construct(Mfcc, values["mfcc"], "mfcc")
        self.hmm = construct(HmmTraining, values["hmm"], "hmm")
        self.mfa = construct(Mfa, values["mfa"], "mfa")


def _align(args: argparse.Namespace, config: Config, sets: dict[str, DataDirectory]) -> dict[str, DataDirectory]:
    if args.aligner == "mfa":
        require_mfa(config.mfa.command)
    job = job_of(sets, is_vowel, config.common.consonant_seconds)
    outcome = _outcome(args, config, sets, job)
    settle_failures(job, outcome, config.common, args.skip_failed, args.exp_dir / "failed.txt")
    for directory in sets.values():
        if dropped := [u for u in directory if u in outcome.failures]:
            without(directory, dropped)
    sets = {name: read_data_directory(directory.path) for name, directory in sets.items()}
    for name, directory in sets.items():
        write_labels(name, directory, job, outcome)
    digest = _fingerprint(args, config, sets)
    for name in sets:
        mark_done(args.exp_dir / "finished" / name, digest)
    return {name: read_data_directory(directory.path) for name, directory in sets.items()}


def _outcome(args: argparse.Namespace, config: Config, sets: dict[str, DataDirectory], job: Any) -> Outcome:
    if args.aligner == "score":
        return align_by_score(job, config.common)
    if args.aligner == "mfa":
        return align_by_mfa(job, config.common, config.mfa, args.exp_dir / "mfa", args.nj)
    digest = _fingerprint(args, config, sets)
    if args.overwrite:
        (args.exp_dir / "model.json").unlink(missing_ok=True)
    aligner = HmmAligner(config.mfcc, config.hmm, args.exp_dir, digest, args.nj, _device(args.ngpu))
    return aligner(job, config.common)


def _device(ngpu: int) -> str:
    import torch

    if ngpu and not torch.cuda.is_available():
        raise InputError("--ngpu 1, but torch finds no GPU; use --ngpu 0")
    return "cuda" if ngpu else "cpu"


def _check_training_sets(train_sets: list[str] | None, sets: Sequence[str]) -> None:
    if unknown := [name for name in train_sets or () if name not in sets]:
        raise InputError(f"train_sets names {unknown[0]}, which is not among --sets {' '.join(sets)}")


def _fingerprint(args: argparse.Namespace, config: Config, sets: dict[str, DataDirectory]) -> str:
    """Of all that the labels depend on: a model is trained on all sets, so they are finished together."""
    sections = ["common", *{"hmm": ["mfcc", "hmm"], "mfa": ["mfa"]}.get(args.aligner, [])]
    section = {name: config.values[name] for name in sections}
    tables = [d.path / name for d in sets.values() for name in ("wav.scp", "text", "utt2spk", "utt2lang", "score.scp")]
    scores = [path for d in sets.values() for path in d.score.values()]
    wavs = [path for d in sets.values() for path in d.wav.values()]
    return fingerprint(inputs=[*tables, *scores], stamps=wavs, aligner=args.aligner, config=section)


def _finished(args: argparse.Namespace, config: Config, sets: dict[str, DataDirectory]) -> bool:
    digest = _fingerprint(args, config, sets)
    return all(
        is_done(args.exp_dir / "finished" / name, digest) and set(directory) == set(directory.label)
        for name, directory in sets.items()
    )


def _measured(args: argparse.Namespace, sets: dict[str, DataDirectory]) -> str:
    """Writes accuracy.json; returns the summary's words about it."""
    truth = read_label(args.truth)
    language = {u: code for directory in sets.values() for u, code in directory.language.items()}

    def class_of(utterance: str, phone: str) -> str:
        if phone in REST_PHONES:
            return "rest"
        return "vowel" if is_vowel(phone, language[utterance]) else "consonant"

    labels = {name: directory.label for name, directory in sets.items()}
    labels = {"all": {u: label for table in labels.values() for u, label in table.items()}, **labels}
    tables = {name: boundary_errors(label, truth, class_of) for name, label in labels.items()}
    metrics = accuracy_metrics(tables["all"])
    write_json(args.exp_dir / "accuracy.json", {"set": "all", "metrics": metrics, "table": tables})
    figures = tables["all"]["all"]
    return f"; error of phone starts: median {figures['median']:.1f} ms, 95 % below {figures['p95']:.1f} ms"


if __name__ == "__main__":
    run(main)
