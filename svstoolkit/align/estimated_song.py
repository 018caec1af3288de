"""One utterance's score, read off its label and its F0."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from svstoolkit.data.directory import Label
from svstoolkit.features.note_estimation import SungNote, estimate_notes, tuning
from svstoolkit.score.song import SLUR_LYRIC, Note, Song
from svstoolkit.score.timing import as_sung

LEAST = 0.03  # s that a change of note leaves of the vowel on both sides


@dataclass
class _Item:
    """A syllable or a rest: its lyric, its phones with their times, its notes; `held`: the phone slurs repeat."""

    lyric: str
    label: Label
    is_rest: bool
    nucleus: int = 0
    held: int = 0
    notes: list[SungNote] = field(default_factory=list)

    @property
    def onset(self) -> float:
        """Where its note begins: the vowel on the beat, consonants in the time of what precedes."""
        return self.label[self.nucleus][0]


def estimated_song(
    song: Song, label: Label, f0: np.ndarray, frame_period: float, is_vowel: Callable[[str], bool]
) -> tuple[Song, Label]:
    """The same syllables with the notes that were sung, and the label that goes with them.

    Slurs of the song given are forgotten first, so what comes out does not depend on an earlier estimate. Notes begin
    where their vowels do, rests where they do in the label; the first note or rest begins at 0. Pitches are whole MIDI
    numbers, counted from the singer's own tuning. A syllable without F0 has the pitch of the syllable nearest in time.
    Where it goes on to another note its last vowel is repeated, in the label too, and what follows that vowel moves to
    the last note.

    Args:
        song: tempo, lyrics, phones; its pitch is kept where the whole recording has no F0.
        label: the times of `song.phones`, from 0 to the end of the recording.
        f0: (T,) Hz, 0 = unvoiced; frame t is centred at (t + ½)·frame_period s.
        is_vowel: phone → may it carry a beat.

    Raises:
        ValueError: the label's phones are not the song's.
    """
    items = _items(song, label, is_vowel)
    sung = [item for item in items if not item.is_rest]
    spans = [(item.onset, item.label[item.held][1]) for item in sung]
    for item, notes in zip(sung, estimate_notes(f0, frame_period, spans), strict=True):
        item.notes = _kept(notes, item.label[item.held])
    _round_pitches(sung, next((n.pitch for n in song.notes if not n.is_rest), 60))
    starts = [0.0, *(item.onset for item in items[1:]), label[-1][1]]
    notes, new_label = [], []
    for item, (start, end) in zip(items, pairwise(starts), strict=True):
        made, phones = _made(item, start, end)
        notes += made
        new_label += phones
    return replace(song, notes=tuple(notes), estimated=True), new_label


def timed_speech(song: Song, label: Label, is_vowel: Callable[[str], bool]) -> Song:
    """The same words where they were spoken: from the start of a word's first vowel to that of the next word's.

    song: spoken
    label: the times of `song.phones`, from 0 to the end of the recording.

    Raises:
        ValueError: the label has not as many phones as the song.
    """
    timed = as_sung(song, np.array([0.0, *(end for _, end, _ in label)]), is_vowel)
    first = replace(timed.notes[0], onset=0.0, duration=timed.notes[0].end)
    return replace(timed, notes=(first, *timed.notes[1:]), estimated=True)


def _items(song: Song, label: Label, is_vowel: Callable[[str], bool]) -> list[_Item]:
    """Syllables and rests; a slur's vowel is one phone with the vowel it repeats."""
    if tuple(phone for *_, phone in label) != song.phones:
        raise ValueError("the label's phones are not those of the song")
    items: list[_Item] = []
    first = 0
    for note in song.notes:
        own = list(label[first : first + len(note.phones)])
        first += len(note.phones)
        if note.slur and items and not items[-1].is_rest:
            before = items[-1].label
            if before[-1][2] == own[0][2]:
                before[-1] = (before[-1][0], own[0][1], own[0][2])
                own = own[1:]
            before += own
        else:
            items.append(_Item(note.lyric, own, note.is_rest))
    for item in items:
        vowels = [i for i, (*_, phone) in enumerate(item.label) if is_vowel(phone)]
        if vowels and not item.is_rest:
            item.nucleus, item.held = vowels[0], vowels[-1]
    return items


def _kept(notes: Sequence[SungNote], vowel: tuple[float, float, str]) -> list[SungNote]:
    """The notes that begin well inside the vowel that slurs repeat; others are one with the longer one beside them."""
    inside = [vowel[0] + LEAST <= note.start <= vowel[1] - LEAST for note in notes]
    found = [notes[0]]
    for note, kept in zip(notes[1:], inside[1:], strict=True):
        if kept:
            found.append(note)
        else:
            longer = max(found[-1], note, key=lambda n: n.end - n.start)
            found[-1] = SungNote(found[-1].start, note.end, longer.pitch)
    return found


def _round_pitches(items: Sequence[_Item], otherwise: float) -> None:
    """Whole semitones for every note; equal neighbours in a syllable are one."""
    notes = [note for item in items for note in item.notes]
    pitches = np.array([note.pitch for note in notes])
    seconds = np.array([note.end - note.start for note in notes])
    offset = tuning(pitches, seconds)
    heard = np.flatnonzero(pitches > 0)
    middles = np.array([(note.start + note.end) / 2 for note in notes])
    for item in items:
        rounded: list[SungNote] = []
        for note in item.notes:
            middle = (note.start + note.end) / 2
            pitch = pitches[heard[np.argmin(np.abs(middles[heard] - middle))]] - offset if len(heard) else otherwise
            pitch = float(np.clip(round(pitch), 1, 127))
            if rounded and rounded[-1].pitch == pitch:
                rounded[-1] = replace(rounded[-1], end=note.end)
            else:
                rounded.append(replace(note, pitch=pitch))
        item.notes = rounded


def _made(item: _Item, start: float, end: float) -> tuple[list[Note], Label]:
    """The item's notes between `start` and `end`, and its label."""
    phones = [phone for *_, phone in item.label]
    if item.is_rest:
        return [Note(start, end - start, 0, item.lyric, tuple(phones))], item.label
    changes = [round(note.start, 3) for note in item.notes[1:]]
    times = [start, *changes, end]
    own = [phones[: item.held + 1], *([phones[item.held]] for _ in changes)]
    own[-1] += phones[item.held + 1 :]
    notes = [
        Note(a, b - a, int(note.pitch), SLUR_LYRIC if i else item.lyric, tuple(part), slur=i > 0)
        for i, (note, part, (a, b)) in enumerate(zip(item.notes, own, pairwise(times), strict=True))
    ]
    vowel_start, vowel_end, vowel = item.label[item.held]
    held = [(a, b, vowel) for a, b in pairwise([vowel_start, *changes, vowel_end])]
    return notes, [*item.label[: item.held], *held, *item.label[item.held + 1 :]]
