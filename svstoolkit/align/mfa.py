"""Alignment by Montreal Forced Aligner 3.x: trained on the corpus or with a model that is given, and read back."""

import csv
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from svstoolkit.align.mfa_corpus import (
    MfaDictionary,
    dictionary_of,
    sound_boundaries_of_intervals,
    squeezed,
    write_corpus,
)
from svstoolkit.align.mfa_model import missing_phones, model_phones, read_phone_map
from svstoolkit.align.mfa_program import find_mfa, require_mfa, run_mfa
from svstoolkit.align.textgrid import read_textgrid
from svstoolkit.align.transcript import Transcript
from svstoolkit.data.files import write_text
from svstoolkit.score.song import PAUSE

__all__ = ["Mfa", "align_with_mfa", "read_alignments", "read_likelihoods", "require_mfa"]

FRAME = 0.01  # seconds, MFA's frame shift


@dataclass(frozen=True)
class Mfa:
    """How MFA is called and trained. Its own defaults let a phone last one frame and invent pauses in singing; these
    settings do not (monophone training, three states per phone).

    command: the words before `train`, e.g. `conda run -n mfa mfa`
    beam, retry_beam, self_loop_scale, silence_probability, boost_silence: MFA's configuration keys of these names
    iterations, max_gaussians: of the monophone training
    states_per_phone: least and greatest number of states
    acoustic_model: .zip of a trained model to align with; None: one is trained on the corpus
    phone_map: YAML of `our phone: the model's phones`, for a model that names them differently
    """

    command: str = "mfa"
    beam: int = 100
    retry_beam: int = 400
    self_loop_scale: float = 1.0
    silence_probability: float = 0.05
    boost_silence: float = 0.1
    iterations: int = 40
    max_gaussians: int = 1000
    states_per_phone: int = 3
    acoustic_model: str | None = None
    phone_map: str | None = None

    def __post_init__(self):
        if self.states_per_phone < 1 or self.iterations < 1:
            raise ValueError("states_per_phone and iterations must be at least 1")
        if self.retry_beam <= self.beam:
            raise ValueError(f"retry_beam must be greater than beam, {self.beam}")
        if self.phone_map is not None and self.acoustic_model is None:
            raise ValueError("phone_map names the phones of an acoustic_model; give one")

    def configuration(self) -> dict:
        """MFA's config.yaml. `mfa align` takes none of these from the model, so they are always passed."""
        configuration = {
            "beam": self.beam,
            "retry_beam": self.retry_beam,
            "self_loop_scale": self.self_loop_scale,
            "silence_probability": self.silence_probability,
            "boost_silence": self.boost_silence,
        }
        monophone = {
            "num_iterations": self.iterations,
            "max_gaussians": self.max_gaussians,
            "boost_silence": self.boost_silence,
        }
        return configuration if self.acoustic_model else {**configuration, "training": [{"monophone": monophone}]}


