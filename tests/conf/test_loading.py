import pytest
import toy_networks
from torch import nn

from svstoolkit.conf.building import build, build_system
from svstoolkit.conf.loading import default_of, load_config, packaged_names
from svstoolkit.conf.reading import parse_yaml, read_yaml
from svstoolkit.errors import InputError

DEFAULT = """
system:
  class_path: toy_networks.System
  init_args:
    model:
      class_path: toy_networks.Network
      init_args:
        n_phones: ${n_phones}
        channels: 16        # wide
        dropout: 1e-1
    weights: {mel: 45.0, duration: 1}
data: {batch_size: 4, num_workers: 0}
training:
  max_steps: 100
  optimizers: {model: {class_path: torch.optim.AdamW, init_args: {lr: 1e-3}}}
  schedulers: {}
  total: ${max_steps}
"""


@pytest.fixture
def load(tmp_path):
    def load(override=None, *dotted, substitutions=None):
        (tmp_path / "default.yaml").write_text(DEFAULT)
        if override is not None:
            (tmp_path / "mine.yaml").write_text(override)
        path = None if override is None else tmp_path / "mine.yaml"
        return load_config(str(tmp_path / "default.yaml"), path, dotted, substitutions or {"n_phones": 61})

    return load


def model(config):
    return config["system"]["init_args"]["model"]


def test_command_line_beats_file_beats_default(load):
    config = load("training: {max_steps: 50}\ndata: {batch_size: 2}\n", "--training.max_steps", "20")
    assert config["training"]["max_steps"] == 20
    assert config["data"] == {"batch_size": 2, "num_workers": 0}
    assert model(config)["init_args"] == {"n_phones": 61, "channels": 16, "dropout": 0.1}
    assert config["training"]["total"] == 20  # ${max_steps} follows


def test_an_empty_override_changes_nothing(load):
    assert load("# nothing differs\n") == load()


def test_another_class_takes_none_of_the_old_arguments(load):
    override = "system: {init_args: {model: {class_path: toy_networks.Wider, init_args: {n_phones: 5, extra: 2}}}}"
    assert model(load(override)) == {"class_path": "toy_networks.Wider", "init_args": {"n_phones": 5, "extra": 2}}
    same = "system: {init_args: {model: {class_path: toy_networks.Network, init_args: {channels: 4}}}}"
    assert model(load(same))["init_args"]["dropout"] == 0.1


def test_an_argument_that_the_default_does_not_spell_is_known_by_the_signature(load):
    config = load(None, "--system.init_args.model.init_args.kernels", "[3, 5]", "--system.init_args.steps", "7")
    system = build_system(config)
    assert system.model.arguments["kernels"] == (3, 5)
    assert system.steps == 7


def test_a_scheduler_can_be_given_to_any_optimized_network(load):
    node = "{class_path: torch.optim.lr_scheduler.ExponentialLR, init_args: {gamma: 0.9}, every: epoch}"
    assert load(f"training: {{schedulers: {{model: {node}}}}}")["training"]["schedulers"]["model"]["every"] == "epoch"
    with pytest.raises(InputError, match=r"unknown key training\.schedulers\.modal; the nearest is model"):
        load(f"training: {{schedulers: {{modal: {node}}}}}")


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("training: {max_step: 5}", r"mine\.yaml: unknown key training\.max_step; the nearest is max_steps"),
        ("trainin: {max_steps: 5}", r"mine\.yaml: unknown key trainin; the nearest is training"),
        ("system: {init_args: {weights: {mell: 1}}}", r"system\.init_args\.weights\.mell; the nearest is mel"),
        ("system: {init_args: {model: {init_args: {chanels: 2}}}}", r"model\.init_args\.chanels; .* channels"),
        (
            "system: {init_args: {model: {class_path: toy_networks.Other, init_args: {channels: 2}}}}",
            r"unknown key system\.init_args\.model\.init_args\.channels; known are width",
        ),
        (
            "system: {init_args: {model: {class_path: toy_networks.Netwrk}}}",
            r"system\.init_args\.model\.class_path: toy_networks has no class 'Netwrk'; the nearest is Network",
        ),
        ("system: {init_args: {model: {class_path: svstoolkit.netwrks.A}}}", r"cannot import 'svstoolkit\.netwrks\.A'"),
        ("- a\n- b\n", r"mine\.yaml: expected `key: value` lines, found a list"),
        ("data:\n  batch_size: 1\n  batch_size: 2\n", r"mine\.yaml, line 3: the key 'batch_size' is given twice"),
        ("data: {batch_size: 1\n", r"mine\.yaml, line 2: "),
    ],
)
def test_a_wrong_key_is_named_with_its_file_and_the_nearest(load, override, message):
    with pytest.raises(InputError, match=message) as raised:
        load(override)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("dotted", "message"),
    [
        (["--training.max_step", "5"], r"command line: unknown key training\.max_step; the nearest is max_steps"),
        (["--training.max_steps=5"], r"unknown option --training\.max_steps=5; write `--key value`"),
        (["--training.max_steps"], r"--training\.max_steps needs a value"),
        (["--max_steps", "5"], r"unknown option --max_steps; overrides are `--section\.key value`"),
        (["5", "--training.max_steps"], r"unknown option 5;"),
        (["--data.batch_size", "[1, 2"], r"--data\.batch_size, line 1"),
    ],
)
def test_a_wrong_option_is_named(load, dotted, message):
    with pytest.raises(InputError, match=message):
        load(None, *dotted)


