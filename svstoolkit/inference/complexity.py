"""Size and work of a system: its weights, and its multiply-adds per second of singing.

Counted is what papers count: products of matrices, convolutions and attention, at the shapes that were really computed
(padding and masked positions included). Elementwise operations, look-ups and resampling are not.
"""

from collections.abc import Callable, Iterable
from math import prod

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode, flop_registry

# Operations that FlopCounterMode has no formula for, by parts of their names: a sum without them would be a lie
HARD_TO_COUNT = ("rnn", "lstm", "fft", "attention")


def parameter_count(networks: Iterable[nn.Module]) -> int:
    """Weights of the networks as they are used: a weight-normed one counts once, without its norm's magnitudes."""
    named = (pair for network in networks for pair in network.named_parameters())
    return sum(p.numel() for name, p in named if not name.endswith("parametrizations.weight.original0"))


def count_multiply_adds(run: Callable[[], object]) -> int | None:
    """Multiply-adds of everything `run()` computes with torch; one multiply-add is two floating-point operations.

    Returns:
        the count; None if there was an operation whose products cannot be counted (fused recurrent layers, transforms)
    """
    unknown = _Unknown()
    with unknown, FlopCounterMode(display=False, custom_mapping=_FORMULAS) as counter:
        run()
    return None if unknown.names else counter.get_total_flops() // 2


class _Unknown(TorchDispatchMode):
    """Notes the operations that cannot be counted."""

    def __init__(self):
        super().__init__()
        self.names: set[str] = set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        counted = func._overloadpacket in flop_registry or func._overloadpacket in _FORMULAS
        if not counted and any(part in func.name() for part in HARD_TO_COUNT):
            self.names.add(func.name())
        return func(*args, **(kwargs or {}))


def _attention_flops(query, key, value, *args, out_shape=None, **kwargs) -> int:
    """Shapes (B, heads, T, d): the products of queries and keys, and of their weights and values."""
    return 2 * prod(query[:-1]) * key[-2] * (query[-1] + value[-1])


def _matrix_vector_flops(matrix, vector, *args, out_shape=None, **kwargs) -> int:
    return 2 * prod(matrix)


# What torch's own registry lacks: attention as it is computed on CPUs, and products of a matrix and a vector
_FORMULAS = {
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu: _attention_flops,
    torch.ops.aten.mv: _matrix_vector_flops,
    torch.ops.aten.dot: _matrix_vector_flops,
}
