"""Stage 8: measures every system's singing against the recordings and makes the page to listen to."""

import argparse
from pathlib import Path

from svstoolkit.bin.program import boolean, parser, run
from svstoolkit.errors import InputError


def main(argv: list[str] | None = None) -> None:
    args = _options().parse_args(argv)

    from tqdm import tqdm

    from svstoolkit.data.stages import read_stages
    from svstoolkit.data.workers import Workers
    from svstoolkit.evaluation.report import ScoredSet, write_report
    from svstoolkit.evaluation.results import alignment_rows
    from svstoolkit.evaluation.scoring import score_utterance
    from svstoolkit.evaluation.versa import write_versa_lists

    alignment = alignment_rows(args.alignment) if args.alignment else []
    stages = list(read_stages(args.stages).values()) if args.stages else []
    plans = _plan_folders(args) if args.ref else _plan_stage(args)
    scored_sets = []
    with Workers(args.nj) as workers:
        for plan in plans:
            results = workers.map(score_utterance, plan.jobs)
            scores = list(tqdm(results, total=len(plan.jobs), desc=f"scoring {plan.name}", unit="utt"))
            write_versa_lists(args.output / "versa", plan.jobs)
            scored_sets.append(ScoredSet(plan, scores, _learned(args, plan.jobs)))
    _summarise(args.output, write_report(args.output, scored_sets, alignment, stages), alignment)


def _plan_stage(args: argparse.Namespace) -> list:
    """The sets of a recipe, as stage 7 decoded them."""
    from svstoolkit.data.definition_file import read_definition
    from svstoolkit.evaluation.planning import plan_decoded

    if given := [
        f"--{name}" for name in ("syn", "described_by", "sampling_rate", "f0_min", "f0_max") if getattr(args, name)
    ]:
        raise InputError(f"{' '.join(given)}: only with --ref, which scores folders of recordings")
    if not args.decode_dir.is_dir():
        raise InputError(f"{args.decode_dir} does not exist: nothing was decoded yet; run stage 7 (decode) first")
    if not (args.dump_dir / "features.yaml").is_file():
        raise InputError(f"{args.dump_dir}/features.yaml does not exist; run stage 2 (features) first")
    settings = _settings(args, read_definition(args.dump_dir / "features.yaml"), resample=False)
    return [
        plan_decoded(args.data_dir / name, args.dump_dir, args.decode_dir, settings, args.page_phrases)
        for name in args.sets
    ]


def _plan_folders(args: argparse.Namespace) -> list:
    """Folders of recordings."""
    from svstoolkit.data.directory import read_data_directory
    from svstoolkit.evaluation.planning import common_sampling_rate, plan_folders, scoring_definition

    if not args.syn:
        raise InputError("--ref needs --syn NAME=DIR, the singing to hold against it")
    systems = dict(args.syn)
    if len(systems) < len(args.syn):
        raise InputError("--syn: a name is given twice")
    mode = {"free": "score", "equal": "reference_durations"}[args.timing]
    definition = scoring_definition(args.sampling_rate or common_sampling_rate(args.ref), args.f0_min, args.f0_max)
    settings = _settings(args, definition, resample=bool(args.sampling_rate))
    described_by = read_data_directory(args.described_by) if args.described_by else None
    return [plan_folders(args.ref, systems, mode, settings, args.page_phrases, described_by)]


def _learned(args: argparse.Namespace, jobs: list) -> list:
    """Values of the metrics that need weights."""
    from tqdm import tqdm

    from svstoolkit.evaluation.learned.scoring import learned_values

    values = []
    for metric in args.learned:
        device = "cuda" if args.gpu else "cpu"
        values += tqdm(learned_values(jobs, metric, args.weights, device), desc=metric, unit="value")
    return values


