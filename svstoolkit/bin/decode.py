"""Stage 7: sings the test sets with every trained system, from the score alone and with reference durations."""

import argparse
from pathlib import Path

from svstoolkit.bin.program import boolean, checkpoint, parser, run, sampling
from svstoolkit.inference.sampling import Sampling, samplings_of


def _options() -> argparse.ArgumentParser:
    options = parser(
        "decode",
        __doc__
        + """

Systems: copy_synthesis (the recording's mel and F0 through the vocoder: the ceiling), reference (stages 3 and 4),
further acoustic models as baselines, each diffusion model and the student at each number of steps.
Each utterance's audio, F0 and durations go to
OUTPUT/<system>/<score|reference_durations>/<set>/, real-time factors to decode.json beside them.""",
    )
    options.add_argument("--data_dir", type=Path, default=Path("data"), help="data directories (stage 0)")
    options.add_argument("--dump_dir", type=Path, default=Path("dump"), help="features (stage 2)")
    options.add_argument("--sets", nargs="+", default=["test"], help="sets to sing")
    options.add_argument(
        "--acoustic",
        type=Path,
        nargs="+",
        required=True,
        help="experiments of stage 3: the reference singer, then baselines, each a row named after its experiment",
    )
    options.add_argument("--vocoder", type=Path, help="experiment of stage 4; FFT-NPSS, which WORLD sings, needs none")
    options.add_argument("--diffusion", type=Path, nargs="+", default=[], help="experiments of stage 5")
    options.add_argument(
        "--steps",
        nargs="+",
        type=sampling,
        default=[Sampling(4), Sampling(24)],
        help="sampling steps of the diffusion models, or default, their own; 10:unipc by another sampler",
    )
    options.add_argument("--student", type=Path, help="experiment of stage 6")
    options.add_argument(
        "--student_steps",
        type=sampling,
        nargs="+",
        default=[Sampling(1), Sampling(2)],
        help="sampling steps of the student",
    )
    options.add_argument(
        "--checkpoint", type=checkpoint, default="latest", help="of every experiment: latest, best or a training step"
    )
    options.add_argument("--output", type=Path, default=Path("exp/decode"), help="where the singing goes")
    options.add_argument("--seed", type=int, default=0, help="of the noise; each utterance has its own from it")
    options.add_argument("--gpu", type=boolean, default=False, help="decode on a GPU")
    options.add_argument("--overwrite", type=boolean, default=False, help="decode again what is there")
    return options


def main(argv: list[str] | None = None) -> None:
    """The program; see `_options`."""
    args = _options().parse_args(argv)

    from svstoolkit.inference.decoding import DecodedSystem, Decoder
    from svstoolkit.inference.device import inference_device
    from svstoolkit.inference.mel_diffusion import refiner_of
    from svstoolkit.inference.voice import ReferenceSinger

    device = inference_device(args.gpu)
    singer, *baselines = (ReferenceSinger(a, args.vocoder, device, args.checkpoint) for a in args.acoustic)
    systems = [DecodedSystem("copy_synthesis", singer, copy_synthesis=True), DecodedSystem("reference", singer)]
    systems += [DecodedSystem(path.name, each) for path, each in zip(args.acoustic[1:], baselines, strict=True)]
    by_world = [each for each in (singer, *baselines) if each.target == "world"]
    if by_world and singer.target != "world":  # whose ceiling is another
        systems.append(DecodedSystem("copy_synthesis_world", by_world[0], copy_synthesis=True))
    students = [] if args.student is None else [args.student]
    for experiments, asked in ((args.diffusion, args.steps), (students, args.student_steps)):
        for experiment in experiments:
            refiner = refiner_of(experiment, singer, args.checkpoint)
            for each in samplings_of(refiner.trained.system, experiment, asked):
                systems.append(DecodedSystem(f"{experiment.name}_{each.title}", singer, refiner, each))
    decoder = Decoder(systems, args.output, args.seed)
    for name in args.sets:
        decoder.decode_set(args.data_dir / name, args.dump_dir / name, args.overwrite)
    print(f"{len(systems)} systems sang {' '.join(args.sets)}: {args.output}/<system>/<mode>/<set>/wav")


if __name__ == "__main__":
    run(main)
