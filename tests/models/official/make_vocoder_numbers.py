"""Runs the official vocoder codes on seeded weights and stores what they give; needs `pip install librosa`.

    python tests/models/official/make_vocoder_numbers.py --hifigan CLONE_OF_jik876/hifi-gan \\
        --openvpi CLONE_OF_openvpi/SingingVocoders

writes vocoders.npz beside this file: outputs of the generators V1, V2, V3 at full size, feature maps of the full-size
discriminators, losses and weights of two training steps, each an epoch, of narrow networks, outputs of openvpi's
generators, with its source and with MiniNSF.
"""

import argparse
import importlib
import json
import sys
import types
from itertools import chain
from pathlib import Path

import numpy as np
import seeded_vocoders as seeded
import torch
from torch import nn

STEPS = 2
SEGMENT = 16  # frames


class Settings(dict):
    """Values by attribute, as the official codes read them."""

    __getattr__ = dict.__getitem__


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--hifigan", type=Path, required=True)
    options.add_argument("--openvpi", type=Path, required=True)
    args = options.parse_args()
    torch.set_default_dtype(torch.float64)
    torch.Tensor.float = torch.Tensor.double  # what they round to single precision, too
    with_double_filters()
    numbers: dict[str, np.ndarray] = {}
    models = imported(args.hifigan, "models")
    for version in ("v1", "v2", "v3"):
        settings = Settings(json.loads((args.hifigan / f"config_{version}.json").read_text()))
        numbers |= generator_numbers(models, settings, version)
    numbers |= discriminator_numbers(models)
    settings = Settings(json.loads((args.hifigan / "config_v1.json").read_text()))
    numbers |= training_numbers(models, imported(args.hifigan, "meldataset"), settings)
    numbers |= openvpi_numbers(args.openvpi)
    path = Path(__file__).with_name("vocoders.npz")
    np.savez_compressed(path, **{name: rounded(value) for name, value in numbers.items()})
    print(f"{path}: {len(numbers)} arrays, {path.stat().st_size / 1e3:.0f} kB")


def rounded(value: np.ndarray) -> np.ndarray:
    """Waveforms in single precision, which is what they are compared in."""
    return value.astype(np.float32) if value.dtype == np.float64 and value.size > 1000 else value


def imported(clone: Path, name: str) -> types.ModuleType:
    """A module of a clone; its `utils`, which wants to plot, gets a matplotlib that does nothing."""
    for known in ("models", "utils", "meldataset"):
        for module in [m for m in sys.modules if m == known or m.startswith(f"{known}.")]:
            del sys.modules[module]
    sys.path.insert(0, str(clone))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(clone))


def with_double_filters() -> None:
    """Their calls are of librosa < 0.10 and torch < 2; filters in double precision, too."""
    import librosa.filters

    names = ("sr", "n_fft", "n_mels", "fmin", "fmax")
    mel, stft = librosa.filters.mel, torch.stft
    librosa.filters.mel = lambda *values: mel(**dict(zip(names, values, strict=True)), dtype=np.float64)
    torch.stft = lambda *values, **keywords: torch.view_as_real(stft(*values, **keywords, return_complex=True))


def shapes(network: nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(value.shape) for name, value in network.state_dict().items()}


def listed(found: dict[str, tuple[int, ...]] | list[str]) -> np.ndarray:
    return np.array(json.dumps(found))


def generator_numbers(models: types.ModuleType, settings: Settings, version: str) -> dict[str, np.ndarray]:
    network = models.Generator(settings)
    network.load_state_dict(seeded.seeded_state(shapes(network)))
    with torch.no_grad():
        samples = network(seeded.mel(settings.num_mels).transpose(1, 2))[:, 0]
    print(version, "standard deviation of the output", samples.std().item())
    return {f"{version}/shapes": listed(shapes(network)), f"{version}/audio": samples.numpy()}


def discriminators_of(models: types.ModuleType) -> tuple[nn.Module, nn.Module, dict[str, np.ndarray]]:
    """MPD and MSD with seeded weights, their spectral norm converged, and its vectors."""
    mpd, msd = models.MultiPeriodDiscriminator(), models.MultiScaleDiscriminator()
    mpd.load_state_dict(seeded.seeded_state(shapes(mpd)))
    vectors = seeded.singular_vectors(seeded.seeded_state(shapes(msd)))
    msd.load_state_dict(seeded.seeded_state(shapes(msd), vectors))
    return mpd, msd, vectors


def discriminator_numbers(models: types.ModuleType) -> dict[str, np.ndarray]:
    mpd, msd, vectors = discriminators_of(models)
    numbers = {f"uv/{name}": value.astype(np.float32) for name, value in vectors.items()}
    numbers |= {"mpd/shapes": listed(shapes(mpd)), "msd/shapes": listed(shapes(msd))}
    return numbers | judgements(mpd, msd, "")


def judgements(mpd: nn.Module, msd: nn.Module, prefix: str) -> dict[str, np.ndarray]:
    """Digests of each discriminator's feature maps and scores, as in evaluation."""
    numbers, real = {}, seeded.audio(2001)[:, None]
    for name, network in (("mpd", mpd), ("msd", msd)):
        with torch.no_grad():
            scores, _, maps, _ = network.eval()(real, real)
        network.train()
        for i, (score, own) in enumerate(zip(scores, maps, strict=True)):
            numbers[f"{prefix}{name}/{i}"] = np.stack([seeded.digest(value) for value in (*own, score)])
    return numbers


