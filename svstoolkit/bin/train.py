"""Stages 3 to 6: trains a system on the dump, or goes on where a killed run stopped."""

import argparse
import os
import sys
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from svstoolkit.bin.program import boolean, parser, run
from svstoolkit.errors import InputError

DESCRIPTION = """

The config is a packaged default (or the path of a whole config), over it --config's differing keys, over these
options of the form --section.key value, e.g. --training.max_steps 400. Everything needed to resume, decode or
replay goes to --exp_dir: config.yaml, checkpoints/, tensorboard/, train.log, run.sh. The same command resumes;
SIGTERM, SIGUSR1 and Ctrl-C save first."""

IMPORT = """package of your own whose classes the config may name, besides svstoolkit's and torch's; may be repeated.
Programs that use the experiment later want it in $SVS_IMPORT"""

START_FROM = """initial weights: an experiment, one of its checkpoints, or a vocoder's checkpoint from elsewhere. What
belongs to a phone or a singer is taken by name, new ones begin anew; steps and optimizers begin anew"""

BUILT_ON = ("acoustic", "teacher")  # options that name an experiment; configs have ${teacher.…} of its config


def _options() -> argparse.ArgumentParser:
    options = parser("train", __doc__ + DESCRIPTION)
    options.add_argument(
        "--default",
        help="packaged config, e.g. fastspeech2, or a YAML file; without it, what --config inherits or is named after",
    )
    options.add_argument("--config", type=Path, help="YAML file of the keys that differ from the default")
    options.add_argument("--dump_dir", type=Path, default=Path("dump"), help="features (stage 2)")
    options.add_argument("--train_set", default="train", help="set to train on")
    options.add_argument("--dev_set", default="dev", help="set to validate on")
    options.add_argument("--exp_dir", type=Path, required=True, help="the experiment's folder")
    options.add_argument("--references", type=Path, help="reference waveforms, for systems that refine them")
    options.add_argument("--acoustic", type=Path, help="experiment of stage 3 that leads a diffusion of mels")
    options.add_argument("--teacher", type=Path, help="experiment that a student learns from")
    options.add_argument("--mels", type=Path, help="of `svs mels`: what a vocoder learns from, in the dump's place")
    options.add_argument("--start_from", type=Path, metavar="PATH", help=START_FROM)
    options.add_argument("--ngpu", type=int, default=0, help="GPUs on this machine; 0 trains on the CPU")
    options.add_argument("--num_nodes", type=int, default=1, help="machines of the Slurm job, each with --ngpu GPUs")
    options.add_argument("--import", dest="trusted", action="append", default=[], metavar="PACKAGE", help=IMPORT)
    options.add_argument("--overwrite", type=boolean, default=False, help="discard the experiment and start again")
    return options


def main(argv: list[str] | None = None) -> None:
    argv = sys.argv[1:] if argv is None else argv
    args, dotted = _options().parse_known_args(argv)

    from svstoolkit.conf.building import trust
    from svstoolkit.training.launch import become_distributed, is_distributed, require_gpus
    from svstoolkit.training.lock import require_writable

    trust(args.trusted)
    args.default = args.default or _default_of(args.config)
    require_gpus(args.ngpu)
    require_writable(args.exp_dir)
    distributed = is_distributed()
    if not distributed:
        become_distributed(args.ngpu, args.num_nodes, "svstoolkit.bin.train", argv)
    start = time.perf_counter()
    config = resolved_config(args, dotted)
    inputs = input_fingerprints(args)

    from svstoolkit.conf.building import construct
    from svstoolkit.training.experiment import require_unchanged
    from svstoolkit.training.options import TrainingOptions
    from svstoolkit.training.resuming import is_finished

    training = construct(TrainingOptions, config["training"], "training")
    if not args.overwrite:
        require_unchanged(args.exp_dir, config, inputs)
        if (last := is_finished(args.exp_dir, training.max_steps)) is not None:
            print(f"{args.exp_dir}: {training.max_steps} steps are done: {last}")
            return
    state = _train(args, config, training, inputs, argv)
    if state is not None:
        _conclude(args.exp_dir, state, start)


def _default_of(config: Path | None) -> str:
    from svstoolkit.conf.loading import default_of

    if config is None:
        raise InputError("which system? Give --default NAME, such as fastspeech2, or --config FILE")
    return default_of(config)


def _conclude(exp_dir: Path, state: Any, start: float) -> None:
    """The last line: what was done in how much time, and where it is."""
    from svstoolkit.training.checkpoint import find_checkpoint

    best = f", best validation loss {state.best['loss']:.4g} at step {state.best['step']}" if state.best else ""
    minutes = (time.perf_counter() - start) / 60
    print(f"{exp_dir}: {state.step} steps, {minutes:.1f} minutes{best}: {find_checkpoint(exp_dir)}")


def resolved_config(args: Any, dotted: list[str]) -> dict[str, Any]:
    """The config with the numbers of the dump, and of experiments it builds on, filled in.

    Raises:
        InputError: a stage before was not run, or the config is wrong.
    """
    from svstoolkit.conf.loading import load_config
    from svstoolkit.data.dump_definition import read_dump_definition
    from svstoolkit.systems.boundary_result import with_boundary
    from svstoolkit.systems.substitutions import numbers_of_dump, numbers_of_experiment

    for name in (args.train_set, args.dev_set):
        if not (args.dump_dir / name / "utt2num_frames").is_file():
            raise InputError(f"{args.dump_dir / name} has no features; run stage 2 (features) first")
    features = read_dump_definition(args.dump_dir, (args.train_set, args.dev_set))
    known = numbers_of_dump(args.dump_dir, features)
    for name in BUILT_ON:
        if (experiment := getattr(args, name)) is not None:
            known |= numbers_of_experiment(name, experiment, features, args.dump_dir)
    config = load_config(args.default, args.config, dotted, known)
    if missing := [name for name in ("system", "data", "training") if not isinstance(config.get(name), dict)]:
        raise InputError(f"--default {args.default} has no section {missing[0]}: it is no config of a system to train")
    return with_boundary(config, args.exp_dir)


