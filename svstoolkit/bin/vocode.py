"""Turns mels, or recordings, into sound with a trained vocoder."""

import argparse
import logging
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from svstoolkit.bin.program import boolean, parser, run
from svstoolkit.errors import InputError

if TYPE_CHECKING:
    from svstoolkit.inference.vocoding import Utterance, Vocoder

DESCRIPTION = """\
Turns mels, or recordings, into sound with a trained vocoder.

  svs vocode dump/test --vocoder exp/nsf_hifigan --output vocoded       a set of stage 2: its mels and F0
  svs vocode song.wav takes/ --vocoder exp/nsf_hifigan                  recordings: what of a voice survives the vocoder
  svs vocode song.wav --vocoder exp/nsf_hifigan --transpose -3          ... sung three semitones lower
  svs vocode feats.scp --f0 f0.scp --vocoder exp/nsf_hifigan            mels of another toolkit
  svs vocode mel.npy --vocoder exp/hifigan                              ... of one's own program

Inputs, any number of them: wav and flac files and a Kaldi wav.scp (mel and F0 are taken from the recording, by the
vocoder's own feature definition); .npy mels and .npz of `mel` and `f0`; a Kaldi mel.scp or feats.scp; a set of a dump;
folders of such files. A mel is (frames, bands) in natural logarithm; the vocoder's experiment has its definition in
features.yaml, and nothing is guessed: log10 mels, or another window, have to be converted first. NSF vocoders need F0
beside the mel: one value per frame in Hz, 0 where unvoiced.

Each input becomes OUTPUT/<name>.wav. Many are sung at once, long ones in overlapping windows; neither can be heard, so
--batch_frames is a matter of memory alone. What cannot be vocoded is listed, and the others go on.
"""
POOL = 8  # batches that are read before the first is sung, so that those of like length come together


def _options() -> argparse.ArgumentParser:
    options = parser("vocode", DESCRIPTION)
    add = options.add_argument
    add("inputs", nargs="+", type=Path, metavar="INPUT", help="recordings, mels, archives, sets of a dump, folders")
    add("--vocoder", type=Path, required=True, help="experiment of stage 4, or a vocoder's checkpoint from elsewhere")
    add("--checkpoint", default="latest", help="of the experiment: latest, best, or a step")
    add("--output", type=Path, default=Path("vocoded"), help="folder for <name>.wav")
    add("--f0", type=Path, help="Kaldi f0.scp, for mels that have none and in place of that of recordings")
    add("--f0_extractor", help="of recordings' F0, instead of the vocoder's definition: harvest, dio, praat, swift_f0")
    add("--transpose", type=float, default=0.0, help="semitones by which F0 is moved, for NSF vocoders")
    add("--batch_frames", type=int, default=4096, help="frames sung at once, padding included")
    add("--nj", type=int, default=1, help="processes that read inputs and find F0")
    add("--seed", type=int, default=0, help="of the noise of NSF vocoders; each input has its own from it")
    add("--gpu", type=boolean, default=False, help="sing on a GPU")
    return options


def main(argv: list[str] | None = None) -> None:
    """The program; see DESCRIPTION."""
    args = _options().parse_args(argv)
    import torch
    from tqdm import tqdm

    from svstoolkit.data.audio import write_audio
    from svstoolkit.data.workers import Workers
    from svstoolkit.inference.device import inference_device
    from svstoolkit.inference.vocoder_inputs import Reading, sources_of
    from svstoolkit.inference.vocoding import Vocoder

    started = time.perf_counter()
    vocoder = Vocoder(args.vocoder, inference_device(args.gpu), args.checkpoint)
    if args.transpose and not vocoder.needs_f0:
        raise InputError(f"--transpose: {args.vocoder} is driven by the mel alone; only NSF vocoders can be transposed")
    vocoder.require_budget(args.batch_frames)
    sources = sources_of(args.inputs, vocoder.features, args.f0)
    _require_extractor(args.f0_extractor or vocoder.features.f0_extractor)
    reading = Reading(vocoder.features, vocoder.needs_f0, args.f0_extractor)
    failed: list[str] = []
    threads, seconds, wall = torch.get_num_threads(), 0.0, 0.0
    with Workers(args.nj) as workers, tqdm(total=len(sources), desc="vocode", unit="utt") as progress:
        read = zip(sources, workers.map(reading, sources), strict=True)
        for pool in _pools(_fitting(vocoder, read, args.transpose, failed), POOL * args.batch_frames):
            torch.set_num_threads(threads)  # reading in this process leaves one
            began = time.perf_counter()
            sung = vocoder.vocode(pool, args.batch_frames, args.seed)
            wall += time.perf_counter() - began
            for utterance, samples in zip(pool, sung, strict=True):
                write_audio(args.output / f"{utterance.name}.wav", samples, vocoder.features.sampling_rate)
                seconds += len(samples) / vocoder.features.sampling_rate
            progress.update(len(pool))
    done = len(sources) - len(failed)
    if done:
        print(
            f"{done} of {len(sources)} inputs, {seconds:.1f} s: the vocoder took {wall:.2f} s, {wall / seconds:.4f} of "
            f"their time, everything {time.perf_counter() - started:.1f} s: {args.output}"
        )
    if failed:
        raise InputError(f"{len(failed)} of {len(sources)} inputs could not be vocoded, {failed[0]}")


def _require_extractor(names: str) -> None:
    from svstoolkit.features.definition import extractors_of
    from svstoolkit.features.f0_extractors import require_installed

    try:
        require_installed(extractors_of(names))
    except ValueError as error:
        raise InputError(f"--f0_extractor: {error}") from error


def _fitting(vocoder: "Vocoder", read: Iterable, transpose: float, failed: list[str]) -> Iterator["Utterance"]:
    """The utterances that can be sung; what is wrong with the others is told and goes to `failed`."""
    for source, utterance in read:
        try:
            if isinstance(utterance, InputError):
                raise utterance
            vocoder.require_fit(utterance, str(source))
            yield utterance.transposed(transpose)
        except InputError as error:
            failed.append(str(error))
            logging.warning("left out: %s", error)


def _pools(utterances: Iterator, frames: int) -> Iterator[list]:
    """Lists of utterances that have this many frames together, or a little more."""
    pool, held = [], 0
    for utterance in utterances:
        pool.append(utterance)
        held += len(utterance.mel)
        if held >= frames:
            yield pool
            pool, held = [], 0
    if pool:
        yield pool


if __name__ == "__main__":
    run(main)
