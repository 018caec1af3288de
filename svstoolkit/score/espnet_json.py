"""ESPnet's score JSON: {"tempo", "item_list": ["st", "et", "lyric", "midi", "phns"], "note": [[…], …]}."""

import json
from pathlib import Path

from svstoolkit.errors import InputError
from svstoolkit.score.song import SLUR_LYRIC, Note, Song

ITEMS = ["st", "et", "lyric", "midi", "phns"]


def song_to_json(song: Song) -> str:
    """The song in ESPnet's form; phones of a note are joined by "_", a rest has midi 0."""
    notes = [[round(n.onset, 6), round(n.end, 6), n.lyric, n.pitch, "_".join(n.phones)] for n in song.notes]
    return json.dumps({"tempo": song.tempo, "item_list": ITEMS, "note": notes}, ensure_ascii=False)


def read_score_json(path: str | Path, language: str = "zh") -> Song:
    """Reads a score JSON written by ESPnet or by us.

    Raises:
        InputError: the file is missing, is no JSON, or a note is malformed; names the file and the note.
    """
    path = Path(path)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        items, rows = content["item_list"], content["note"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: not an ESPnet score JSON ({error!r}); write it again with stage 0") from error
    if sorted(items) != sorted(ITEMS):
        raise InputError(f"{path}: item_list is {items}, expected {ITEMS}")
    order = [items.index(name) for name in ITEMS]
    notes = tuple(_note(path, number, [row[i] for i in order]) for number, row in enumerate(rows, 1))
    return Song(notes, tempo=float(content.get("tempo", 120.0)), language=language)


def _note(path: Path, number: int, row: list) -> Note:
    start, end, lyric, midi, phones = row
    if not end > start:
        raise InputError(f"{path}: note {number} ({lyric}) ends at {end} s, not after its start {start} s")
    if not 0 <= midi <= 127:
        raise InputError(f"{path}: note {number} ({lyric}) has midi {midi}; expected 0 (rest) or 1–127")
    return Note(float(start), float(end) - float(start), midi, lyric, tuple(phones.split("_")), lyric == SLUR_LYRIC)
