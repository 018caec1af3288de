"""Writing checkpoints in a thread, so that training waits only until the state is copied to the CPU's memory."""

import os
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from svstoolkit.data.files import atomic_path, cannot_write
from svstoolkit.training.checkpoint import best_path, checkpoint_path, list_best, list_checkpoints

Ranking = list[dict[str, float | int]]


def save_checkpoint(path: str | Path, values: dict[str, Any]) -> None:
    """Writes a checkpoint whole or not at all, onto the disk itself.

    Raises:
        InputError: it cannot be written, the disk being full for example.
    """
    try:
        with atomic_path(path) as temporary, temporary.open("wb") as file:
            torch.save(values, file)
            file.flush()
            os.fsync(file.fileno())
    except RuntimeError as error:  # by which torch tells of a full disk, raised from the OSError
        cause = next((e for e in _causes(error) if isinstance(e, OSError)), OSError(str(error).splitlines()[0]))
        raise cannot_write(path, cause) from error


def ranked(ranking: Ranking, loss: float, step: int, keep: int) -> Ranking:
    """The lowest losses so far, best first; of equal ones the earlier is the better."""
    others = [entry for entry in ranking if entry["step"] != step]
    return sorted([*others, {"loss": loss, "step": step}], key=lambda e: (e["loss"], e["step"]))[:keep]


class CheckpointWriter:
    """Saves an experiment's checkpoints and removes those no longer kept; inside `with`, whose end waits for all.

    keep_last: newest checkpoints kept
    writes: whether this process writes (the first of several)
    blocked: seconds that training has waited so far
    """

    def __init__(self, exp_dir: str | Path, keep_last: int, *, writes: bool = True):
        self.exp_dir, self.keep_last, self.writes = Path(exp_dir), keep_last, writes
        self.blocked = 0.0
        self._thread: threading.Thread | None = None
        self._error: BaseException | None = None

    def __enter__(self) -> "CheckpointWriter":
        if self.writes:
            for left in self.exp_dir.glob("checkpoints/.*.tmp.pt"):
                left.unlink(missing_ok=True)  # by a run that was killed while it wrote
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: object) -> None:
        if self._thread is not None:
            self._thread.join()
        if error is None or isinstance(error, SystemExit):
            self.check()

    def check(self) -> None:
        """Raises what went wrong in the thread since the last look."""
        if (error := self._error) is not None:
            self._error = None
            raise error

    def save(self, state: Any, *, latest: bool, best: bool) -> None:
        """Writes `state` (its step, ranking and state_dict()) as the latest checkpoint, as one of the best, or both.

        Returns as soon as the state is copied; waits for the writing of the one before.

        Raises:
            InputError: that could not be written.
        """
        if not self.writes or not (latest or best):
            return
        start = time.perf_counter()
        if self._thread is not None:
            self._thread.join()
        self.check()
        values, step, ranking = on_cpu(state.state_dict()), state.step, list(state.ranking)

        def write() -> None:
            if latest:
                save_checkpoint(checkpoint_path(self.exp_dir, step), values)
                self._prune_latest()
            if best:
                self._write_best(values, step, ranking)

        self._thread = threading.Thread(target=self._run, args=(write,), name="checkpoint")
        self._thread.start()
        self.blocked += time.perf_counter() - start

    def wait(self) -> None:
        """Until all is on the disk. Raises what went wrong."""
        if self._thread is not None:
            self._thread.join()
        self.check()

    def _run(self, write: Callable[[], None]) -> None:
        try:
            write()
        except BaseException as error:  # raised in training by `check`
            self._error = error

    def _prune_latest(self) -> None:
        for path in list(list_checkpoints(self.exp_dir).values())[: -self.keep_last]:
            path.unlink(missing_ok=True)

    def _write_best(self, values: dict[str, Any], step: int, ranking: Ranking) -> None:
        """best.pt is the best at every moment; the one that it succeeds becomes a runner-up."""
        best = best_path(self.exp_dir)
        if ranking[0]["step"] == step:
            if len(ranking) > 1 and best.is_file():
                runner_up = best_path(self.exp_dir, int(ranking[1]["step"]))
                runner_up.unlink(missing_ok=True)
                try:
                    os.link(best, runner_up)
                except OSError:  # a file system without hard links
                    shutil.copyfile(best, runner_up)
            save_checkpoint(best, values)
        else:
            save_checkpoint(best_path(self.exp_dir, step), values)
        kept = {best, *(best_path(self.exp_dir, int(entry["step"])) for entry in ranking[1:])}
        for path in list_best(self.exp_dir):
            if path not in kept:
                path.unlink(missing_ok=True)


def on_cpu(value: Any) -> Any:
    """A copy of nested dicts, lists and tuples whose tensors lie on the CPU and are no one else's."""
    if isinstance(value, torch.Tensor):
        return value.detach().to("cpu", copy=True)
    if isinstance(value, dict):
        return type(value)((key, on_cpu(below)) for key, below in value.items())
    if isinstance(value, (list, tuple)):
        return type(value)(on_cpu(below) for below in value)
    return value


def _causes(error: BaseException | None) -> list[BaseException]:
    found = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found
