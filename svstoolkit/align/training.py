"""Viterbi training of the aligner, from the most likely of several starts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from svstoolkit.align.change import mean_change
from svstoolkit.align.gmm import component_targets, split
from svstoolkit.align.hmm import Acoustics, PhoneHmm, ScoreWindow, alignment_of_boundaries

Progress = Callable[[str], None]


@dataclass(frozen=True)
class HmmTraining:
    """How the model is trained.

    states_per_phone: in a row, none skipped.
    iterations: passes of alignment and re-estimation after the start is chosen.
    growth_iterations: mixtures grow to their full number over these first passes.
    frames_per_gaussian, max_gaussians: the number of Gaussians is frames / frames_per_gaussian, at most max_gaussians.
    occupancy_power: Gaussians are shared out to the states by frames**power.
    least_frames: expected frames below which a Gaussian is dropped.
    variance_floor: part of the variance of all frames.
    split_perturbation: distance of the halves of a split Gaussian, in standard deviations.
    acoustic_scale, transition_scale: weights of a frame's log likelihood and a transition's log probability in a path.
    change_weight: what the log likelihood ratio of a boundary, given the spectral change there, counts against one
        frame's log likelihood; 0: it is not looked at.
    offsets: starts to try: the score, shifted by these seconds.
    score_window: seconds; sounds further than this from their place in the score (shifted as the chosen start is)
        pay for it. None: they are free. With the uniform start they are always free.
    uniform_start: also try phones of equal length.
    start_iterations: training given to each start before one is kept: that whose boundaries the sound changes most at;
        with change_weight 0 the likeliest.
    start_minutes: the starts are compared on at most this much audio.
    seed: of the split directions.
    """

    states_per_phone: int = 3
    iterations: int = 30
    growth_iterations: int = 20
    frames_per_gaussian: float = 60.0
    max_gaussians: int = 1000
    occupancy_power: float = 0.25
    least_frames: float = 10.0
    variance_floor: float = 0.01
    split_perturbation: float = 0.1
    acoustic_scale: float = 0.1
    transition_scale: float = 4.0
    change_weight: float = 20.0
    offsets: Sequence[float] = (-0.1, -0.05, 0.0, 0.05, 0.1)
    score_window: float | None = 0.3
    uniform_start: bool = True
    start_iterations: int = 8
    start_minutes: float = 20.0
    seed: int = 0

    def __post_init__(self):
        if not (self.offsets or self.uniform_start):
            raise ValueError("no start to train from: give offsets or set uniform_start to true")
        if self.states_per_phone < 1 or self.iterations < 1 or self.start_iterations < 1:
            raise ValueError("states_per_phone, iterations and start_iterations must be at least 1")
        if self.acoustic_scale <= 0 or self.frames_per_gaussian <= 0:
            raise ValueError("acoustic_scale and frames_per_gaussian must be positive")


@dataclass(frozen=True)
class TrainedHmm:
    """The model, the start it grew from (seconds of offset; None: uniform), each start's log likelihood per frame and
    mean spectral change at its boundaries."""

    model: PhoneHmm
    offset: float | None
    start_likelihoods: dict[str, float]
    start_changes: dict[str, float]


def train_hmm(
    acoustics: Acoustics,
    sound_boundaries: Sequence[np.ndarray],
    phones: Sequence[str],
    frame_period: float,
    options: HmmTraining,
    progress: Progress = lambda message: None,
) -> TrainedHmm:
    """Trains a model on its own corpus, as forced alignment of a corpus does.

    Every start is trained for a few passes with one Gaussian per state. The one whose boundaries lie where the sound
    changes most is trained to the end. Likelihood is no judge: a chain that sits 40 ms late throughout can be likelier
    than the right one.

    Args:
        sound_boundaries: per utterance (U+1,) seconds, where the score puts its sounds.
        phones: all phones of the corpus; `acoustics.states` count their states in this order.
        frame_period: seconds.
        progress: called with a line after every pass.
    """
    few = _at_most(acoustics, options.start_minutes * 60 / frame_period, options.seed)
    part = acoustics if len(few) == len(acoustics.n_frames) else acoustics.subset(few)
    floor = options.variance_floor * acoustics.frames.double().var(0, correction=0)
    transition_weight = options.transition_scale / options.acoustic_scale
    runs: list[tuple[float, float | None, PhoneHmm]] = []
    likelihoods: dict[str, float] = {}
    changes: dict[str, float] = {}
    for offset in (*options.offsets, *[None] * options.uniform_start):
        model = PhoneHmm.flat(phones, options.states_per_phone, part.frames, transition_weight)
        window = score_window(sound_boundaries, offset, frame_period, options, part.frames.device)
        window = window and window.subset(few)
        starts = _start([sound_boundaries[i] for i in few], part, offset, frame_period)
        alignment = alignment_of_boundaries(starts, part, options.states_per_phone)
        for _ in range(options.start_iterations):
            model = model.trained_once(part, alignment, floor, options.least_frames)
            alignment = model.align(part, window)
        name = "uniform" if offset is None else f"score{offset:+.3f}s"
        likelihoods[name] = float(alignment.score.sum() / len(part.frames))
        changes[name] = mean_change(part.changes, model.sound_boundaries(part, alignment))
        if options.change_weight > 0:
            model = model.drawn_to_change(part, alignment, options.change_weight)
        runs.append((changes[name] if options.change_weight > 0 else likelihoods[name], offset, model))
        progress(f"start {name}: {likelihoods[name]:.3f} per frame, change {changes[name]:.3f}")
    _, offset, model = max(runs, key=lambda run: run[0])
    window = score_window(sound_boundaries, offset, frame_period, options, acoustics.frames.device)
    return TrainedHmm(_grown(model, acoustics, window, floor, options, progress), offset, likelihoods, changes)


def score_window(
    sound_boundaries: Sequence[np.ndarray],
    offset: float | None,
    frame_period: float,
    options: HmmTraining,
    device: torch.device | str = "cpu",
) -> ScoreWindow | None:
    """The window around the score (seconds) shifted by `offset`, or None where sounds are free."""
    if offset is None or options.score_window is None:
        return None
    places = [torch.from_numpy((b + offset) / frame_period).float().to(device) for b in sound_boundaries]
    return ScoreWindow(places, options.score_window / frame_period)


def _grown(
    model: PhoneHmm,
    acoustics: Acoustics,
    window: ScoreWindow | None,
    floor: torch.Tensor,
    options: HmmTraining,
    progress: Progress,
) -> PhoneHmm:
    """Trains on everything, from one Gaussian per state to the full number."""
    full = min(options.max_gaussians, int(len(acoustics.frames) / options.frames_per_gaussian))
    generator = torch.Generator().manual_seed(options.seed)
    least = model.n_gaussians
    for iteration in range(options.iterations):
        alignment = model.align(acoustics, window)
        likelihood = float(alignment.score.sum() / len(acoustics.frames))
        model = model.trained_once(acoustics, alignment, floor, options.least_frames)
        if options.change_weight > 0:
            model = model.drawn_to_change(acoustics, alignment, options.change_weight)
        grown = min(1.0, (iteration + 1) / max(1, options.growth_iterations))
        wanted = round(least + (full - least) * grown)
        if iteration + 1 < options.iterations and wanted > model.n_gaussians and iteration < options.growth_iterations:
            states = model.state_of_frame(acoustics, alignment)
            occupancy = torch.bincount(states, minlength=len(model.mixtures)).tolist()
            targets = component_targets(occupancy, wanted, options.occupancy_power, options.least_frames)
            mixtures = [
                split(m, target, options.split_perturbation, generator)
                for m, target in zip(model.mixtures, targets, strict=True)
            ]
            model = model.with_mixtures(mixtures)
        progress(
            f"pass {iteration + 1}/{options.iterations}: {likelihood:.3f} per frame, {model.n_gaussians} Gaussians"
        )
    return model


def _start(
    sound_boundaries: Sequence[np.ndarray], acoustics: Acoustics, offset: float | None, frame_period: float
) -> list[np.ndarray]:
    """Per utterance (U+1,) boundaries in frames: the score's, shifted, or evenly spaced ones."""
    if offset is not None:
        return [(b + offset) / frame_period for b in sound_boundaries]
    lengths = acoustics.n_frames.tolist()
    return [np.linspace(0, n, len(b)) for n, b in zip(lengths, sound_boundaries, strict=True)]


def _at_most(acoustics: Acoustics, frames: float, seed: int) -> list[int]:
    """A random choice of utterances with at most `frames` frames together, at least one."""
    if int(acoustics.n_frames.sum()) <= frames:
        return list(range(len(acoustics.n_frames)))
    order = np.random.default_rng(seed).permutation(len(acoustics.n_frames))
    inside = np.cumsum(acoustics.n_frames.numpy()[order]) <= frames
    inside[0] = True
    return sorted(order[inside].tolist())
