"""The discriminators: published sizes, and shapes worked out by hand."""

import pytest
import torch

from svstoolkit.models.hifigan_discriminators import HifiGanDiscriminators, PeriodDiscriminator, ScaleDiscriminator


def conv_parameters(layers: list[tuple[int, int, int, int]]) -> int:
    """Weights and biases of (in, out, kernel, groups) convolutions."""
    return sum(after * before // groups * kernel + after for before, after, kernel, groups in layers)


PERIOD = [(1, 32, 5, 1), (32, 128, 5, 1), (128, 512, 5, 1), (512, 1024, 5, 1), (1024, 1024, 5, 1), (1024, 1, 3, 1)]
SCALE = [
    (1, 128, 15, 1),
    (128, 128, 41, 4),
    (128, 256, 41, 16),
    (256, 512, 41, 16),
    (512, 1024, 41, 16),
    (1024, 1024, 41, 16),
    (1024, 1024, 5, 1),
    (1024, 1, 3, 1),
]


def test_sizes_at_the_default_widths():
    with torch.device("meta"):
        period, scale = PeriodDiscriminator(2), ScaleDiscriminator()
    for model, layers in ((period, PERIOD), (scale, SCALE)):
        count = sum(p.numel() for name, p in model.named_parameters() if not name.endswith("original0"))
        assert count == conv_parameters(layers)


def test_period_shapes():
    scores, maps = PeriodDiscriminator(3, channels=2)(torch.randn(2, 1000))
    rows = 334  # 1000 samples reflected to 1002, in rows of 3
    expected = []
    for width in (2, 8, 32, 64):
        rows = (rows + 2 * 2 - 5) // 3 + 1
        expected.append((2, width, rows, 3))
    expected += [(2, 64, rows, 3), (2, 1, rows, 3)]
    assert [tuple(m.shape) for m in maps] == expected
    assert scores.shape == (2, rows * 3)


def test_period_sees_every_nth_sample_in_one_column():
    """With (k, 1) kernels, a change of samples 0, 3, 6 … of the input reaches column 0 alone."""
    model = PeriodDiscriminator(3, channels=2)
    audio = torch.randn(1, 300)
    changed = audio.clone()
    changed[0, ::3] += 1.0
    difference = (model(audio)[1][-2] - model(changed)[1][-2]).abs().sum((0, 1, 2))
    assert difference[0] > 0
    assert not difference[1:].any()


def test_scale_shapes_and_halving():
    model = HifiGanDiscriminators(periods=(), scales=2, scale_channels=4)
    (_, full), (scores, halved) = model(torch.randn(2, 1024))
    assert [m.shape[1] for m in full] == [4, 4, 8, 16, 32, 32, 32, 1]
    assert [m.shape[2] for m in full] == [1024, 512, 256, 64, 16, 16, 16, 16]
    assert [m.shape[2] for m in halved] == [513, 257, 129, 33, 9, 9, 9, 9]  # pooling pads by 2: 1024 → 513
    assert scores.shape == (2, 9)


def test_all_of_them_judge_and_learn():
    torch.manual_seed(0)
    model = HifiGanDiscriminators(periods=(2, 3), scales=2, period_channels=2, scale_channels=4)
    judgements = model(torch.randn(2, 2048))
    assert len(judgements) == 4
    sum(scores.square().mean() for scores, _ in judgements).backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())


def test_first_scale_is_spectrally_normed():
    torch.manual_seed(0)
    first = HifiGanDiscriminators(periods=(), scales=1, scale_channels=8).scales[0]
    for _ in range(30):  # one power iteration per forward pass
        first(torch.randn(1, 512))
    weight = first.convs[3].weight
    assert torch.linalg.matrix_norm(weight.flatten(1), ord=2).item() == pytest.approx(1.0, abs=0.02)


def test_refuses_nothing_to_do():
    with pytest.raises(ValueError, match="at least one"):
        HifiGanDiscriminators(periods=(), scales=0)
