"""Diffusions of mels: what is trained, where sampling starts, and what a wrong config is told."""

import copy

import pytest
import torch

from svstoolkit.conf.building import build_system
from svstoolkit.conf.loading import load_config
from svstoolkit.diffusion.discrete import DiscreteDiffusion
from svstoolkit.diffusion.edm import EdmDiffusion
from svstoolkit.diffusion.flow import RectifiedFlow
from svstoolkit.errors import InputError
from svstoolkit.features.definition import FeatureDefinition
from svstoolkit.models.boundary import BoundaryPredictor
from svstoolkit.models.fastspeech2 import FastSpeech2
from svstoolkit.models.wavenet import WaveNet
from svstoolkit.systems.boundary import BoundarySystem
from svstoolkit.systems.mel_diffusion import MelDiffusionSystem
from svstoolkit.training.checkpoint import checkpoint_path
from svstoolkit.training.saving import save_checkpoint

N_MELS = 6
KINDS = {
    "ddpm": DiscreteDiffusion(100, 1e-4, 0.06),
    "v": DiscreteDiffusion(100, schedule="cosine", prediction="v", distance="l1"),
    "edm": EdmDiffusion(),
    "flow": RectifiedFlow(),
}


def acoustic() -> FastSpeech2:
    torch.manual_seed(0)
    sizes = {"encoder_layers": 1, "decoder_layers": 1, "filter_channels": 32, "predictor_channels": 16}
    return FastSpeech2(9, 2, N_MELS, 24000, 256, hidden=16, pitch_layers=2, **sizes)


def system(diffusion=KINDS["ddpm"], **options) -> MelDiffusionSystem:
    network = acoustic()
    torch.manual_seed(1)
    return MelDiffusionSystem(network, WaveNet(N_MELS, 16, 16, 3), diffusion, {"diffusion": 1.0}, **options)


def batch(lengths=((5, 6, 4), (3, 4, 0))) -> dict:
    durations = torch.tensor(lengths)
    frames = int(durations.sum(1).max())
    torch.manual_seed(2)
    return {
        "utterances": ["a", "b"],
        "phones": torch.tensor([[1, 2, 3], [4, 5, 0]]),
        "durations": durations,
        "notes": torch.tensor([[60.0, 60, 62], [57, 57, 0]]),
        "note_durations": torch.full((2, 3), 0.1),
        "slurs": torch.zeros(2, 3, dtype=torch.long),
        "phone_lengths": torch.tensor([3, 2]),
        "singers": torch.tensor([0, 1]),
        "mel": torch.randn(2, frames, N_MELS) - 5,
        "f0": torch.full((2, frames), 220.0),
        "energy": torch.rand(2, frames),
    }


@pytest.mark.parametrize("kind", KINDS)
def test_training_lowers_the_loss_and_leaves_the_acoustic_model_alone(kind):
    trained = system(KINDS[kind])
    before = copy.deepcopy(trained.networks["acoustic"].state_dict())
    denoiser = trained.networks["denoiser"]
    optimizer = torch.optim.Adam(denoiser.parameters(), 3e-3)
    data, losses = batch(), []
    for step in range(120):
        ((name, terms),) = trained.phases(trained.networks, data, step)
        assert name == "denoiser"
        optimizer.zero_grad()
        terms["diffusion"].backward()
        optimizer.step()
        losses.append(float(terms["diffusion"].detach()))
    assert sum(losses[-30:]) < 0.9 * sum(losses[:30])
    after = trained.networks["acoustic"].state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())
    assert not any(p.requires_grad for p in trained.networks["acoustic"].parameters())


@pytest.mark.parametrize("kind", KINDS)
def test_padding_changes_neither_loss_nor_mel(kind, monkeypatch):
    led = system(KINDS[kind])
    torch.nn.init.normal_(led.networks["denoiser"].output_projection.weight)
    data = batch()
    spoilt = {**data, "mel": data["mel"].clone()}
    spoilt["mel"][1, 7:] = 9.0
    torch.manual_seed(5)
    loss = led.validate(led.networks, data)["loss"]
    torch.manual_seed(5)
    assert led.validate(led.networks, spoilt)["loss"] == pytest.approx(float(loss), rel=1e-5)


def test_a_shallow_start_is_the_prediction_with_the_noise_of_step_k():
    """A denoiser that says ε = 0 takes what it is given for the mel: DDIM then stays where it started."""
    led = system(k=30, sampler="ddim")
    torch.nn.init.zeros_(led.networks["denoiser"].output_projection.bias)
    output = led.condition({name: v for name, v in batch().items() if name not in ("utterances", "mel", "energy")})
    noise = torch.randn(output["mel"].shape, generator=torch.Generator().manual_seed(3))
    sigma = KINDS["ddpm"].sigmas[29]
    expected = led.denormalised(led.normalised(output["mel"]) + float(sigma) * noise) * output["frame_mask"][..., None]
    found = led.synthesise(led.networks["denoiser"], output, 10, torch.Generator().manual_seed(3))
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


