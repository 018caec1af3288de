"""What a song is: notes with lyrics and phones. Times in seconds, pitch in MIDI numbers (0 = rest).

Speech is a song without pitch: a note of pitch 0 for every word, with the word as lyric and its phones, and SP where
the voice pauses (`Song.spoken`; `score.speech` makes one of a text). When its words begin is known of a recording
alone, so nothing that a model reads of the score tells it: see `data.phone_table`.
"""

from dataclasses import dataclass, replace

SLUR_LYRIC = "—"  # ESPnet's continuation lyric: the syllable goes on over this note
PAUSE, BREATH = "SP", "AP"  # Opencpop's names for silence and aspiration; both are rests
REST_PHONES = frozenset({PAUSE, BREATH})
LONGEST = 1e5  # s, more than a day: a number beyond is no time


def qualified(phone: str, language: str) -> str:
    """A phone's name among the phones of several languages: "zh/a"; rests are everybody's."""
    return phone if phone in REST_PHONES else f"{language}/{phone}"


@dataclass(frozen=True)
class Note:
    """One note of a score.

    onset: seconds from the start of the song; the *vowel* belongs on it, consonants take time from what precedes
    duration: seconds
    pitch: MIDI number, 0 = rest, or a spoken word
    lyric: as printed; "—" continues the syllable before; "SP" / "AP" on rests
    phones: the lyric's phones; for a continuation its repeated vowel, for a rest ("SP",) or ("AP",)
    slur: True on a continuation
    """

    onset: float
    duration: float
    pitch: float
    lyric: str
    phones: tuple[str, ...]
    slur: bool = False

    @property
    def end(self) -> float:
        return self.onset + self.duration

    @property
    def is_rest(self) -> bool:
        """No pitch: the melody rests, in silence, for a breath, or under a spoken word."""
        return self.pitch == 0

    @property
    def is_silent(self) -> bool:
        """Neither sung nor spoken."""
        return self.pitch == 0 and REST_PHONES.issuperset(self.phones)


@dataclass(frozen=True)
class Song:
    """A phrase or a song: contiguous notes, rests included, in order of onset.

    The phone sequence of the song is the concatenation of its notes' phones; labels and token
    tables everywhere in the toolkit follow it one to one.
    """

    notes: tuple[Note, ...]
    tempo: float = 120.0
    language: str = "zh"
    estimated: bool = False  # True: nobody wrote this score down, it was read off a recording's alignment and F0

    @property
    def phones(self) -> tuple[str, ...]:
        return tuple(phone for note in self.notes for phone in note.phones)

    @property
    def qualified_phones(self) -> tuple[str, ...]:
        """`phones` as models know them, by language."""
        return tuple(qualified(phone, self.language) for phone in self.phones)

    @property
    def spoken(self) -> bool:
        """Speech: words, and no pitch on any of them."""
        return all(note.is_rest for note in self.notes) and not all(note.is_silent for note in self.notes)

    @property
    def duration(self) -> float:
        return self.notes[-1].end if self.notes else 0.0

    @property
    def lyrics(self) -> str:
        """The words: scripts without spaces run on, words in letters are set apart, their parts ("some-") joined."""
        syllables = [note.lyric for note in self.notes if not note.is_silent and note.lyric != SLUR_LYRIC]
        spaced = (s[:-1] if s.endswith("-") and len(s) > 1 else f"{s} " if s.isascii() else s for s in syllables)
        return "".join(spaced).strip()

    def transposed(self, semitones: float) -> "Song":
        """The same song, sounding notes `semitones` higher."""
        notes = tuple(n if n.is_rest else replace(n, pitch=n.pitch + semitones) for n in self.notes)
        return replace(self, notes=notes)

    def stretched(self, factor: float) -> "Song":
        """The same song, every time multiplied by `factor`."""
        notes = tuple(replace(n, onset=n.onset * factor, duration=n.duration * factor) for n in self.notes)
        return replace(self, notes=notes, tempo=self.tempo / factor)
