import sys
from pathlib import Path

import pytest
import torch
import yaml
from accelerate import Accelerator

from svstoolkit.data.definition_file import write_definition
from svstoolkit.data.vocabulary import Vocabulary
from svstoolkit.errors import InputError
from svstoolkit.features.definition import FeatureDefinition
from svstoolkit.systems.loading import load_trained, training_stage
from svstoolkit.training.loop import train

sys.path.insert(0, str(Path(__file__).parents[1] / "training"))
from tiny_gan import SOURCE, batch, options, tiny_gan

CONFIG = {
    "system": {
        "class_path": "tiny_gan.TinyGan",
        "init_args": {
            "generator": {"class_path": "tiny_gan.Generator", "init_args": {"dropout": 0.5}},
            "discriminator": {"class_path": "torch.nn.Linear", "init_args": {"in_features": 4, "out_features": 1}},
            "weights": {"judge": 1.0, "fool": 0.5, "match": 2.0},
        },
    }
}


@pytest.fixture
def experiment(tmp_path):
    state = train(tiny_gan(), options(max_steps=6), SOURCE, tmp_path, Accelerator(cpu=True))
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(CONFIG))
    write_definition(tmp_path / "features.yaml", FeatureDefinition(n_mels=40))
    Vocabulary(["<pad>", "a"], ["a"], ["s"]).to_json(tmp_path / "vocabulary.json")
    return tmp_path, state


def test_the_averaged_generator_comes_back_in_evaluation_mode(experiment):
    exp, state = experiment
    torch.manual_seed(5)
    trained = load_trained(exp)
    drawn = torch.rand(1)
    torch.manual_seed(5)
    assert torch.equal(drawn, torch.rand(1))  # loading draws nothing from the caller's stream
    network = trained.system.networks["generator"]
    x = batch(3)["x"]
    assert torch.equal(network(x), state.averages["generator"].network(x))
    assert torch.equal(network(x), network(x))  # no dropout
    assert not any(p.requires_grad for p in network.parameters())
    assert (trained.step, trained.checkpoint.name) == (6, "step-00000006.pt")
    assert (trained.features.n_mels, trained.vocabulary.n_phones) == (40, 2)


def test_plain_weights_and_the_best_step_can_be_asked_for(experiment):
    exp, state = experiment
    plain = load_trained(exp, ema=False).system.networks["generator"]
    assert torch.equal(plain.layers[0].weight, state.networks["generator"].layers[0].weight)
    assert load_trained(exp, which="best").step == state.best["step"]
    with pytest.raises(InputError, match=r"has no checkpoint of step 5; it has those of steps 4, 6: name one"):
        load_trained(exp, which=5)


def test_an_untrained_experiment_names_its_stage(tmp_path, experiment):
    with pytest.raises(InputError, match=r"smoothsinger has no config\.yaml.*run stage 5 \(diffusion\) first"):
        load_trained(tmp_path / "smoothsinger")
    (tmp_path / "nsf_hifigan_big").mkdir()
    (tmp_path / "nsf_hifigan_big/config.yaml").write_text("{}")
    with pytest.raises(InputError, match=r"has no latest checkpoint.*run stage 4 \(vocoder\) first"):
        load_trained(tmp_path / "nsf_hifigan_big")
    assert training_stage("exp/my_own") == "the stage that trains it (3 to 6)"


def test_a_checkpoint_that_does_not_fit_or_is_damaged_is_named(experiment):
    exp, _ = experiment
    changed = yaml.safe_load((exp / "config.yaml").read_text())
    changed["system"]["init_args"]["discriminator"]["init_args"]["in_features"] = 5
    (exp / "config.yaml").write_text(yaml.safe_dump(changed))
    with pytest.raises(InputError, match=r"step-00000006\.pt does not fit .*network discriminator"):
        load_trained(exp)


def test_a_damaged_checkpoint_gives_way_to_the_one_before_and_says_so(experiment, caplog):
    exp, _ = experiment
    assert load_trained(exp, which="best").checkpoint.name == "best.pt"
    for path in (exp / "checkpoints/step-00000006.pt", exp / "checkpoints/best.pt"):
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1  # one bit, which torch would not notice
        path.write_bytes(content)
    for which, first in (("latest", "step-00000006.pt"), ("best", "best.pt")):
        caplog.clear()
        trained = load_trained(exp, which=which)
        assert (trained.step, trained.checkpoint.name) == (4, "step-00000004.pt")
        assert f"{first}: not a readable checkpoint (wrong checksum of " in caplog.text
        assert "falling back to" in caplog.text
    last = exp / "checkpoints/step-00000004.pt"
    last.write_bytes(last.read_bytes()[:1000])
    with pytest.raises(InputError, match=r"step-00000006\.pt: not a readable checkpoint"):
        load_trained(exp)
