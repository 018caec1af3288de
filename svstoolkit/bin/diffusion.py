"""Stage 5: writes the reference waveforms of stages 3 and 4, then trains the diffusion model on them."""

from pathlib import Path

from svstoolkit.bin.program import parser, run


def main(argv: list[str] | None = None) -> None:
    options = parser(
        "diffusion",
        __doc__ + "\n\nFurther options are those of `svs train`, which does the second half; see its --help.",
    )
    options.add_argument("--acoustic", type=Path, required=True, help="experiment of stage 3")
    options.add_argument("--vocoder", type=Path, required=True, help="experiment of stage 4")
    options.add_argument("--exp_dir", type=Path, required=True, help="the experiment; references go to its references/")
    options.add_argument("--dump_dir", type=Path, default=Path("dump"), help="features (stage 2)")
    options.add_argument("--train_set", default="train")
    options.add_argument("--dev_set", default="dev")
    options.add_argument("--ngpu", type=int, default=0, help="GPUs for training; more than 0 also sings on the GPU")
    args, training = options.parse_known_args(argv)

    from svstoolkit.bin import train
    from svstoolkit.inference.device import inference_device
    from svstoolkit.inference.references import write_references
    from svstoolkit.inference.voice import ReferenceSinger

    references = args.exp_dir / "references"
    singer = ReferenceSinger(args.acoustic, args.vocoder, inference_device(args.ngpu > 0))
    write_references(singer, args.dump_dir, [args.train_set, args.dev_set], references)
    del singer
    shared = {name: str(getattr(args, name)) for name in ("exp_dir", "dump_dir", "train_set", "dev_set", "ngpu")}
    train.main(
        [word for name, value in shared.items() for word in (f"--{name}", value)]
        + ["--references", str(references), *training]
    )


if __name__ == "__main__":
    run(main)
