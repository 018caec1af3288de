"""What a run tells: a progress bar, train.log, TensorBoard; and its watch over the losses being finite."""

import logging
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np
import torch
from torch import Tensor

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Observation:
    """What TensorBoard shows of one phrase.

    values: metric → value, None where it is undefined
    sounds: name → (L,) in [−1, 1]; pictures: name → (H, W, 3) uint8
    """

    phrase: str
    values: Mapping[str, float | None]
    sounds: Mapping[str, np.ndarray]
    pictures: Mapping[str, np.ndarray]
    sampling_rate: int


class Journal:
    """Collects every step's losses on the device and writes their means every `log_every` steps.

    Losses are read from a GPU only then, so that no step waits; on the CPU, where reading is free, each step's are
    looked at at once.

    exp_dir: gets train.log and tensorboard/
    start: steps done; TensorBoard events of later steps, from a run that was killed, are discarded
    writes: whether this process writes (the first of several)
    watch_gradients: gradient norms must be finite too; not in fp16, where steps that overflow are skipped
    """

    def __init__(
        self,
        exp_dir: str | Path,
        start: int,
        max_steps: int,
        log_every: int,
        *,
        writes: bool = True,
        watch_gradients: bool = True,
    ):
        self.exp_dir, self.start, self.max_steps, self.log_every = Path(exp_dir), start, max_steps, log_every
        self.writes = writes
        self._watched = ("loss/", "gradient_norm/") if watch_gradients else ("loss/",)
        self._steps: list[tuple[int, list[str], dict[str, Tensor]]] = []

    def __enter__(self) -> "Journal":
        self._since = time.perf_counter()
        if self.writes:
            from torch.utils.tensorboard import SummaryWriter
            from tqdm import tqdm

            self.exp_dir.mkdir(parents=True, exist_ok=True)
            self._file = logging.FileHandler(self.exp_dir / "train.log", encoding="utf-8")
            self._file.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%Y-%m-%d %H:%M:%S"))
            self._logger = logging.getLogger("svstoolkit")
            self._logger.addHandler(self._file)
            self._level = self._logger.level
            self._logger.setLevel(logging.INFO)
            self._board = SummaryWriter(self.exp_dir / "tensorboard", purge_step=self.start + 1 if self.start else None)
            self._bar = tqdm(
                initial=self.start,
                total=self.max_steps,
                unit="step",
                dynamic_ncols=True,
                disable=not sys.stderr.isatty(),
            )
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.writes:
            self._bar.close()
            self._board.close()
            self._logger.removeHandler(self._file)
            self._logger.setLevel(self._level)
            self._file.close()

    def add(self, step: int, utterances: list[str], terms: dict[str, Tensor], rates: dict[str, float]) -> None:
        """Notes one step's losses and gradient norms; `step` counts from 1. `rates`: learning rate per network.

        Raises:
            FloatingPointError: see `check`.
        """
        self._steps.append((step, utterances, terms))
        if next(iter(terms.values())).device.type == "cpu":
            self.check(len(self._steps) - 1)
        if self.writes:
            self._bar.update()
        if step % self.log_every == 0 or step == self.max_steps:
            self.check()
            if self.writes:
                self._write(step, rates)
            self._steps.clear()
            self._since = time.perf_counter()

    def check(self, first: int = 0) -> None:
        """Looks whether all that was noted since the last log line (from the `first`-th step) is finite.

        Raises:
            FloatingPointError: one is not; names the step, the loss and the batch's utterances.
        """
        recent = self._steps[first:]
        watched = [
            (n, name) for n, (_, _, terms) in enumerate(recent) for name in terms if name.startswith(self._watched)
        ]
        if not watched or torch.stack([recent[n][2][name] for n, name in watched]).sum().isfinite():
            return
        for n, name in watched:
            step, utterances, terms = recent[n]
            if not terms[name].isfinite():
                raise FloatingPointError(
                    f"{name} became {terms[name].item()} at step {step}, on utterances {' '.join(utterances)}"
                )

    def tell(self, message: str) -> None:
        """A line for the terminal and train.log."""
        if self.writes:
            LOGGER.info(message)

    def write_validation(self, step: int, metrics: dict[str, float]) -> None:
        if self.writes:
            for name, value in metrics.items():
                self._board.add_scalar(f"validation/{name}", value, step)
            self.tell(f"step {step}: validation {_listed(metrics)}")

    def write_observations(self, step: int, observations: Sequence[Observation]) -> None:
        """Sound and pictures of every phrase, and the metrics' means over them; undefined ones count in no mean."""
        if not self.writes:
            return
        values: dict[str, list[float]] = {}
        for seen in observations:
            for name, value in seen.values.items():
                values.setdefault(name, []).extend([] if value is None else [value])
            for name, picture in seen.pictures.items():
                self._board.add_image(f"{name}/{seen.phrase}", picture, step, dataformats="HWC")
            for name, sound in seen.sounds.items():
                self._board.add_audio(f"{name}/{seen.phrase}", sound[None], step, seen.sampling_rate)
        means = {f"phrases/{name}": float(np.mean(found)) for name, found in values.items() if found}
        for name, value in means.items():
            self._board.add_scalar(name, value, step)

    def _write(self, step: int, rates: dict[str, float]) -> None:
        names = {name: None for _, _, terms in self._steps for name in terms}  # in order of appearance
        means = torch.stack([_mean([t[name] for _, _, t in self._steps if name in t]) for name in names]).tolist()
        values = dict(zip(names, means, strict=True))
        seconds = time.perf_counter() - self._since
        values |= {f"learning_rate/{name}": rate for name, rate in rates.items()}
        values["speed/steps_per_second"] = len(self._steps) / seconds
        values["speed/utterances_per_second"] = sum(len(u) for _, u, _ in self._steps) / seconds
        for name, value in values.items():
            self._board.add_scalar(name, value, step)
        losses = {name.removeprefix("loss/"): v for name, v in values.items() if name.startswith("loss/")}
        self._bar.set_postfix_str(_listed(losses), refresh=False)
        self.tell(f"step {step}: {_listed(losses)}, {values['speed/steps_per_second']:.3g} steps/s")


def _mean(values: list[Tensor]) -> Tensor:
    return torch.stack(values).mean()


def _listed(values: dict[str, float]) -> str:
    return " ".join(f"{name} {value:.4g}" for name, value in values.items())
