"""Sings scores (MusicXML, MIDI, UST, .ds, ESPnet JSON) with a trained voice."""

import argparse
import logging
import time
from pathlib import Path
from urllib.parse import quote

from svstoolkit.bin.program import boolean, checkpoint, parser, run, sampling
from svstoolkit.errors import InputError
from svstoolkit.inference.sampling import OWN, Sampling, samplings_of
from svstoolkit.score.song import Song

DESCRIPTION = """\
Sings scores with a voice that a recipe has trained.

  svs sing song.musicxml --voice egs/mini/exp --output song.wav
  svs sing song.mid --voice egs/mini/exp --language zh --part Soprano --transpose -5
  svs sing *.ds --acoustic exp/fastspeech2 --vocoder exp/hifigan --diffusion exp/smoothsinger --output sung

--voice is a recipe's exp folder: its acoustic model, its vocoder, and the student or the diffusion model if there is
one are used; each can be named instead. A score in a language that the voice has not learnt is sung with an accent:
every phone by the voice's that is articulated most alike (--accent true), or as --phone_map says. A score out of the
singer's range is moved by octaves (--transpose auto). Beside each sound lies a page to hear and see it.

  svs sing song.mid --voice egs/mini/exp --write_curves true           (writes sung/song.curves.yaml)
  svs sing song.mid --voice egs/mini/exp --overrides song.curves.yaml
  svs sing song.mid --voice egs/mini/exp --f0 humming.wav

Phone times, F0, energy and the mix of singers can be set by hand, for the song, a note, a phone or a moment; what is
not set is predicted. A .ds file's own are sung (--ds_curves true).
"""


def _options() -> argparse.ArgumentParser:
    options = parser("sing", DESCRIPTION)
    add = options.add_argument
    add("scores", nargs="+", type=Path, metavar="SCORE", help="score files")
    add("--voice", type=Path, help="a recipe's exp folder, instead of naming the models one by one")
    add("--acoustic", type=Path, help="experiment of stage 3")
    add("--vocoder", type=Path, help="experiment of stage 4")
    add("--diffusion", type=Path, help="experiment of stage 5 or 6; without, stages 3 and 4 sing alone")
    add("--reference_only", type=boolean, default=False, help="true: stages 3 and 4 alone, whatever --voice holds")
    add(
        "--steps",
        type=sampling,
        default=Sampling(),
        help="of --diffusion: sampling steps, such as 24, or default, its own; 10:unipc by another sampler",
    )
    add("--checkpoint", type=checkpoint, default="latest", help="of every model: latest, best or a training step")
    add("--singer", help="which of the voice's singers; default: the first")
    add("--language", help="of the lyrics (zh ja en ko …); default: what the score or its script tells")
    add("--part", help="part or track, by name or number from 1; default: the one with lyrics")
    add("--verse", type=int, default=1, help="which line of the lyrics")
    add("--default_lyric", help="sung where the score has no words at all, such as la")
    add("--top_line", type=boolean, default=False, help="true: of MIDI chords the highest note is sung")
    add("--lexicon", type=Path, help="words and their phones, which come before the built-in reading")
    add("--transpose", default="auto", help="semitones, or auto: whole octaves to suit the singer")
    add("--speed", type=float, default=1.0, help="times as fast as written")
    add("--accent", type=boolean, default=True, help="true: sing phones that the voice lacks by its nearest")
    add("--phone_map", type=Path, help="YAML of `en/AE: zh/a`, phones to sing as others")
    add(
        "--overrides", type=Path, help="YAML or JSON of phone times, F0, energy and singers to sing by: docs/singing.md"
    )
    add("--f0", type=Path, help="F0 to follow: a .csv of time,hz, or a recording of somebody who sings or hums it")
    add(
        "--ds_curves",
        type=boolean,
        default=True,
        help="true: a .ds file's phone times, F0, energy and singers are sung",
    )
    add("--write_curves", type=boolean, default=False, help="true: writes <score>.curves.yaml, for --overrides")
    add("--output", type=Path, default=Path("sung"), help="a .wav, or a folder for <score>.wav")
    add("--seed", type=int, default=0, help="of the noise")
    add("--gpu", type=boolean, default=False, help="sing on a GPU")
    return options


def main(argv: list[str] | None = None) -> None:
    """The program; see DESCRIPTION."""
    args = _options().parse_args(argv)
    places = _places(args.scores, args.output)
    models = _models(args)
    from svstoolkit.score.languages.lexicon import read_lexicon

    transpose = _transposition(args.transpose)
    if not args.speed > 0:
        raise InputError(f"--speed {args.speed:g}: should be positive, 1 is as written")
    lexicon = read_lexicon(args.lexicon) if args.lexicon else None
    for option in ("overrides", "f0"):
        if getattr(args, option) and len(args.scores) > 1:
            told = f"--{option} {getattr(args, option)} is of one song, {len(args.scores)} are given"
            raise InputError(f"{told}; sing them one by one")
    songs = [_read(path, args, lexicon) for path in args.scores]  # all are read before anything is sung
    layers = _overrides(songs, args, models["acoustic"])

    from svstoolkit.data.statistics import Statistics
    from svstoolkit.inference.device import inference_device
    from svstoolkit.inference.mel_diffusion import refiner_of
    from svstoolkit.inference.voice import ReferenceSinger

    singer = ReferenceSinger(models["acoustic"], models.get("vocoder"), inference_device(args.gpu), args.checkpoint)
    refiner = refiner_of(models["diffusion"], singer, args.checkpoint) if "diffusion" in models else None
    speaker = args.singer or singer.vocabulary.singers[0]
    statistics = Statistics.from_json(models["acoustic"] / "statistics.json")
    for song, own, source, place in zip(songs, layers, args.scores, places, strict=True):
        semitones = _semitones(song, source, transpose, statistics, speaker)
        adapted = _adapted(song, source, args, singer, speaker, statistics, semitones)
        sung = _sing(
            adapted, source, place, args, singer, speaker, refiner, [o.retimed(semitones, args.speed) for o in own]
        )
        if args.write_curves:
            from svstoolkit.inference.curves_file import write_curves

            curves = place.with_suffix(".curves.yaml")
            write_curves(curves, song, sung, singer.features, semitones, args.speed)
            print(f"{curves}: to edit and sing again with --overrides")


