"""Each packaged config, at paper scale, builds its system and takes one training step on a tiny batch."""

import pytest
import torch
from accelerate import Accelerator

from svstoolkit.conf.building import build_system, construct
from svstoolkit.conf.loading import load_config
from svstoolkit.errors import InputError
from svstoolkit.features.definition import FeatureDefinition
from svstoolkit.training.checkpoint import checkpoint_path
from svstoolkit.training.options import DataOptions, TrainingOptions
from svstoolkit.training.saving import save_checkpoint
from svstoolkit.training.state import State
from svstoolkit.training.step import take_step
from svstoolkit.training.validation import validate

FEATURES = FeatureDefinition()
WORLD = {"n_world": 63, "world_mean": [0.0] * 63, "world_scale": [1.0] * 63}
KNOWN = {**FEATURES.to_dict(), "n_phones": 61, "n_singers": 2, "n_languages": 1, **WORLD}


def utterance_batch() -> dict:
    """Two utterances of 4 and 3 phones, 20 and 15 frames."""
    durations = torch.tensor([[5, 5, 5, 5], [5, 5, 5, 0]])
    return {
        "utterances": ["a", "b"],
        "phones": torch.tensor([[1, 2, 60, 4], [1, 2, 3, 0]]),
        "durations": durations,
        "notes": torch.tensor([[60.0, 60, 62, 0], [0, 55, 55, 0]]),
        "note_durations": torch.full((2, 4), 0.05),
        "note_indices": torch.tensor([[0, 0, 1, 2], [0, 1, 1, 0]]),
        "note_onsets": torch.tensor([[0.0, 0.0, 0.1, 0.15], [0.0, 0.05, 0.05, 0.0]]),
        "languages": torch.tensor([[1, 1, 0, 1], [1, 1, 1, 0]]),
        "slurs": torch.zeros(2, 4, dtype=torch.long),
        "phone_lengths": torch.tensor([4, 3]),
        "singers": torch.tensor([0, 1]),
        "mel": torch.randn(2, 20, FEATURES.n_mels) - 5,
        "world": torch.randn(2, 20, WORLD["n_world"]),
        "f0": 220 * (torch.rand(2, 20) > 0.3).float(),
        "energy": torch.rand(2, 20),
        "frame_lengths": durations.sum(1),
    }


def segment_batch(n_frames: int = 16) -> dict:
    return {
        "utterances": ["a"],
        "singers": torch.tensor([1]),
        "mel": torch.randn(1, n_frames, FEATURES.n_mels) - 5,
        "f0": torch.full((1, n_frames), 220.0),
        "audio": 0.1 * torch.randn(1, n_frames * FEATURES.hop_length),
        "reference": 0.1 * torch.randn(1, n_frames * FEATURES.hop_length),
        "frame_phones": torch.full((1, n_frames), 60),
        "frame_notes": torch.full((1, n_frames), 57.0),
        "frame_note_durations": torch.full((1, n_frames), 0.2),
    }


@pytest.fixture
def known(tmp_path, request):
    """What stands for ${…}; a student's teacher is a SmoothSinger fresh from its default config."""
    if request.node.callspec.params["name"] != "student":
        return KNOWN
    config = load_config("smoothsinger", substitutions=KNOWN)
    weights = {"networks": {"denoiser": build_system(config).networks["denoiser"].state_dict()}, "averages": {}}
    save_checkpoint(checkpoint_path(tmp_path, 1), weights)
    arguments = {f"teacher.{key}": value for key, value in config["system"]["init_args"].items()}
    return {**KNOWN, **arguments, "teacher": str(tmp_path)}


@pytest.mark.parametrize(
    ("name", "millions"),  # of trained parameters: published figures, or DiffSinger's FFT-Singer
    [("fastspeech2", (20, 30)), ("fft_singer", (24, 24.5)), ("xiaoicesing", (25, 28)), ("fft_npss", (20, 30)),
     ("gan_singer", (20, 30)), ("hifisinger", (20, 30)),
     ("hifigan", (13, 15)), ("nsf_hifigan", (13, 16)), ("smoothsinger", (14, 18)),
     ("student", (14, 18))],
)  # fmt: skip
def test_default_config_takes_a_training_step(name, millions, known):
    config = load_config(name, substitutions=known)
    construct(DataOptions, config["data"], "data")
    options = construct(TrainingOptions, config["training"], "training")
    torch.manual_seed(0)
    system = build_system(config)
    system.prepare_training()
    batch = utterance_batch() if system.batch_kind == "utterance" else segment_batch()
    accelerator = Accelerator(cpu=True)
    state = State.of(system, options, accelerator, epoch_length=10)
    generator = next(iter(state.networks.values()))
    size = sum(p.numel() for p in generator.parameters()) / 1e6
    assert millions[0] <= size <= millions[1], size
    state.step = getattr(system, "adversarial_start_step", 0)
    before = {n: [p.detach().clone() for p in state.parameters[n]] for n in state.optimizers}
    report = take_step(system, state, iter([batch]), options, accelerator)
    assert report.utterances == batch["utterances"]
    assert {f"loss/{term}" for term, weight in system.weights.items() if weight} <= set(report.terms)
    assert all(value.isfinite() for value in report.terms.values()), report.terms
    for network, parameters in before.items():
        moved = [not torch.equal(a, b) for a, b in zip(parameters, state.parameters[network], strict=True)]
        assert any(moved), f"no parameter of {network} moved"
        assert set(state.optimizers) <= set(state.networks)
    metrics = validate(system, state, [batch], 0, accelerator)
    assert metrics["loss"] == pytest.approx(metrics["loss"])  # a number, not nan


def test_a_student_without_teacher_is_told_what_to_give():
    with pytest.raises(InputError, match=r"init_args\.denoiser: .*give --teacher"):
        load_config("student", substitutions=KNOWN)
