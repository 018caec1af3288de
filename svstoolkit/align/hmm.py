"""A monophone GMM-HMM: one left-to-right chain of states per phone, aligned by Viterbi, batch by batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from svstoolkit.align.change import ChangeModel
from svstoolkit.align.gmm import Mixture, StateLikelihoods, reestimated, single_gaussian
from svstoolkit.align.viterbi import batches_by_length, viterbi
from svstoolkit.errors import InputError
from svstoolkit.score.song import REST_PHONES
from svstoolkit.score.timing import with_minimum_duration

BATCH_CELLS = 6_000_000  # numbers in one padded (time, utterance, state) table


@dataclass(frozen=True)
class Acoustics:
    """Utterances ready for alignment, their frames laid end to end.

    frames: (F, D) float32, on the device that computes
    n_frames: (U,) int64 per utterance, sum F
    states: per utterance its chain of state numbers, (n·sounds,) int64
    change: (F,) `spectral_change` of each frame
    """

    frames: Tensor
    n_frames: Tensor
    states: list[Tensor]
    change: Tensor

    @classmethod
    def of(
        cls,
        features: Sequence[Tensor],
        states: Sequence[Tensor],
        changes: Sequence[Tensor],
        device: torch.device | str = "cpu",
    ):
        """features: (T_u, D), states: (n·sounds,), changes: (T_u,) per utterance"""
        lengths = torch.tensor([len(f) for f in features])
        return cls(torch.cat(list(features)).to(device), lengths, list(states), torch.cat(list(changes)).to(device))

    @property
    def changes(self) -> tuple[Tensor, ...]:
        """`change` per utterance"""
        return self.change.split(self.n_frames.tolist())

    @cached_property
    def batches(self) -> list[list[int]]:
        return batches_by_length(self.n_frames, torch.tensor([len(s) for s in self.states]), BATCH_CELLS)

    def subset(self, keep: Sequence[int]) -> "Acoustics":
        parts = self.frames.split(self.n_frames.tolist())
        change = torch.cat([self.changes[i] for i in keep])
        states = [self.states[i] for i in keep]
        return Acoustics(torch.cat([parts[i] for i in keep]), self.n_frames[list(keep)], states, change)


@dataclass(frozen=True)
class ScoreWindow:
    """Holds sounds near their place in the score: a frame outside a sound's place costs its distance.

    The place is from `margin` frames before the sound's start in the score to as many after its end.

    boundaries: per utterance (U+1,) frames, where the score puts the sounds
    price: log likelihood lost per frame, for each frame of distance
    """

    boundaries: list[Tensor]
    margin: float
    price: float = 1.0

    def cost(self, utterance: int, n_frames: int, states_per_phone: int) -> Tensor:
        """(T, n·U) to be taken from the emissions of an utterance."""
        edges = self.boundaries[utterance].repeat_interleave(states_per_phone)
        times = torch.arange(n_frames, device=edges.device)[:, None]
        early = edges[:-states_per_phone] - self.margin - times
        late = times - (edges[states_per_phone:] + self.margin)
        return self.price * torch.maximum(early, late).clamp_min_(0)

    def subset(self, keep: Sequence[int]) -> "ScoreWindow":
        return ScoreWindow([self.boundaries[i] for i in keep], self.margin, self.price)


@dataclass(frozen=True)
class Alignment:
    """positions (F,): which state of its utterance's chain each frame is in; score (U,): of the best paths."""

    positions: Tensor
    score: Tensor


