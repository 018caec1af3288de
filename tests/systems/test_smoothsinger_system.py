"""The training system of SmoothSinger: its objective, its two phases, its synthesis."""

import pytest
import torch

from svstoolkit.conf.building import build_system
from svstoolkit.conf.loading import load_config
from svstoolkit.errors import InputError
from svstoolkit.models.smoothsinger import SmoothSinger
from svstoolkit.systems.smoothsinger import SmoothSingerSystem

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


class Recorder(torch.nn.Module):
    """Stands in for the network: records what it is given, predicts what it is told."""

    def __init__(self, answer):
        super().__init__()
        self.answer, self.calls, self.use_reference = answer, [], True

    def forward(self, x, step, *condition_and_reference):
        self.calls.append((x, step, condition_and_reference[-1]))
        return self.answer(x, step)


def only_phase(system, networks, batch, step):
    ((name, terms),) = list(system.phases(networks, batch, step))
    assert name == "denoiser"
    return terms["noise"]


def test_the_true_noise_has_no_loss_and_zero_has_the_noises_variance():
    system, batch = SmoothSingerSystem(network(), {"noise": 1.0}), segment_batch(64)

    def true_noise(x_t, step):
        sigma = system.epsilon.sigma(step.long())[:, None]
        return (x_t * (1 + sigma**2).sqrt() - batch["audio"]) / sigma

    assert only_phase(system, {"denoiser": Recorder(true_noise)}, batch, 0) < 1e-4
    zero = only_phase(system, {"denoiser": Recorder(lambda x, step: torch.zeros_like(x))}, batch, 0)
    assert zero == pytest.approx(1.0, abs=0.06)


def test_steps_cover_the_schedule():
    system, recorder = SmoothSingerSystem(network(), {"noise": 1.0}), Recorder(lambda x, step: x)
    for i in range(20):
        only_phase(system, {"denoiser": recorder}, segment_batch(32), i)
    steps = torch.cat([step for _, step, _ in recorder.calls])
    assert steps.min() >= 0
    assert steps.max() <= 999
    assert torch.histc(steps, 10).min() > 0.5 * len(steps) / 10


def test_reference_is_synthetic_first_and_partly_degraded_ground_truth_later():
    system = SmoothSingerSystem(network(), {"noise": 1.0}, degraded_start_step=100, degraded_probability=0.5)
    recorder, batch = Recorder(lambda x, step: x), segment_batch(400)
    only_phase(system, {"denoiser": recorder}, batch, 99)
    only_phase(system, {"denoiser": recorder}, batch, 100)
    before, after = (call[2] for call in recorder.calls)
    assert torch.equal(before, batch["reference"])
    kept = (after == batch["reference"]).all(1)
    assert 150 < int(kept.sum()) < 250
    # the replaced ones are nearer to the truth than the synthetic reference is, and not the truth itself
    distance = (after - batch["audio"]).square().mean(1)
    assert distance[~kept].mean() < 0.5 * distance[kept].mean()
    assert distance[~kept].min() > 0


def test_audio_scale_scales_target_and_reference_alike():
    batch = segment_batch()
    recorder = Recorder(lambda x, step: x)
    for scale in (1.0, 3.0):
        torch.manual_seed(5)
        only_phase(SmoothSingerSystem(network(), {"noise": 1.0}, audio_scale=scale), {"denoiser": recorder}, batch, 0)
    (x1, step, r1), (x3, _, r3) = recorder.calls
    alpha = 1 / (1 + SmoothSingerSystem(network(), {}).epsilon.sigma(step.long())[:, None] ** 2).sqrt()
    assert torch.allclose(x3 - x1, alpha * 2.0 * batch["audio"], atol=1e-5)
    assert torch.allclose(r3, 3 * r1)


def test_missing_references_are_the_users_to_mend():
    batch = segment_batch()
    del batch["reference"]
    with pytest.raises(InputError, match="references"):
        list(SmoothSingerSystem(network(), {"noise": 1.0}).phases({}, batch, 0))
    system = SmoothSingerSystem(network(use_reference=False), {"noise": 1.0})
    assert only_phase(system, system.networks, batch, 0).isfinite()


