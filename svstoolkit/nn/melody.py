"""The note contour of a score, frame by frame, and what comes before and after each note."""

from typing import NamedTuple

import torch
from torch import Tensor

MIDDLE_C = 60.0  # the contour of an utterance without any note


class MelodyContext(NamedTuple):
    """The contour's neighbourhood, all (B, T).

    previous, following: semitones from this pitch to the one before and the one after (0 at the ends)
    since_change, to_change: frames from the last change of pitch (or the beginning) to the frame's centre, and from
    there to the next change (or the utterance's end)
    """

    previous: Tensor
    following: Tensor
    since_change: Tensor
    to_change: Tensor


def note_contour(notes: Tensor) -> Tensor:
    """notes: (B, T) MIDI numbers, 0 = rest or padding → (B, T), rests filled with the nearest sounding note's pitch."""
    length = notes.shape[1]
    frames = torch.arange(length, device=notes.device).expand_as(notes)
    sounding = notes > 0
    last = torch.where(sounding, frames, torch.full_like(frames, -length)).cummax(1).values
    following = torch.where(sounding, frames, torch.full_like(frames, 2 * length)).flip(1).cummin(1).values.flip(1)
    nearest = torch.where(frames - last <= following - frames, last, following).clamp(0, length - 1)
    contour = notes.gather(1, nearest)
    return torch.where(sounding.any(1, keepdim=True), contour, torch.full_like(notes, MIDDLE_C))


def melody_context(contour: Tensor, mask: Tensor) -> MelodyContext:
    """contour: (B, T) MIDI numbers without gaps; mask: (B, T) bool → intervals and times to the next pitches.

    The times are 0 where masked.
    """
    length = contour.shape[1]
    frames = torch.arange(length, device=contour.device).expand(contour.shape)
    changes = torch.zeros_like(contour, dtype=torch.bool)
    changes[:, 1:] = contour[:, 1:] != contour[:, :-1]
    start = torch.where(changes, frames, torch.zeros_like(frames)).cummax(1).values
    at_or_after = torch.where(changes, frames, torch.full_like(frames, length)).flip(1).cummin(1).values.flip(1)
    end = torch.cat((at_or_after[:, 1:], torch.full_like(at_or_after[:, :1], length)), dim=1)
    end = torch.minimum(end, mask.sum(1, keepdim=True))
    previous = contour.gather(1, (start - 1).clamp(min=0)) - contour
    following = contour.gather(1, end.clamp(max=length - 1)) - contour
    centres = frames + 0.5
    return MelodyContext(previous, following, (centres - start) * mask, (end - centres) * mask)
