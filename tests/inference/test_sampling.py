"""Steps and samplers as they are asked for."""

from types import SimpleNamespace

import pytest

from svstoolkit.errors import InputError
from svstoolkit.inference.sampling import Sampling, finite, samplings_of


class Grid:
    """A system of 20 steps that knows no sampler but `heun`."""

    default_steps = 12

    def check_sampling(self, steps, sampler=None):
        if steps > 20 or sampler not in (None, "heun"):
            raise ValueError("no such thing")


def test_what_is_asked_for_is_read_and_named():
    texts = ("24", "default", "10:unipc", "default:heun")
    assert [Sampling.parse(text) for text in texts] == [
        Sampling(24), Sampling(), Sampling(10, "unipc"), Sampling(None, "heun"),
    ]  # fmt: skip
    assert [Sampling.parse(text).title for text in ("24", "10:unipc")] == ["24", "10_unipc"]


@pytest.mark.parametrize("text", ["0", "-4", "many", "4:", ":heun", "²"])
def test_other_words_are_refused(text):
    with pytest.raises(ValueError, match="expected a number of sampling steps such as 24, or default"):
        Sampling.parse(text)


def test_defaults_are_filled_in_and_named_once(tmp_path):
    asked = [Sampling(4), Sampling(), Sampling(12), Sampling(None, "heun")]
    assert samplings_of(Grid(), tmp_path, asked) == [Sampling(4), Sampling(12), Sampling(12, "heun")]


def test_what_a_system_cannot_do_names_its_experiment(tmp_path):
    with pytest.raises(InputError, match=f"{tmp_path}: no such thing; choose others"):
        samplings_of(Grid(), tmp_path, [Sampling(24)])


def test_what_is_not_finite_names_the_checkpoint():
    trained = SimpleNamespace(checkpoint="exp/edm/step-1.pt")
    with pytest.raises(InputError, match=r"step-1\.pt: not finite at σ = 3; choose an older one"), finite(trained):
        raise FloatingPointError("not finite at σ = 3")
