"""HiFi-GAN V1 against the official code on the same weights and the same processor: time and peak memory.

    HIFIGAN_REPO=$PWD/CLONE_OF_jik876/hifi-gan OMP_NUM_THREADS=1 python bench/hifigan.py

Synthesis is of a mel with weight norm folded, as both use it; training is one whole step: discriminators, generator,
both optimizers. The two take turns, figures are medians of the ratios of processor time, which a busy machine disturbs
less than the clock. Memory is what a process of its own needs at most while it does the one thing, beyond what its
networks took (Linux only).
"""

import ctypes
import gc
import importlib
import json
import os
import subprocess
import sys
import time
import types
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from statistics import median

import torch
from result import result
from torch import nn

CLONE = "HIFIGAN_REPO"  # environment variable: the official code
FRAMES, SEGMENT, BATCH = 100, 16, 1  # frames sung; frames and segments of a training batch
ROUNDS = {"synthesis": 9, "training": 3}
# Times over the official code's. In synthesis both do the same convolutions: equal, but for a few percent of noise.
TARGETS = {"synthesis": 1.05, "training": 1.0}
WHOSE = ("ours", "official")


def measure() -> list[dict]:
    """Ratios of ours to the official code's; for bench/run.py."""
    if CLONE not in os.environ:
        print(f"hifigan: skipped; ${CLONE} names no clone of jik876/hifi-gan to compare with")
        return []
    rows = []
    for work, target in TARGETS.items():
        runs = {whose: prepared(whose, work) for whose in WHOSE}
        ratios = _ratios(runs, ROUNDS[work])
        memory = {whose: _peak(whose, work) for whose in WHOSE}
        rows.append(result(f"HiFi-GAN V1 {work}: time / official", median(ratios), "×", target))
        rows.append(result(f"HiFi-GAN V1 {work}: memory / official", memory["ours"] / memory["official"], "×", 1.0))
        rows.append(result(f"HiFi-GAN V1 {work}: memory", memory["ours"] / 1e3, "MB"))
    return rows


def _ratios(runs: dict[str, Callable[[], object]], rounds: int) -> list[float]:
    """Processor seconds of ours over the official code's in each round, after one round for warming up."""
    ratios = []
    for number in range(rounds + 1):
        seconds = {}
        for whose in WHOSE if number % 2 else WHOSE[::-1]:
            started = time.process_time()
            runs[whose]()
            seconds[whose] = time.process_time() - started
        if number:
            ratios.append(seconds["ours"] / seconds["official"])
    return ratios


def _peak(whose: str, work: str) -> int:
    """kB that the work needs at most, in a process of its own."""
    command = [sys.executable, __file__, whose, work]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1])


def _tell_peak(run: Callable[[], object]) -> None:
    """Prints by how many kB the resident set grows while `run` runs."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")  # forgets the peak so far
    before = _memory("VmRSS")
    run()
    print(_memory("VmHWM") - before)


def _memory(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def prepared(whose: str, work: str) -> Callable[[], object]:
    """What is timed: networks with the same weights, built, and a batch."""
    clone = Path(os.environ[CLONE])
    models = _official(clone)
    settings = _Settings(json.loads((clone / "config_v1.json").read_text()))
    torch.manual_seed(0)
    if work == "synthesis":
        return _synthesis(whose, models.Generator(settings))
    networks = models.Generator(settings), models.MultiPeriodDiscriminator(), models.MultiScaleDiscriminator()
    mel, audio = torch.randn(BATCH, SEGMENT, 80) - 5, 0.1 * torch.randn(BATCH, SEGMENT * 256)
    if whose == "ours":
        return _our_step(networks, mel, audio)
    return _official_step(models, importlib.import_module("meldataset"), settings, networks, mel, audio)


def _synthesis(whose: str, official: nn.Module) -> Callable[[], object]:
    mel = torch.randn(1, FRAMES, 80) - 5
    if whose == "ours":
        from svstoolkit.models.hifigan import HifiGan
        from svstoolkit.models.published_names import generator_state

        ours = HifiGan(80, 256)
        ours.load_state_dict(generator_state(official.state_dict()))
        ours.eval().remove_weight_norm()
        return torch.no_grad()(lambda: ours(mel))
    official.eval().remove_weight_norm()
    return torch.no_grad()(lambda: official(mel.transpose(1, 2)))


def _our_step(networks: tuple[nn.Module, ...], mel: torch.Tensor, audio: torch.Tensor) -> Callable[[], object]:
    """The packaged config's step, as `svs train` takes it."""
    from accelerate import Accelerator

    from svstoolkit.conf.building import build_system, construct
    from svstoolkit.conf.loading import load_config
    from svstoolkit.features.definition import FeatureDefinition
    from svstoolkit.models.published_names import discriminator_state, generator_state
    from svstoolkit.training.options import TrainingOptions
    from svstoolkit.training.state import State
    from svstoolkit.training.step import take_step

    config = load_config("hifigan", substitutions=FeatureDefinition(22050, fmax=8000.0).to_dict())
    options = construct(TrainingOptions, config["training"], "training")
    system, accelerator = build_system(config), Accelerator(cpu=True)
    generator, mpd, msd = (network.state_dict() for network in networks)
    system.networks["generator"].load_state_dict(generator_state(generator))
    system.networks["discriminator"].load_state_dict(discriminator_state(mpd, msd))
    state = State.of(system, options, accelerator, epoch_length=1000)
    batch = {"utterances": ["a"] * BATCH, "mel": mel, "f0": torch.zeros(mel.shape[:2]), "audio": audio}
    return lambda: take_step(system, state, iter([batch]), options, accelerator)