def _overrides(songs: list[Song], args: argparse.Namespace, acoustic: Path) -> list[list]:
    """Of each song what is set by hand."""
    from svstoolkit.inference.override_sources import gather_overrides

    given = {name: getattr(args, name) for name in ("ds_curves", "overrides", "f0", "language", "singer", "checkpoint")}
    return [gather_overrides(path, song, acoustic, **given) for path, song in zip(args.scores, songs, strict=True)]


def _transposition(text: str) -> float | None:
    """Semitones; None for auto."""
    try:
        return None if text == "auto" else float(text)
    except ValueError as error:
        raise InputError(f"--transpose {text}: should be semitones, such as -5, or auto") from error


def _places(scores: list[Path], output: Path) -> list[Path]:
    """Where each score's sound goes."""
    if output.suffix == ".wav":
        if len(scores) > 1:
            raise InputError(f"--output {output}: {len(scores)} scores cannot go into one file; name a folder")
        return [output]
    places = [output / f"{path.stem}.wav" for path in scores]
    if len(set(places)) < len(places):
        raise InputError(f"--output {output}: two of the scores have the same name; sing them one by one")
    return places


def _models(args: argparse.Namespace) -> dict[str, Path]:
    from svstoolkit.inference.singing import experiments_of

    models = experiments_of(args.voice) if args.voice else {}
    models |= {role: getattr(args, role) for role in ("acoustic", "vocoder", "diffusion") if getattr(args, role)}
    if "acoustic" not in models:
        raise InputError("no acoustic model is named; give --acoustic, or a recipe's exp folder by --voice")
    if args.reference_only:
        models.pop("diffusion", None)
    return models


def _read(path: Path, args: argparse.Namespace, lexicon: object) -> Song:
    from svstoolkit.score.reading import read_song

    given = {"part": args.part, "verse": args.verse, "default_lyric": args.default_lyric, "top_line": args.top_line}
    return read_song(path, args.language, lexicon=lexicon, **given)


def _semitones(song: Song, source: Path, transpose: float | None, statistics, speaker: str) -> float:
    """How much higher the song is sung; octaves to suit the singer unless it is said."""
    from svstoolkit.inference.singing import octaves_to_fit

    if transpose is not None:
        return transpose
    semitones = octaves_to_fit(song, statistics, speaker)
    if semitones:
        logging.info("%s: moved by %+d semitones to suit %s", source, semitones, speaker)
    return semitones


def _adapted(
    song: Song, source: Path, args: argparse.Namespace, singer, speaker: str, statistics, semitones: float
) -> Song:
    """The song as this singer can sing it: range, speed, phones. What is changed is said."""
    from svstoolkit.inference.singing import outside_range, retimed
    from svstoolkit.score.languages.accent import accented, nearest_phones, read_phone_map
    from svstoolkit.score.languages.registry import is_vowel

    song = retimed(song, semitones, args.speed)
    if beyond := outside_range(song, statistics, speaker):
        count = sum(not note.is_rest for note in song.notes)
        logging.warning("%s: %d of %d notes lie beyond what %s sang in training", source, beyond, count, speaker)
    known = singer.vocabulary.phones[1:]
    phone_map = read_phone_map(args.phone_map, known) if args.phone_map else {}
    lacking = sorted(set(song.qualified_phones) - set(known) - set(phone_map))
    if lacking and args.accent:
        vowels = {*singer.vocabulary.vowels, *(p for p in lacking if is_vowel(p.partition("/")[2], song.language))}
        nearest = nearest_phones(lacking, known, vowels)
        logging.info(
            "%s: the voice lacks %d phones, sung by its nearest: %s",
            source,
            len(nearest),
            " ".join(f"{phone}→{sung}" for phone, sung in nearest.items()),
        )
        phone_map |= nearest
    return accented(song, phone_map) if phone_map else song


def _sing(song: Song, source: Path, place: Path, args: argparse.Namespace, singer, speaker: str, refiner, overrides=()):
    """Writes the sound and the page; returns the performance."""
    from tqdm import tqdm

    from svstoolkit.data.audio import write_audio
    from svstoolkit.inference.singing import perform
    from svstoolkit.inference.song_page import write_song_page

    (chosen,) = samplings_of(refiner.trained.system, args.diffusion or args.voice, [args.steps]) if refiner else [OWN]
    started = time.perf_counter()

    def progress(phrases: list):
        return tqdm(phrases, desc=source.name, unit="phrase")

    sung = perform(song, singer, speaker, refiner, chosen, args.seed, progress, overrides)
    seconds, wall = len(sung.audio) / singer.features.sampling_rate, time.perf_counter() - started
    write_audio(place, sung.audio, singer.features.sampling_rate, "WAV")
    model = refiner.trained.checkpoint.parent.parent.name if refiner else "the reference singer"
    facts = f"{speaker}, by {model}; {seconds:.1f} s in {len(sung.phrases)} phrases, sung in {wall:.1f} s"
    page = place.with_suffix(".html")
    write_song_page(page, quote(place.name), source.stem, facts, sung, song, singer.features)
    print(f"{place}: {facts}; to hear and see: {page.resolve().as_uri()}")
    return sung


if __name__ == "__main__":
    run(main)
