"""SmoothSinger: size, starting state of its zero-initialised parts, reference branch, ablations."""

import pytest
import torch

from svstoolkit.models.smoothsinger import SmoothSinger

SMALL = {
    "channels": 4,
    "cond_channels": 8,
    "cond_hidden": 8,
    "step_sinusoids": 8,
    "step_hidden": 8,
    "kernel_hidden": 8,
    "lowf_hidden": 4,
    "lowf_channels": 2,
    "lowf_window": 16,
}
FRAMES = 6


def small(**changes):
    torch.manual_seed(0)
    return SmoothSinger(n_phones=10, n_singers=2, **(SMALL | changes))


def inputs(batch=2, frames=FRAMES, hop=256):
    generator = torch.Generator().manual_seed(1)
    return {
        "x": torch.randn(batch, frames * hop, generator=generator),
        "step": torch.tensor([3.7, 512.0])[:batch],
        "frame_phones": torch.randint(10, (batch, frames), generator=generator),
        "frame_notes": torch.full((batch, frames), 62.0),
        "frame_note_durations": torch.full((batch, frames), 0.5),
        "f0": 200.0 + 100.0 * torch.rand(batch, frames, generator=generator),
        "singers": torch.tensor([0, 1])[:batch],
        "reference": torch.randn(batch, frames * hop, generator=generator),
    }


def randomise_zero_layers(model):
    for layer in (*model.fusions, *model.lowf_outputs):
        torch.nn.init.normal_(layer.weight, std=0.3)


def test_paper_scale_has_about_sixteen_million_parameters():
    count = sum(p.numel() for p in SmoothSinger(n_phones=61, n_singers=1).parameters())
    assert 15e6 < count < 17e6


def test_fusion_and_lowf_start_as_if_absent():
    full = small()
    plain = small(use_reference=False, use_lowf=False)
    plain.load_state_dict({k: v for k, v in full.state_dict().items() if k in plain.state_dict()})
    assert torch.allclose(full(**inputs()), plain(**inputs()), atol=1e-6)


def test_every_parameter_is_reached_by_gradients_once_the_zero_layers_have_moved():
    model = small()
    randomise_zero_layers(model)
    model(**inputs()).square().mean().backward()
    assert [n for n, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []


def test_zero_layers_receive_gradients_at_the_start():
    model = small()
    model(**inputs()).square().mean().backward()
    for layer in (*model.fusions, *model.lowf_outputs):
        assert layer.weight.grad.abs().sum() > 0


@pytest.mark.parametrize("changed", ["step", "frame_phones", "frame_notes", "frame_note_durations", "f0", "singers"])
def test_each_condition_matters(changed):
    model, given = small(), inputs()
    other = dict(given)
    other[changed] = 1 - given[changed] if changed == "singers" else (given[changed] + 3) % 1000
    if changed == "frame_phones":
        other[changed] = (given[changed] + 3) % 10
    assert not torch.allclose(model(**given), model(**other), atol=1e-6)


@pytest.mark.parametrize("changes", [{}, {"combine": "concat"}, {"share_reference_weights": True}])
def test_reference_matters_once_fusion_has_moved(changes):
    model, given = small(**changes), inputs()
    randomise_zero_layers(model)
    assert not torch.allclose(model(**given), model(**given | {"reference": 2 * given["reference"]}), atol=1e-5)


def test_reference_branch_is_initialised_from_the_main_one_and_then_free():
    model = small()
    torch.nn.init.normal_(model.first.weight)
    model.initialise_reference_from_main()
    assert torch.equal(model.reference_first.weight, model.first.weight)
    assert torch.equal(model.reference_downs[2].shortcut.weight, model.downs[2].shortcut.weight)
    assert model.reference_first.weight is not model.first.weight


def test_shared_reference_has_no_branch_of_its_own():
    assert not any(name.startswith("reference") for name, _ in small(share_reference_weights=True).named_parameters())


def test_condition_and_references_computed_once_give_the_same():
    model, given = small(), inputs()
    randomise_zero_layers(model)
    condition = model.condition(*(given[n] for n in list(given)[2:7]))
    assert condition.shape == (2, 8, FRAMES)
    features = model.reference_features(given["reference"])
    assert [f.shape[2] for f in features] == [FRAMES * 256 // n for n in (1, 4, 32, 256)]
    assert torch.allclose(model.predict_noise(given["x"], given["step"], condition, features), model(**given))


@pytest.mark.parametrize("strides", [(8, 8, 4), (16, 16), (4, 4, 4, 4), (4, 8, 8)])
def test_strides_are_free(strides):
    assert small(strides=strides)(**inputs()).shape == (2, FRAMES * 256)


def test_odd_strides_keep_the_length():
    model = small(strides=(5, 3, 4), hop_length=60)
    assert model(**inputs(hop=60)).shape == (2, FRAMES * 60)


def test_strides_must_make_the_hop():
    with pytest.raises(ValueError, match="hop_length"):
        small(strides=(8, 8, 2))


def test_a_missing_reference_is_an_error():
    with pytest.raises(ValueError, match="reference"):
        small()(**inputs() | {"reference": None})


def test_a_waveform_of_another_length_than_the_condition_is_refused():
    given = inputs()
    with pytest.raises(ValueError, match="frames"):
        small()(**given | {"x": given["x"][:, :-1]})
