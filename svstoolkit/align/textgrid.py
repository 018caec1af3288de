"""Praat TextGrids, as Montreal Forced Aligner writes them."""

from pathlib import Path

from svstoolkit.data.directory import Label
from svstoolkit.errors import InputError


def read_textgrid(path: str | Path, tier: str = "phones") -> Label:
    """The intervals of one tier, blank ones included with the name "".

    Raises:
        InputError: no TextGrid, or none with such an interval tier; names the file.
    """
    from praatio import textgrid
    from praatio.utilities.errors import PraatioException

    try:
        grid = textgrid.openTextgrid(str(path), includeEmptyIntervals=True)
    except (OSError, ValueError, IndexError, PraatioException) as error:
        raise InputError(f"{path}: cannot be read as a TextGrid ({error}); align again") from error
    if tier not in grid.tierNames:
        raise InputError(f"{path}: no tier {tier!r}; it has {', '.join(grid.tierNames)}")
    return [(float(start), float(end), name) for start, end, name in grid.getTier(tier).entries]
