"""The two phases of a FastSpeech 2 against discriminators of its mel, and that they undo the blur of the L1 loss."""

import pytest
import torch
from accelerate import Accelerator

from svstoolkit.conf.loading import whole_config
from svstoolkit.models.fastspeech2 import FastSpeech2, midi_to_hz
from svstoolkit.models.mel_discriminators import RandomWindowDiscriminators, SubFrequencyDiscriminators
from svstoolkit.systems.gan_singer import GanSingerSystem
from svstoolkit.training.options import TrainingOptions
from svstoolkit.training.state import State
from svstoolkit.training.step import take_step

OWN = {"mel": 1.0, "duration": 1.0, "f0": 0.5, "voicing": 1.0, "energy": 0.1}
WEIGHTS = {**OWN, "discriminator": 1.0, "adversarial": 0.5}


def system(windows=(4, 8), weights=WEIGHTS, kind=SubFrequencyDiscriminators, known=None, **keywords) -> GanSingerSystem:
    torch.manual_seed(0)
    sizes = {"encoder_layers": 1, "decoder_layers": 1, "filter_channels": 24, "predictor_channels": 16, "kernel": 3}
    model = FastSpeech2(12, 2, 10, 24000, 256, 16, **sizes, dropout=0.0, predictor_dropout=0.0)
    judge = kind(10, windows=windows, channels=4, layers=2, dropout=0.0, **(known or {}))
    return GanSingerSystem(model, judge, weights, **keywords)


def batch(n_utterances: int = 3, phone_frames: int = 5) -> dict:
    """Utterances of 4 phones, the last one shorter by two."""
    torch.manual_seed(1)
    durations = torch.full((n_utterances, 4), phone_frames)
    durations[-1, 2:] = 0
    phones = torch.randint(1, 12, durations.shape) * (durations > 0)
    frames = torch.arange(4 * phone_frames) < durations.sum(1, keepdim=True)
    return {
        "utterances": [f"u{i}" for i in range(n_utterances)],
        "phones": phones,
        "notes": 60.0 * (durations > 0),
        "note_durations": 0.1 * (durations > 0),
        "slurs": torch.zeros_like(phones),
        "singers": torch.arange(n_utterances) % 2,
        "phone_lengths": (durations > 0).sum(1),
        "durations": durations,
        "mel": torch.randn(n_utterances, 4 * phone_frames, 10) - 5,
        "f0": 260.0 * frames,
        "energy": torch.rand(frames.shape) * frames,
    }


@pytest.mark.parametrize("kind", [RandomWindowDiscriminators, SubFrequencyDiscriminators])
@pytest.mark.parametrize("known", [{}, {"n_phones": 12, "n_singers": 2}])
def test_discriminators_then_model(kind, known):
    trained = system(kind=kind, known=known, weights={**WEIGHTS, "feature_matching": 2.0})
    model, judge = trained.networks["model"], trained.networks["discriminator"]
    phases = trained.phases(trained.networks, batch(), step=0)
    name, terms = next(phases)
    assert (name, set(terms)) == ("discriminator", {"discriminator"})
    terms["discriminator"].backward()
    assert all(p.grad is None for p in model.parameters())
    assert all(p.grad is not None for p in judge.parameters())
    name, terms = next(phases)
    assert (name, set(terms)) == ("model", {*OWN, "adversarial", "feature_matching"})
    before = [p.grad.clone() for p in judge.parameters()]
    for term in ("adversarial", "feature_matching"):
        gradients = torch.autograd.grad(terms[term], [model.mel.weight, model.score.phone.weight], retain_graph=True)
        assert all(gradient.abs().sum() > 0 for gradient in gradients), term
    terms["adversarial"].backward(inputs=list(model.mel.parameters()))
    assert all(torch.equal(a, p.grad) for a, p in zip(before, judge.parameters(), strict=True))
    assert next(phases, None) is None


def test_the_model_learns_alone_at_first():
    trained = system(adversarial_start_step=5)
    ((name, terms),) = trained.phases(trained.networks, batch(), step=4)
    assert (name, set(terms)) == ("model", set(OWN))
    assert [name for name, _ in trained.phases(trained.networks, batch(), step=5)] == ["discriminator", "model"]


def test_the_model_meets_the_discriminators_after_their_step():
    trained = system()
    phases = trained.phases(trained.networks, batch(), step=0)
    next(phases)
    with torch.no_grad():
        for discriminator in trained.networks["discriminator"].discriminators:
            discriminator.score.weight.zero_()
            discriminator.score.bias.fill_(3.0)
    _, terms = next(phases)
    assert terms["adversarial"].item() == pytest.approx(6 * (3 - 1) ** 2)  # three bands, two windows


