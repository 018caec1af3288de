"""Trains a small FastSpeech 2 without dropout, by itself or against discriminators of whole utterances, on a dump:
three utterances a step, one and two if there are two processes.

In double precision: in single, the two differ by more than rounding wherever a ReLU's or an L1 loss's argument is 0 but
for rounding.
"""

import sys
from pathlib import Path

import torch
from accelerate import Accelerator, DistributedDataParallelKwargs

from svstoolkit.data.dataset import UtteranceDataset
from svstoolkit.data.vocabulary import Vocabulary
from svstoolkit.models.fastspeech2 import FastSpeech2
from svstoolkit.models.mel_discriminators import RandomWindowDiscriminators
from svstoolkit.systems.fastspeech2 import FastSpeech2System
from svstoolkit.systems.gan_singer import GanSingerSystem
from svstoolkit.training.launch import leave_group_at_exit
from svstoolkit.training.loop import Source, train
from svstoolkit.training.options import TrainingOptions

WEIGHTS = {"mel": 1.0, "duration": 1.0, "f0": 1.0, "voicing": 1.0, "energy": 0.1}
OF_JUDGES = {"discriminator": 1.0, "adversarial": 0.1, "feature_matching": 0.1}


def main(dump: Path, exp_dir: Path, judged: bool) -> None:
    accelerator = Accelerator(cpu=True, kwargs_handlers=[DistributedDataParallelKwargs(broadcast_buffers=False)])
    leave_group_at_exit(accelerator)
    rank, world = accelerator.process_index, accelerator.num_processes
    vocabulary = Vocabulary.from_json(dump / "vocabulary.json")
    dataset = UtteranceDataset(dump / "train", vocabulary)
    torch.manual_seed(0)
    model = FastSpeech2(
        *(vocabulary.n_phones, vocabulary.n_singers, 80, 24000, 256, 16),
        **{"encoder_layers": 1, "decoder_layers": 1, "filter_channels": 24, "predictor_channels": 16},
        **{"dropout": 0.0, "predictor_dropout": 0.0},
    )
    system = FastSpeech2System(model, WEIGHTS)
    if judged:
        judges = RandomWindowDiscriminators(80, windows=(256,), channels=4, dropout=0.0)  # no window to be drawn
        system = GanSingerSystem(model, judges, WEIGHTS | OF_JUDGES)
    for network in system.networks.values():
        network.double()

    def collate(chosen):
        values = dataset.collate([dataset.item(i) for i in chosen])
        return {n: v.double() if torch.is_tensor(v) and v.is_floating_point() else v for n, v in values.items()}

    def batch(number):
        chosen = [(number + i) % len(dataset) for i in range(3)]
        if world == 2:
            chosen = chosen[:1] if rank == 0 else chosen[1:]
        return collate(chosen)

    def training(start):
        while True:
            yield batch(start)
            start += 1

    optimizer = {"class_path": "torch.optim.SGD", "init_args": {"lr": 0.01}}
    options = TrainingOptions(
        max_steps=8,
        optimizers=dict.fromkeys(system.networks, optimizer),
        clip_grad_norm=1.0,
        validate_every=4,
        log_every=1,
        precision="fp32",
    )
    development = [collate([i]) for i in range(rank, len(dataset), world)]
    train(system, options, Source(training, lambda: development, 4), exp_dir, accelerator)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] == "judged")
