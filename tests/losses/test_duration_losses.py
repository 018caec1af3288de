"""Durations of notes and sentences against sums by hand."""

import math

import pytest
import torch

from svstoolkit.losses.durations import note_duration_loss, note_sums, sentence_duration_loss

DURATIONS = torch.tensor([[3, 5, 4, 2], [6, 2, 0, 0]])
NOTES = torch.tensor([[0, 0, 1, 3], [0, 1, 0, 0]])  # note 2 of the first has no phones; the second is padded
MASK = torch.tensor([[True] * 4, [True, True, False, False]])


def test_sums_over_notes():
    sums, there = note_sums(DURATIONS.float(), NOTES, MASK)
    assert sums.tolist() == [[8, 4, 0, 2], [6, 2, 0, 0]]
    assert there.tolist() == [[True, True, False, True], [True, True, False, False]]


def test_what_phones_of_a_note_exchange_costs_nothing():
    moved = torch.log1p(DURATIONS.float() + torch.tensor([[1.0, -1, 0, 0], [0, 0, 0, 0]]))
    assert note_duration_loss(moved, DURATIONS, NOTES, MASK) < 1e-10
    across = torch.log1p(DURATIONS.float() + torch.tensor([[0, 1.0, -1, 0], [0, 0, 0, 0]]))
    expected = (math.log(10 / 9) ** 2 + math.log(4 / 5) ** 2) / 5  # of five notes, two are wrong
    assert note_duration_loss(across, DURATIONS, NOTES, MASK).item() == pytest.approx(expected, rel=1e-4)
    assert sentence_duration_loss(across, DURATIONS, MASK) < 1e-10


def test_sentences():
    longer = torch.log1p(DURATIONS.float() + torch.tensor([[0, 0, 0, 1.0], [0, 0, 9, 9]]))  # padding does not count
    expected = math.log(16 / 15) ** 2 / 2
    assert sentence_duration_loss(longer, DURATIONS, MASK).item() == pytest.approx(expected, rel=1e-4)
