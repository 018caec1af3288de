"""Character error rate of a transcript against the lyrics, and what counts as a character."""

import unicodedata
from collections.abc import Sequence

import numpy as np

KEPT = ("L", "N", "M")  # Unicode categories: letters, numbers, and the marks that belong to letters


def edit_distance(hypothesis: Sequence, reference: Sequence) -> int:
    """Levenshtein distance: the fewest insertions, deletions and substitutions that make one of the other."""
    numbers = {token: i for i, token in enumerate(dict.fromkeys([*hypothesis, *reference]))}
    ours, theirs = (np.array([numbers[t] for t in tokens], dtype=int) for tokens in (hypothesis, reference))
    columns = np.arange(len(theirs) + 1)
    row = columns.copy()
    for i, token in enumerate(ours, start=1):
        kept_or_dropped = np.minimum(row[1:] + 1, row[:-1] + (theirs != token))
        row = np.concatenate([[i], kept_or_dropped])
        # an insertion costs one more than the cell to the left: a running minimum once the columns are taken off
        row = np.minimum.accumulate(row - columns) + columns
    return int(row[-1])


def characters(text: str) -> list[str]:
    """The letters and numbers of a text: compatibility forms unified (NFKC), no case, spaces or punctuation."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return [c for c in folded if unicodedata.category(c)[0] in KEPT]


def syllables(text: str) -> list[str]:
    """Mandarin as pinyin without tones, which singing has none of; what is no Chinese character stays a character."""
    from pypinyin import Style, lazy_pinyin

    return lazy_pinyin("".join(characters(text)), style=Style.NORMAL, errors=list)


def kana(text: str) -> list[str]:
    """Japanese as katakana of how it is said (ボクワ), so that lyrics in kana compare with kanji; by `pyopenjtalk`."""
    import pyopenjtalk

    return characters(pyopenjtalk.g2p("".join(characters(text)), kana=True))


def error_rate(hypothesis: Sequence, reference: Sequence) -> float:
    """Edit distance per reference token, %; above 100 where much was added.

    Raises:
        ValueError: the reference is empty.
    """
    if not reference:
        raise ValueError("has no lyrics with a letter in them")
    return 100 * edit_distance(hypothesis, reference) / len(reference)
