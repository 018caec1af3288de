"""The training loop of every system: phases, optimizers, averages, checkpoints. It knows no model and no loss."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accelerate import Accelerator

from svstoolkit.errors import InputError
from svstoolkit.training.interruption import Interruption
from svstoolkit.training.journal import Journal, Observation
from svstoolkit.training.options import TrainingOptions
from svstoolkit.training.resuming import resume
from svstoolkit.training.saving import CheckpointWriter, ranked, save_checkpoint
from svstoolkit.training.seeding import use_deterministic_kernels
from svstoolkit.training.state import State
from svstoolkit.training.step import Batch, StepReport, take_step
from svstoolkit.training.validation import listen, validate

SKIPPED_IN_A_ROW = 10  # so many steps undone one after another are no accident of the data but a run that diverged


@dataclass(frozen=True)
class Source:
    """Where batches come from.

    training: batch number → endless batches from there on, a function of that number alone
    validation: one pass over this process's share of the development set
    epoch_length: batches until every utterance was seen once
    phrases: some whole phrases of the development set, in batches of one, to look at and to listen to
    """

    training: Callable[[int], Iterable[Batch]]
    validation: Callable[[], Iterable[Batch]]
    epoch_length: int
    phrases: Callable[[], Iterable[Batch]] = tuple


def train(
    system: Any,
    options: TrainingOptions,
    source: Source,
    exp_dir: str | Path,
    accelerator: Accelerator,
    observe: Callable[[Any, Any, Batch], Observation] | None = None,
    told: Sequence[str] = (),
) -> State:
    """Trains to `options.max_steps`, from the latest checkpoint if there is one, and returns the last state.

    observe: (system, networks, batch) → what TensorBoard shows of a phrase, at every validation
    told: lines with which the log begins

    Every step seeds itself from (seed, step), so on a CPU a run that was killed and resumed gives the very bits of
    one that was not.

    Raises:
        InputError: the config names networks or losses that the system has not, no checkpoint can be read or it does
            not fit, one cannot be written, or a process that loads data died.
        FloatingPointError: a loss is not finite; names the utterances, and leaves checkpoints/failed.pt to inspect.
        SystemExit: a signal asked to stop; the state was saved.
    """
    use_deterministic_kernels(accelerator.device)
    epoch_length = -(-source.epoch_length // options.grad_accumulation)
    state = State.of(system, options, accelerator, epoch_length)
    told = [*told, *resume(state, exp_dir, accelerator)]
    batches = iter(source.training(state.step * options.grad_accumulation))
    with (
        _closed_at_the_end(batches),
        Interruption() as interruption,
        CheckpointWriter(exp_dir, options.keep_last, writes=accelerator.is_main_process) as writer,
        Journal(exp_dir, state.step, options, accelerator, watch_gradients=state.scaler is None) as journal,
    ):
        for message in told:
            journal.tell(message)
        while state.step < options.max_steps and not is_stale(state, options):
            try:
                report = take_step(system, state, batches, options, accelerator)
                state.step += 1
                _note(report, state, options, journal)
                stop = interruption.requested(state.step, accelerator)
                ends = stop or state.step == options.max_steps
                if ends or state.step % options.save_every == 0 or state.step % options.validate_every == 0:
                    journal.check()
            except FloatingPointError as error:
                raise _failed(error, state, exp_dir, accelerator) from None
            except RuntimeError as error:
                if "DataLoader worker" in str(error):
                    raise _lost_worker(error, state, writer) from error
                raise
            writer.check()
            best = False
            if state.step % options.validate_every == 0 or state.step == options.max_steps:
                metrics = validate(system, state, source.validation(), options.seed, accelerator)
                journal.write_validation(state.step, metrics)
                if observe is not None and accelerator.is_main_process:
                    journal.write_observations(
                        state.step, listen(system, state, source.phrases(), options.seed, observe)
                    )
                best = rank(state, metrics, options.keep_best)
            ends = ends or is_stale(state, options)
            writer.save(state, latest=ends or state.step % options.save_every == 0, best=best)
            if stop and state.step < options.max_steps:
                writer.wait()
                journal.tell(f"{interruption.signal.name}: saved at step {state.step}; the same command goes on")
                interruption.leave()
        if state.step < options.max_steps:
            journal.tell(f"step {state.step}: no better loss in {options.early_stopping} validations; training ends")
    return state


@contextmanager
def _closed_at_the_end(batches: Iterator[Batch]) -> Iterator[None]:
    """The processes that load data, if there are any, end with training."""
    try:
        yield
    finally:
        if hasattr(batches, "close"):
            batches.close()


def rank(state: State, metrics: dict[str, float], keep_best: int) -> bool:
    """Enters a validation's `loss` into the state's ranking; whether it is among the best."""
    loss = metrics.get("loss", float("inf"))
    if loss < state.best.get("loss", float("inf")):
        state.best = {"loss": loss, "step": state.step}
    if loss < float("inf"):  # neither infinite nor not a number
        state.ranking = ranked(state.ranking, loss, state.step, keep_best)
    return any(entry["step"] == state.step for entry in state.ranking)


def is_stale(state: State, options: TrainingOptions) -> bool:
    """Whether as many validations as `early_stopping` says have found no better loss."""
    if options.early_stopping is None or not state.best:
        return False
    return state.step - state.best["step"] >= options.early_stopping * options.validate_every


def _note(report: StepReport, state: State, options: TrainingOptions, journal: Journal) -> None:
    """Enters a step into the journal; raises FloatingPointError where too many were undone."""
    if report.fault is not None:
        count, row = state.skipped["total"], state.skipped["row"]
        if count > options.skip_nonfinite or row > SKIPPED_IN_A_ROW:
            limit = f"{SKIPPED_IN_A_ROW} in a row" if row > SKIPPED_IN_A_ROW else f"skip_nonfinite {count - 1}"
            raise FloatingPointError(f"{report.fault}, at step {state.step}, past the limit of {limit}")
        journal.tell(f"step {state.step} skipped ({count} of {options.skip_nonfinite}): {report.fault}")
    journal.add(state.step, report, state.learning_rates)


def _failed(error: FloatingPointError, state: State, exp_dir: str | Path, accelerator: Accelerator) -> Exception:
    path = Path(exp_dir) / "checkpoints" / "failed.pt"
    if accelerator.is_main_process:
        save_checkpoint(path, state.state_dict())
    return FloatingPointError(f"{error}; look at these recordings, or lower the learning rate. State: {path}")


def _lost_worker(error: RuntimeError, state: State, writer: CheckpointWriter) -> InputError:
    writer.save(state, latest=True, best=False)
    writer.wait()
    return InputError(
        f"a process that loads data died ({' '.join(str(error).split())[:120]}), of too little memory perhaps (lower "
        f"data.num_workers); saved at step {state.step}, the same command goes on"
    )
