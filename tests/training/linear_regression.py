"""Trains two linear networks, one against the other, by SGD: seven examples a step, four and three if there are two
processes, of which some count and others do not."""

import sys
from pathlib import Path

import torch
from accelerate import Accelerator, DistributedDataParallelKwargs
from torch import nn

from svstoolkit.losses.masked import masked_mean
from svstoolkit.training.launch import leave_group_at_exit
from svstoolkit.training.loop import Source, train
from svstoolkit.training.options import TrainingOptions


class Regression:
    ema = ("first",)

    def __init__(self):
        torch.manual_seed(0)
        self.networks = {"first": nn.Linear(4, 4), "second": nn.Linear(4, 1)}
        self.weights = {"fit": 1.0, "against": 1.0, "for": 0.5, "some": 0.7}

    def counts(self, batch):
        return {"some": (batch["x"][:, 0] > 0).sum()}

    def phases(self, networks, batch, step):
        y = networks["first"](batch["x"])
        yield "second", {"against": (networks["second"](y.detach()) - 1).square().mean()}
        some = masked_mean((y - 1).square()[:, None], batch["x"][:, :1] > 0)
        fit = (y - batch["x"]).square().mean()
        yield "first", {"fit": fit, "for": networks["second"](y).square().mean(), "some": some}

    def validate(self, networks, batch):
        return {"loss": (networks["first"](batch["x"]) - batch["x"]).square().mean()}


def main(exp_dir: Path) -> None:
    accelerator = Accelerator(cpu=True, kwargs_handlers=[DistributedDataParallelKwargs(broadcast_buffers=False)])
    leave_group_at_exit(accelerator)
    rank, world = accelerator.process_index, accelerator.num_processes

    def batch(number):
        x = torch.randn(7, 4, generator=torch.Generator().manual_seed(number)).chunk(world)[rank]
        return {"utterances": ["a"] * len(x), "x": x}

    def training(start):
        while True:
            yield batch(start)
            start += 1

    optimizer = {"class_path": "torch.optim.SGD", "init_args": {"lr": 0.05, "momentum": 0.9}}
    options = TrainingOptions(
        max_steps=20,
        optimizers={"first": optimizer, "second": optimizer},
        clip_grad_norm=1.0,
        ema_decay=0.9,
        validate_every=10,
        log_every=5,
    )
    source = Source(training, lambda: [batch(-1), batch(-2)], 10)
    train(Regression(), options, source, exp_dir, accelerator)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
