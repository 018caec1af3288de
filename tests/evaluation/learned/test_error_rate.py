"""Edit distance against the recursive definition; what counts as a character."""

import sys
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest

from svstoolkit.evaluation.learned.error_rate import characters, edit_distance, error_rate, kana, syllables


def by_definition(a: str, b: str) -> int:
    @cache
    def distance(i: int, j: int) -> int:
        if not i or not j:
            return i + j
        substituted = distance(i - 1, j - 1) + (a[i - 1] != b[j - 1])
        return min(distance(i - 1, j) + 1, distance(i, j - 1) + 1, substituted)

    return distance(len(a), len(b))


def test_edit_distance():
    assert edit_distance("kitten", "sitting") == 3
    rng = np.random.default_rng(0)
    for _ in range(50):
        a, b = ("".join(rng.choice(list("abc"), rng.integers(0, 12))) for _ in range(2))
        assert edit_distance(a, b) == by_definition(a, b), (a, b)


def test_characters():
    assert "".join(characters("Don't stop，你 好！ＡＢ１ é")) == "dontstop你好ab1é"
    assert error_rate(characters("你 好 吗。"), characters("你好")) == 50
    with pytest.raises(ValueError, match="no lyrics"):
        error_rate(characters("a"), characters("…！"))


def test_homophones_are_one_syllable():
    """妈妈 and 马麻 differ in every character and tone, and in no syllable."""
    assert error_rate(characters("妈妈爱你"), characters("马麻爱你")) == 50
    assert error_rate(syllables("妈妈，爱你"), syllables("马麻爱你 ")) == 0
    assert syllables("你ok") == ["ni", "o", "k"]


def test_kana_and_kanji_of_one_reading(monkeypatch):
    """pyopenjtalk's own answers, so that the test does without it."""
    readings = {"僕は歌う": "ボクワウタウ", "ぼくわうたう": "ボクワウタウ"}
    monkeypatch.setitem(sys.modules, "pyopenjtalk", SimpleNamespace(g2p=lambda text, kana: readings[text]))
    assert error_rate(kana("僕は、歌う。"), kana("ぼくわ うたう")) == 0
