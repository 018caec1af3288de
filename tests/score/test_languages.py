import pytest

from svstoolkit.errors import InputError
from svstoolkit.score.languages import LANGUAGES, is_vowel, phones_of


def test_japanese():
    assert phones_of("きゃ", "ja") == ("ky", "a")
    assert is_vowel("a", "ja")
    assert not is_vowel("ky", "ja")


def test_mandarin():
    assert phones_of("茉", "zh") == ("m", "o")
    assert is_vowel("o", "zh")
    assert not is_vowel("m", "zh")


@pytest.mark.parametrize("code", sorted(LANGUAGES))
@pytest.mark.parametrize("rest", ["SP", "AP"])
def test_rests_are_their_own_phone_and_no_vowel(code, rest):
    assert phones_of(rest, code) == (rest,)
    assert not is_vowel(rest, code)


def test_unknown_language_lists_the_known():
    with pytest.raises(InputError, match=r"'xx'.*ja, zh"):
        phones_of("la", "xx")
    with pytest.raises(InputError, match=r"'xx'.*ja, zh"):
        is_vowel("a", "xx")
