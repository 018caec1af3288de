"""UTMOS and SingMOS-Pro through the real loading code, with small random weights."""

import numpy as np
import pytest
import torch
from standins import singmos_pro, utmos

from svstoolkit.errors import InputError
from svstoolkit.evaluation.learned.mos import SINGMOS_FILE, UTMOS_FILE
from svstoolkit.evaluation.learned.registry import load_learned

STANDINS = {"utmos": (utmos, UTMOS_FILE), "singmos_pro": (singmos_pro, SINGMOS_FILE)}
VOICE = 0.1 * np.random.default_rng(0).normal(size=16000)


@pytest.fixture(params=STANDINS)
def loaded(request, tmp_path):
    make, file = STANDINS[request.param]
    torch.save(make(), tmp_path / file)
    return request.param, tmp_path, load_learned(request.param, tmp_path)


def test_one_rating_a_take_and_nan_where_there_is_none(loaded):
    name, _, score = loaded
    takes = [(VOICE, None, None), (VOICE[:399], None, None), (np.nan * VOICE, None, None), (VOICE[:8000], None, None)]
    ratings = score(takes, 16000)
    assert np.isnan(ratings[1:3]).all()
    assert ratings[0] != ratings[3]
    assert ratings[0] == score(takes[:1], 16000)[0]
    if name == "singmos_pro":  # tanh, and the input normalised
        assert 1 <= ratings[0] <= 5
        assert score([(0.5 * VOICE, None, None)], 16000)[0] == pytest.approx(ratings[0], abs=1e-3)


def test_heads(loaded):
    """With every weight of the last layer zero, only its bias is left: 2b + 3, or 2·tanh(b) + 3."""
    name, folder, _ = loaded
    make, file = STANDINS[name]
    last = {"utmos": "projection.2", "singmos_pro": "decoder.net.3"}[name]
    state = make()
    state[f"{last}.weight"] *= 0
    state[f"{last}.bias"][:] = 0.25
    torch.save(state, folder / file)
    expected = 2 * (0.25 if name == "utmos" else np.tanh(0.25)) + 3
    assert load_learned(name, folder / file)([(VOICE, None, None)], 16000)[0] == pytest.approx(expected, abs=1e-6)


def test_what_is_no_checkpoint_is_said(loaded):
    name, folder, _ = loaded
    make, file = STANDINS[name]
    state = make()
    for broken in ({**state, "extra": torch.zeros(1)}, dict(list(state.items())[:5]), {}):
        torch.save(broken, folder / file)
        with pytest.raises(InputError, match="does not fit"):
            load_learned(name, folder)
    (folder / file).write_bytes(b"<html>404</html>")
    with pytest.raises(InputError, match="is no checkpoint"):
        load_learned(name, folder)
    (folder / file).unlink()
    with pytest.raises(InputError, match=f"{file} does not exist.*download https://"):
        load_learned(name, folder)
