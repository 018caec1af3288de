"""Duration losses of whole notes and whole utterances, beside those of single phones."""

import torch
from torch import Tensor


def note_sums(values: Tensor, note_indices: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Sums over the phones of each note.

    values: (B, N); note_indices: (B, N) int64; mask: (B, N) bool, True = real
    → (B, M) with M = the largest index + 1, and (B, M) bool, True where a note has phones
    """
    count = int(note_indices.max()) + 1
    sums = values.new_zeros(len(values), count).scatter_add(1, note_indices, values * mask)
    phones = torch.zeros_like(sums).scatter_add(1, note_indices, mask.to(sums.dtype))
    return sums, phones > 0


def log_mse(prediction: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Mean squared difference of ln(1 + x) where `mask` is True; x ≥ 0, any shape; 0 when nothing is."""
    difference = torch.log1p(prediction) - torch.log1p(target)
    return (difference.square() * mask).sum() / mask.sum().clamp(min=1)


def note_duration_loss(log_durations: Tensor, durations: Tensor, note_indices: Tensor, mask: Tensor) -> Tensor:
    """Log-MSE of the durations of whole notes: rhythm survives when only its phones are off.

    XiaoiceSing's syllable duration loss (Lu et al. 2020), DiffSinger's word-level one.

    log_durations: (B, N) predicted ln(frames + 1); durations: (B, N) int64 frames; note_indices, mask: see `note_sums`
    """
    predicted, real = note_sums(torch.expm1(log_durations).clamp(min=0.0), note_indices, mask)
    return log_mse(predicted, note_sums(durations.to(predicted.dtype), note_indices, mask)[0], real)


def sentence_duration_loss(log_durations: Tensor, durations: Tensor, mask: Tensor) -> Tensor:
    """Log-MSE of the durations of whole utterances; arguments as in `note_duration_loss`."""
    predicted = (torch.expm1(log_durations).clamp(min=0.0) * mask).sum(1)
    target = (durations.to(predicted.dtype) * mask).sum(1)
    return log_mse(predicted, target, torch.ones_like(target, dtype=torch.bool))