def test_real_and_sung_are_judged_on_the_same_windows():
    """Where the model sings the recording itself, no discriminator can tell the two apart."""
    trained, data = system(known={"n_phones": 12, "n_singers": 2}), batch()
    with torch.no_grad():
        sung = trained.sung(trained.networks, data)["mel"]
    data["mel"] = sung
    scores = []
    for discriminator in trained.networks["discriminator"].discriminators:
        discriminator.register_forward_hook(lambda module, inputs, output: scores.append(output[0]))
    name, terms = next(trained.phases(trained.networks, data, step=0))
    assert name == "discriminator"
    for judged in scores:
        torch.testing.assert_close(judged[:3], judged[3:])
    expected = sum(((s[:3] - 1) ** 2).mean() + (s[:3] ** 2).mean() for s in scores)
    torch.testing.assert_close(terms["discriminator"], expected)


def test_the_packaged_configs_differ_from_fastspeech2_in_the_discriminators_alone():
    plain, gan, sub = (whole_config(name) for name in ("fastspeech2", "gan_singer", "hifisinger"))
    assert gan["system"].pop("class_path") == sub["system"].pop("class_path") != plain["system"].pop("class_path")
    judges = [config["system"]["init_args"].pop("discriminator")["class_path"] for config in (gan, sub)]
    assert [path.rpartition(".")[2] for path in judges] == ["RandomWindowDiscriminators", "SubFrequencyDiscriminators"]
    assert gan == sub
    del gan["system"]["init_args"]["adversarial_start_step"], gan["training"]["optimizers"]["discriminator"]
    for term in ("discriminator", "adversarial", "feature_matching"):
        del gan["system"]["init_args"]["weights"][term]
    assert gan == plain


def test_validation_and_use_are_the_models_alone():
    trained, data = system(), batch()
    assert set(trained.validate(trained.networks, data)) == {*OWN, "loss"}
    assert trained.used == ("model",)


def weights_after_a_step(parts: list[dict]) -> dict[str, torch.Tensor]:
    """Of both networks, in double precision, after one step on these batches; the windows hold whole utterances."""
    trained = system(windows=(20, 24), weights={**WEIGHTS, "feature_matching": 2.0})
    for network in trained.networks.values():
        network.double()
    optimizer = {"class_path": "torch.optim.SGD", "init_args": {"lr": 0.1}}
    options = TrainingOptions(
        max_steps=1,
        optimizers={"model": optimizer, "discriminator": optimizer},
        precision="fp32",
        grad_accumulation=len(parts),
    )
    accelerator = Accelerator(cpu=True)
    state = State.of(trained, options, accelerator, epoch_length=1)
    parts = [
        {k: v.double() if torch.is_tensor(v) and v.is_floating_point() else v for k, v in p.items()} for p in parts
    ]
    take_step(trained, state, iter(parts), options, accelerator)
    named = {name: value for network in state.networks.values() for name, value in network.named_parameters()}
    return {name: value.detach() for name, value in named.items()}


def test_the_discriminators_gradients_accumulate_rightly():
    """One batch of three utterances of two lengths = two and one: the losses count utterances, not batches.

    The model's part of the step follows the discriminators' update, which comes with the last batch alone, and is thus
    another with accumulation.
    """
    whole = batch()
    parts = [{name: value[rows] for name, value in whole.items()} for rows in (slice(0, 2), slice(2, 3))]
    parts[1] |= {name: parts[1][name][:, :10] for name in ("mel", "f0", "energy")}
    one, two = weights_after_a_step([whole]), weights_after_a_step(parts)
    judged = [name for name in one if name.startswith("discriminators.")]
    assert judged
    for name in judged:
        torch.testing.assert_close(two[name], one[name], atol=1e-8, rtol=1e-5)


def spread(weights: dict[str, float], steps: int = 200) -> float:
    """Standard deviation, in units of the data's, of the mels sung by a model trained on mels of which
    every band is 2 above or below −5 from phone to phone, either as likely, whatever the score."""
    trained = system(windows=(20,), weights=weights, kind=RandomWindowDiscriminators)
    optimizers = {name: torch.optim.Adam(net.parameters(), 3e-3, (0.5, 0.9)) for name, net in trained.networks.items()}
    generator = torch.Generator().manual_seed(2)
    data = batch(16)
    for step in range(steps):
        data["notes"] = torch.randint(50, 71, (16, 4), generator=generator) * 1.0
        data["f0"] = midi_to_hz(data["notes"]).repeat_interleave(5, 1)
        signs = torch.randint(0, 2, (16, 4, 10), generator=generator) * 2.0 - 1.0
        data["mel"] = (-5.0 + 2.0 * signs).repeat_interleave(5, 1)
        for name, terms in trained.phases(trained.networks, data, step if weights["adversarial"] else -1):
            optimizers[name].zero_grad()
            sum(weights[term] * value for term, value in terms.items()).backward(
                inputs=[*trained.networks[name].parameters()]
            )
            optimizers[name].step()
    with torch.no_grad():
        sung = trained.sung(trained.networks, data)["mel"][:-1]
    return (sung.std() / 2.0).item()


def test_the_mel_is_as_varied_as_the_data_where_l1_alone_blurs_it():
    alone, against = (spread({**WEIGHTS, "adversarial": weight}) for weight in (0.0, 1.0))
    assert alone < 0.55
    assert 0.7 < against < 1.3
