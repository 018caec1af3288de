"""The training loop of every system: phases, optimizers, averages, checkpoints. It knows no model and no loss."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.utils import gather_object, send_to_device
from torch import Tensor

from svstoolkit.errors import InputError
from svstoolkit.training.checkpoint import (
    checkpoint_path,
    find_checkpoint,
    prune_checkpoints,
    read_checkpoint,
    save_checkpoint,
)
from svstoolkit.training.interruption import Interruption
from svstoolkit.training.journal import Journal, Observation
from svstoolkit.training.options import TrainingOptions
from svstoolkit.training.seeding import seed_everything, use_deterministic_kernels
from svstoolkit.training.state import State

VALIDATION = 1  # third integer of a validation's seeds; training steps have 0
Batch = dict[str, Any]


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
) -> State:
    """Trains to `options.max_steps`, from the latest checkpoint if there is one, and returns the last state.

    observe: (system, networks, batch) → what TensorBoard shows of a phrase, at every validation

    Every step seeds itself from (seed, step), so on a CPU a run that was killed and resumed gives the very bits of
    one that was not.

    Raises:
        InputError: the config names networks or losses that the system has not, or the checkpoint does not fit it.
        FloatingPointError: a loss is not finite; names the utterances, and leaves checkpoints/failed.pt to inspect.
        SystemExit: a signal asked to stop; the state was saved.
    """
    use_deterministic_kernels(accelerator.device)
    epoch_length = -(-source.epoch_length // options.grad_accumulation)
    state = State.of(system, options, accelerator, epoch_length)
    resume(state, exp_dir)
    writes = accelerator.is_main_process
    batches = iter(source.training(state.step * options.grad_accumulation))
    with (
        Interruption() as interruption,
        Journal(
            exp_dir,
            state.step,
            options.max_steps,
            options.log_every,
            writes=writes,
            watch_gradients=state.scaler is None,
        ) as journal,
    ):
        if state.step:
            journal.tell(f"resuming at step {state.step} from {find_checkpoint(exp_dir)}")
        while state.step < options.max_steps:
            utterances, terms = take_step(system, state, batches, options, accelerator)
            state.step += 1
            try:
                journal.add(state.step, utterances, terms, state.learning_rates)
                stop = interruption.requested(state.step, accelerator)
                ends = stop or state.step == options.max_steps
                if ends or state.step % options.save_every == 0 or state.step % options.validate_every == 0:
                    journal.check()
            except FloatingPointError as error:
                raise _failed(error, state, exp_dir, writes) from None
            if state.step % options.validate_every == 0 or state.step == options.max_steps:
                metrics = validate(system, state, source.validation(), options.seed, accelerator)
                journal.write_validation(state.step, metrics)
                if observe is not None and writes:
                    journal.write_observations(
                        state.step, listen(system, state, source.phrases(), options.seed, observe)
                    )
                keep_best(state, metrics, exp_dir, writes)
            if ends or state.step % options.save_every == 0:
                save(state, exp_dir, options.keep_last, writes)
            if stop and state.step < options.max_steps:
                journal.tell(f"{interruption.signal.name}: saved at step {state.step}; the same command goes on")
                interruption.leave()
    return state


def take_step(
    system: Any, state: State, batches: Iterator[Batch], options: TrainingOptions, accelerator: Accelerator
) -> tuple[list[str], dict[str, Tensor]]:
    """One step of every phase; returns the utterances seen and the detached loss terms and gradient norms."""
    seed_everything(options.seed, state.step, 0, accelerator.process_index)
    utterances: list[str] = []
    told: dict[str, Tensor] = {}
    for part in range(options.grad_accumulation):
        batch = send_to_device(next(batches), accelerator.device, non_blocking=True)
        utterances += batch["utterances"]
        last = part == options.grad_accumulation - 1
        with ExitStack() as local:
            if not last:  # gradients are exchanged once, with the last part
                for network in state.wrapped.values():
                    local.enter_context(accelerator.no_sync(network))
            for name, terms in system.phases(state.wrapped, batch, state.step):
                if name not in state.optimizers:
                    raise InputError(f"training.optimizers has no {name}, which the system trains; give it one")
                total = weighted_sum(terms, system.weights) / options.grad_accumulation
                accelerator.backward(total, inputs=state.parameters[name])
                for term, value in {**terms, f"total_{name}": total * options.grad_accumulation}.items():
                    part_mean = value.detach() / options.grad_accumulation
                    told[f"loss/{term}"] = told[f"loss/{term}"] + part_mean if f"loss/{term}" in told else part_mean
                if last:
                    told[f"gradient_norm/{name}"] = state.update(name, options.clip(name))
    state.finish_step()
    return utterances, told


def weighted_sum(terms: dict[str, Tensor], weights: dict[str, float]) -> Tensor:
    """Σ weights[k]·terms[k].

    Raises:
        InputError: a term without weight.
    """
    if missing := sorted(set(terms) - set(weights)):
        raise InputError(f"system.init_args.weights has no {missing[0]}; give every loss a weight: {', '.join(terms)}")
    return torch.stack([weights[name] * term for name, term in terms.items()]).sum()


@contextmanager
def evaluating(state: State) -> Iterator[None]:
    """Networks in evaluation mode, and afterwards as they were."""
    training = {name: network.training for name, network in state.networks.items()}
    for network in state.networks.values():
        network.eval()
    try:
        yield
    finally:
        for name, network in state.networks.items():
            network.train(training[name])


@torch.no_grad()
def validate(
    system: Any, state: State, batches: Iterable[Batch], seed: int, accelerator: Accelerator
) -> dict[str, float]:
    """Means of the system's metrics over the development set, by the averaged networks, with the same noise each
    time; each utterance counts once."""
    sums: dict[str, Tensor] = {}
    count = 0
    with evaluating(state):
        for number, host_batch in enumerate(batches):
            seed_everything(seed, number, VALIDATION, accelerator.process_index)
            batch = send_to_device(host_batch, accelerator.device)
            size = len(batch["utterances"])
            for name, value in system.validate(state.evaluated, batch).items():
                sums[name] = sums.get(name, 0.0) + size * value
            count += size
    shares = gather_object([({name: float(value) for name, value in sums.items()}, count)])
    total = max(1, sum(n for _, n in shares))
    names = {name: None for share, _ in shares for name in share}
    return {name: sum(share.get(name, 0.0) for share, _ in shares) / total for name in names}


@torch.no_grad()
def listen(
    system: Any,
    state: State,
    phrases: Iterable[Batch],
    seed: int,
    observe: Callable[[Any, Any, Batch], Observation],
) -> list[Observation]:
    """What the averaged networks sing of some phrases, with the same noise each time."""
    device = next(next(iter(state.networks.values())).parameters()).device
    observations = []
    with evaluating(state):
        for number, batch in enumerate(phrases):
            seed_everything(seed, number, VALIDATION, 0)
            observations.append(observe(system, state.evaluated, send_to_device(batch, device)))
    return observations


def keep_best(state: State, metrics: dict[str, float], exp_dir: str | Path, writes: bool) -> None:
    """Saves best.pt when the validation `loss` is the lowest so far."""
    if metrics.get("loss", float("inf")) < state.best.get("loss", float("inf")):
        state.best = {"loss": metrics["loss"], "step": state.step}
        if writes:
            save_checkpoint(Path(exp_dir) / "checkpoints" / "best.pt", state.state_dict())


def save(state: State, exp_dir: str | Path, keep_last: int, writes: bool) -> None:
    if writes:
        save_checkpoint(checkpoint_path(exp_dir, state.step), state.state_dict())
        prune_checkpoints(exp_dir, keep_last)


def resume(state: State, exp_dir: str | Path) -> None:
    """Continues from the latest checkpoint, if there is one.

    Raises:
        InputError: the checkpoint is damaged or belongs to other networks.
    """
    if path := find_checkpoint(exp_dir):
        values = read_checkpoint(path)
        try:
            state.load_state_dict(values)
        except (RuntimeError, KeyError, ValueError) as error:
            raise InputError(
                f"{path} does not fit the networks of this config ({str(error).splitlines()[0]}); "
                "use another --tag or --overwrite true"
            ) from error


def _failed(error: FloatingPointError, state: State, exp_dir: str | Path, writes: bool) -> FloatingPointError:
    path = Path(exp_dir) / "checkpoints" / "failed.pt"
    if writes:
        save_checkpoint(path, state.state_dict())
    return FloatingPointError(f"{error}; look at these recordings, or lower the learning rate. State: {path}")
