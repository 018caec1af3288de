"""HiFi-GAN's generators: published sizes, lengths, official names, and the pitch of the NSF source."""

import pytest
import torch
from torch.nn.utils.parametrize import is_parametrized

from svstoolkit.models.hifigan import HifiGan, NsfHifiGan

V3 = {
    "upsample_rates": (8, 8, 4),
    "upsample_kernels": (16, 16, 8),
    "channels": 256,
    "resblock": "2",
    "resblock_kernels": (3, 5, 7),
    "resblock_dilations": ((1, 2), (2, 6), (3, 12)),
}
TINY = {**V3, "channels": 16}


def without_weight_norm(model: torch.nn.Module) -> int:
    """Parameters as the paper counts them: weight norm's magnitudes folded in."""
    return sum(p.numel() for name, p in model.named_parameters() if not name.endswith("original0"))


@pytest.mark.parametrize(
    ("keywords", "parameters"),
    [({}, 13_926_017), ({"channels": 128}, 925_985), (V3, 1_462_273)],
    ids=["V1", "V2", "V3"],
)
def test_sizes_are_the_published_ones(keywords, parameters):
    with torch.device("meta"):
        model = HifiGan(80, 256, **keywords)
    assert without_weight_norm(model) == parameters


@pytest.mark.parametrize("cls", [HifiGan, NsfHifiGan])
def test_every_frame_gives_a_hop_of_samples_within_full_scale(cls):
    rate = {"sampling_rate": 24000} if cls is NsfHifiGan else {}
    model = cls(n_mels=20, hop_length=256, **rate, **TINY)
    audio = model(torch.randn(2, 7, 20), f0=torch.full((2, 7), 220.0))
    assert audio.shape == (2, 7 * 256)
    assert audio.abs().max() <= 1
    audio.square().mean().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())


def test_odd_rates_line_up_with_the_source():
    model = NsfHifiGan(
        20, 30, 16000, (5, 3, 2), (11, 7, 4), 16, resblock="2", resblock_kernels=(3,), resblock_dilations=((1,),)
    )
    assert model(torch.randn(1, 6, 20), f0=torch.full((1, 6), 200.0)).shape == (1, 180)


def test_official_names_and_weight_norm_load():
    """A state dict under the published names, weight_g and weight_v, gives the weight g·v/‖v‖."""
    model = HifiGan(n_mels=20, hop_length=256, **TINY)
    names = {name.replace(".parametrizations", "") for name in model.state_dict()}
    official = {}
    for name in names:
        value = torch.randn_like(
            model.state_dict()[name if name.endswith("bias") else name.replace("weight", "parametrizations.weight")]
        )
        official[name.replace("weight.original0", "weight_g").replace("weight.original1", "weight_v")] = value
    assert {"conv_pre.weight_g", "ups.2.weight_v", "resblocks.8.convs.1.bias", "conv_post.weight_v"} <= set(official)
    model.load_state_dict(official)
    v, g = official["resblocks.3.convs.0.weight_v"], official["resblocks.3.convs.0.weight_g"]
    torch.testing.assert_close(model.resblocks[3].convs[0].weight, g * v / v.flatten(1).norm(dim=1)[:, None, None])


def test_removing_weight_norm_changes_no_sample():
    torch.manual_seed(0)
    model = HifiGan(n_mels=20, hop_length=256, **TINY)
    mel = torch.randn(1, 4, 20)
    before = model(mel)
    model.remove_weight_norm()
    assert not any(is_parametrized(module) for module in model.modules())
    torch.testing.assert_close(model(mel), before, atol=1e-6, rtol=1e-4)


def test_mel_is_normalised_as_asked():
    torch.manual_seed(0)
    plain = HifiGan(n_mels=20, hop_length=256, **TINY)
    normalising = HifiGan(n_mels=20, hop_length=256, **TINY, mel_mean=-5.0, mel_scale=2.0)
    normalising.load_state_dict(plain.state_dict())
    mel = torch.randn(1, 4, 20)
    torch.testing.assert_close(normalising(2 * mel - 5), plain(mel), atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"mel_scale": 0.0}, "mel_scale"),
        ({"hop_length": 300}, "product of upsample_rates"),
        ({"upsample_kernels": (16, 15, 8)}, "even number"),
        ({"upsample_kernels": (16, 16)}, "upsample_kernels"),
        ({"resblock": "3"}, "resblock"),
        ({"channels": 20}, "halved"),
        ({"resblock_kernels": (3, 5)}, "resblock_dilations"),
    ],
)
def test_refuses_what_cannot_be_built(keywords, message):
    with pytest.raises(ValueError, match=message):
        HifiGan(**{"n_mels": 20, "hop_length": 256, **TINY, **keywords})


def test_nsf_needs_f0():
    with pytest.raises(ValueError, match="needs f0"):
        NsfHifiGan(20, 256, 24000, **TINY)(torch.randn(1, 4, 20))
