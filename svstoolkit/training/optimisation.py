"""Optimizers and learning-rate schedulers of a config's networks."""

from dataclasses import dataclass

from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from svstoolkit.conf.building import build
from svstoolkit.errors import InputError
from svstoolkit.training.options import TrainingOptions


@dataclass(frozen=True)
class Scheduler:
    """A scheduler that advances once every so many steps, from the first step of its optimizer on."""

    scheduler: LRScheduler
    every: int

    def after_step(self, step: int) -> None:
        """`step`: steps done."""
        if step % self.every == 0 and self.scheduler.optimizer.state:
            self.scheduler.step()


def build_optimizers(networks: dict[str, nn.Module], options: TrainingOptions) -> dict[str, Optimizer]:
    """One optimizer per network named in `training.optimizers`, over the parameters that are trained.

    Raises:
        InputError: not an optimizer, wrong arguments, or the network has nothing to train.
    """
    optimizers = {}
    for name, node in options.optimizers.items():
        key = f"training.optimizers.{name}"
        parameters = [p for p in networks[name].parameters() if p.requires_grad]
        if not parameters:
            raise InputError(f"{key}: the network has no parameter to train; remove its optimizer")
        optimizers[name] = build(node, key, parameters)
        if not isinstance(optimizers[name], Optimizer):
            raise InputError(f"{key}.class_path: {node['class_path']} is no torch optimizer")
    return optimizers


def build_schedulers(
    optimizers: dict[str, Optimizer], options: TrainingOptions, epoch_length: int
) -> dict[str, Scheduler]:
    """One scheduler per network named in `training.schedulers`; `epoch_length` in steps.

    Raises:
        InputError: not a scheduler, wrong arguments, an unknown `every`, or no optimizer to schedule.
    """
    schedulers = {}
    for name, node in (options.schedulers or {}).items():
        if node is None:
            continue
        key = f"training.schedulers.{name}"
        if name not in optimizers:
            raise InputError(f"{key}: {name} has no optimizer; optimizers are for {', '.join(optimizers)}")
        every = node.get("every", "step")
        every = {"step": 1, "epoch": epoch_length}.get(every, every)
        if type(every) is not int or every < 1:
            raise InputError(f"{key}.every: expected step, epoch or a number of steps, found {every!r}")
        scheduler = build({k: v for k, v in node.items() if k != "every"}, key, optimizers[name])
        if not isinstance(scheduler, LRScheduler):
            raise InputError(f"{key}.class_path: {node['class_path']} is no torch learning-rate scheduler")
        schedulers[name] = Scheduler(scheduler, every)
    return schedulers
