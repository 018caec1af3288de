"""The schedule against its formula, and DiffSinger's numbers."""

import pytest
import torch

from svstoolkit.training.schedules import InverseSquareRootLR


def test_warm_up_then_inverse_square_root():
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.5)
    schedule = InverseSquareRootLR(optimizer, warmup_steps=4)
    rates = []
    for _ in range(16):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    assert rates[:4] == pytest.approx([0.125, 0.25, 0.375, 0.5])
    assert rates[15] == pytest.approx(0.25)  # √(4/16)
    assert max(rates) == 0.5


def test_it_is_attention_is_all_you_needs():
    hidden, warmup = 256, 2000
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=(hidden * warmup) ** -0.5)
    schedule = InverseSquareRootLR(optimizer, warmup)
    for step in (1, 1500, 2000, 9000):
        schedule.last_epoch = step - 1
        expected = hidden**-0.5 * min(step**-0.5, step * warmup**-1.5)
        assert schedule.get_lr()[0] == pytest.approx(expected)


def test_no_warm_up_is_refused():
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.5)
    with pytest.raises(ValueError, match="warmup_steps"):
        InverseSquareRootLR(optimizer, 0)
