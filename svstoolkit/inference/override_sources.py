"""Where overrides come from: a `.ds` file, a file of overrides, F0 to follow. Checked before any model is loaded."""

from pathlib import Path

from svstoolkit.data.definition_file import read_definition
from svstoolkit.data.vocabulary import Vocabulary
from svstoolkit.inference.ds_overrides import ds_overrides
from svstoolkit.inference.f0_following import read_f0
from svstoolkit.inference.overridden_singing import check_singers
from svstoolkit.inference.overrides import Overrides
from svstoolkit.inference.overrides_file import read_overrides
from svstoolkit.inference.phone_times import check_phone_times
from svstoolkit.score.languages.registry import is_vowel
from svstoolkit.score.song import Song
from svstoolkit.systems.loading import require_trained


def gather_overrides(
    source: Path,
    song: Song,
    acoustic: Path,
    *,
    ds_curves: bool = True,
    overrides: Path | None = None,
    f0: Path | None = None,
    language: str | None = None,
    singer: str | None = None,
    checkpoint: str | int = "latest",
) -> list[Overrides]:
    """The overrides of a song as written, each over those before it: the score's own, the file's, the F0's.

    Args:
        source: the score's file, of which only a `.ds` says more than its song.
        acoustic: the experiment of the voice's acoustic model; its definition and its singers are looked at.
        singer: who was asked for: then a `.ds` file does not say who sings.

    Raises:
        InputError: anything in them that no voice, or not this one, could sing.
    """
    layers = []
    if ds_curves and source.suffix.lower() == ".ds":
        layers.append(ds_overrides(source, song, language, singers=singer is None))
    if overrides is not None:
        layers.append(read_overrides(overrides, song))
    if f0 is not None:
        require_trained(acoustic, checkpoint)
        layers.append(read_f0(f0, song, read_definition(acoustic / "features.yaml")))
    if not layers:
        return []
    check_phone_times(song, layers, lambda phone: is_vowel(phone, song.language))
    if any(layer.singer_names for layer in layers):
        require_trained(acoustic, checkpoint)
        check_singers(layers, Vocabulary.from_json(acoustic / "vocabulary.json").singers)
    return layers