def input_fingerprints(args: Any) -> dict[str, str]:
    """What the training depends on besides its config."""
    from svstoolkit.systems.starting import initial_checkpoint
    from svstoolkit.training.checkpoint import find_checkpoint
    from svstoolkit.training.experiment import COPIED, fingerprints

    sets = (args.train_set, args.dev_set)
    paths = [args.dump_dir / name for name in COPIED] + [args.dump_dir / name / "utt2num_frames" for name in sets]
    if args.references is not None:
        paths += [args.references / name / "fingerprint" for name in sets]
    paths += [find_checkpoint(getattr(args, name)) for name in BUILT_ON if getattr(args, name) is not None]
    if args.mels is not None:
        paths += [args.mels / name / "fingerprint" for name in sets]
    if args.start_from is not None:
        paths += [initial_checkpoint(args.start_from)]
    return fingerprints(paths)


def reference_archives(args: Any, system: Any) -> tuple[Path, Path] | None:
    """The scp files of both sets' reference waveforms, for a system that takes them.

    Raises:
        InputError: they are needed and not there.
    """
    if not any(getattr(network, "use_reference", False) for network in system.networks.values()):
        return None
    if args.references is None:
        raise InputError(f"{args.default} refines reference waveforms: give their folder with --references")
    paths = tuple(args.references / name / "reference.scp" for name in (args.train_set, args.dev_set))
    for path in paths:
        if not path.is_file():
            raise InputError(f"{path} does not exist; run stage 5 (diffusion), whose first half writes it")
    return paths


def mel_archives(args: Any, system: Any, features: Any) -> tuple[Path, Path] | None:
    """The scp files of both sets' predicted mels, if the vocoder is to learn from them.

    Raises:
        InputError: the system is no vocoder, the mels are not there, or of another definition than the dump.
    """
    from svstoolkit.data.definition_file import read_definition
    from svstoolkit.features.definition import require_same_mel

    if args.mels is None:
        return None
    if system.stage != "vocoder":
        raise InputError(f"--mels: {args.default} is no vocoder; predicted mels are for vocoders to learn from")
    folders = [args.mels / name for name in (args.train_set, args.dev_set)]
    for folder in folders:
        if not (folder / "mel.scp").is_file():
            raise InputError(f"{folder} has no predicted mels; run svs mels --output {args.mels} first")
        require_same_mel(read_definition(folder / "features.yaml"), str(folder), features, str(args.dump_dir))
    return folders[0] / "mel.scp", folders[1] / "mel.scp"


def _initial_weights(args: Any, config: dict[str, Any], system: Any, features: Any) -> Any:
    """Those of --start_from, unless the training was begun already."""
    from svstoolkit.data.vocabulary import Vocabulary
    from svstoolkit.systems.starting import Start, start
    from svstoolkit.training.checkpoint import list_checkpoints

    if args.start_from is None or (list_checkpoints(args.exp_dir) and not args.overwrite):
        return Start({}, [])
    vocabulary = Vocabulary.from_json(args.dump_dir / "vocabulary.json")
    return start(system, config, args.start_from, vocabulary, features)


def _train(args: Any, config: dict[str, Any], training: Any, inputs: dict[str, str], command: list[str]) -> Any:
    """Builds everything, writes the experiment's folder and trains; the state, or None in all but one process."""
    import torch

    from svstoolkit.conf.building import build_system, construct
    from svstoolkit.data.definition_file import read_definition
    from svstoolkit.data.vocabulary import Vocabulary
    from svstoolkit.systems.observing import observer
    from svstoolkit.training.experiment import start_afresh, write_experiment
    from svstoolkit.training.launch import accelerator_for
    from svstoolkit.training.lock import ExperimentLock
    from svstoolkit.training.loop import train
    from svstoolkit.training.options import DataOptions
    from svstoolkit.training.precision import resolve_precision
    from svstoolkit.training.seeding import seed_everything
    from svstoolkit.training.source import dump_source

    data = construct(DataOptions, config["data"], "data")
    if args.ngpu == 0 and "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(len(os.sched_getaffinity(0)))
    seed_everything(training.seed)
    system = build_system(config)
    references = reference_archives(args, system)
    accelerator = accelerator_for(args.ngpu, resolve_precision(training.precision, args.ngpu))
    definition = read_definition(args.dump_dir / "features.yaml")
    source = dump_source(
        system.batch_kind,
        data,
        (args.dump_dir / args.train_set, args.dump_dir / args.dev_set),
        references,
        Vocabulary.from_json(args.dump_dir / "vocabulary.json"),
        definition,
        training.seed,
        accelerator,
        getattr(system, "target", "mel"),
        mel_archives(args, system, definition),
    )
    initial = _initial_weights(args, config, system, definition)
    with ExperimentLock(args.exp_dir) if accelerator.is_main_process else nullcontext():
        if accelerator.is_main_process:
            if args.overwrite:
                start_afresh(args.exp_dir)
            write_experiment(args.exp_dir, config, inputs, args.dump_dir, command)
        accelerator.wait_for_everyone()
        system.prepare_training()
        initial.load(system)
        try:
            state = train(system, training, source, args.exp_dir, accelerator, observer(definition), initial.told)
        except FloatingPointError as error:
            raise InputError(f"{args.exp_dir}: {error}") from error
    return state if accelerator.is_main_process else None


if __name__ == "__main__":
    run(main)
