"""Mandarin by Paraformer, whose package is stood in for: its calls, and what is made of its answer."""

import sys
from types import ModuleType

import numpy as np
import pytest

from svstoolkit.errors import InputError
from svstoolkit.evaluation.learned.registry import load_learned

VOICE = 0.1 * np.random.default_rng(0).normal(size=24000)


@pytest.fixture
def calls(monkeypatch, tmp_path):
    """What the stand-in for funasr was called with."""
    made = []

    class AutoModel:
        def __init__(self, model, device, **options):
            made.append((model, device))

        def generate(self, input, **options):
            made.append(len(input[0]))
            return [{"key": "k", "text": "妈 妈 爱 你"}]

    module = ModuleType("funasr")
    module.AutoModel = AutoModel
    monkeypatch.setitem(sys.modules, "funasr", module)
    monkeypatch.setattr("svstoolkit.evaluation.learned.weights.find_spec", lambda package: package == "funasr")
    return made


def test_characters_and_pinyin(calls, tmp_path):
    takes = [(VOICE, None, "马麻，爱你！"), (VOICE, None, "妈妈")]
    assert load_learned("cer", language="zh")(takes, 24000) == [50.0, 100.0]
    assert load_learned("cer_pinyin", tmp_path, language="zh")(takes, 24000) == [0.0, 100.0]
    assert calls == [("paraformer-zh", "cpu"), 16000, 16000, (str(tmp_path), "cpu"), 16000, 16000]


def test_pinyin_is_of_mandarin(calls):
    with pytest.raises(InputError, match="Mandarin"):
        load_learned("cer_pinyin", language="en")
