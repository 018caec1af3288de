"""The languages lyrics may be in. A language is its phones of a lyric, and which of them sit on the beat."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from svstoolkit.errors import InputError
from svstoolkit.score.song import REST_PHONES


@dataclass(frozen=True)
class Language:
    """phones_of: one note's lyric → its phones; is_vowel: whether a phone sits on the beat."""

    phones_of: Callable[[str], tuple[str, ...]]
    is_vowel: Callable[[str], bool]


def _mandarin() -> Language:
    from svstoolkit.score.mandarin import is_mandarin_vowel, phones_of_mandarin

    return Language(phones_of_mandarin, is_mandarin_vowel)


def _japanese() -> Language:
    from svstoolkit.score.kana import is_japanese_vowel, phones_of_kana

    return Language(phones_of_kana, is_japanese_vowel)


LANGUAGES = {"ja": _japanese, "zh": _mandarin}  # modules are imported when first asked for: g2p packages are heavy


@cache
def language(code: str) -> Language:
    """The language of an utt2lang code.

    Raises:
        InputError: unknown code; lists the known ones.
    """
    if code not in LANGUAGES:
        raise InputError(f"language {code!r} is not known; known are {', '.join(sorted(LANGUAGES))} (see utt2lang)")
    return LANGUAGES[code]()


def phones_of(lyric: str, code: str) -> tuple[str, ...]:
    """The phones of one note's lyric; a rest ("SP", "AP") is its own phone.

    Raises:
        InputError: unknown language, or a lyric it cannot read.
    """
    return (lyric,) if lyric in REST_PHONES else language(code).phones_of(lyric)


def is_vowel(phone: str, code: str) -> bool:
    """True for phones that sit on the beat: Mandarin finals, Japanese a i u e o N; never a rest.

    Raises:
        InputError: unknown language.
    """
    return phone not in REST_PHONES and language(code).is_vowel(phone)
