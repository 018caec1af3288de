"""The listening test: builds its page, serves it to listeners, and analyses what they heard."""

from argparse import ArgumentParser, Namespace, _SubParsersAction
from pathlib import Path

from svstoolkit.bin.program import boolean, parser, run
from svstoolkit.errors import InputError

DESCRIPTION = """

  svs listen build --kind mos --systems A=DIR B=DIR --reference DIR     a page in exp/listen/page, the key beside it
  svs listen serve                                                      hands it to listeners, takes their ratings
  svs listen analyse                                                    mean opinion scores, intervals, rejections

docs/listening.md describes designs, rules and statistics."""
LONGEST_IN_MUSHRA = 12  # s; BS.1534-3, section 5.1


def main(argv: list[str] | None = None) -> None:
    args = _options().parse_args(argv)
    {"build": _build, "serve": _serve, "analyse": _analyse}[args.command](args)


def _build(args: Namespace) -> None:
    from svstoolkit.evaluation.listening.build import build
    from svstoolkit.evaluation.listening.planning import Settings
    from svstoolkit.evaluation.listening.sources import gather, system_folders

    folders, reference = system_folders(args.systems, args.decode_dir, args.set, args.mode, args.only, args.reference)
    instructions = None
    if args.instructions:
        if not args.instructions.is_file():
            raise InputError(f"--instructions: {args.instructions} does not exist")
        paragraphs = args.instructions.read_text(encoding="utf-8").split("\n\n")
        instructions = tuple(" ".join(p.split()) for p in paragraphs if p.strip())
    settings = Settings(
        args.kind,
        args.utterances,
        args.listeners,
        args.trials_per_listener,
        args.checks,
        args.repeats,
        args.practice,
        None if args.anchors is None else tuple(args.anchors),
        args.baseline,
        args.attribute,
        args.loudness,
        args.seed,
        args.title,
        instructions,
    )
    built = build(gather(folders, reference, args.exclude), settings, args.output)
    print(f"page: {built.page}/index.html, {built.stimuli} sounds at {built.reached:.1f} LUFS")
    if built.reached < args.loudness - 0.05:
        print(f"! the target of {args.loudness:g} LUFS was lowered for all, so that no stimulus clips")
    if args.kind == "mushra" and built.longest > LONGEST_IN_MUSHRA:
        print(f"! the longest stimulus has {built.longest:.1f} s; BS.1534-3 advises at most {LONGEST_IN_MUSHRA} s")
    fewest, most = built.ratings
    print(f"{args.listeners} sessions of {built.trials} trials, about {built.minutes} min each; ", end="")
    print(f"{fewest if fewest == most else f'{fewest} to {most}'} ratings of every system in every utterance")
    if not fewest:
        print("! not every system is heard in every utterance; take more --listeners or --trials_per_listener")
    print(f"key: {args.output}/key.json; keep it from the listeners")
    print(f"serve it: svs listen serve --test {args.output}")


