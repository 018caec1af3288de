"""A text → the `Song` of its speech: a note without pitch for every word, a pause where punctuation has one.

What is written is read as it stands: numbers and abbreviations are to be written out before.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING

from svstoolkit.errors import InputError
from svstoolkit.score.languages.registry import syllables_of
from svstoolkit.score.song import PAUSE, Note, Song

if TYPE_CHECKING:
    from svstoolkit.score.languages.lexicon import Lexicon

PAUSES = re.compile(r"[,.;:!?…()\[\]—–、。，．；：！？]+|--+|(?<=\s)-+(?=\s)")  # quotation marks are not heard
EDGE, BETWEEN = 0.05, 0.2  # s of the pauses at both ends and between phrases, until their times are known
PHONE = 0.08  # s of a phone, likewise
SHORTEST_PHONE = 0.005  # s; what is faster than this for every phone is the wrong recording

Word = tuple[str, tuple[str, ...]]


def spoken_song(text: str, language: str, seconds: float | None = None, lexicon: "Lexicon | None" = None) -> Song:
    """The words of a text and their phones, SP before, after and at punctuation; times are provisional.

    All phones last alike, as an aligner starts from; stage 1 finds the true times of a recording's words.

    Args:
        text: running text.
        language: utt2lang code.
        seconds: length of the recording, which the song then has; None: 80 ms a phone.
        lexicon: the user's words.

    Raises:
        InputError: no word, one that the language cannot read, or more than `seconds` can hold.
    """
    phrases = [words for part in PAUSES.split(text) if (words := words_of(part, language, lexicon))]
    if not phrases:
        raise InputError(f"text {text!r} has no words; write what is said")
    pause: Word = (PAUSE, (PAUSE,))
    words = [pause, *(word for words in phrases for word in (*words, pause))]
    pauses = [EDGE, *[BETWEEN] * (len(phrases) - 1), EDGE]
    n_phones = sum(len(phones) for _, phones in words) - len(pauses)
    total = sum(pauses) + PHONE * n_phones if seconds is None else seconds
    shrunk = min(1.0, 0.5 * total / sum(pauses))  # a short recording has short pauses
    phone = (total - shrunk * sum(pauses)) / n_phones
    if phone < SHORTEST_PHONE:
        raise InputError(f"{total:.2f} s hold no {n_phones} phones: text {text!r} belongs to another recording")
    rests = iter(pauses)
    durations = [shrunk * next(rests) if word is pause else phone * len(word[1]) for word in words]
    ends = [*accumulate(durations[:-1]), total]
    notes = (
        Note(start, end - start, 0, lyric, phones)
        for (lyric, phones), start, end in zip(words, [0.0, *ends], ends, strict=False)
    )
    return Song(tuple(notes), language=language, estimated=True)


def words_of(text: str, language: str, lexicon: "Lexicon | None" = None) -> list[Word]:
    """The words of a text without punctuation, each with its phones; scripts without spaces give syllables.

    Raises:
        InputError: a word that the language cannot read.
    """
    if text.isascii():  # each word by itself, so that it is read once in a corpus
        return [word for part in text.split() for word in _read(part, language, lexicon)]
    return list(_read(text, language, lexicon))


@lru_cache(maxsize=65536)
def _read(text: str, language: str, lexicon: "Lexicon | None") -> Sequence[Word]:
    words: list[Word] = []
    lyric, phones = "", ()
    for syllable in syllables_of(text, language, lexicon):
        lyric, phones = lyric + syllable.lyric, phones + syllable.phones
        if syllable.ends_word:
            words.append((lyric, phones))
            lyric, phones = "", ()
    return tuple(words)
