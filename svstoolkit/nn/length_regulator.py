"""From phones to frames and back to the phone a frame lies in (FastSpeech, section 3.2)."""

from typing import NamedTuple

import torch
from torch import Tensor

from svstoolkit.nn.masks import length_mask


class FramePosition(NamedTuple):
    """Where each frame of a batch lies.

    phone: (B, T) int64, index of the phone that holds the frame (any valid index where masked)
    since_start, to_end: (B, T) float, frames from the phone's start to the frame's centre, and on to the phone's end
    mask: (B, T) bool, True = real frame
    """

    phone: Tensor
    since_start: Tensor
    to_end: Tensor
    mask: Tensor


def frame_positions(durations: Tensor) -> FramePosition:
    """durations: (B, N) int64 frames, 0 for padding → T = the longest sum. A phone of no frames holds none."""
    ends = durations.cumsum(1)
    lengths = ends[:, -1]
    frames = torch.arange(int(lengths.max()), device=durations.device)
    mask = length_mask(lengths, len(frames))
    phone = torch.searchsorted(ends, frames.expand(len(durations), -1).contiguous(), right=True)
    phone = phone.clamp(max=durations.shape[1] - 1)
    centres = frames + 0.5
    end = ends.gather(1, phone)
    start = end - durations.gather(1, phone)
    zero = torch.zeros((), device=durations.device)
    return FramePosition(phone, torch.where(mask, centres - start, zero), torch.where(mask, end - centres, zero), mask)


def phones_to_frames(x: Tensor, position: FramePosition) -> Tensor:
    """The length regulator: x (B, N) or (B, N, C) → (B, T) or (B, T, C), each phone repeated over its frames.

    Masked frames are 0.
    """
    if x.dim() == 2:
        return x.gather(1, position.phone) * position.mask
    repeated = x.gather(1, position.phone[..., None].expand(-1, -1, x.shape[2]))
    return repeated * position.mask[..., None]
