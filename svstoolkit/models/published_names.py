"""The weights of the official HiFi-GAN codes under this toolkit's names.

Theirs are of torch.nn.utils.weight_norm and spectral_norm, ours of the parametrizations that took their place.
"""

import re
from collections.abc import Mapping

import torch
from torch import Tensor

State = dict[str, Tensor]


def generator_state(official: Mapping[str, Tensor]) -> State:
    """Weights of jik876/hifi-gan's or openvpi's generator, with weight norm or without, as HifiGan's `state_dict`.

    A plain weight w becomes v = w with g = ‖v‖ of each of its first axis' slices.
    """
    plain = re.compile(r"((conv_pre|conv_post|ups\.\d+|resblocks\.\d+\.convs[12]?\.\d+)\.)weight")
    state: State = {}
    for name, value in _parametrized(official).items():
        if match := plain.fullmatch(name):
            norm = torch.linalg.vector_norm(value.flatten(1), dim=1)
            state[f"{match[1]}parametrizations.weight.original0"] = norm.reshape(-1, *[1] * (value.ndim - 1))
            state[f"{match[1]}parametrizations.weight.original1"] = value
        else:
            state[name] = value
    return state


def discriminator_state(mpd: Mapping[str, Tensor], msd: Mapping[str, Tensor]) -> State:
    """Weights of the official multi-period and multi-scale discriminators as HifiGanDiscriminators' `state_dict`."""
    families = (("periods", mpd), ("scales", msd))
    return {
        name.replace("discriminators.", f"{ours}.", 1): value
        for ours, official in families
        for name, value in _parametrized(official).items()
    }


def _parametrized(official: Mapping[str, Tensor]) -> State:
    """Weight norm's g, v and spectral norm's orig, u, v under the parametrizations' names; all else as it is."""
    spectral = {name.removesuffix("weight_orig") for name in official if name.endswith("weight_orig")}
    state: State = {}
    for name, value in official.items():
        layer, _, kind = name.rpartition(".")
        names = (
            {"weight_orig": "original", "weight_u": "0._u", "weight_v": "0._v"}
            if f"{layer}." in spectral
            else {"weight_g": "original0", "weight_v": "original1"}
        )
        state[f"{layer}.parametrizations.weight.{names[kind]}" if kind in names else name] = value
    return state