def test_a_few_steps_of_training_lower_the_loss():
    system, batch = SmoothSingerSystem(network(), {"noise": 1.0}), segment_batch(16)
    system.prepare_training()
    optimizer = torch.optim.AdamW(system.networks["denoiser"].parameters(), 1e-2)
    losses = []
    for step in range(30):
        loss = only_phase(system, system.networks, batch, step)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert sum(losses[-10:]) < 0.8 * sum(losses[:10])


def test_validation_is_a_number_without_gradient():
    system = SmoothSingerSystem(network(), {"noise": 1.0})
    loss = system.validate(system.networks, segment_batch())["loss"]
    assert loss.isfinite()
    assert not loss.requires_grad


@pytest.mark.parametrize("steps", [1, 4, 5])
@pytest.mark.parametrize("sampler", ["ddpm", "ddim"])
def test_synthesis_is_repeatable_and_as_long_as_the_condition(steps, sampler):
    system, batch = SmoothSingerSystem(network(), {"noise": 1.0}, sampler=sampler), segment_batch(1)
    given = [batch[n] for n in ("frame_phones", "frame_notes", "frame_note_durations", "f0", "singers", "reference")]
    first, second = (
        system.synthesise(system.networks["denoiser"], *given, steps, torch.Generator().manual_seed(1)) for _ in "ab"
    )
    assert first.shape == (1, FRAMES * HOP)
    assert torch.equal(first, second)
    assert not first.requires_grad


def test_synthesis_with_a_perfect_network_finds_the_truth():
    batch = segment_batch(1)
    system = SmoothSingerSystem(network(), {"noise": 1.0}, audio_scale=2.0)

    class Perfect:
        hop_length = HOP

        def condition(self, *given):
            return None

        def reference_features(self, reference):
            return None

        def predict_noise(self, x_t, step, condition, features):
            low = step.floor().long()
            log_sigma = torch.lerp(system.epsilon.sigmas.log()[low].float(), SIGMA_UP[low].float(), step - low)
            sigma = log_sigma.exp()[:, None]
            return (x_t * (1 + sigma**2).sqrt() - 2.0 * batch["audio"]) / sigma

    logs = system.epsilon.sigmas.log()
    SIGMA_UP = torch.cat([logs[1:], logs[-1:]])
    given = [batch[n] for n in ("frame_phones", "frame_notes", "frame_note_durations", "f0", "singers", "reference")]
    audio = system.synthesise(Perfect(), *given, 24)
    assert torch.allclose(audio, batch["audio"], atol=1e-2)


@pytest.mark.parametrize("name", ["smoothsinger", "student"])
def test_packaged_config_takes_a_training_step(name, monkeypatch):
    numbers = {"n_phones": 6, "n_singers": 2, "hop_length": 256}
    teacher = load_config("smoothsinger", substitutions=numbers)["system"]["init_args"]
    numbers |= {f"teacher.{key}": value for key, value in teacher.items()} | {"teacher": "exp/smoothsinger"}
    system = build_system(load_config(name, substitutions=numbers))
    if name == "student":
        weights = {"denoiser": system.networks["denoiser"].state_dict()}
        monkeypatch.setattr("svstoolkit.systems.consistency.load_weights", lambda exp_dir: weights)
    system.prepare_training()
    batch = {**segment_batch(1), "audio": 0.1 * torch.randn(1, FRAMES * 256), "reference": torch.zeros(1, FRAMES * 256)}
    optimizer = torch.optim.AdamW(system.networks["denoiser"].parameters(), 2e-4)
    for phase, terms in system.phases(system.networks, batch, 0):
        assert phase == "denoiser"
        assert set(terms) == set(system.weights)
        sum(terms.values()).backward()
        optimizer.step()
    assert all(p.isfinite().all() for p in system.networks["denoiser"].parameters())


def test_impossible_values_are_refused():
    with pytest.raises(ValueError, match="degraded_probability"):
        SmoothSingerSystem(network(), {}, degraded_probability=1.5)
    with pytest.raises(ValueError, match="audio_scale"):
        SmoothSingerSystem(network(), {}, audio_scale=0.0)