def test_training_goes_no_higher_than_k(monkeypatch):
    """DiffSinger, Algorithm 1: t ~ Uniform(1 … k)."""
    led, seen = system(k=7), []
    monkeypatch.setattr(WaveNet, "forward", lambda self, x, step, *rest: seen.append(step) or torch.zeros_like(x))
    data = batch()
    for step in range(60):
        list(led.phases(led.networks, data, step))
    assert set(torch.cat(seen).tolist()) == set(range(7))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sampler", ["ddpm", "heun", "plms", "dpm_solver_pp_2m", "unipc", "rk4"])
def test_any_sampler_goes_with_any_diffusion(kind, sampler):
    led = system(KINDS[kind])
    output = led.condition({name: v for name, v in batch().items() if name not in ("utterances", "mel", "energy")})
    found = led.synthesise(led.networks["denoiser"], output, 5, torch.Generator().manual_seed(0), sampler)
    assert found.shape == output["mel"].shape
    assert bool(found.isfinite().all())


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        ("ddpm", {"k": 101}, "step 101 is not one of the schedule's: 1 … 100"),
        ("ddpm", {"k": 0}, "step 0 is not one"),
        ("ddpm", {"t_start": 0.4}, "t_start is not how DiscreteDiffusion says where to start: use k"),
        ("edm", {"k": 54}, "use sigma_start"),
        ("edm", {"sigma_start": 100.0}, "does not lie in the trained range"),
        ("flow", {"t_start": 1.0}, r"t_start must lie in \[0, 1\)"),
        ("ddpm", {"sampler": "dpm_solver"}, "no sampler 'dpm_solver'; do you mean dpm_solver_pp_2m"),
        ("ddpm", {"schedule": "karas"}, "no schedule 'karas'; do you mean karras"),
        ("ddpm", {"k": 20, "steps": 21}, "21 sampling steps: the schedule has 20"),
        ("ddpm", {"mel_min": 2.0}, "mel_min must be below mel_max"),
    ],
)
def test_a_wrong_start_sampler_or_schedule_is_refused(kind, options, message):
    with pytest.raises(ValueError, match=message):
        system(KINDS[kind], **options)


def test_nan_inside_a_sampler_names_sigma():
    led = system()
    torch.nn.init.constant_(led.networks["denoiser"].output_projection.bias, float("nan"))
    output = led.condition({name: v for name, v in batch().items() if name not in ("utterances", "mel", "energy")})
    with pytest.raises(FloatingPointError, match=r"not finite at σ = \d"):
        led.synthesise(led.networks["denoiser"], output, 4)


def test_without_a_trained_acoustic_model_it_is_asked_for(tmp_path):
    with pytest.raises(InputError, match="pass --acoustic"):
        system().prepare_training()
    other = FastSpeech2(9, 2, N_MELS + 1, 24000, 256, hidden=16, encoder_layers=1, decoder_layers=1)
    save_checkpoint(checkpoint_path(tmp_path, 1), {"networks": {"model": other.state_dict()}, "averages": {}})
    with pytest.raises(InputError, match="its network is not the one of this config"):
        system(acoustic_experiment=str(tmp_path)).prepare_training()


def test_the_boundary_predictor_learns_to_tell_and_its_scores_meet_at_the_noisy_end():
    torch.manual_seed(0)
    steps = DiscreteDiffusion(100, 1e-4, 0.06)
    led = BoundarySystem(acoustic(), BoundaryPredictor(N_MELS, 32, 5), steps, {"boundary": 1.0}, -7.0, -3.0)
    optimizer = torch.optim.Adam(led.networks["boundary"].parameters(), 3e-3)
    data = batch()
    for step in range(250):
        ((name, terms),) = led.phases(led.networks, data, step)
        assert name == "boundary"
        optimizer.zero_grad()
        terms["boundary"].backward()
        optimizer.step()
    real, predicted, squared = led.scores(data)
    assert real.shape == predicted.shape == (2, 100)
    output = led.condition({name: v for name, v in data.items() if name not in ("utterances", "mel")})
    frames = output["frame_mask"][1]
    expected = (led.normalised(output["mel"]) - led.normalised(data["mel"]))[1][frames].square().mean()
    assert float(squared[1]) == pytest.approx(float(expected), rel=1e-5)
    margin = (real - predicted).mean(0)
    assert float(margin[:20].mean()) > 0.8
    assert float(margin[-10:].mean()) < float(margin[:20].mean()) - 0.15


@pytest.mark.parametrize(
    ("name", "millions"),
    [("diffsinger", (15, 15.2)), ("edm", (50, 60)), ("rectified_flow", (15, 15.2)), ("boundary", (1, 3))],
)
def test_packaged_configs_build_at_their_size(name, millions, tmp_path):
    """A trained FastSpeech 2 of the packaged size leads them; a step of training is in the recipe's test."""
    numbers = {**FeatureDefinition().to_dict(), "n_phones": 61, "n_singers": 2, "n_languages": 1}
    model = load_config("fastspeech2", substitutions=numbers)["system"]["init_args"]["model"]
    of_experiment = {"acoustic": str(tmp_path), "acoustic.model": model, "acoustic.model.hidden": 256}
    config = load_config(name, dotted=["--system.init_args.k", "54"] if name == "diffsinger" else [],
                         substitutions=numbers | of_experiment)  # fmt: skip
    built = build_system(config)
    (trained,) = set(built.networks) - {"acoustic"}
    size = sum(p.numel() for p in built.networks[trained].parameters()) / 1e6
    assert millions[0] <= size <= millions[1], size
