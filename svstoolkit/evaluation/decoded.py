"""What stage 7 left: for each system, mode and set a folder of wavs and a decode.json."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from svstoolkit.errors import InputError
from svstoolkit.evaluation.metrics import CEILING, FLOOR, GROUND_TRUTH, MODES


@dataclass(frozen=True)
class Decoded:
    """One system's singing of one set in one mode.

    wall_seconds, audio_seconds: computing time and length of the whole set, s
    parameters: number of weights; steps: sampling steps, None where there are none
    times: utterance → (seconds of singing, seconds of computing)
    multiply_adds_per_second: of singing, for the whole way from the score; None where they cannot be counted
    """

    system: str
    mode: str
    set_name: str
    folder: Path
    rtf: float
    audio_seconds: float
    wall_seconds: float
    hardware: str
    parameters: int | None
    steps: int | None
    times: dict[str, tuple[float, float]]
    multiply_adds_per_second: float | None = None

    def wav(self, utterance: str) -> Path:
        return self.folder / "wav" / f"{utterance}.wav"

    def frames(self, utterance: str) -> Path:
        """Optional: npz with the durations (N,) in frames the utterance was sung with."""
        return self.folder / "frames" / f"{utterance}.npz"


def find_decoded(decode_dir: Path, set_name: str) -> list[Decoded]:
    """Every finished `<decode_dir>/<system>/<mode>/<set>/`, the ceiling first, then by name and number.

    Raises:
        InputError: nothing was decoded, a decode.json is missing or malformed, or a system has a reserved name.
    """
    folders = sorted(decode_dir.glob(f"*/*/{set_name}"), key=lambda p: _order(p.parts[-3], p.parts[-2]))
    if not folders:
        raise InputError(f"{decode_dir}: no decoded singing of the set {set_name}; run stage 7 (decode) first")
    return [_read(folder) for folder in folders]


def _order(system: str, mode: str) -> tuple:
    numbers_by_value = [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", system)]
    return system != CEILING, numbers_by_value, mode


def _read(folder: Path) -> Decoded:
    system, mode, set_name = folder.parts[-3:]
    path = folder / "decode.json"
    if mode not in MODES:
        raise InputError(f"{folder}: {mode!r} is no decoding mode; the modes are {', '.join(MODES)}")
    if system in (GROUND_TRUTH, FLOOR):
        raise InputError(f"{folder}: {system} is the name of a reference row; rename the system")
    if not path.is_file():
        raise InputError(f"{path} does not exist: decoding of {system} was not finished; run stage 7 (decode) again")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return Decoded(
            system,
            mode,
            set_name,
            folder,
            rtf=float(content["rtf"]),
            audio_seconds=float(content["audio_seconds"]),
            wall_seconds=float(content["wall_seconds"]),
            hardware=str(content["hardware"]),
            parameters=content.get("parameters"),
            steps=content.get("steps"),
            multiply_adds_per_second=content.get("multiply_adds_per_second"),
            times={u: (float(t["seconds"]), float(t["wall"])) for u, t in content["utterances"].items()},
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: not a record of decoding ({error!r}); run stage 7 (decode) again") from error
