"""Initial weights: everything as it was trained, and phones and singers by their names."""

import shutil
from pathlib import Path

import pytest
import torch
import yaml
from vocoder_fakes import acoustic_experiment, vocoder_experiment

from svstoolkit.conf.building import build_system
from svstoolkit.conf.loading import load_config, packaged_names, whole_config
from svstoolkit.data.definition_file import read_definition, write_definition
from svstoolkit.data.vocabulary import Vocabulary
from svstoolkit.errors import InputError
from svstoolkit.features.definition import FeatureDefinition
from svstoolkit.features.world import World
from svstoolkit.systems.starting import adapted, initial_checkpoint, rows_of_vocabulary, start
from svstoolkit.training.checkpoint import read_checkpoint
from svstoolkit.training.saving import save_checkpoint

PHONES, SINGERS = ["<pad>", "SP", "zh/a", "zh/b", "zh/d", "zh/i", "ja/u"], ["alto", "tenor"]


@pytest.fixture
def acoustic(tiny_dump, tmp_path):
    return acoustic_experiment(tmp_path / "fastspeech2", tiny_dump)


def system_for(exp: Path, vocabulary: Vocabulary, **model):
    """A system of the experiment's sizes for another vocabulary, and its config."""
    config = yaml.safe_load((exp / "config.yaml").read_text())
    arguments = config["system"]["init_args"]["model"]["init_args"]
    sizes = [size for size in ("n_phones", "n_singers", "n_languages") if arguments.get(size)]
    arguments |= {size: getattr(vocabulary, size) for size in sizes} | model
    torch.manual_seed(99)
    return build_system(config), config


def test_everything_is_taken_where_the_vocabulary_is_the_same(acoustic):
    vocabulary = Vocabulary.from_json(acoustic / "vocabulary.json")
    system, config = system_for(acoustic, vocabulary)
    begun = start(system, config, acoustic, vocabulary, read_definition(acoustic / "features.yaml"))
    begun.load(system)
    trained = read_checkpoint(acoustic / "checkpoints/step-00000001.pt")["networks"]["model"]
    assert all(torch.equal(value, trained[key]) for key, value in system.networks["model"].state_dict().items())
    assert begun.told == [f"starting from {acoustic}/checkpoints/step-00000001.pt: model"]


def test_phones_and_singers_are_found_by_name(acoustic):
    before = Vocabulary.from_json(acoustic / "vocabulary.json")
    known = list(before.phones[1:])
    new = Vocabulary(["<pad>", known[2], "ja/u", known[0], "zh/zh"], [], ["tenor", before.singers[1]])
    system, config = system_for(acoustic, new)
    fresh = {key: value.clone() for key, value in system.networks["model"].state_dict().items()}
    begun = start(system, config, acoustic, new, read_definition(acoustic / "features.yaml"))
    begun.load(system)
    loaded = system.networks["model"].state_dict()
    trained = read_checkpoint(acoustic / "checkpoints/step-00000001.pt")["networks"]["model"]
    phone, singer, language = "score.phone.weight", "singer.weight", "score.language.weight"
    for row, name in enumerate(new.phones):
        expected = trained[phone][before.phones.index(name)] if name in before.phones else fresh[phone][row]
        assert torch.equal(loaded[phone][row], expected), name
    assert torch.equal(loaded[singer][0], fresh[singer][0])
    assert torch.equal(loaded[singer][1], trained[singer][1])
    assert all(torch.equal(loaded[key], trained[key]) for key in loaded if key not in (phone, singer, language))
    assert begun.told[1:] == [
        "2 of 4 phones are known; new: ja/u zh/zh",
        "1 of 2 singers are known; new: tenor",
    ]


def test_as_many_phones_in_another_order_are_not_mistaken(acoustic):
    before = Vocabulary.from_json(acoustic / "vocabulary.json")
    turned = Vocabulary(["<pad>", *before.phones[:0:-1]], before.vowels, before.singers[::-1])
    system, config = system_for(acoustic, turned)
    start(system, config, acoustic, turned, read_definition(acoustic / "features.yaml")).load(system)
    trained = read_checkpoint(acoustic / "checkpoints/step-00000001.pt")["networks"]["model"]
    loaded = system.networks["model"].state_dict()
    assert torch.equal(loaded["score.phone.weight"][1:], trained["score.phone.weight"][1:].flip(0))
    assert torch.equal(loaded["singer.weight"], trained["singer.weight"].flip(0))


def test_languages_are_found_by_name():
    own = {"score.language.weight": torch.arange(8.0).reshape(4, 2)}
    given = {"score.language.weight": 100 + torch.arange(6.0).reshape(3, 2)}
    rows = {"score.language.weight": ("n_languages", 0)}
    new = Vocabulary(["<pad>", "en/a", "ja/a", "zh/a"], [], ["s"])
    known = Vocabulary(["<pad>", "ja/a", "ko/a"], [], ["s"])
    table = adapted(own, given, rows, new, known)["score.language.weight"]  # none, en, ja, zh of none, ja, ko
    assert table.tolist() == [[100, 101], [2, 3], [102, 103], [6, 7]]