def align_with_mfa(
    folder: Path,
    transcripts: Sequence[Transcript],
    wavs: Mapping[str, str],
    durations: Mapping[str, float],
    options: Mfa,
    nj: int,
) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Trains MFA on the corpus, or takes the model that is given, and reads its alignment.

    Args:
        folder: corpus, configuration, log, TextGrids and MFA's temporary files go here.
        wavs, durations: per utterance the recording and its seconds.

    Returns:
        Sound boundaries (U+1,) in seconds per aligned utterance, and the reason per utterance that was not:
        MFA leaves utterances out without a word.

    Raises:
        InputError: MFA or the model is not usable, or MFA stops with an error.
    """
    program = find_mfa(options.command)
    phone_map = read_phone_map(options.phone_map)
    failures = _too_short(transcripts, durations, options.states_per_phone)
    if options.acoustic_model is not None:
        known = model_phones(options.acoustic_model)
        names = dictionary_of(transcripts, phone_map).phones
        failures |= missing_phones(transcripts, names, known, options.acoustic_model)
    usable = [t for t in transcripts if t.utterance not in failures]
    if not usable:
        return {}, failures
    _clear(folder)
    dictionary = write_corpus(folder, usable, wavs, phone_map)
    _write_configuration(folder, sorted({p for names in dictionary.phones.values() for p in names.split()}), options)
    arguments = _arguments(folder.resolve(), options, nj, single_speaker=len({t.speaker for t in usable}) == 1)
    run_mfa(program, arguments, folder / "mfa.log", folder.resolve() / "root")
    found, failed = read_alignments(folder / "textgrids", usable, dictionary, durations)
    return found, failures | failed


def read_alignments(
    folder: Path, transcripts: Sequence[Transcript], dictionary: MfaDictionary, durations: Mapping[str, float]
) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Sound boundaries per utterance and reasons of failure, from <folder>/<singer>/<utterance>.TextGrid."""
    boundaries, failures = {}, {}
    for t in transcripts:
        path = folder / t.speaker / f"{t.utterance}.TextGrid"
        try:
            if not path.is_file():
                raise ValueError("MFA wrote no TextGrid for it (too short for its phones, or no path found)")
            intervals = read_textgrid(path)
            edges = sound_boundaries_of_intervals(intervals, t, dictionary, durations[t.utterance])
            if fault := squeezed(intervals, t):
                raise ValueError(fault)
            boundaries[t.utterance] = edges
        except ValueError as error:
            failures[t.utterance] = str(error)
    return boundaries, failures


def read_likelihoods(folder: Path) -> dict[str, float]:
    """Log likelihood per frame of each utterance, from <folder>/alignment_analysis.csv.

    `mfa align` writes that file and gives no likelihood to what it could not align; `mfa train` writes none.
    """
    path = folder / "alignment_analysis.csv"
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        rows = [(row["file"], row["overall_log_likelihood"]) for row in csv.DictReader(file)]
    return {utterance: float(value) for utterance, value in rows if value}


def _too_short(transcripts: Sequence[Transcript], durations: Mapping[str, float], states: int) -> dict[str, str]:
    """MFA loses these without a word, or aligns none of them."""
    failures = {}
    for t in transcripts:
        sounds = sum(sound != PAUSE for sound in t.sounds)
        if durations[t.utterance] < sounds * states * FRAME:
            failures[t.utterance] = (
                f"its recording of {durations[t.utterance]:.2f} s is too short for {sounds} phones of at least "
                f"{states * FRAME:g} s; the text is too long for it, or the recording is cut off"
            )
    return failures


def _clear(folder: Path) -> None:
    """Takes away an older run: MFA would read its corpus and overwrite its TextGrids. A model stays until there is
    a new one, since it may be the one that is given."""
    for name in ("corpus", "textgrids", "temporary", "root"):
        shutil.rmtree(folder / name, ignore_errors=True)


def _write_configuration(folder: Path, phones: Sequence[str], options: Mfa) -> None:
    import yaml

    states = {"min_states": options.states_per_phone, "max_states": options.states_per_phone}
    write_text(folder / "config.yaml", yaml.safe_dump(options.configuration(), sort_keys=False))
    if options.acoustic_model is None:
        write_text(folder / "topology.yaml", yaml.safe_dump({phone: dict(states) for phone in phones}))


def _arguments(folder: Path, options: Mfa, nj: int, single_speaker: bool) -> list[object]:
    """MFA's words after its name; every option in two words, since `--beam=100` is ignored without a warning."""
    corpus, dictionary, textgrids = folder / "corpus", folder / "dictionary.txt", folder / "textgrids"
    if options.acoustic_model is None:
        words = ["train", corpus, dictionary, folder / "model.zip", "--output_directory", textgrids]
        words += ["--topology_path", folder / "topology.yaml"]
    else:
        words = ["align", corpus, dictionary, Path(options.acoustic_model).resolve(), textgrids]
    words += ["-c", folder / "config.yaml", "--output_format", "long_textgrid"]
    words += ["--single_speaker"] if single_speaker else []
    return [*words, "--clean", "--overwrite", "-j", nj, "-t", folder / "temporary"]
