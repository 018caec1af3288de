"""Stage 5 of DiffSinger with `k: auto`: the boundary predictor first, then a denoiser that starts where it says."""

import json
import shutil

import pytest
import yaml

from svstoolkit.bin import diffusion, train
from svstoolkit.errors import InputError
from svstoolkit.training.checkpoint import list_checkpoints

ACOUSTIC = """
system:
  init_args:
    model: {init_args: {hidden: 16, encoder_layers: 1, decoder_layers: 1, filter_channels: 16, predictor_channels: 16}}
data: {batch_size: 2, num_workers: 0}
training: {max_steps: 3, save_every: 3, validate_every: 3, log_every: 3}
"""
DIFFSINGER = """
inherits: diffsinger
system: {init_args: {denoiser: {init_args: {channels: 8, layers: 2}}, diffusion: {init_args: {steps: 12}}}}
data: {batch_size: 2, num_workers: 0}
training: {max_steps: 4, save_every: 2, validate_every: 4, log_every: 2}
"""
BOUNDARY = """
system: {init_args: {boundary: {init_args: {channels: 8, layers: 2}}}}
data: {batch_size: 2, num_workers: 0}
training: {max_steps: 4, save_every: 2, validate_every: 4, log_every: 2}
"""


@pytest.fixture(scope="module")
def place(tiny_dump, tmp_path_factory):
    """A folder with exp/acoustic trained, configs, and exp/mine of stage 5."""
    place = tmp_path_factory.mktemp("diffusion")
    for name, text in (("fastspeech2", ACOUSTIC), ("mine", DIFFSINGER), ("boundary", BOUNDARY)):
        (place / f"{name}.yaml").write_text(text)
    train.main(words(place, tiny_dump, "fastspeech2", "acoustic"))
    diffusion.main(stage_5(place, tiny_dump, "mine"))
    return place


def words(place, dump, config, exp):
    return ["--config", str(place / f"{config}.yaml"), "--exp_dir", str(place / "exp" / exp), "--dump_dir", str(dump)]


def stage_5(place, dump, exp, *options):
    models = ["--acoustic", str(place / "exp/acoustic"), "--vocoder", str(place / "exp/none")]
    boundary = ["--boundary_config", str(place / "boundary.yaml"), "--boundary_utterances", "2"]
    return [*models, *boundary, *words(place, dump, "mine", exp), *options]


def test_k_is_found_kept_and_trained_to(place):
    found = json.loads((place / "exp/mine/boundary.json").read_text())
    assert 1 <= found["k"] <= 12
    assert (found["steps"], found["utterances"], found["checkpoint_step"]) == (12, 2, 4)
    assert 1 <= found["k_divergence"] <= 12
    config = yaml.safe_load((place / "exp/mine/config.yaml").read_text())["system"]["init_args"]
    assert config["k"] == found["k"]
    boundary = yaml.safe_load((place / "exp/mine/boundary/config.yaml").read_text())["system"]["init_args"]
    assert boundary["diffusion"]["init_args"]["steps"] == 12  # DiffSinger's, not boundary.yaml's own
    assert (place / "exp/mine/boundary.png").read_bytes().startswith(b"\x89PNG")
    assert max(list_checkpoints(place / "exp/mine")) == 4


def test_again_nothing_is_done_anew(place, tiny_dump, capfd):
    before = {path: path.stat().st_mtime_ns for path in (place / "exp/mine").rglob("*") if path.is_file()}
    diffusion.main(stage_5(place, tiny_dump, "mine"))
    assert "the boundary was found before" in capfd.readouterr().out
    assert {path: path.stat().st_mtime_ns for path in (place / "exp/mine").rglob("*") if path.is_file()} == before


def test_without_the_predictor_k_is_asked_for(place, tiny_dump):
    acoustic = ["--acoustic", str(place / "exp/acoustic")]
    with pytest.raises(InputError, match=r"other/boundary\.json does not exist; run svs diffusion"):
        train.main([*words(place, tiny_dump, "mine", "other"), *acoustic])
    assert not (place / "exp/other/checkpoints").exists()


def test_a_k_of_ones_own_needs_no_predictor(place, tiny_dump):
    diffusion.main(stage_5(place, tiny_dump, "own", "--system.init_args.k", "5"))
    assert not (place / "exp/own/boundary").exists()
    with pytest.raises(InputError, match="step 13 is not one of the schedule's: 1 … 12"):
        diffusion.main(stage_5(place, tiny_dump, "beyond", "--system.init_args.k", "13"))


def test_a_damaged_result_is_told(place, tiny_dump):
    shutil.copytree(place / "exp/mine", place / "exp/damaged")
    (place / "exp/damaged/boundary.json").write_text("{}")
    with pytest.raises(InputError, match=r"damaged/boundary\.json: not a boundary predictor's result"):
        train.main([*words(place, tiny_dump, "mine", "damaged"), "--acoustic", str(place / "exp/acoustic")])


def test_a_system_must_be_named(place):
    with pytest.raises(InputError, match="which system"):
        diffusion.main(["--acoustic", "a", "--vocoder", "b", "--exp_dir", str(place / "exp/nothing")])


def test_weights_of_another_parameterisation_are_refused(place, tiny_dump):
    """The network has the same shape, and says ε in one and v in the other."""
    v = ["--system.init_args.k", "5", "--system.init_args.diffusion.init_args.prediction", "v"]
    acoustic = ["--acoustic", str(place / "exp/acoustic"), "--start_from", str(place / "exp/mine")]
    with pytest.raises(InputError, match=r"exp/mine: its denoiser says something else .*prediction: v ≠ epsilon"):
        train.main([*words(place, tiny_dump, "mine", "v"), *acoustic, *v])