def test_a_number_that_nothing_stands_for_is_named(load):
    with pytest.raises(InputError, match=r"init_args\.n_phones: nothing is known to stand for \$\{n_phones\}"):
        load(substitutions={"n_phone": 3})


def test_a_missing_file_and_an_unknown_default_are_named(tmp_path):
    with pytest.raises(InputError, match=r"absent\.yaml: cannot be read \(No such file"):
        read_yaml(tmp_path / "absent.yaml")
    with pytest.raises(InputError, match="no packaged config 'hifgan'"):
        load_config("hifgan")
    assert "loading" not in packaged_names()


def test_scientific_notation_is_a_number():
    assert parse_yaml("[1e-4, -2E3, 1.5e+2, 3., 1e, 12]", "") == [1e-4, -2000.0, 150.0, 3.0, "1e", 12]


def test_a_system_is_built_from_nested_nodes(load):
    override = (
        "system: {init_args: {helper: {class_path: torch.nn.Linear, init_args: {in_features: 2, out_features: 3}}}}"
    )
    system = build_system(load(override))
    assert isinstance(system, toy_networks.System)
    assert system.model.arguments["n_phones"] == 61
    assert isinstance(system.helper, nn.Linear)
    assert system.weights == {"mel": 45.0, "duration": 1.0}


def test_a_nested_dataclass_is_built_and_checked():
    node = {"class_path": "toy_networks.Network", "init_args": {"n_phones": 1, "ranges": {"high": 3}}}
    assert build(node, "m").arguments["ranges"] == toy_networks.Ranges(0.0, 3.0)
    node["init_args"]["ranges"] = {"low": 2}
    with pytest.raises(InputError, match=r"m\.init_args: .*low 2.0 must not exceed high 1"):
        build(node, "m")


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("channels", "many", r"system\.init_args\.model\.init_args\.channels: expected int, found 'many'"),
        ("channels", "2.5", r"channels: expected int, found 2\.5"),
        ("channels", "null", r"channels: expected int, found null"),
        ("kernels", "[a]", r"kernels: expected tuple\[int, \.\.\.\], found \['a'\]"),
        ("kind", "round", r"kind: expected Literal\['plain', 'gated'\], found 'round'"),
        ("dropout", "1.5", r"model\.init_args: Network: dropout must lie in \[0, 1\), not 1\.5"),
    ],
)
def test_a_wrong_value_is_named_with_its_key(load, key, value, message):
    with pytest.raises(InputError, match=message) as raised:
        build_system(load(None, f"--system.init_args.model.init_args.{key}", value))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("node", "message"),
    [
        ({"class_path": "toy_networks.Network"}, r"m\.init_args: Network needs n_phones"),
        ({"class_path": "toy_networks.Network", "init_arg": {}}, r"m\.init_arg: unknown key"),
        ({"class_path": "toy_networks.Wider", "init_args": {"n_phone": 1}}, r"m\.init_args\.n_phone: .* n_phones"),
        (
            {"class_path": "toy_networks.System", "init_args": {"model": {"class_path": "toy_networks.Other"}}},
            r"m\.init_args\.model: expected Network, found Other",
        ),
        ({"class_path": "toy_networks.System", "init_args": {"model": 3, "weights": {}}}, r"model: expected Network"),
        (
            {"class_path": "torch.optim.AdamW", "init_args": {"lr": "fast"}},
            r"m\.init_args\.lr: expected .*found 'fast'",
        ),
        ("fastspeech2", r"m: expected class_path and init_args"),
    ],
)
def test_a_wrong_node_is_named(node, message):
    arguments = [[nn.Parameter()]] if "optim" in str(node) else []
    with pytest.raises(InputError, match=message) as raised:
        build(node, "m", *arguments)
    assert "\n" not in str(raised.value)


def test_a_config_that_inherits_holds_only_what_differs(tmp_path):
    child = tmp_path / "small.yaml"
    child.write_text("inherits: hifigan\nsystem: {init_args: {generator: {init_args: {channels: 128}}}}\n")
    numbers = dict.fromkeys(
        ("n_mels", "hop_length", "sampling_rate", "n_fft", "win_length", "fmin", "fmax", "log_floor"), 1
    )
    whole, small = load_config("hifigan", substitutions=numbers), load_config(str(child), substitutions=numbers)
    assert whole["system"]["init_args"]["generator"]["init_args"].pop("channels") == 512
    assert small["system"]["init_args"]["generator"]["init_args"].pop("channels") == 128
    assert small == whole
    assert load_config("hifigan", child, substitutions=numbers)["training"] == whole["training"]


def test_the_default_of_a_file_is_what_it_inherits_or_is_named_after(tmp_path):
    for name, text, expected in (("mine", "inherits: hifigan", "hifigan"), ("student", "{}", "student")):
        (tmp_path / f"{name}.yaml").write_text(text)
        assert default_of(tmp_path / f"{name}.yaml") == expected
    (tmp_path / "hifigen.yaml").write_text("{}")
    with pytest.raises(InputError, match=r"hifigen\.yaml: which packaged config .* hifigan"):
        default_of(tmp_path / "hifigen.yaml")


def test_a_teacher_of_another_kind_is_told_apart_from_none(tmp_path):
    numbers = {"teacher": "exp/diffsinger", "teacher.denoiser": {}}
    with pytest.raises(InputError, match="exp/diffsinger, given by --teacher, trained another kind of system"):
        load_config("student", substitutions=numbers)
    with pytest.raises(InputError, match="give --teacher"):
        load_config("student", substitutions={"n_mels": 80})
