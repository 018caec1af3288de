"""Stage 1's aligners side by side on synthetic singing with exact truth: one table, and alignment.json.

    python bench/alignment.py --work DIR                       the table on 10 minutes
    python bench/alignment.py --work DIR --curve               from 1.5 to 30 minutes, with a plot
    python bench/alignment.py --work DIR --real FOLDER ...     on real recordings that carry labels
    python bench/alignment.py --score LABEL TRUTH              figures of one label file

The scores are off: every onset by noise of its own and all by a constant. Run it on an idle machine, or the seconds
in it mean nothing. As a part of bench/run.py it measures the speed alone.
"""

import argparse
from pathlib import Path

from alignment_bench.corpus import SINGERS, Corpus, make_corpus
from alignment_bench.curve import CURVE_METHODS, CURVE_MINUTES, draw_curve
from alignment_bench.figures import table
from alignment_bench.methods import METHODS, MFA_ROWS, figures, measured
from alignment_bench.real import real_corpora
from result import result

from svstoolkit.bin.program import run
from svstoolkit.data.directory import read_label
from svstoolkit.data.files import write_json

UNSHIFTED = "CTC emits phones late by much the same; knowing by how much takes the truth, so this flatters it"
SPEED_MINUTES, TRAINING_SECONDS, TIMES_REAL_TIME = 20.0, 60.0, 100.0


def measure() -> list[dict]:
    """Speed of stage 1 as packaged on 20 minutes; for bench/run.py."""
    work = Path("exp/bench_alignment")
    corpus = make_corpus(work / "soprano-11", "soprano", 11, SPEED_MINUTES)
    row = measured("full", corpus, work / "runs" / "speed", 2)
    return [
        result("alignment training on 20 min", row["training_seconds"], "s", TRAINING_SECONDS),
        result("alignment time / real time", 1 / row["times_real_time"], "×", 1 / TIMES_REAL_TIME),
        result("alignment median error, 20 min", row["median"], "ms", 10.0),
    ]


def main() -> None:
    args = _options().parse_args()
    if args.score:
        found, truth = (read_label(path) for path in args.score)
        print(table([{"method": str(args.score[0]), **figures(found, truth)}]))
        return
    args.work.mkdir(parents=True, exist_ok=True)
    if args.real:
        for real in real_corpora(args.real, args.work / "real", args.noise / 1000, args.offset / 1000):
            truth = read_label(real.corpus.truth)
            given = [{"method": name, **figures(labels, truth)} for name, labels in real.given.items()]
            rows = [*_rows(args, real.corpus, real.name), *given]
            _publish(args.work / f"real_{real.name}.json", f"{real.name}: {real.note}", rows, real.corpus)
        return
    place = args.work / f"{args.singer}-{args.seed}"
    disturbance = {"noise": args.noise / 1000, "offset": args.offset / 1000, "nj": args.nj}
    if args.curve:
        points = []
        for minutes in CURVE_MINUTES:
            corpus = make_corpus(place, args.singer, args.seed, minutes, **disturbance)
            rows = _rows(args, corpus, f"{minutes:g}min", CURVE_METHODS)
            points.append({"minutes": minutes, "rows": rows})
            _publish(args.work / f"curve_{minutes:g}min.json", f"{minutes:g} minutes", rows, corpus)
        write_json(args.work / "curve.json", points)
        print(f"drawn: {draw_curve(points, args.work / 'curve.png')}")
        return
    corpus = make_corpus(place, args.singer, args.seed, args.minutes, **disturbance)
    rows = [*_rows(args, corpus, f"{args.minutes:g}min"), *MFA_ROWS]
    title = (
        f"{corpus.seconds / 60:.1f} min, singer {args.singer}, seed {args.seed}; score off by {args.noise:g} ms of "
        f"noise and {args.offset:+g} ms"
    )
    _publish(args.work / "alignment.json", title, rows, corpus)


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--work", type=Path, default=Path("exp/bench_alignment"), help="corpora, runs and figures")
    options.add_argument("--minutes", type=float, default=10.0, help="of singing")
    options.add_argument("--methods", nargs="+", choices=list(METHODS), help="default: all")
    options.add_argument("--singer", choices=list(SINGERS), default="soprano")
    options.add_argument("--seed", type=int, default=11, help="of melodies, words and the scores' errors")
    options.add_argument("--noise", type=float, default=50.0, help="ms, standard deviation of each onset's error")
    options.add_argument("--offset", type=float, default=100.0, help="ms by which the whole score is late")
    options.add_argument("--curve", action="store_true", help="learning curve instead of the table")
    options.add_argument("--real", type=Path, nargs="+", metavar="FOLDER", help="tables of real recordings instead")
    options.add_argument("--score", type=Path, nargs=2, metavar=("LABEL", "TRUTH"), help="figures of a label file")
    options.add_argument("--nj", type=int, default=2, help="processes")
    return options


def _rows(args: argparse.Namespace, corpus: Corpus, name: str, default: tuple[str, ...] = tuple(METHODS)) -> list[dict]:
    rows = []
    for method in args.methods or default:
        rows.append(measured(method, corpus, args.work / "runs" / name / method, args.nj))
        print(f"{rows[-1]['method']}: median {rows[-1]['median']:.1f} ms", flush=True)
        if method.startswith("ctc"):
            name = f"{rows[-1]['method']}, median error taken off"
            rows.append({"method": name, "key": f"{method}_unshifted", **rows[-1]["unshifted"], "note": UNSHIFTED})
    return rows


def _publish(path: Path, title: str, rows: list[dict], corpus: Corpus) -> None:
    print(f"\n{title}\n{table(rows)}\n")
    write_json(path, {"title": title, "audio_seconds": round(corpus.seconds, 1), "rows": rows})


if __name__ == "__main__":
    run(main)