def _official_step(models, data, h, networks, mel, audio) -> Callable[[], object]:
    """A batch as the official train.py takes it, without its logging."""
    generator, mpd, msd = networks
    adam = {"lr": h.learning_rate, "betas": (h.adam_b1, h.adam_b2)}
    optim_g = torch.optim.AdamW(generator.parameters(), **adam)
    optim_d = torch.optim.AdamW(chain(msd.parameters(), mpd.parameters()), **adam)
    sizes = h.n_fft, h.num_mels, h.sampling_rate, h.hop_size, h.win_size, h.fmin, h.fmax
    x, real = mel.transpose(1, 2), audio[:, None]
    wanted = data.mel_spectrogram(audio, *sizes)

    def step():
        fake = generator(x)
        mel_of_it = data.mel_spectrogram(fake.squeeze(1), *sizes)
        optim_d.zero_grad()
        judged = [judge(real, fake.detach()) for judge in (mpd, msd)]
        sum(models.discriminator_loss(j[0], j[1])[0] for j in judged).backward()
        optim_d.step()
        optim_g.zero_grad()
        judged = [judge(real, fake) for judge in (mpd, msd)]
        loss = 45 * nn.functional.l1_loss(wanted, mel_of_it)
        loss = loss + sum(models.feature_loss(j[2], j[3]) + models.generator_loss(j[1])[0] for j in judged)
        loss.backward()
        optim_g.step()

    return step


class _Settings(dict):
    __getattr__ = dict.__getitem__


def _official(clone: Path) -> types.ModuleType:
    """Its models.py. In place of librosa, whose calls have changed since, it gets the same filters from here; in place
    of its utils.py, which wants to plot, the two functions that the models need."""
    from svstoolkit.features.mel import slaney_filters

    def module(name: str, **values) -> types.ModuleType:
        made = types.ModuleType(name)
        vars(made).update(values)
        return made

    def init_weights(m: nn.Module, mean: float = 0.0, std: float = 0.01) -> None:
        if "Conv" in type(m).__name__:
            m.weight.data.normal_(mean, std)

    if not getattr(torch.stft, "pairs", False):
        complex_stft = torch.stft

        def stft(*values, return_complex=False, **keywords):  # of torch < 2: real pairs unless asked otherwise
            spectrum = complex_stft(*values, return_complex=True, **keywords)
            return spectrum if return_complex else torch.view_as_real(spectrum)

        stft.pairs = True
        torch.stft = stft
    half_padding = types.SimpleNamespace(of=lambda kernel, dilation=1: (kernel * dilation - dilation) // 2)
    sys.modules |= {
        "librosa": module("librosa"),
        "librosa.util": module("librosa.util", normalize=None),
        "librosa.filters": module("librosa.filters", mel=slaney_filters),
        "utils": module("utils", init_weights=init_weights, get_padding=half_padding.of),
    }
    if str(clone) not in sys.path:
        sys.path.append(str(clone))
    return importlib.import_module("models")


def main() -> None:
    if len(sys.argv) == 3:
        return _tell_peak(prepared(*sys.argv[1:]))
    for row in measure():
        verdict = "" if row["target"] is None else f"  target {row['target']:g}: {'ok' if row['ok'] else 'MISSED'}"
        print(f"{row['name']:44s}{row['value']:10.3f} {row['unit']}{verdict}")


if __name__ == "__main__":
    main()
