"""The best path through left-to-right state sequences, a batch of utterances at a time."""

import torch
from torch import Tensor


def viterbi(
    emissions: Tensor,
    stay: Tensor,
    leave: Tensor,
    n_frames: Tensor,
    n_states: Tensor,
    change: Tensor | None = None,
    sensitive: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Exact Viterbi search (Rabiner 1989, eqs. 32–35) through chains without skips.

    Every path starts in an utterance's first state at its first frame, ends in its last state at its last frame, and
    at each frame stays or moves one state on. The recursion runs once over time for the whole batch.

    Args:
        emissions: (T, B, S) log likelihood of frame t of utterance b in its s-th state; anything in the padding.
        stay, leave: (B, S) log weight of staying in a state, of moving on from it.
        n_frames, n_states: (B,) int64, n_states <= n_frames.
        change: (T, B) log weight that moving on at frame t has besides, into states that are …
        sensitive: … 1 here (B, S), and not 0.

    Returns:
        positions (T, B) int64, the state of each frame, n_states − 1 in the padding; score (B,) of the best path.

    Raises:
        ValueError: an utterance has fewer frames than states, so no path exists.
    """
    if bool((n_frames < n_states).any()):
        raise ValueError(f"utterance {int((n_frames < n_states).nonzero()[0])} has fewer frames than states")
    steps, batch, states = emissions.shape
    minus_infinity = torch.full((batch, 1), -torch.inf, dtype=emissions.dtype, device=emissions.device)
    last = (n_states - 1)[:, None]
    best = torch.full((batch, states), -torch.inf, dtype=emissions.dtype, device=emissions.device)
    best[:, 0] = emissions[0, :, 0]
    moved = torch.zeros((steps, batch, states), dtype=torch.bool, device=emissions.device)
    finals = [best.gather(1, last)]
    for t in range(1, steps):
        arriving = torch.cat([minus_infinity, (best + leave)[:, :-1]], dim=1)
        if change is not None:
            arriving = arriving + change[t][:, None] * sensitive
        best = best + stay
        torch.gt(arriving, best, out=moved[t])
        best = torch.maximum(arriving, best).add_(emissions[t])
        finals.append(best.gather(1, last))
    score = torch.cat(finals, dim=1).gather(1, (n_frames - 1)[:, None])[:, 0]
    return _trace(moved, n_frames, n_states), score


def _trace(moved: Tensor, n_frames: Tensor, n_states: Tensor) -> Tensor:
    """Follows the decisions (T, B, S) back from each utterance's last frame and state."""
    steps = len(moved)
    times = torch.arange(steps, device=moved.device)[:, None]
    inside = times < n_frames  # a step back from t happens only where frame t belongs to the utterance
    positions = torch.empty((steps, len(n_frames)), dtype=torch.int64, device=moved.device)
    state = n_states - 1
    for t in range(steps - 1, -1, -1):
        positions[t] = state
        state = state - (moved[t].gather(1, state[:, None])[:, 0] & inside[t]).long()
    return positions


def batches_by_length(n_frames: Tensor, n_states: Tensor, cells: int) -> list[list[int]]:
    """Groups utterances of similar length so that one padded (T, B, S) table holds at most `cells` numbers.

    Args:
        n_frames, n_states: (U,) int64.
        cells: budget; one utterance larger than it is a batch of its own.

    Returns:
        Indices per batch, longest utterances first.
    """
    order = torch.argsort(n_frames, descending=True, stable=True).tolist()
    frames, states = n_frames.tolist(), n_states.tolist()
    groups: list[list[int]] = []
    widest = 0
    for i in order:
        if groups and frames[groups[-1][0]] * (len(groups[-1]) + 1) * max(widest, states[i]) <= cells:
            groups[-1].append(i)
            widest = max(widest, states[i])
        else:
            groups.append([i])
            widest = states[i]
    return groups
