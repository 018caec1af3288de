"""Stage 8: measures every system's singing against the recordings and makes the page to listen to."""

from pathlib import Path

from svstoolkit.bin.program import boolean, parser, run
from svstoolkit.errors import InputError


def main(argv: list[str] | None = None) -> None:
    args = _options().parse_args(argv)

    from tqdm import tqdm

    from svstoolkit.data.definition_file import read_definition
    from svstoolkit.data.stages import read_stages
    from svstoolkit.data.workers import Workers
    from svstoolkit.evaluation.measures.cepstra import order_and_alpha
    from svstoolkit.evaluation.report import ScoredSet, plan_set, write_report
    from svstoolkit.evaluation.results import alignment_rows
    from svstoolkit.evaluation.scoring import score_utterance
    from svstoolkit.evaluation.tables import text_table

    if not args.decode_dir.is_dir():
        raise InputError(f"{args.decode_dir} does not exist: nothing was decoded yet; run stage 7 (decode) first")
    if not (args.dump_dir / "features.yaml").is_file():
        raise InputError(f"{args.dump_dir}/features.yaml does not exist; run stage 2 (features) first")
    definition = read_definition(args.dump_dir / "features.yaml")
    order_and_alpha(definition.sampling_rate)  # a rate that cannot be scored is said before any work
    alignment = alignment_rows(args.alignment) if args.alignment and args.alignment.is_file() else []
    stages = list(read_stages(args.stages).values()) if args.stages else []
    scored_sets = []
    with Workers(args.nj) as workers:
        for name in args.sets:
            data, decoded, jobs = plan_set(
                args.data_dir / name,
                args.dump_dir,
                args.decode_dir,
                args.output,
                definition,
                args.f0_extractor,
                args.page_phrases,
                args.overwrite,
            )
            results = workers.map(score_utterance, jobs)
            scores = list(tqdm(results, total=len(jobs), desc=f"scoring {name}", unit="utt"))
            scored_sets.append(ScoredSet(data, decoded, jobs, scores))
    tables = write_report(args.output, scored_sets, alignment, stages)
    for table in tables:
        print(text_table(table) + "\n")
    for row in alignment:
        print(f"{row.metric}: {row.mean:.1f} {row.unit} (n = {row.n})")
    if lost := dict.fromkeys(line.system for table in tables for line in table.lines if line.lost):
        print(f"! lost utterances: {', '.join(lost)}; see {args.output}/failed.json")
    print(f"scores: {args.output}/results.json, page: {(args.output / 'index.html').resolve().as_uri()}")


def _options():
    options = parser(
        "score",
        __doc__
        + """

Every system under --decode_dir is held against the recordings in --dump_dir, as are two rows to read the figures by:
ground_truth, the recording against itself, and floor, noise with the recording's loudness. copy_synthesis, where it
was decoded, is the ceiling. Singing with the reference durations is compared frame by frame (set "NAME/reference_
durations"), singing from the score alone after dynamic time warping (set "NAME", without PESQ and STOI).
Utterances that cannot be scored are listed in failed.json and on the page, and n says how many each mean covers;
* marks the best system, ! one that lost utterances.

F0 is estimated by DIO refined with StoneMask: on singing it makes fewer octave errors than Harvest in a third of the
time, though it misses some frames of rough voices. Its search range is f0_min to f0_max of features.yaml.""",
    )
    options.add_argument("--data_dir", type=Path, default=Path("data"), help="data directories (stage 0)")
    options.add_argument("--dump_dir", type=Path, default=Path("dump"), help="features (stage 2)")
    options.add_argument("--sets", nargs="+", default=["test"], help="sets to score")
    options.add_argument("--decode_dir", type=Path, default=Path("exp/decode"), help="decoded singing (stage 7)")
    options.add_argument("--output", type=Path, default=Path("exp/score"), help="where scores and page go")
    options.add_argument("--nj", type=int, default=1, help="processes")
    options.add_argument("--alignment", type=Path, help="stage 1's error against the truth, if it was measured")
    options.add_argument("--stages", type=Path, help="record of the stages' time and memory")
    options.add_argument("--f0_extractor", choices=("dio", "harvest"), default="dio", help="F0 estimator of WORLD")
    options.add_argument("--page_phrases", type=int, default=20, help="phrases of each set to show on the page")
    options.add_argument("--overwrite", type=boolean, default=False, help="score again what is scored already")
    return options


if __name__ == "__main__":
    run(main)
