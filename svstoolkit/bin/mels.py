"""Writes the acoustic model's mels of the recordings, for a vocoder to be fine-tuned on."""

import argparse
from pathlib import Path

from svstoolkit.bin.program import boolean, parser, run
from svstoolkit.errors import InputError

DESCRIPTION = """\
Writes the acoustic model's mels of the recordings, for a vocoder to be fine-tuned on.

  svs mels --acoustic exp/fastspeech2 --dump_dir dump --sets train dev --output exp/fastspeech2/mels
  svs train --default hifigan --exp_dir exp/hifigan_tuned --start_from exp/hifigan --mels exp/fastspeech2/mels

A vocoder learns from the mels of recordings, and is given those of an acoustic model, which are smoother. Trained
further on what the model predicts, with the recording as its target, it learns to make up for that. So that mel and
recording lie on each other frame by frame, the model is told the recording's durations and F0, and its energy (or, by
--energy predicted, sings as loud as it thinks fit, as it will from a score). The mels go to OUTPUT/<set>/mel.scp, a
Kaldi archive; a set that is finished is left alone, a killed run goes on where it was.
"""


def _options() -> argparse.ArgumentParser:
    options = parser("mels", DESCRIPTION)
    add = options.add_argument
    add("--acoustic", type=Path, required=True, help="experiment of stage 3")
    add("--checkpoint", default="latest", help="of the experiment: latest, best, or a step")
    add("--dump_dir", type=Path, default=Path("dump"), help="features (stage 2)")
    add("--sets", nargs="+", default=["train", "dev"], help="sets of the dump")
    add("--output", type=Path, help="folder to write; default: <acoustic>/mels")
    add("--energy", choices=("recording", "predicted"), default="recording", help="which energy the mels have")
    add("--batch_frames", type=int, default=8192, help="frames predicted at once, padding included")
    add("--gpu", type=boolean, default=False, help="predict on a GPU")
    add("--overwrite", type=boolean, default=False, help="write again what is there")
    return options


def main(argv: list[str] | None = None) -> None:
    """The program; see DESCRIPTION."""
    args = _options().parse_args(argv)
    if args.batch_frames < 1:
        raise InputError(f"--batch_frames {args.batch_frames}: should be positive")

    from svstoolkit.inference.device import inference_device
    from svstoolkit.inference.predicted_mels import MelPredictor, write_mels
    from svstoolkit.systems.loading import load_trained

    trained = load_trained(args.acoustic, inference_device(args.gpu), args.checkpoint)
    output = args.output or args.acoustic / "mels"
    write_mels(MelPredictor(trained, args.energy), args.dump_dir, args.sets, output, args.batch_frames, args.overwrite)


if __name__ == "__main__":
    run(main)
