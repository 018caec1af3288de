"""The note contour and its neighbourhood against a search through every frame."""

import numpy as np
import torch

from svstoolkit.nn.melody import MIDDLE_C, melody_context, note_contour

NOTES = [0, 0, 60, 60, 0, 0, 0, 64, 64, 0, 62, 0, 0]


def test_rests_take_the_nearest_note():
    contour = note_contour(torch.tensor([NOTES], dtype=torch.float32))[0]
    sounding = [t for t, n in enumerate(NOTES) if n]
    for t in range(len(NOTES)):
        nearest = min(sounding, key=lambda s: abs(s - t))
        assert contour[t] == NOTES[nearest]


def test_without_notes_the_contour_is_middle_c():
    assert note_contour(torch.zeros(1, 3)).tolist() == [[MIDDLE_C] * 3]


def test_context_agrees_with_a_search():
    rng = np.random.default_rng(1)
    contour = np.repeat(rng.integers(55, 60, size=12), rng.integers(1, 4, size=12)).astype(np.float32)
    length, real = len(contour), len(contour) - 2
    contour[real:] = contour[real - 1]
    mask = torch.arange(length)[None] < real
    context = melody_context(torch.from_numpy(contour)[None], mask)
    for t in range(real):
        before = [s for s in range(t) if contour[s] != contour[t]]
        after = [s for s in range(t, real) if contour[s] != contour[t]]
        start = before[-1] + 1 if before else 0
        end = after[0] if after else real
        assert context.previous[0, t] == (contour[before[-1]] - contour[t] if before else 0)
        assert context.following[0, t] == (contour[after[0]] - contour[t] if after else 0)
        assert context.since_change[0, t] == t + 0.5 - start
        assert context.to_change[0, t] == end - t - 0.5
    assert not context.to_change[0, real:].any()
