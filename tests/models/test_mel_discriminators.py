"""Discriminators of mels: sizes, which frames and bands each one sees, and that padding is nothing to them."""

import pytest
import torch

from svstoolkit.models.mel_discriminators import RandomWindowDiscriminators, SubFrequencyDiscriminators, cut

SMALL = {"channels": 4, "layers": 2, "dropout": 0.0}


def inputs(lengths=(30, 12), n_mels=10, seed=0) -> dict[str, torch.Tensor]:
    torch.manual_seed(seed)
    shape = (len(lengths), max(lengths))
    return {
        "mel": torch.randn(*shape, n_mels) - 5,
        "lengths": torch.tensor(lengths),
        "phones": torch.randint(1, 7, shape),
        "notes": torch.randint(50, 70, shape).float(),
        "singers": torch.tensor([0, 1]),
    }


def judge(model, data) -> torch.Tensor:
    """Scores (discriminators, B), windows as the seed draws them."""
    torch.manual_seed(3)
    return torch.stack([scores.squeeze(1) for scores, _ in model(starts=model.draw(data["lengths"]), **data)])


def test_size_at_the_default_widths():
    """Convolutions 1→128→128→128 of 3×3, then one score of a map of W/8 × 10: near DiffSinger's 0.963 M."""
    with torch.device("meta"):
        model = RandomWindowDiscriminators(80)
    count = sum(p.numel() for name, p in model.named_parameters() if not name.endswith("original0"))
    by_hand = sum(9 * 128 + 128 + 2 * (9 * 128 * 128 + 128) + 128 * window // 8 * 10 + 1 for window in (32, 64, 128))
    assert count == by_hand == 925_187
    assert count == pytest.approx(0.963e6, rel=0.05)


def test_windows_lie_within_their_utterances_everywhere_equally():
    torch.manual_seed(0)
    model = RandomWindowDiscriminators(4, windows=(4, 9), **SMALL)
    lengths = torch.tensor([7, 9, 2]).repeat_interleave(4000)
    short, long = model.draw(lengths).view(2, 3, 4000)
    counts = torch.bincount(short[0])
    assert counts.tolist() == pytest.approx([1000] * 4, rel=0.15)  # 4 places for 4 frames in 7
    assert short[1].max() == 5
    assert not short[2].any()
    assert not long.any()  # 9 frames in 9, in 7 and in 2
    torch.manual_seed(5)
    once = model.draw(lengths)
    torch.manual_seed(5)
    assert torch.equal(model.draw(lengths), once)


def test_a_window_is_a_slice_and_nothing_beyond_the_end():
    x = torch.randn(2, 3, 20, 5)
    windows = cut(x, torch.tensor([4, 0]), 8, torch.tensor([20, 6]))
    assert torch.equal(windows[0], x[0, :, 4:12])
    assert torch.equal(windows[1, :, :6], x[1, :, :6])
    assert not windows[1, :, 6:].any()


@pytest.mark.parametrize("known", [{}, {"n_phones": 7, "n_singers": 2}])
@pytest.mark.parametrize("kind", [RandomWindowDiscriminators, SubFrequencyDiscriminators])
def test_padding_and_neighbours_change_nothing(kind, known):
    torch.manual_seed(0)
    model = kind(10, windows=(8, 16), **SMALL, **known)
    data = inputs()
    data["mel"].requires_grad_()
    scores = judge(model, data)
    scores.sum().backward()
    assert data["mel"].grad[1, :12].abs().sum() > 0
    assert not data["mel"].grad[1, 12:].any()
    other = {**inputs(seed=9), "lengths": data["lengths"], "singers": data["singers"]}
    for name in ("mel", "phones", "notes"):
        other[name][1, :12] = data[name][1, :12]  # the second utterance beside another first, with other padding
    assert torch.equal(judge(model, other)[:, 1], scores[:, 1])
    assert not torch.equal(judge(model, other)[:, 0], scores[:, 0])


@pytest.mark.parametrize(("n_mels", "edges"), [(80, (40, 20, 60, 40)), (128, (64, 32, 96, 64)), (10, (5, 2, 8, 5))])
def test_each_discriminator_sees_its_bands_alone(n_mels, edges):
    torch.manual_seed(0)
    model = SubFrequencyDiscriminators(n_mels, windows=(8,), **SMALL)
    data = inputs(n_mels=n_mels)
    data["mel"].requires_grad_()
    for scores, (low, high) in zip(judge(model, data), ((0, edges[0]), edges[1:3], (edges[3], n_mels)), strict=True):
        (gradient,) = torch.autograd.grad(scores.sum(), data["mel"], retain_graph=True)
        seen = gradient.abs().sum((0, 1)) > 0
        assert seen[low:high].all()
        assert seen.sum() == high - low


def test_a_discriminator_of_the_score_hears_wrong_notes():
    torch.manual_seed(0)
    model = RandomWindowDiscriminators(10, windows=(8,), **SMALL, n_phones=7, n_singers=2)
    data = inputs()
    scores = judge(model, data)
    for name, value in (
        ("phones", 7 - data["phones"]),
        ("notes", data["notes"] + 1),
        ("singers", data["singers"].flip(0)),
    ):
        assert (judge(model, {**data, name: value}) - scores).abs().min() > 1e-4, name
    assert RandomWindowDiscriminators(10, windows=(8,), **SMALL).knows_the_score is False


@pytest.mark.parametrize(
    "wrong",
    [{"windows": ()}, {"windows": (0,)}, {"kernel": 2}, {"layers": 0}, {"n_phones": 5}, {"bands": [[0.5, 0.5]]},
     {"bands": [[0.0, 1.2]]}, {"bands": []}, {"bands": [[0.1]]}],
)  # fmt: skip
def test_impossible_sizes_are_refused(wrong):
    with pytest.raises(ValueError, match=r"must be|both"):
        SubFrequencyDiscriminators(10, **wrong)