def _serve(args: Namespace) -> None:
    from svstoolkit.evaluation.listening.server import TestServer

    with TestServer(args.test, args.host, args.port, 60.0 * args.patience) as server:
        places = len(server.register.key.sessions)
        print(f"{server.address} ({places} listener numbers; ratings go to {args.test}/ratings)")
        print("Ctrl-C stops it; the same command goes on", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()


def _analyse(args: Namespace) -> None:
    from svstoolkit.evaluation.listening.analysis import analyse
    from svstoolkit.evaluation.listening.report import text_tables, write_report
    from svstoolkit.evaluation.listening.screening import Rules

    ratings = args.ratings or [args.test / "ratings"]
    if missing := [path for path in ratings if not path.exists()]:
        raise InputError(f"--ratings: {missing[0]} does not exist; nobody has rated yet, or the files lie elsewhere")
    rules = Rules(
        args.max_failed_checks, args.max_same, args.max_repeat_difference, args.min_completed, args.post_screening
    )
    output = args.output or args.test / "results"
    result = analyse(args.test, ratings, rules, args.bootstrap, args.seed)
    write_report(output, result)
    print(text_tables(result))
    for rejected in result.rejected:
        print(f"! rejected listener {rejected.listener}: {'; '.join(rejected.reasons)}")
    for problem in result.problems:
        print(f"! {problem.file} {problem.reason}")
    print(f"results: {output}/results.json, page: {(output / 'index.html').resolve().as_uri()}")


def _options() -> ArgumentParser:
    options = parser("listen", __doc__ + DESCRIPTION)
    commands = options.add_subparsers(dest="command", required=True, metavar="build|serve|analyse")
    _build_options(commands)
    _serve_options(commands)
    _analyse_options(commands)
    return options


def _command(commands: _SubParsersAction, name: str, about: str) -> ArgumentParser:
    like = parser(f"listen {name}", about)
    return commands.add_parser(
        name,
        prog=like.prog,
        description=about,
        help=about,
        formatter_class=like.formatter_class,
        allow_abbrev=False,
    )


def _build_options(commands: _SubParsersAction) -> None:
    from svstoolkit.evaluation.listening.kinds import ATTRIBUTES, KINDS
    from svstoolkit.evaluation.listening.loudness import TARGET
    from svstoolkit.evaluation.metrics import MODES

    add = _command(commands, "build", "Builds a test: a page for the listeners and a key for you.").add_argument
    add("--kind", choices=tuple(KINDS), default="mos", help="what is asked")
    add("--systems", nargs="+", metavar="NAME=DIR", help="folders of <utterance>.wav, from any toolkit")
    add("--decode_dir", type=Path, help="or: take what stage 7 decoded, exp/decode")
    add("--set", default="test", help="with --decode_dir: the set")
    add("--mode", choices=MODES, default=MODES[0], help="with --decode_dir: whose durations were sung")
    add("--only", nargs="+", metavar="NAME", help="of these only these systems")
    add("--reference", metavar="NAME|DIR", help="the recordings: one of the systems or a folder; rated, unnamed")
    add("--exclude", nargs="+", default=[], metavar="UTTERANCE", help="utterances to leave out")
    add("--utterances", type=int, help="how many, spread over the sorted list; all by default")
    add("--listeners", type=int, default=24, help="sessions to prepare")
    add("--trials_per_listener", type=int, help="besides checks and repeats; as many as utterances by default")
    add("--checks", type=int, default=2, help="attention checks in a session")
    add("--repeats", type=int, default=2, help="trials of a session asked twice, for consistency")
    add("--practice", type=int, default=3, help="examples before the test")
    add("--anchors", type=int, nargs="*", metavar="HZ", help="low-pass anchors; mushra has 3500 and 7000")
    add("--baseline", metavar="NAME", help="cmos: the system the others are compared with; the first by default")
    add("--attribute", choices=tuple(ATTRIBUTES), default="quality", help="mos: what is rated")
    add("--loudness", type=float, default=TARGET, help="of every stimulus, LUFS")
    add("--title", help="heading of the page")
    add("--instructions", type=Path, help="text file shown to listeners, paragraphs between empty lines")
    add("--seed", type=int, default=0, help="of choice, order and file names")
    add("--output", type=Path, default=Path("exp/listen"), help="where page and key go")


def _serve_options(commands: _SubParsersAction) -> None:
    add = _command(commands, "serve", "Serves a test and takes its ratings.").add_argument
    add("--test", type=Path, default=Path("exp/listen"), help="folder of the test")
    add("--host", default="127.0.0.1", help="address to listen at; 0.0.0.0 lets other computers in")
    add("--port", type=int, default=8000, help="0 takes any that is free")
    add("--patience", type=float, default=60.0, help="minutes until the number of one who never answered is free again")


def _analyse_options(commands: _SubParsersAction) -> None:
    add = _command(commands, "analyse", "Analyses the ratings.").add_argument
    add("--test", type=Path, default=Path("exp/listen"), help="folder of the test")
    add("--ratings", type=Path, nargs="+", help="files or folders; TEST/ratings by default")
    add("--output", type=Path, help="where results go; TEST/results by default")
    add("--max_failed_checks", type=float, default=0.25, help="share of attention checks a listener may fail")
    add("--max_same", type=float, default=0.9, help="share of answers that may be one and the same")
    add("--max_repeat_difference", type=float, help="mean difference of repeated answers; by default the kind's")
    add("--min_completed", type=float, default=0.5, help="share of the trials that must be answered")
    add("--post_screening", type=boolean, default=True, help="mushra: the rule of BS.1534 on the hidden reference")
    add("--bootstrap", type=int, default=2000, help="bootstrap samples")
    add("--seed", type=int, default=0, help="of the bootstrap")


if __name__ == "__main__":
    run(main)
