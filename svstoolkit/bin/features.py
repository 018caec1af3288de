"""Stage 2: mel, F0, energy, audio and phone tables of the data directories, in Kaldi archives."""

import os
from importlib.resources import files
from pathlib import Path

from svstoolkit.bin.program import boolean, parser, run
from svstoolkit.data.definition_file import read_definition
from svstoolkit.data.extraction import extract_dump
from svstoolkit.features.f0 import EXTRACTORS

DESCRIPTION = """\
Extracts features: data/<set> → dump/<set>/{mel,f0,energy,audio,phones}.{ark,scp}

Each set needs the `label` that stage 1 writes. The feature definition goes to dump/features.yaml; the vocabulary
and the statistics of the training set to dump/vocabulary.json and dump/statistics.json; pictures of three
utterances to dump/plots. A set is complete when it has utt2num_frames. Sets whose inputs have not changed are not
extracted again, a killed run goes on where it was, and the archives do not depend on --nj.
Faulty utterances are listed all at once; then nothing of their set is written.

Example:
  python -m svstoolkit.bin.features --data_dir data --dump_dir dump --sets train dev test --nj 4
"""


def main(argv: list[str] | None = None) -> None:
    options = parser("features", DESCRIPTION)
    options.add_argument("--data_dir", type=Path, default=Path("data"), help="folder of the data directories")
    options.add_argument("--dump_dir", type=Path, default=Path("dump"), help="where the features go")
    options.add_argument("--sets", nargs="+", default=["train", "dev", "test"], help="data directories to extract")
    options.add_argument("--train_set", default="train", help="the set that vocabulary and statistics are taken from")
    options.add_argument("--config", type=Path, help="features.yaml with the keys that differ from the default")
    options.add_argument("--f0_extractor", choices=EXTRACTORS, default="harvest", help="dio is faster, less robust")
    options.add_argument("--nj", type=int, default=min(8, os.cpu_count() or 1), help="processes")
    options.add_argument("--overwrite", type=boolean, default=False, help="extract finished sets again")
    args = options.parse_args(argv)
    definition = read_definition(args.config or str(files("svstoolkit.conf") / "features.yaml"))
    frames = extract_dump(
        args.data_dir,
        args.dump_dir,
        args.sets,
        args.train_set,
        definition,
        extractor=args.f0_extractor,
        nj=args.nj,
        overwrite=args.overwrite,
    )
    total = sum(map(sum, frames.values())) * definition.frame_period
    counts = ", ".join(f"{name} {len(lengths)}" for name, lengths in frames.items())
    print(f"features of {total / 60:.1f} minutes ({counts} utterances) are in {args.dump_dir}")


if __name__ == "__main__":
    run(main)
