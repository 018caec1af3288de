"""VGGish: its input against a sine's closed form, and its layout."""

import numpy as np
import pytest
import torch

from svstoolkit.errors import InputError
from svstoolkit.evaluation.learned.embeddings import VGGISH_FILE, _vggish, vggish_examples
from svstoolkit.evaluation.learned.registry import load_learned

RATE = 16000


def test_a_sine_lies_in_its_mel_band():
    t = np.arange(2 * RATE) / RATE
    examples = vggish_examples(np.sin(2 * np.pi * 1000 * t))
    assert examples.shape == (2, 1, 96, 64)  # 0.96 s each; the last 80 ms are left over
    mel = 1127 * np.log1p(np.array([125, 1000, 7500]) / 700)
    band = 65 * (mel[1] - mel[0]) / (mel[2] - mel[0]) - 1
    assert abs(examples.mean(axis=(0, 1, 2)).argmax() - band) <= 1
    assert vggish_examples(np.zeros(RATE)).max() == np.float32(np.log(0.01))


def test_fad_by_vggish(tmp_path):
    torch.manual_seed(0)
    with torch.device("meta"):
        shapes = {name: tensor.shape for name, tensor in _vggish().state_dict().items()}
    weights = {name: torch.rand(shape).sub_(0.5).mul_(0.05) for name, shape in shapes.items()}
    torch.save(weights, tmp_path / VGGISH_FILE)
    score = load_learned("fad", tmp_path)
    voices = [0.1 * np.random.default_rng(i).normal(size=2 * RATE) for i in range(2)]
    assert score([(v, v, None) for v in voices], RATE) == [pytest.approx(0, abs=1e-9)]
    assert score([(np.cumsum(v) / 50, v, None) for v in voices], RATE)[0] > 1e-9
    assert np.isnan(score([(voices[0][:8000], voices[0], None)], RATE)[0])
    torch.save({"features.0.weight": torch.zeros(1)}, tmp_path / VGGISH_FILE)
    with pytest.raises(InputError, match="does not fit"):
        load_learned("fad", tmp_path)