def _settings(args: argparse.Namespace, definition, resample: bool):
    from svstoolkit.evaluation.jobs import Settings
    from svstoolkit.evaluation.measures.cepstra import order_and_alpha
    from svstoolkit.evaluation.metrics import select_metrics

    order_and_alpha(definition.sampling_rate)  # a rate that cannot be scored is said before any work
    metrics = select_metrics(args.metrics, args.skip_metrics, args.espnet_compat)
    return Settings(definition, args.f0_extractor, metrics, args.output, resample, args.overwrite)


def _summarise(output: Path, tables, alignment) -> None:
    from svstoolkit.evaluation.tables import text_table

    for table in tables:
        print(text_table(table) + "\n")
    for row in alignment:
        print(f"{row.metric}: {row.mean:.1f} {row.unit} (n = {row.n})")
    if lost := dict.fromkeys(line.system for table in tables for line in table.lines if line.lost):
        print(f"! lost utterances: {', '.join(lost)}; see {output}/failed.json")
    print(f"scores: {output}/results.json, page: {(output / 'index.html').resolve().as_uri()}")


def _named_folder(text: str) -> tuple[str, Path]:
    name, equals, folder = text.partition("=")
    if not (name and equals and folder):
        raise argparse.ArgumentTypeError(f"expected NAME=DIR, not {text!r}")
    return name, Path(folder)


def _options() -> argparse.ArgumentParser:
    options = parser(
        "score",
        __doc__
        + """

In a recipe, every system under --decode_dir is held against the recordings in --dump_dir. Any other singing by

  svs score --ref recordings --syn A=folder_of_a B=folder_of_b --output scores

where files of one name belong together; their utterances may be described by a data directory (--described_by), which
adds the metrics that need a score or labels. A folder may also be a Kaldi wav.scp.

Two rows are there to read the figures by: ground_truth, the recording against itself, and floor, noise with the
recording's loudness. copy_synthesis, where it was decoded, is the ceiling. Singing with the recording's timing is
compared frame by frame (set "NAME/reference_durations"), other singing after dynamic time warping (set "NAME", without
the metrics that need equal timing, as PESQ and STOI do).
Utterances that cannot be scored are listed in failed.json and on the page, and n says how many each mean covers;
* marks the best system, ! one that lost utterances. versa/ holds file lists for VERSA.

F0 is estimated by DIO refined with StoneMask: on singing it makes fewer octave errors than Harvest in a third of the
time, though it misses some frames of rough voices.""",
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
    _folder_options(options.add_argument_group("folders of recordings, instead of a recipe's"))
    _metric_options(options.add_argument_group("metrics"))
    return options


def _folder_options(group) -> None:
    group.add_argument("--ref", type=Path, help="the recordings")
    group.add_argument("--syn", nargs="+", type=_named_folder, metavar="NAME=DIR", help="each system's singing of them")
    group.add_argument("--described_by", type=Path, help="data directory with their scores and labels, as data/test")
    group.add_argument("--timing", choices=("free", "equal"), default="free", help="equal: frame t belongs to frame t")
    group.add_argument("--sampling_rate", type=int, help="resample everything to it, Hz (default: the recordings')")
    group.add_argument("--f0_min", type=float, help="search range of F0, Hz (default: 50)")
    group.add_argument("--f0_max", type=float, help="Hz (default: 1100)")


def _metric_options(group) -> None:
    group.add_argument("--metrics", nargs="+", default=["all"], help="names or groups; the page explains each")
    group.add_argument(
        "--skip_metrics", nargs="+", default=[], help="names or groups to leave out, as pesq dnsmos_ovrl"
    )
    group.add_argument(
        "--learned",
        nargs="+",
        default=[],
        help="metrics that need published weights: cer cer_pinyin singer_similarity fad fad_clap utmos singmos_pro",
    )
    group.add_argument("--weights", type=Path, help="their file or folder (default: $SVSTOOLKIT_WEIGHTS)")
    group.add_argument("--gpu", type=boolean, default=False, help="compute them on a GPU")
    group.add_argument("--espnet_compat", type=boolean, default=False, help="add ESPnet's definitions of its metrics")


if __name__ == "__main__":
    run(main)
