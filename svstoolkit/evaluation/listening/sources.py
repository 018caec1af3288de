"""The recordings a listening test is made of: a folder for each system, the same utterances in all."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from svstoolkit.errors import InputError
from svstoolkit.evaluation.folders import list_sounds
from svstoolkit.evaluation.metrics import FLOOR, GROUND_TRUTH

SHOWN = 5  # missing files or faults named in an error


@dataclass(frozen=True)
class Sources:
    """files: system → utterance → recording; utterances: those that every system has, sorted"""

    files: dict[str, dict[str, Path]]
    utterances: tuple[str, ...]
    reference: str | None

    def sound(self, system: str, utterance: str) -> Path:
        return self.files[system][utterance]


def gather(folders: dict[str, Path], reference: str | None, exclude: Iterable[str] = ()) -> Sources:
    """Looks which utterances there are.

    Args:
        folders: system → folder of `<utterance>` .wav, .flac, … or a Kaldi wav.scp
        reference: the system that is the recording itself
        exclude: utterances to leave out

    Raises:
        InputError: a folder is not there or empty, or an utterance is missing in one of them or there twice.
    """
    if FLOOR in folders:
        raise InputError(f"--systems: {FLOOR} is the name of the attention checks' noise; rename the system")
    files: dict[str, dict[str, Path]] = {}
    for system, folder in folders.items():
        files[system], problems = list_sounds(folder)
        if problems:
            raise InputError(f"system {system}: {problems[0][2]}; remove one of them")
        if not files[system]:
            raise InputError(f"{folder} (system {system}) has no recordings; they must be named <utterance>.wav")
    every = set().union(*files.values())
    excluded = set(exclude)
    if unknown := excluded - every:
        raise InputError(f"--exclude: no folder has the utterance {min(unknown)}")
    missing = [(s, u) for s in folders for u in sorted(every - excluded - set(files[s]))]
    if missing:
        listed = "; ".join(f"{u} in {folders[s]} (system {s})" for s, u in missing[:SHOWN])
        rest = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
        raise InputError(
            f"every system must have every utterance; missing: {listed}{rest}. Add them, or leave the utterances out: "
            f"--exclude {' '.join(sorted({u for _, u in missing}))}"
        )
    utterances = tuple(sorted(every - excluded))
    if not utterances:
        raise InputError("--exclude leaves no utterance")
    return Sources(files, utterances, reference)


def system_folders(
    systems: Sequence[str] | None,
    decode_dir: Path | None,
    set_name: str,
    mode: str,
    only: Sequence[str] | None,
    reference: str | None,
) -> tuple[dict[str, Path], str | None]:
    """Folders by system from the command line's two forms, NAME=FOLDER or a decoding folder; and the reference's name.

    Args:
        systems: NAME=FOLDER each
        decode_dir, set_name, mode: what stage 7 decoded
        only: systems to take; None: all
        reference: one of the systems, or a folder of recordings, which is then called ground_truth

    Raises:
        InputError: neither or both forms are given, a name is given twice or unknown.
    """
    if (systems is None) == (decode_dir is None):
        raise InputError("give either --systems NAME=FOLDER … or --decode_dir FOLDER")
    folders = _named(systems) if systems else _decoded(decode_dir, set_name, mode)
    if only:
        if unknown := [name for name in only if name not in folders]:
            raise InputError(f"--only: there is no system {unknown[0]}; there are {', '.join(folders)}")
        folders = {name: folders[name] for name in only}
    if reference is None or reference in folders:
        return folders, reference
    if not Path(reference).is_dir():
        raise InputError(f"--reference: {reference} is neither one of the systems ({', '.join(folders)}) nor a folder")
    if GROUND_TRUTH in folders:
        raise InputError(f"--reference: there is a system named {GROUND_TRUTH} already; rename it")
    return {GROUND_TRUTH: Path(reference), **folders}, GROUND_TRUTH


def _named(systems: Sequence[str]) -> dict[str, Path]:
    folders: dict[str, Path] = {}
    for item in systems:
        name, equals, folder = item.partition("=")
        if not (name and equals and folder):
            raise InputError(f"--systems: {item!r} is not of the form NAME=FOLDER")
        if name in folders:
            raise InputError(f"--systems: {name} is given twice")
        folders[name] = Path(folder)
    return folders


def _decoded(decode_dir: Path, set_name: str, mode: str) -> dict[str, Path]:
    from svstoolkit.evaluation.decoded import find_decoded

    if not decode_dir.is_dir():
        raise InputError(f"{decode_dir} does not exist: nothing was decoded yet; run stage 7 (decode) first")
    folders = {d.system: d.folder / "wav" for d in find_decoded(decode_dir, set_name) if d.mode == mode}
    if not folders:
        raise InputError(f"{decode_dir}: nothing of the set {set_name} was decoded in the mode {mode}")
    return folders


def choose_utterances(utterances: Sequence[str], number: int | None, seed: int) -> tuple[list[str], list[str]]:
    """`number` of the sorted utterances, one from each of as many equal stretches of the list; and those left.

    Ids sort by singer and song, so that a choice spread over the list is spread over those too.

    Raises:
        InputError: there are not so many.
    """
    number = len(utterances) if number is None else number
    if not 1 <= number <= len(utterances):
        raise InputError(f"--utterances {number}: there are {len(utterances)}; give 1 to {len(utterances)}")
    random = np.random.default_rng([seed, 3])
    edges = np.linspace(0, len(utterances), number + 1)
    indices = {int(i) for i in np.floor(edges[:-1] + random.random(number) * np.diff(edges))}
    # stretches that are not whole numbers long can share an utterance
    while len(indices) < number:
        indices.add(min(set(range(len(utterances))) - indices))
    chosen = [u for i, u in enumerate(utterances) if i in indices]
    return chosen, [u for i, u in enumerate(utterances) if i not in indices]


def read(path: Path) -> tuple[np.ndarray, int]:
    """A recording as one channel, the mean of its channels: (L,) float64, and its sampling rate in Hz.

    Raises:
        ValueError: it cannot be read.
    """
    import soundfile

    try:
        audio, rate = soundfile.read(path, dtype="float64", always_2d=True)
    except (soundfile.SoundFileError, OSError) as error:
        raise ValueError(f"cannot be read ({error})") from error
    return audio.mean(axis=1), rate
