"""The mel denoiser against the official code's numbers, and what padding may not change."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from svstoolkit.models.wavenet import WaveNet

sys.path.insert(0, str(Path(__file__).with_name("official")))
import seeded_denoiser as seeded


@pytest.mark.parametrize("cycle", seeded.CYCLES)
def test_official_weights_give_the_official_output(cycle):
    network = WaveNet(seeded.MELS, seeded.CONDITION, seeded.CHANNELS, seeded.LAYERS, 3, cycle)
    network.load_state_dict(seeded.weights(network.state_dict()))
    mel, condition = seeded.inputs()
    expected = torch.from_numpy(np.load(seeded.NUMBERS)[f"cycle{cycle}"])
    assert expected.std() > 0.1
    with torch.no_grad():
        found = network(mel, torch.tensor(seeded.STEPS).float(), condition)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


def test_the_paper_s_size():
    """C = 256, L = 20 (table 2): per block (3·C + H + C + C/2)·2C weights of convolutions, H = 256."""
    size = sum(p.numel() for p in WaveNet(80, 256).parameters())
    block = (3 * 256 + 256 + 256) * 512 + 3 * 512 + 256 * 257
    ends = 80 * 256 + 256 + 256 * 257 + 256 * 80 + 80
    assert size == 20 * block + ends + 256 * 1024 + 1024 + 1024 * 256 + 256


def test_a_padded_utterance_is_denoised_as_it_is_alone():
    torch.manual_seed(0)
    network = WaveNet(8, 6, 16, 4, 3, 2)
    torch.nn.init.normal_(network.output_projection.weight)
    mel, condition, step = torch.randn(2, 12, 8), torch.randn(2, 12, 6), torch.tensor([1.0, 40.5])
    mask = torch.arange(12) < torch.tensor([[12], [7]])
    together = network(mel, step, condition, mask)
    alone = network(mel[1:, :7], step[1:], condition[1:, :7])
    torch.testing.assert_close(together[1:, :7], alone, atol=1e-5, rtol=1e-5)
    spoilt = torch.where(mask[..., None], mel, torch.full_like(mel, 50.0))
    torch.testing.assert_close(network(spoilt, step, condition, mask)[1, :7], alone[0], atol=1e-5, rtol=1e-5)


def test_a_fresh_denoiser_says_only_its_bias():
    network = WaveNet(8, 6, 16, 4)
    found = network(torch.randn(1, 5, 8), torch.tensor([3.0]), torch.randn(1, 5, 6))
    torch.testing.assert_close(found, network.output_projection.bias.expand(1, 5, 8))


@pytest.mark.parametrize("wrong", [{"kernel": 4}, {"channels": 15}, {"layers": 0}])
def test_sizes_that_cannot_be_are_refused(wrong):
    with pytest.raises(ValueError, match="odd kernel"):
        WaveNet(8, 6, **wrong)
