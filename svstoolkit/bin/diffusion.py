"""Stage 5: prepares what a diffusion model needs (reference waveforms, or the shallow start), then trains it."""

import argparse
from pathlib import Path
from typing import Any

from svstoolkit.bin.program import parser, run
from svstoolkit.errors import InputError

DESCRIPTION = """

SmoothSinger refines reference waveforms: stages 3 and 4 sing them first, to EXP_DIR/references. DiffSinger with
`k: auto` starts from stage 3's mel at a step that a boundary predictor finds: it is trained first, to
EXP_DIR/boundary, and k goes to EXP_DIR/boundary.json with a picture beside it. Further options are those of
`svs train`, which does the rest; see its --help."""


def _options() -> argparse.ArgumentParser:
    options = parser("diffusion", __doc__ + DESCRIPTION)
    add = options.add_argument
    add("--acoustic", type=Path, required=True, help="experiment of stage 3")
    add("--vocoder", type=Path, required=True, help="experiment of stage 4, for reference waveforms")
    add("--exp_dir", type=Path, required=True, help="the experiment's folder")
    add("--default", help="packaged config, as `svs train` has it")
    add("--config", type=Path, help="YAML file of the keys that differ")
    add("--dump_dir", type=Path, default=Path("dump"), help="features (stage 2)")
    add("--train_set", default="train")
    add("--dev_set", default="dev")
    add("--ngpu", type=int, default=0, help="GPUs for training; more than 0 also sings on the GPU")
    add("--boundary_config", type=Path, help="YAML file of what differs from boundary.yaml")
    add("--boundary_threshold", type=float, default=0.4, help="margin of the scores of recording and prediction")
    add("--boundary_share", type=float, default=0.95, help="of the steps from k on that must lie under it")
    add("--boundary_utterances", type=int, default=500, help="training utterances that k is found on; 0: all")
    return options


def main(argv: list[str] | None = None) -> None:
    """The program; see DESCRIPTION."""
    args, training = _options().parse_known_args(argv)

    from svstoolkit.bin import train
    from svstoolkit.conf.building import import_class
    from svstoolkit.conf.loading import default_of, merged_config
    from svstoolkit.systems.boundary_result import wants_boundary

    if args.default is None and args.config is None:
        raise InputError("which system? Give --default NAME, such as smoothsinger, or --config FILE")
    config = merged_config(args.default or default_of(args.config), args.config, _dotted(training))
    system = import_class(config["system"]["class_path"], "system")
    shared = {name: getattr(args, name) for name in ("default", "config", "dump_dir", "train_set", "dev_set", "ngpu")}
    needs = getattr(system, "needs", None)
    if needs == "references" and config["system"]["init_args"]["denoiser"]["init_args"].get("use_reference", True):
        shared["references"] = _write_references(args)
    elif needs == "acoustic":
        shared["acoustic"] = args.acoustic
        if wants_boundary(config):
            _find_boundary(args, config, training)
    train.main([*_words({**shared, "exp_dir": args.exp_dir}), *training])


def _words(options: dict[str, Any]) -> list[str]:
    return [word for name, value in options.items() if value is not None for word in (f"--{name}", str(value))]


def _dotted(words: list[str]) -> list[str]:
    """Of the words for `svs train` those that change the config."""
    pairs = zip(words[::2], words[1::2], strict=False)
    return [word for option, value in pairs if "." in option for word in (option, value)]


def _write_references(args: argparse.Namespace) -> Path:
    from svstoolkit.inference.device import inference_device
    from svstoolkit.inference.references import write_references
    from svstoolkit.inference.voice import ReferenceSinger

    references = args.exp_dir / "references"
    singer = ReferenceSinger(args.acoustic, args.vocoder, inference_device(args.ngpu > 0))
    write_references(singer, args.dump_dir, [args.train_set, args.dev_set], references)
    return references


def _find_boundary(args: argparse.Namespace, config: dict[str, Any], training: list[str]) -> None:
    """Trains the boundary predictor, in a process of its own as training may take over this one, and finds k."""
    import yaml

    from svstoolkit.inference.boundary import find_boundary
    from svstoolkit.inference.device import inference_device
    from svstoolkit.training.launch import run_apart

    arguments = config["system"]["init_args"]
    steps = {name: arguments["diffusion"]["init_args"][name] for name in ("steps", "beta_min", "beta_max", "schedule")}
    same = {f"system.init_args.diffusion.init_args.{name}": value for name, value in steps.items()}
    same |= {f"system.init_args.{name}": arguments[name] for name in ("mel_min", "mel_max")}
    experiment = args.exp_dir / "boundary"
    places = {name: getattr(args, name) for name in ("dump_dir", "train_set", "dev_set", "ngpu", "acoustic")}
    options = {"default": "boundary", "config": args.boundary_config, **places, "exp_dir": experiment}
    if "--overwrite" in training:
        options["overwrite"] = training[training.index("--overwrite") + 1]
    command = [*_words(options), *_words({key: yaml.safe_dump(v).split("\n")[0] for key, v in same.items()})]
    if run_apart("svstoolkit.bin.train", command):
        raise InputError(f"{experiment}: the boundary predictor was not trained; its message is above")
    found = (args.boundary_threshold, args.boundary_share, args.boundary_utterances)
    device = inference_device(args.ngpu > 0)
    find_boundary(experiment, args.dump_dir / args.train_set, args.exp_dir, device, *found)


if __name__ == "__main__":
    run(main)