def narrow_discriminators(models: types.ModuleType) -> tuple[nn.Module, nn.Module, dict[str, np.ndarray]]:
    """As `discriminators_of`, of a sixteenth of the channels."""

    def narrowed(cls):
        def make(before, after, *values, groups=1, **keywords):
            before, after = seeded.narrower(before), seeded.narrower(after)
            return cls(before, after, *values, groups=seeded.groups_of(groups, before, after), **keywords)

        return make

    kept = models.Conv1d, models.Conv2d
    models.Conv1d, models.Conv2d = map(narrowed, kept)
    try:
        return discriminators_of(models)
    finally:
        models.Conv1d, models.Conv2d = kept


def training_numbers(models: types.ModuleType, data: types.ModuleType, h: Settings) -> dict[str, np.ndarray]:
    """Two steps of train.py, with the learning rate lowered after each."""
    h = Settings(h | {"upsample_initial_channel": 32})
    generator = models.Generator(h)
    generator.load_state_dict(seeded.seeded_state(shapes(generator)))
    mpd, msd, vectors = narrow_discriminators(models)
    numbers = {f"training/uv/{name}": value for name, value in vectors.items()}
    numbers |= judgements(mpd, msd, "training/")
    for name, network in (("generator", generator), ("mpd", mpd), ("msd", msd)):
        numbers[f"training/{name}/shapes"] = listed(shapes(network))
    adam = {"lr": h.learning_rate, "betas": (h.adam_b1, h.adam_b2)}
    optim_g = torch.optim.AdamW(generator.parameters(), **adam)
    optim_d = torch.optim.AdamW(chain(msd.parameters(), mpd.parameters()), **adam)
    schedulers = [torch.optim.lr_scheduler.ExponentialLR(o, gamma=h.lr_decay) for o in (optim_g, optim_d)]
    rates, losses = [], []
    for step in range(STEPS):
        rates.append([o.param_groups[0]["lr"] for o in (optim_g, optim_d)])
        x = seeded.mel(h.num_mels, SEGMENT, 2, f"mel {step}").transpose(1, 2)
        y = seeded.audio(SEGMENT * h.hop_size, 2, f"audio {step}")
        losses.append(official_step(models, data, h, (generator, mpd, msd), (optim_g, optim_d), x, y))
        for scheduler in schedulers:
            scheduler.step()
    numbers |= {"training/rates": np.array(rates), "training/losses": np.array(losses)}
    for name, network in (("generator", generator), ("mpd", mpd), ("msd", msd)):
        trained = dict(network.named_parameters())
        numbers[f"training/{name}/names"] = listed(list(trained))
        numbers[f"training/{name}/weights"] = np.stack([seeded.digest(value) for value in trained.values()])
    return numbers


def official_step(models, data, h, networks, optimizers, x, y) -> list[float]:
    """One batch as train.py takes it → losses of the discriminators, adversarial, 2 × feature matching, 45 × mel."""
    generator, mpd, msd = networks
    optim_g, optim_d = optimizers

    def mels(samples):
        return data.mel_spectrogram(
            samples, h.n_fft, h.num_mels, h.sampling_rate, h.hop_size, h.win_size, h.fmin, h.fmax_for_loss
        )

    fake, real = generator(x), y[:, None]
    optim_d.zero_grad()
    judged = [judge(real, fake.detach()) for judge in (mpd, msd)]
    judging = sum(models.discriminator_loss(judgement[0], judgement[1])[0] for judgement in judged)
    judging.backward()
    optim_d.step()
    optim_g.zero_grad()
    judged = [judge(real, fake) for judge in (mpd, msd)]
    matching = sum(models.feature_loss(judgement[2], judgement[3]) for judgement in judged)
    adversarial = sum(models.generator_loss(judgement[1])[0] for judgement in judged)
    mel = 45 * nn.functional.l1_loss(mels(y), mels(fake.squeeze(1)))
    (adversarial + matching + mel).backward()
    optim_g.step()
    return [judging.item(), adversarial.item(), matching.item(), mel.item()]


def openvpi_numbers(clone: Path) -> dict[str, np.ndarray]:
    """Its generators; what they draw is replaced by seeded numbers."""
    models = imported(clone, "models.nsf_HiFigan.models")
    rand, randn_like = torch.rand, torch.randn_like
    torch.rand = seeded.uniform
    torch.randn_like = seeded.gaussian
    numbers = {}
    try:
        for name, mini in (("nsf", False), ("mini_nsf", True)):
            settings = Settings(seeded.OPENVPI | {"mini_nsf": mini})
            network = models.Generator(settings)
            network.load_state_dict(seeded.seeded_state(shapes(network)))
            inputs = seeded.mel(settings.num_mels).transpose(1, 2), torch.tensor(seeded.F0)
            with torch.no_grad():
                numbers[f"{name}/audio"] = network(*inputs)[:, 0].numpy()
                network.noise_sigma = 0.1
                numbers[f"{name}/noisy_audio"] = network(*inputs)[:, 0].numpy()
                if mini:
                    numbers[f"{name}/source"] = network.fastsinegen(inputs[1])[:, 0].numpy()
                else:
                    numbers[f"{name}/source"] = network.m_source(inputs[1], network.upp)[..., 0].numpy()
            numbers[f"{name}/shapes"] = listed(shapes(network))
            print(name, "standard deviation of the output", numbers[f"{name}/audio"].std())
    finally:
        torch.rand, torch.randn_like = rand, randn_like
    pitch = imported(clone / "utils", "pitch_utils")  # the package itself wants Lightning
    numbers["bridged_f0"] = pitch.interp_f0(np.array(seeded.F0[0]))[0]
    return numbers


if __name__ == "__main__":
    main()