QUICK = ("fastspeech2", "gan_singer", "smoothsinger")
OF_A_VOCABULARY = [n for n in packaged_names() if "n_phones" in yaml.safe_dump(whole_config(n))]


@pytest.mark.parametrize(
    "default", [pytest.param(n, marks=() if n in QUICK else pytest.mark.slow) for n in OF_A_VOCABULARY]
)
def test_every_packaged_systems_tables_are_found(default, tmp_path):
    """Whatever has a row for every one of 61 phones or 7 singers is found, in every network."""
    n_world = World.of(FeatureDefinition()).dimensions
    sizes = {"n_phones": 61, "n_singers": 7, "n_languages": 3, "n_world": n_world}
    known = FeatureDefinition().to_dict() | sizes | {"world_mean": [0.0] * n_world, "world_scale": [1.0] * n_world}
    config = load_config(default, None, [], known)
    system = build_system(config)
    found = rows_of_vocabulary(system, config)
    for name, network in system.networks.items():
        for key, module in network.named_modules():
            if isinstance(module, torch.nn.Embedding) and module.num_embeddings in (61, 7):
                size = "n_phones" if module.num_embeddings == 61 else "n_singers"
                assert found[name, f"{key}.weight"] == (size, 0)
    assert {size for size, _ in found.values()} >= {"n_phones", "n_singers"}


def test_one_checkpoint_of_several_can_be_named(tiny_dump, tmp_path):
    exp = vocoder_experiment(tmp_path / "hifigan", tiny_dump, "hifigan", seed=0, step=10)
    vocoder_experiment(exp, tiny_dump, "hifigan", seed=1, step=20)
    assert initial_checkpoint(exp).name == "step-00000020.pt"
    named = exp / "checkpoints/step-00000010.pt"
    assert initial_checkpoint(named) == named
    vocabulary, features = Vocabulary.from_json(exp / "vocabulary.json"), read_definition(exp / "features.yaml")
    config = yaml.safe_load((exp / "config.yaml").read_text())
    system = build_system(config)
    begun = start(system, config, named, vocabulary, features)
    begun.load(system)
    given = read_checkpoint(named)["networks"]
    for name in ("generator", "discriminator"):
        assert all(torch.equal(v, given[name][k]) for k, v in system.networks[name].state_dict().items())


def test_averages_are_taken_where_there_are_some(acoustic):
    path = acoustic / "checkpoints/step-00000001.pt"
    values = read_checkpoint(path)
    values["averages"] = {"model": {key: value + 1 for key, value in values["networks"]["model"].items()}}
    save_checkpoint(path, values)
    vocabulary = Vocabulary.from_json(acoustic / "vocabulary.json")
    system, config = system_for(acoustic, vocabulary)
    start(system, config, acoustic, vocabulary, read_definition(acoustic / "features.yaml")).load(system)
    assert torch.equal(system.networks["model"].mel.bias, values["averages"]["model"]["mel.bias"])


def test_what_does_not_fit_is_named(acoustic, tiny_dump, tmp_path):
    vocabulary, features = Vocabulary.from_json(acoustic / "vocabulary.json"), FeatureDefinition()
    system, config = system_for(acoustic, vocabulary, hidden=12)
    with pytest.raises(InputError, match=r"does not fit the config: \S+ is \(\d+, 8\), here \(\d+, 12\);.* more; give"):
        start(system, config, acoustic, vocabulary, features)
    deeper, config = system_for(acoustic, vocabulary, encoder_layers=2)
    with pytest.raises(InputError, match=r"encoder\.blocks\.1\.\S+ is not in it"):
        start(deeper, config, acoustic, vocabulary, features)
    system, config = system_for(acoustic, vocabulary)
    vocoder = vocoder_experiment(tmp_path / "hifigan", tiny_dump, "hifigan")
    with pytest.raises(InputError, match=r"it has networks generator, discriminator, the system to train has model; "):
        start(system, config, vocoder, vocabulary, features)
    with pytest.raises(InputError, match=r"fastspeech2 and the dump \(fmax: 12000\.0 ≠ 8000\.0\)"):
        start(system, config, acoustic, vocabulary, FeatureDefinition(fmax=8000.0))
    with pytest.raises(InputError, match=r"fastspeech2_x has no config\.yaml: .* run stage 3 \(acoustic\) first"):
        start(system, config, tmp_path / "fastspeech2_x", vocabulary, features)
    shutil.copy(acoustic / "config.yaml", tmp_path / "notes.pt")
    with pytest.raises(InputError, match=r"notes\.pt: it is a vocoder's, and what is to be trained is none"):
        start(system, config, tmp_path / "notes.pt", vocabulary, features)


def test_features_that_matter_to_no_mel_may_differ(acoustic):
    write_definition(acoustic / "features.yaml", FeatureDefinition(f0_extractor="dio", f0_max=900.0))
    vocabulary = Vocabulary.from_json(acoustic / "vocabulary.json")
    system, config = system_for(acoustic, vocabulary)
    assert start(system, config, acoustic, vocabulary, FeatureDefinition()).weights
