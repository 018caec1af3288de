"""How much of the training time saving checkpoints takes, at the packaged configs' size and intervals.

The state has the real networks' shapes with synthetic weights, and what Adam and the average keep. The share is what
saving makes training wait (at every `save_every`, and for the best at every `validate_every`) at ten steps a second;
beside it what it would be if the writing itself were waited for, and how fast other work on the same core is while the
thread writes.
"""

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import torch
from result import result

from svstoolkit.conf.building import build_system
from svstoolkit.conf.loading import load_config
from svstoolkit.training.saving import CheckpointWriter

KNOWN = {"n_phones": 60, "n_singers": 1, "n_languages": 1, "n_mels": 80, "sampling_rate": 24000, "hop_length": 256}
KNOWN |= {"n_fft": 1024, "win_length": 1024, "fmin": 0.0, "fmax": 12000.0, "log_floor": 1e-5}
STEPS_PER_SECOND = 10.0  # of a training on a fast GPU: the shorter the steps, the larger the share
DEFAULTS = ("smoothsinger", "fastspeech2", "hifigan")
SAVES = 4


def state_of(name: str) -> tuple[SimpleNamespace, dict]:
    """A state of the default's size, after its first step, and the default's training section."""
    config = load_config(name, substitutions=KNOWN)
    system = build_system(config)
    networks = {n: {k: v.clone() for k, v in net.state_dict().items()} for n, net in system.networks.items()}
    averages = {n: {k: v.clone() for k, v in networks[n].items()} for n in system.ema}
    moments = {n: [[v.clone(), v.clone()] for v in weights.values()] for n, weights in networks.items()}
    values = {"step": 1, "networks": networks, "averages": averages, "optimizers": moments}
    state = SimpleNamespace(step=1, ranking=[{"loss": 1.0, "step": 1}], state_dict=lambda: values)
    return state, config["training"]


def work(seconds: float) -> int:
    """Small matrix products, as a step has them, for so long; how many."""
    a, count, end = torch.randn(256, 256), 0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        a = (a @ a).clamp(-1, 1)
        count += 1
    return count


def measure_default(name: str, folder: Path) -> list[dict]:
    """The figures of one packaged config."""
    state, training = state_of(name)
    size = sum(t.numel() * t.element_size() for t in _tensors(state.state_dict())) / 2**20
    blocked, written, slowed = [], [], []
    quiet = work(0.5) / 0.5
    for step in range(1, SAVES + 1):
        state.step, state.ranking = step, [{"loss": 1.0 / step, "step": step}]
        with CheckpointWriter(folder / name, 2) as writer:
            start = time.perf_counter()
            writer.save(state, latest=True, best=False)
            blocked.append(writer.blocked)
            slowed.append(work(0.3) / 0.3 / quiet)
            writer.wait()
            written.append(time.perf_counter() - start)
    saves = 1 / training["save_every"] + 1 / training["validate_every"]  # per step; every validation a new best
    share, waited = (sorted(times)[len(times) // 2] * saves * STEPS_PER_SECOND for times in (blocked, written))
    return [
        result(f"checkpoint: {name}, {size:.0f} MiB, training waits", 100 * share, "%", at_most=1.0),
        result(f"checkpoint: {name}, if it waited for the disk", 100 * waited, "%"),
        result(f"checkpoint: {name}, speed of the CPU meanwhile", 100 * sorted(slowed)[len(slowed) // 2], "%"),
    ]


def measure() -> list[dict]:
    with TemporaryDirectory() as folder:
        return [row for name in DEFAULTS for row in measure_default(name, Path(folder))]


def _tensors(value: object) -> list[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        return [value]
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [tensor for one in below for tensor in _tensors(one)]


if __name__ == "__main__":
    for row in measure():
        target = f"target {row['target']:g}: {'ok' if row['ok'] else 'MISSED'}" if row["target"] else ""
        print(f"{row['name']:60s}{row['value']:10.3f} {row['unit']:4s} {target}")
