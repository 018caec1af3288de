"""Whether the singing starts its vowels on the beat: by its sound, not by the durations it was made with.

  tools/venv/bin/python bench/onsets.py [--exp_dir exp] [--data_dir data] [--system reference]     in a recipe's folder

Stage 1's aligner, as it was trained on the corpus, is given the wavs that stage 7 sang from the bare score as if they
were recordings, and the vowels' starts it finds are held against the beats. What it can be trusted with is measured
beside it: on the recordings themselves, on their copy-synthesis, which sounds as the vocoder does, and on the
recordings delayed by a known time, since it starts from the score and might stay there. Where copy-synthesis is already
far from the recordings, the voice is not trained enough to be heard so.
"""

import argparse
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soundfile
from result import result

from svstoolkit.align.aligners import HmmAligner
from svstoolkit.align.job import AlignOptions, job_of
from svstoolkit.align.mfcc import Mfcc
from svstoolkit.align.model_file import model_facts
from svstoolkit.align.training import HmmTraining
from svstoolkit.conf.building import construct
from svstoolkit.conf.loading import load_config
from svstoolkit.data.audio import native_audio
from svstoolkit.data.definition_file import read_definition
from svstoolkit.data.directory import DataDirectory, read_data_directory
from svstoolkit.errors import InputError
from svstoolkit.evaluation.measures.beats import ON_BEAT, vowel_deviations
from svstoolkit.score.languages.registry import is_vowel

DELAY = 0.06  # s; twice what counts as on the beat
OFF_BEAT = 10.0  # per cent of the vowels that may be farther than 30 ms from their beat


def measure(exp: Path = Path("exp"), data: Path = Path("data"), system: str = "reference") -> list[dict]:
    test = read_data_directory(data / "test")
    sung, copied = exp / "decode" / system / "score/test", exp / "decode/copy_synthesis/reference_durations/test"
    for folder in (sung, copied):
        if not (folder / "decode.json").is_file():
            raise InputError(f"{folder} holds no finished singing; run stage 7 (decode) first")
    frame_period = read_definition(data.parent / "dump" / "features.yaml").frame_period
    heard, copy = (late_vowels(test, aligned(exp, with_wavs(test, folder / "wav"))) for folder in (sung, copied))
    durations = {u: np.load(sung / f"frames/{u}.npz")["durations"] for u in test}
    made = late_vowels(test, {u: np.r_[0, np.cumsum(d)] * frame_period for u, d in durations.items()})
    recorded = late_vowels(test, aligned(exp, test))
    with TemporaryDirectory() as folder:
        delayed = late_vowels(test, aligned(exp, delayed_by(test, DELAY, Path(folder))))
    return [
        result(f"vowels off the beat, {system}, by ear of the aligner", off_beat(heard), "%", OFF_BEAT),
        result(f"vowels off the beat, {system}, by its durations", off_beat(made), "%", OFF_BEAT),
        result("vowel onsets, sound against durations, median", _median_ms(heard - made), "ms"),
        result("vowel onsets, sound late of durations, median", 1000 * float(np.median(heard - made)), "ms"),
        result("vowels off the beat, recordings", off_beat(recorded), "%"),
        result("vowel onsets, copy-synthesis against recordings, median", _median_ms(copy - recorded), "ms"),
        result(f"recordings delayed by {1000 * DELAY:.0f} ms", 1000 * float(np.median(delayed - recorded)), "ms"),
    ]


def with_wavs(test: DataDirectory, folder: Path) -> DataDirectory:
    return replace(test, wav={u: str(folder / f"{u}.wav") for u in test})


def _median_ms(apart: np.ndarray) -> float:
    return 1000.0 * float(np.median(np.abs(apart)))


def off_beat(late: np.ndarray) -> float:
    """Per cent farther from the beat than counts as on it."""
    return 100.0 * float(np.mean(np.abs(late) > ON_BEAT + 1e-7))


def aligned(exp: Path, recordings: DataDirectory) -> dict[str, np.ndarray]:
    """Boundaries of every utterance's phones, (N + 1,) s, by the aligner of stage 1 as it stands in exp/align."""
    facts = model_facts(exp / "align")
    if not facts:
        raise InputError(f"{exp}/align: no model of the embedded aligner; run stage 1 (align) with --aligner hmm first")
    config = load_config("align", None, [])
    options, mfcc, training = (
        construct(kind, config[section], section)
        for section, kind in (("common", AlignOptions), ("mfcc", Mfcc), ("hmm", HmmTraining))
    )
    job = job_of({"test": recordings}, is_vowel, options.consonant_seconds)
    outcome = HmmAligner(mfcc, training, exp / "align", facts["fingerprint"], nj=2)(job, options)
    if failures := job.failures | outcome.failures:
        raise InputError(next(iter(failures.values())))
    return outcome.boundaries


def late_vowels(test: DataDirectory, boundaries: dict[str, np.ndarray]) -> np.ndarray:
    """How late every vowel of the set is, s."""
    late = [
        vowel_deviations(test.song(u), boundaries[u], partial(is_vowel, code=test.language[u])) for u in sorted(test)
    ]
    late = np.concatenate(late)
    return late[np.isfinite(late)]


def delayed_by(test: DataDirectory, seconds: float, folder: Path) -> DataDirectory:
    """The set's recordings with silence before them and as much cut off at the end."""
    wav = {}
    for u in test:
        samples, rate = native_audio(test.wav[u], u)
        silence = np.random.default_rng(0).normal(0, 1e-5, round(seconds * rate))
        wav[u] = str(folder / f"{u}.wav")
        soundfile.write(wav[u], np.r_[silence, samples[: len(samples) - len(silence)]], rate, subtype="PCM_24")
    return replace(test, wav=wav)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--exp_dir", type=Path, default=Path("exp"))
    options.add_argument("--data_dir", type=Path, default=Path("data"))
    options.add_argument("--system", default="reference", help="whose singing")
    args = options.parse_args()
    for row in measure(args.exp_dir, args.data_dir, args.system):
        print(f"{row['name']:60s}{row['value']:8.1f} {row['unit']}")


if __name__ == "__main__":
    from svstoolkit.bin.program import run

    run(main)
