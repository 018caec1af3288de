"""Averages the best or the last checkpoints of a training into an experiment that decodes like any other."""

import shutil
from argparse import ArgumentParser
from pathlib import Path

from svstoolkit.bin.program import boolean, parser, run
from svstoolkit.errors import InputError

DESCRIPTION = """

Training must have kept them: --training.keep_best N, or --training.keep_last N. The mean of weights, and of their
moving averages where the run has some, goes with the experiment's config to --output, which stages 5 to 8 and
`svs sing` take in the experiment's place; it cannot be trained further."""


def _options() -> ArgumentParser:
    options = parser("average", __doc__ + DESCRIPTION)
    options.add_argument("--exp_dir", type=Path, required=True, help="the trained experiment")
    options.add_argument("--which", choices=("best", "last"), default="best", help="which checkpoints")
    options.add_argument("--number", type=int, default=5, help="how many of them")
    options.add_argument("--output", type=Path, help="folder to write; default: <exp_dir>_ave_<number><which>")
    options.add_argument("--overwrite", type=boolean, default=False, help="replace what is there")
    return options


def main(argv: list[str] | None = None) -> None:
    """The program; see DESCRIPTION."""
    args = _options().parse_args(argv)
    output = args.output or args.exp_dir.with_name(f"{args.exp_dir.name}_ave_{args.number}{args.which}")

    from svstoolkit.systems.loading import require_trained
    from svstoolkit.training.checkpoint import checkpoint_path
    from svstoolkit.training.checkpoint_average import average_checkpoints, chosen_checkpoints
    from svstoolkit.training.experiment import copy_about_data
    from svstoolkit.training.lock import require_writable
    from svstoolkit.training.saving import save_checkpoint

    if args.number < 1:
        raise InputError(f"--number must be at least 1, not {args.number}")
    require_writable(output)
    require_trained(args.exp_dir)
    if output.exists():
        if not args.overwrite:
            raise InputError(f"{output} exists; give another --output, or --overwrite true")
        if not (output / "averaged_from").is_file():
            raise InputError(f"{output} is no average, so it is not overwritten; give another --output")
        shutil.rmtree(output)
    paths = chosen_checkpoints(args.exp_dir, args.which, args.number)
    values = average_checkpoints(paths)
    output.mkdir(parents=True)
    (output / "averaged_from").write_text("".join(f"{path}\n" for path in paths), encoding="utf-8")
    copy_about_data(args.exp_dir, output)
    save_checkpoint(checkpoint_path(output, values["step"]), values)
    shutil.copyfile(args.exp_dir / "config.yaml", output / "config.yaml")
    print(f"{output}: the mean of {' '.join(path.name for path in paths)}")


if __name__ == "__main__":
    run(main)
