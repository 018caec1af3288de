"""Montreal Forced Aligner 3.x: found, run and read back."""

import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from svstoolkit.align.mfa_corpus import sound_boundaries_of_intervals, write_corpus
from svstoolkit.align.textgrid import read_textgrid
from svstoolkit.align.transcript import Transcript
from svstoolkit.data.files import write_text
from svstoolkit.errors import InputError

REMEDY = (
    "install it with `conda create -n mfa -c conda-forge montreal-forced-aligner` and set mfa.command to "
    "`conda run -n mfa mfa`, or align with --aligner hmm, which needs nothing"
)
VERSION_SECONDS = 180


@dataclass(frozen=True)
class Mfa:
    """How MFA is called and trained. Its own defaults let a phone last one frame and invent pauses in singing; these
    settings do not (monophone training, three states per phone).

    command: the words before `train`, e.g. `conda run -n mfa mfa`
    beam, retry_beam, self_loop_scale, silence_probability, boost_silence: MFA's configuration keys of these names
    iterations, max_gaussians: of the monophone training
    states_per_phone: least and greatest number of states
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

    def configuration(self) -> dict:
        monophone = {
            "num_iterations": self.iterations,
            "max_gaussians": self.max_gaussians,
            "boost_silence": self.boost_silence,
        }
        return {
            "beam": self.beam,
            "retry_beam": self.retry_beam,
            "self_loop_scale": self.self_loop_scale,
            "silence_probability": self.silence_probability,
            "boost_silence": self.boost_silence,
            "training": [{"monophone": monophone}],
        }


def require_mfa(command: str) -> str:
    """The version of an MFA that can really run.

    `mfa` on the PATH is not enough: installed by pip it lacks Kaldi's bindings, and `mfa version` fails; and that
    does not notice that OpenFst's programs are missing.

    Raises:
        InputError: what is missing, and the remedy.
    """
    words = shlex.split(command)
    if not words or shutil.which(words[0]) is None:
        raise InputError(f"Montreal Forced Aligner is not here (no program {command!r}); {REMEDY}")
    try:
        done = subprocess.run([*words, "version"], capture_output=True, text=True, timeout=VERSION_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise InputError(f"`{command} version` gave no answer in {VERSION_SECONDS} s; {REMEDY}") from error
    if done.returncode != 0:
        reason = _last_line(done.stderr) or f"exit status {done.returncode}"
        raise InputError(f"`{command} version` fails ({reason}): this Montreal Forced Aligner cannot run; {REMEDY}")
    version = _last_line(done.stdout)
    if not version.startswith("3."):
        raise InputError(f"Montreal Forced Aligner 3.x is needed, {command!r} is version {version!r}; {REMEDY}")
    if len(words) == 1 and shutil.which("fstcompile") is None:
        raise InputError(f"Montreal Forced Aligner {version} is here, but not OpenFst's `fstcompile`; {REMEDY}")
    return version


def align_with_mfa(
    folder: Path,
    transcripts: Sequence[Transcript],
    wavs: Mapping[str, str],
    durations: Mapping[str, float],
    options: Mfa,
    nj: int,
) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Trains MFA on the corpus and reads its alignment.

    Args:
        folder: corpus, configuration, log, TextGrids and MFA's temporary files go here.
        wavs, durations: per utterance the recording and its seconds.

    Returns:
        Sound boundaries (U+1,) in seconds per aligned utterance, and the reason per utterance that was not:
        MFA leaves utterances out without a word.

    Raises:
        InputError: MFA is not usable or stops with an error.
    """
    require_mfa(options.command)
    shutil.rmtree(folder, ignore_errors=True)
    dictionary = write_corpus(folder, transcripts, wavs)
    _write_configuration(folder, sorted(dictionary.phones.values()), options)
    _run_mfa(folder, options.command, nj, single_speaker=len({t.speaker for t in transcripts}) == 1)
    return read_alignments(folder / "textgrids", transcripts, dictionary, durations)


def read_alignments(
    folder: Path, transcripts: Sequence[Transcript], dictionary, durations: Mapping[str, float]
) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Sound boundaries per utterance and reasons of failure, from <folder>/<singer>/<utterance>.TextGrid."""
    boundaries, failures = {}, {}
    for t in transcripts:
        path = folder / t.speaker / f"{t.utterance}.TextGrid"
        try:
            if not path.is_file():
                raise ValueError("MFA wrote no TextGrid for it (too short for its phones, or no path found)")
            intervals = read_textgrid(path)
            boundaries[t.utterance] = sound_boundaries_of_intervals(intervals, t, dictionary, durations[t.utterance])
        except ValueError as error:
            failures[t.utterance] = str(error)
    return boundaries, failures


def _write_configuration(folder: Path, phones: Sequence[str], options: Mfa) -> None:
    import yaml

    states = {"min_states": options.states_per_phone, "max_states": options.states_per_phone}
    write_text(folder / "config.yaml", yaml.safe_dump(options.configuration(), sort_keys=False))
    write_text(folder / "topology.yaml", yaml.safe_dump({phone: dict(states) for phone in phones}))


def _run_mfa(folder: Path, command: str, nj: int, single_speaker: bool) -> None:
    folder = folder.resolve()
    words = [*shlex.split(command), "train", folder / "corpus", folder / "dictionary.txt", folder / "model.zip"]
    words += ["--output_directory", folder / "textgrids", "--output_format", "long_textgrid"]
    words += ["-c", folder / "config.yaml", "--topology_path", folder / "topology.yaml"]
    words += ["--single_speaker"] if single_speaker else []
    words += ["--clean", "--overwrite", "-j", nj, "-t", folder / "temporary"]
    log = folder / "mfa.log"
    with log.open("w", encoding="utf-8") as file:
        done = subprocess.run(list(map(str, words)), stdout=file, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        reason = _last_line(log.read_text(encoding="utf-8", errors="replace")) or "no message"
        raise InputError(f"`{command} train` stopped with exit status {done.returncode} ({reason}); see {log}")


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""
