"""The batched search against every path written out."""

from itertools import combinations, pairwise

import pytest
import torch

from svstoolkit.align.viterbi import batches_by_length, viterbi


def best_by_enumeration(emissions, stay, leave):
    """All paths of one utterance (T, S): choose the frames at which the next state begins."""
    frames, states = emissions.shape
    best, best_path = -float("inf"), None
    for starts in combinations(range(1, frames), states - 1):
        path = [sum(t >= s for s in starts) for t in range(frames)]
        score = sum(float(emissions[t, s]) for t, s in enumerate(path))
        for before, after in pairwise(path):
            score += float(stay[before] if before == after else leave[before])
        if score > best:
            best, best_path = score, path
    return best, best_path


def test_equals_enumeration_in_a_padded_batch():
    generator = torch.Generator().manual_seed(3)
    for _ in range(20):
        n_states = torch.randint(1, 5, (4,), generator=generator)
        n_frames = n_states + torch.randint(0, 6, (4,), generator=generator)
        shape = (int(n_frames.max()), 4, int(n_states.max()))
        emissions = torch.randn(shape, generator=generator, dtype=torch.float64)
        stay, leave = (torch.randn((4, shape[2]), generator=generator, dtype=torch.float64) for _ in range(2))
        positions, score = viterbi(emissions, stay, leave, n_frames, n_states)
        for b in range(4):
            frames, states = int(n_frames[b]), int(n_states[b])
            expected, path = best_by_enumeration(emissions[:frames, b, :states], stay[b], leave[b])
            assert float(score[b]) == pytest.approx(expected, abs=1e-9)
            assert positions[:frames, b].tolist() == path
            assert torch.all(positions[frames:, b] == states - 1)


def test_change_counts_only_where_a_sensitive_state_is_entered():
    generator = torch.Generator().manual_seed(5)
    for _ in range(20):
        frames, states = 9, 4
        emissions = torch.randn((frames, states), generator=generator, dtype=torch.float64)
        change = 3 * torch.randn(frames, generator=generator, dtype=torch.float64)
        sensitive = torch.tensor([0.0, 1.0, 0.0, 1.0], dtype=torch.float64)
        stay, leave = torch.zeros(states, dtype=torch.float64), torch.zeros(states, dtype=torch.float64)
        best = -float("inf")
        for starts in combinations(range(1, frames), states - 1):
            path = [sum(t >= s for s in starts) for t in range(frames)]
            score = sum(float(emissions[t, s]) for t, s in enumerate(path))
            score += sum(float(change[t] * sensitive[s]) for s, t in enumerate(starts, start=1))
            if score > best:
                best, best_path = score, path
        sizes = (torch.tensor([frames]), torch.tensor([states]))
        found, score = viterbi(emissions[:, None], stay[None], leave[None], *sizes, change[:, None], sensitive[None])
        assert float(score[0]) == pytest.approx(best, abs=1e-9)
        assert found[:, 0].tolist() == best_path


def test_fewer_frames_than_states_is_refused():
    with pytest.raises(ValueError, match="utterance 1"):
        viterbi(torch.zeros(3, 2, 4), torch.zeros(2, 4), torch.zeros(2, 4), torch.tensor([3, 3]), torch.tensor([3, 4]))


def test_batches_hold_everyone_once_within_the_budget():
    generator = torch.Generator().manual_seed(0)
    n_frames = torch.randint(10, 500, (100,), generator=generator)
    n_states = torch.randint(3, 60, (100,), generator=generator)
    groups = batches_by_length(n_frames, n_states, 50_000)
    assert sorted(i for group in groups for i in group) == list(range(100))
    for group in groups:
        cells = int(n_frames[group].max()) * len(group) * int(n_states[group].max())
        assert len(group) == 1 or cells <= 50_000
    assert len(groups) < 60
    assert [len(g) for g in batches_by_length(n_frames, n_states, 1)] == [1] * 100
