"""Distillation of a SmoothSinger: start at the teacher, target network, boundary, sampling."""

import pytest
import torch

from svstoolkit.errors import InputError
from svstoolkit.models.smoothsinger import SmoothSinger
from svstoolkit.systems.consistency import ConsistencySystem

FRAMES, HOP = 8, 16


def network(**changes):
    torch.manual_seed(0)
    sizes = {"channels": 4, "strides": (4, 4), "cond_channels": 8, "cond_hidden": 8, "step_sinusoids": 8}
    sizes |= {"step_hidden": 8, "kernel_hidden": 8, "lowf_hidden": 4, "lowf_channels": 2, "lowf_window": 8}
    return SmoothSinger(6, 2, HOP, **(sizes | changes))


def segment_batch(size=4):
    generator = torch.Generator().manual_seed(0)
    return {
        "utterances": [f"u{i}" for i in range(size)],
        "audio": 0.1 * torch.randn(size, FRAMES * HOP, generator=generator),
        "reference": 0.1 * torch.randn(size, FRAMES * HOP, generator=generator),
        "frame_phones": torch.randint(6, (size, FRAMES), generator=generator),
        "frame_notes": torch.full((size, FRAMES), 60.0),
        "frame_note_durations": torch.full((size, FRAMES), 0.5),
        "f0": torch.full((size, FRAMES), 261.0),
        "singers": torch.zeros(size, dtype=torch.long),
    }


@pytest.fixture
def teacher_weights(monkeypatch):
    torch.manual_seed(7)
    teacher = network()
    for parameter in teacher.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    weights = {"denoiser": teacher.state_dict()}
    monkeypatch.setattr("svstoolkit.systems.consistency.load_weights", lambda exp_dir: weights)
    return weights


def test_all_three_networks_start_as_the_teacher(teacher_weights):
    system = ConsistencySystem(network(), {"consistency": 1.0}, teacher="exp/smoothsinger")
    system.prepare_training()
    for one in (system.networks["denoiser"], system.networks["target"], system.teacher):
        for name, value in one.state_dict().items():
            assert torch.equal(value, teacher_weights["denoiser"][name]), name
    assert all(p.requires_grad for p in system.networks["denoiser"].parameters())
    assert not any(p.requires_grad for p in (*system.networks["target"].parameters(), *system.teacher.parameters()))


def test_target_follows_the_student_with_its_decay(teacher_weights):
    system = ConsistencySystem(network(), {"consistency": 1.0}, target_decay=0.9, teacher="exp/smoothsinger")
    system.prepare_training()
    student, target = (system.networks[n].last.bias for n in ("denoiser", "target"))
    before = target.clone()
    phases = system.phases(system.networks, segment_batch(), 0)
    next(phases)
    with torch.no_grad():
        student += 1.0  # what the optimizer does between two phases
    assert list(phases) == []
    assert torch.allclose(target, before + 0.1, atol=1e-6)
    assert torch.equal(system.teacher.last.bias, teacher_weights["denoiser"]["last.bias"])


def test_student_learns_from_the_teacher(teacher_weights):
    system = ConsistencySystem(network(), {"consistency": 1.0}, teacher="exp/smoothsinger", degraded_probability=0.0)
    system.prepare_training()
    optimizer = torch.optim.AdamW(system.networks["denoiser"].parameters(), 3e-3)
    batch = segment_batch(16)
    losses = []
    for step in range(25):
        for _, terms in system.phases(system.networks, batch, step):
            optimizer.zero_grad()
            terms["consistency"].backward()
            optimizer.step()
            losses.append(terms["consistency"].item())
    assert sum(losses[-10:]) < 0.9 * sum(losses[:10])


def test_the_lowest_pair_compares_the_student_with_the_teachers_step(teacher_weights):
    """At n = 0 the target is the identity, so the untrained student's loss is zero: both are the same DDIM step."""
    system = ConsistencySystem(network(), {"consistency": 1.0}, teacher="exp/smoothsinger")
    system.prepare_training()
    batch = segment_batch()
    lowest = torch.zeros(4, dtype=torch.long)
    loss = system.consistency_loss(system.networks["denoiser"], batch, batch["reference"], lowest)
    assert loss.item() < 1e-10
    higher = system.consistency_loss(system.networks["denoiser"], batch, batch["reference"], lowest + 20)
    assert higher.item() > 1e-6


@pytest.mark.parametrize("steps", [1, 2, 4])
def test_synthesis_is_repeatable_and_needs_no_teacher(steps):
    system, batch = ConsistencySystem(network(), {"consistency": 1.0}), segment_batch(1)
    given = [batch[n] for n in ("frame_phones", "frame_notes", "frame_note_durations", "f0", "singers", "reference")]
    first, second = (
        system.synthesise(system.networks["denoiser"], *given, steps, torch.Generator().manual_seed(1)) for _ in "ab"
    )
    assert first.shape == (1, FRAMES * HOP)
    assert torch.equal(first, second)


def test_validation_is_a_number(teacher_weights):
    system = ConsistencySystem(network(), {"consistency": 1.0}, teacher="exp/smoothsinger")
    system.prepare_training()
    assert system.validate(system.networks, segment_batch())["loss"].isfinite()


def test_missing_or_unfit_teachers_are_named(teacher_weights):
    with pytest.raises(InputError, match="--teacher"):
        ConsistencySystem(network(), {}).prepare_training()
    with pytest.raises(InputError, match=r"exp/smoothsinger.*denoiser"):
        ConsistencySystem(network(channels=8), {}, teacher="exp/smoothsinger").prepare_training()


@pytest.mark.parametrize("wrong", [{"target_decay": 1.0}, {"sigma_max": 100.0}, {"audio_scale": 0.0}])
def test_impossible_values_are_refused(wrong):
    with pytest.raises(ValueError):
        ConsistencySystem(network(), {}, **wrong)
