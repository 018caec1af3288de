"""The phone table: one row per phone of a song, what every model reads of the score."""

import numpy as np

from svstoolkit.data.vocabulary import Vocabulary
from svstoolkit.score.song import Song

PHONE, DURATION, NOTE, NOTE_DURATION, SLUR, NOTE_INDEX, NOTE_ONSET = range(7)
N_COLUMNS = 7


def phone_table(
    song: Song, vocabulary: Vocabulary, durations: np.ndarray | None = None, utterance: str = ""
) -> np.ndarray:
    """The song as float32 (N, 7), one row per phone, columns

    PHONE id | DURATION frames, 0 where unknown | NOTE MIDI number, 0 = rest | NOTE_DURATION s | SLUR 0/1 |
    NOTE_INDEX of the phone's note in the song | NOTE_ONSET s

    Speech has NOTE, NOTE_DURATION and NOTE_ONSET 0 throughout: its words have times only where it was recorded, and
    what is still to be spoken has none. NOTE_INDEX tells its words apart.

    Args:
        durations: (N,) frames per phone, or None when they are still to be predicted.
        utterance: named in errors.

    Raises:
        InputError: a phone outside the vocabulary.
        ValueError: `durations` has another length than the song has phones.
    """
    ids = vocabulary.phone_ids(song.qualified_phones, utterance)
    if durations is None:
        durations = np.zeros(len(ids))
    if len(durations) != len(ids):
        raise ValueError(f"{len(durations)} durations for {len(ids)} phones")
    table = np.zeros((len(ids), N_COLUMNS), dtype=np.float32)
    table[:, PHONE] = ids
    table[:, DURATION] = durations
    notes = [(n.pitch, n.duration, n.slur, i, n.onset) for i, n in enumerate(song.notes) for _ in n.phones]
    table[:, NOTE:] = np.array(notes, dtype=np.float64).reshape(len(ids), 5)
    if song.spoken:
        table[:, [NOTE_DURATION, NOTE_ONSET]] = 0.0
    return table


def per_frame(table: np.ndarray, column: int) -> np.ndarray:
    """A column of the phone table (N, 7) repeated by the durations: (T,) with T = sum of DURATION."""
    return np.repeat(table[:, column], table[:, DURATION].astype(np.int64))
