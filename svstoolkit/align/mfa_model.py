"""A Montreal Forced Aligner model that is given: which phones it knows, and what it calls ours."""

import json
import zipfile
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

from svstoolkit.align.transcript import Transcript
from svstoolkit.errors import InputError
from svstoolkit.score.song import PAUSE

NOISE = "spn"  # MFA's phone of unknown words, in every model; a breath may be mapped to it


def model_phones(path: str | Path) -> frozenset[str]:
    """The phones of an acoustic model, from its meta.json.

    Raises:
        InputError: there is no such file, or it is no acoustic model of MFA.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(
            f"mfa.acoustic_model: {path} does not exist; give the .zip of a model (an earlier run of stage 1 leaves "
            "exp/align/mfa/model.zip, `mfa model download acoustic NAME` fetches MFA's own)"
        )
    try:
        with zipfile.ZipFile(path) as archive:
            name = next(name for name in archive.namelist() if Path(name).name == "meta.json")
            return frozenset(json.loads(archive.read(name))["phones"])
    except (zipfile.BadZipFile, StopIteration, ValueError, KeyError, TypeError) as error:
        raise InputError(f"mfa.acoustic_model: {path} is no acoustic model of MFA ({error!r}); train one") from error


def read_phone_map(path: str | Path | None) -> dict[str, str]:
    """`our phone: the model's phones, separated by blanks`, from a YAML file; {} without one.

    Raises:
        InputError: the file is missing or not such a mapping.
    """
    if path is None:
        return {}
    import yaml

    try:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise InputError(f"mfa.phone_map: {path} cannot be read ({error})") from error
    if not isinstance(content, dict) or not all(isinstance(v, str) and v.split() for v in content.values()):
        raise InputError(f"mfa.phone_map: {path} should hold lines `our phone: the model's phones`, in quotes")
    return {str(ours): " ".join(theirs.split()) for ours, theirs in content.items()}


def missing_phones(
    transcripts: Sequence[Transcript], names: Mapping[str, str], known: frozenset[str], model: str | Path
) -> dict[str, str]:
    """Utterances with a phone that the model lacks. MFA drops such a syllable's pronunciation and aligns it as noise.

    Args:
        names: our phone → the model's phones, separated by blanks.
        known: phones of the model.

    Returns:
        Per utterance: the phone, its syllable, and the model's nearest phones.
    """
    failures = {}
    for t in transcripts:
        for phone, note in zip(t.phones, t.note_of_phone.tolist(), strict=True):
            if phone == PAUSE or set(names[phone].split()) <= known | {NOISE}:
                continue
            syllable = "".join(p for p, n in zip(t.phones, t.note_of_phone.tolist(), strict=True) if n == note)
            near = get_close_matches(phone, sorted(known), 3, 0.0)
            failures[t.utterance] = (
                f"phone {phone!r} of the syllable {syllable!r} (note {note + 1}) is not among the {len(known)} phones "
                f"of {model}; nearest there: {', '.join(near)}; name its phones for ours in mfa.phone_map"
            )
            break
    return failures
