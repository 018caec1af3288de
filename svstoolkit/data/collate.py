"""Items of a dataset → one batch of tensors."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

Batch = dict[str, Tensor | list[str]]


def collate_utterances(items: Sequence[dict]) -> Batch:
    """B items of `UtteranceDataset`, padded with zeros at the end.

    Returns:
        utterances list of B; phones, languages, durations, slurs, note_indices (B, N) int64; notes MIDI,
        note_durations s, note_onsets s (B, N) float32;
        phone_lengths, singers (B,) int64; mel (B, T, n_mels), f0 Hz, energy (B, T) float32; frame_lengths (B,) int64.
    """
    padded = [name for name in items[0] if name not in ("utterance", "singer")]
    return {
        "utterances": [item["utterance"] for item in items],
        **{name: pad_sequence([_tensor(item[name]) for item in items], batch_first=True) for name in padded},
        "phone_lengths": torch.tensor([len(item["phones"]) for item in items]),
        "frame_lengths": torch.tensor([len(item["mel"]) for item in items]),
        "singers": torch.tensor([item["singer"] for item in items]),
    }


def collate_segments(items: Sequence[dict]) -> Batch:
    """B items of `SegmentDataset`, all of S frames, stacked.

    Returns:
        utterances list of B; singers (B,) int64; mel (B, S, n_mels), f0 Hz (B, S), audio (B, S·hop),
        frame_notes MIDI, frame_note_durations s (B, S) float32, frame_phones (B, S) int64, and reference (B, S·hop)
        where the dataset has references.
    """
    stacked = [name for name in items[0] if name not in ("utterance", "singer")]
    return {
        "utterances": [item["utterance"] for item in items],
        "singers": torch.tensor([item["singer"] for item in items]),
        **{name: torch.stack([_tensor(item[name]) for item in items]) for name in stacked},
    }


def _tensor(values: np.ndarray) -> Tensor:
    """A tensor of its own memory: arrays read from an archive may be read-only views."""
    return torch.from_numpy(np.array(values))