class PhoneHmm:
    """The acoustic model: `states_per_phone` states per phone, each a mixture and a probability of staying.

    Args:
        phones: their names; phone i has the states i·n … i·n + n−1.
        states_per_phone: n; a phone lasts at least n frames.
        mixtures: one per state.
        stay: (P,) probability of staying in a state.
        transition_weight: what a transition's log probability counts against one frame's log likelihood.
        change: what spectral change says of boundaries; None: it is not looked at.
        change_weight: what that counts against one frame's log likelihood.
    """

    def __init__(
        self,
        phones: Sequence[str],
        states_per_phone: int,
        mixtures: list[Mixture],
        stay: Tensor,
        transition_weight: float,
        change: ChangeModel | None = None,
        change_weight: float = 0.0,
    ):
        self.phones, self.states_per_phone = tuple(phones), states_per_phone
        self.change, self.change_weight = change, change_weight
        self.mixtures, self.stay, self.transition_weight = mixtures, stay, transition_weight
        self._number = {phone: i for i, phone in enumerate(self.phones)}

    @classmethod
    def flat(cls, phones: Sequence[str], states_per_phone: int, frames: Tensor, transition_weight: float) -> "PhoneHmm":
        """Every state the same Gaussian, that of all frames (F, D)."""
        count = len(phones) * states_per_phone
        stay = torch.full((count,), 0.75, dtype=torch.float64)
        return cls(phones, states_per_phone, [single_gaussian(frames)] * count, stay, transition_weight)

    def with_mixtures(self, mixtures: list[Mixture], stay: Tensor | None = None) -> "PhoneHmm":
        """The same model with other mixtures, and other probabilities of staying if given."""
        stay = self.stay if stay is None else stay
        fixed = (self.transition_weight, self.change, self.change_weight)
        return PhoneHmm(self.phones, self.states_per_phone, mixtures, stay, *fixed)

    def drawn_to_change(self, acoustics: Acoustics, alignment: Alignment, weight: float) -> "PhoneHmm":
        """The same model with boundaries drawn to where the sound changes as it does at those of the alignment."""
        edges = self.sound_boundaries(acoustics, alignment)
        at = [c[torch.as_tensor(e[1:-1]).to(c.device)] for c, e in zip(acoustics.changes, edges, strict=True)]
        if not sum(map(len, at)):
            return self
        change = ChangeModel.fitted(torch.cat(at), acoustics.change)
        return PhoneHmm(
            self.phones, self.states_per_phone, self.mixtures, self.stay, self.transition_weight, change, weight
        )

    @property
    def n_gaussians(self) -> int:
        return sum(len(m.weights) for m in self.mixtures)

    def states(self, sounds: Sequence[str]) -> Tensor:
        """The chain of states (n·U,) int64 of U sounds.

        Raises:
            InputError: a sound the model was not trained on.
        """
        if unknown := [s for s in sounds if s not in self._number]:
            raise InputError(f"phone {unknown[0]} is not in the aligner's model; train it on a set that has this phone")
        numbers = torch.tensor([self._number[s] for s in sounds])
        return (numbers[:, None] * self.states_per_phone + torch.arange(self.states_per_phone)).reshape(-1)

    def align(self, acoustics: Acoustics, window: ScoreWindow | None = None) -> Alignment:
        """The best path of every utterance, near the score if a window is given."""
        likelihoods = StateLikelihoods(self.mixtures)
        device = acoustics.frames.device
        stay = (self.transition_weight * self.stay.log()).float().to(device)
        leave = (self.transition_weight * (1 - self.stay).log()).float().to(device)
        parts = acoustics.frames.split(acoustics.n_frames.tolist())
        paths: dict[int, Tensor] = {}
        score = torch.empty(len(parts), device=device)
        for members in acoustics.batches:
            n_frames = acoustics.n_frames[members]
            n_states = torch.tensor([len(acoustics.states[i]) for i in members])
            emissions = torch.zeros((int(n_frames.max()), len(members), int(n_states.max())), device=device)
            change = emissions.new_zeros(emissions.shape[:2]) if self.change else None
            for column, i in enumerate(members):
                needed, where = torch.unique(acoustics.states[i], return_inverse=True)
                table = likelihoods(parts[i], needed)
                emission = table[:, where.to(device)]
                if window is not None:
                    emission -= window.cost(i, len(table), self.states_per_phone)
                emissions[: len(emission), column, : len(where)] = emission
                if self.change:
                    change[: len(emission), column] = self.change_weight * self.change.log_ratio(acoustics.changes[i])
            chains = torch.nn.utils.rnn.pad_sequence([acoustics.states[i] for i in members], batch_first=True)
            chains = chains.to(device)
            path, score[members] = viterbi(
                emissions,
                stay[chains],
                leave[chains],
                n_frames.to(device),
                n_states.to(device),
                change,
                self._sensitive(chains),
            )
            paths |= {i: path[: len(parts[i]), column] for column, i in enumerate(members)}
        return Alignment(torch.cat([paths[i] for i in range(len(parts))]), score)

    def _sensitive(self, chains: Tensor) -> Tensor:
        """(B, S) 1 where a sound starts that begins with a change. Voice fades into rests, so those are left out."""
        n = self.states_per_phone
        rests = torch.tensor([phone in REST_PHONES for phone in self.phones], device=chains.device)
        starts = torch.arange(chains.shape[1], device=chains.device) % n == 0
        return (starts & ~rests[chains // n]).float()

    def trained_once(
        self, acoustics: Acoustics, alignment: Alignment, variance_floor: Tensor, least_frames: float
    ) -> "PhoneHmm":
        """One M step: mixtures and staying probabilities from the states the alignment gives the frames."""
        state_of_frame = self.state_of_frame(acoustics, alignment)
        order = torch.argsort(state_of_frame, stable=True)
        counts = torch.bincount(state_of_frame, minlength=len(self.mixtures)).cpu()
        parts = acoustics.frames[order].split(counts.tolist())
        mixtures = [
            reestimated(mixture, part, variance_floor, least_frames)
            for mixture, part in zip(self.mixtures, parts, strict=True)
        ]
        visits = torch.bincount(torch.cat(acoustics.states), minlength=len(self.mixtures))
        stay = ((counts - visits) / counts.clamp_min(1)).double().clamp(0.05, 0.99)
        return self.with_mixtures(mixtures, stay)

    def state_of_frame(self, acoustics: Acoustics, alignment: Alignment) -> Tensor:
        """(F,) the model's state of each frame."""
        lengths = torch.tensor([len(s) for s in acoustics.states])
        starts = torch.repeat_interleave(lengths.cumsum(0) - lengths, acoustics.n_frames)
        chains = torch.cat(acoustics.states)
        return chains[starts + alignment.positions.cpu()].to(alignment.positions.device)

    def sound_boundaries(self, acoustics: Acoustics, alignment: Alignment) -> list[np.ndarray]:
        """Per utterance (U+1,) frame numbers: where each sound starts, then the number of frames."""
        boundaries = []
        for path, chain in zip(
            alignment.positions.cpu().split(acoustics.n_frames.tolist()), acoustics.states, strict=True
        ):
            frames = torch.bincount(path // self.states_per_phone, minlength=len(chain) // self.states_per_phone)
            boundaries.append(np.concatenate([[0], np.cumsum(frames.numpy())]))
        return boundaries


def alignment_of_boundaries(boundaries: Sequence[np.ndarray], acoustics: Acoustics, states_per_phone: int) -> Alignment:
    """Frames laid on given sound boundaries (U+1,), in frames; a sound's states share its frames equally."""
    positions = []
    for given, n_frames in zip(boundaries, acoustics.n_frames.tolist(), strict=True):
        edges = np.floor(with_minimum_duration(given, n_frames, states_per_phone)).astype(np.int64)
        edges = with_minimum_duration(edges, n_frames, states_per_phone).astype(np.int64)
        duration = np.diff(edges)
        sound = np.repeat(np.arange(len(duration)), duration)
        within = np.arange(n_frames) - edges[sound]
        positions.append(sound * states_per_phone + within * states_per_phone // duration[sound])
    path = torch.from_numpy(np.concatenate(positions)).to(acoustics.frames.device)
    return Alignment(path, torch.zeros(len(acoustics.n_frames), device=path.device))
