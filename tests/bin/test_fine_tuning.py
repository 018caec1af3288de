"""`svs train --start_from` and `--mels`: a training that begins with weights, or mels, of another."""

import json
import shutil
from pathlib import Path

import pytest
import torch
import yaml
from vocoder_fakes import SMALL, SMALL_FASTSPEECH2, acoustic_experiment, vocoder_experiment

from svstoolkit.bin import mels as mels_program
from svstoolkit.bin import train as program
from svstoolkit.data.definition_file import write_definition
from svstoolkit.errors import InputError
from svstoolkit.features.definition import FeatureDefinition
from svstoolkit.training.checkpoint import list_checkpoints, load_weights

CONSTANT = ("--training.schedulers", "null")


@pytest.fixture
def run(tiny_dump, tmp_path):
    def run(*more, exp="tuned", default="hifigan", dump=tiny_dump):
        config = tmp_path / f"{default}.yaml"
        config.write_text(SMALL_FASTSPEECH2 if default == "fastspeech2" else SMALL)
        words = ["--default", default, "--config", config, "--dump_dir", dump, "--exp_dir", tmp_path / exp, *more]
        program.main([str(word) for word in words])
        return tmp_path / exp

    return run


@pytest.fixture
def vocoder(tiny_dump, tmp_path):
    return vocoder_experiment(tmp_path / "hifigan", tiny_dump, "hifigan", seed=5)


@pytest.fixture(scope="module")
def mels(tiny_dump, tmp_path_factory):
    folder = tmp_path_factory.mktemp("mels")
    exp = acoustic_experiment(folder / "fastspeech2", tiny_dump)
    mels_program.main(["--acoustic", str(exp), "--dump_dir", str(tiny_dump), "--output", str(folder / "mels")])
    return folder / "mels"


def same(one, other, name="generator") -> bool:
    """Whether the weights are; spectral norm's own vectors follow every forward pass."""
    a, b = load_weights(one)[name], load_weights(other)[name]
    return all(torch.equal(a[key], b[key]) for key in a if not key.endswith((".0._u", ".0._v")))


def still(*names):
    """Options of a training that changes no weight."""
    return [word for n in names for word in (f"--training.optimizers.{n}.init_args.lr", "0.0")] + [*CONSTANT]


def test_a_training_begins_with_the_weights_given(run, vocoder):
    tuned = run("--start_from", vocoder, "--training.max_steps", "1", *still("generator", "discriminator"))
    assert same(tuned, vocoder)
    assert same(tuned, vocoder, "discriminator")
    log = (tuned / "train.log").read_text()
    assert f"starting from {vocoder}/checkpoints/step-00000001.pt: generator, discriminator" in log
    anew = run("--training.max_steps", "1", *still("generator", "discriminator"), exp="anew")
    assert not same(anew, vocoder)


def test_it_is_resumed_exactly_and_begins_only_once(run, vocoder):
    begun = ("--start_from", vocoder, *CONSTANT)
    run(*begun, "--training.max_steps", "2", exp="stopped")
    stopped = run(*begun, "--training.max_steps", "4", exp="stopped")
    whole = run(*begun, "--training.max_steps", "4", exp="whole")
    assert list(list_checkpoints(stopped))[-1] == 4
    for name in ("generator", "discriminator"):
        assert same(stopped, whole, name)
    assert (stopped / "train.log").read_text().count("starting from") == 1


def test_resuming_from_other_weights_or_none_is_refused(run, vocoder, tiny_dump, tmp_path):
    other = vocoder_experiment(tmp_path / "other", tiny_dump, "hifigan", seed=6)
    run("--start_from", vocoder, "--training.max_steps", "1", *CONSTANT)
    with pytest.raises(InputError, match=r"begun on other data: .*hifigan/checkpoints/\S+ is not among these, "
                       r".*other/checkpoints/\S+ was not among them; give it another name"):  # fmt: skip
        run("--start_from", other, "--training.max_steps", "2", *CONSTANT)
    with pytest.raises(InputError, match=r"begun on other data: .*hifigan/checkpoints/\S+ is not among these; "):
        run("--training.max_steps", "2", *CONSTANT)
    vocoder_experiment(vocoder, tiny_dump, "hifigan", seed=7)
    with pytest.raises(InputError, match=r"hifigan/checkpoints/step-00000001\.pt changed since"):
        run("--start_from", vocoder, "--training.max_steps", "2", *CONSTANT)
    run("--start_from", other, "--training.max_steps", "1", *still("generator", "discriminator"), "--overwrite", "true")
    assert same(tmp_path / "tuned", other)


def test_a_voice_for_another_singer(run, tiny_dump, tmp_path):
    """A dump of other singers and phones: every known row begins where it was."""
    voice = acoustic_experiment(tmp_path / "voice", tiny_dump)
    dump = tmp_path / "dump"
    shutil.copytree(tiny_dump, dump)
    words = json.loads((dump / "vocabulary.json").read_text())
    old = words["singers"][1]
    words["phones"].append("zh/zz")
    words["singers"] = ["a-newcomer" if s == old else s for s in words["singers"]]
    (dump / "vocabulary.json").write_text(json.dumps(words))
    for table in dump.glob("*/utt2spk"):
        table.write_text(table.read_text().replace(f" {old}\n", " a-newcomer\n"))
    tuned = run(
        *("--start_from", voice, "--training.max_steps", "1", *still("model")), default="fastspeech2", dump=dump
    )
    trained, loaded = load_weights(voice)["model"], load_weights(tuned)["model"]
    n = len(words["phones"])
    assert torch.equal(loaded["score.phone.weight"][: n - 1], trained["score.phone.weight"])
    assert torch.equal(loaded["singer.weight"][0], trained["singer.weight"][0])
    assert not torch.equal(loaded["singer.weight"][1], trained["singer.weight"][1])
    log = (tuned / "train.log").read_text()
    assert f"{n - 2} of {n - 1} phones are known; new: zh/zz" in log
    assert "1 of 2 singers are known; new: a-newcomer" in log


def test_another_codes_vocoder(run, vocoder, tiny_dump, tmp_path):
    """Its generator, with the discriminators beside it where there are such."""
    names = {"parametrizations.weight.original0": "weight_g", "parametrizations.weight.original1": "weight_v"}
    state = {}
    for key, value in load_weights(vocoder)["generator"].items():
        for ours, theirs in names.items():
            key = key.replace(ours, theirs)  # noqa: PLW2901
        state[key] = value
    generator = yaml.safe_load((vocoder / "config.yaml").read_text())["system"]["init_args"]["generator"]["init_args"]
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    settings = {
        "sampling_rate": 24000, "n_fft": 1024, "win_size": 1024, "hop_size": 256, "num_mels": 80, "fmin": 0,
        "fmax": 12000, "upsample_rates": generator["upsample_rates"], "resblock": "1",
        "upsample_kernel_sizes": generator["upsample_kernels"], "upsample_initial_channel": 16,
        "resblock_kernel_sizes": [3, 5], "resblock_dilation_sizes": [[1, 3], [1, 3]],
    }  # fmt: skip
    (foreign / "config.json").write_text(json.dumps(settings))
    torch.save({"generator": state}, foreign / "g_00000007")
    options = ("--training.max_steps", "1", *still("generator", "discriminator"))
    tuned = run("--start_from", foreign / "g_00000007", *options)
    assert same(tuned, vocoder)
    log = (tuned / "train.log").read_text()
    assert f"starting from {foreign}/g_00000007: generator" in log
    assert "discriminator begins anew" in log
    (foreign / "config.json").write_text(json.dumps(settings | {"fmax": 8000}))
    with pytest.raises(InputError, match=r"g_00000007 and the dump \(fmax: 8000\.0 ≠ 12000\.0\)"):
        run("--start_from", foreign, *options, exp="tuned2")


def test_a_vocoder_learns_from_predicted_mels(run, vocoder, mels):
    common = ("--start_from", vocoder, "--training.max_steps", "2", *CONSTANT)
    tuned, plain = run(*common, "--mels", mels), run(*common, exp="plain")
    assert not same(tuned, plain)
    with pytest.raises(InputError, match=r"begun on other data: .*mels/train/fingerprint is not among these"):
        run("--start_from", vocoder, "--training.max_steps", "3", *CONSTANT)
    run(*common[:2], "--mels", mels, "--training.max_steps", "3", *CONSTANT)
    assert max(list_checkpoints(tuned)) == 3


def test_mels_that_cannot_be_learnt_from_are_refused(run, mels, tmp_path):
    with pytest.raises(InputError, match=r"absent/train has no predicted mels; run svs mels --output .*absent first"):
        run("--mels", tmp_path / "absent")
    with pytest.raises(InputError, match=r"--mels: fastspeech2 is no vocoder"):
        run("--mels", mels, default="fastspeech2")
    shutil.copytree(mels, tmp_path / "mels")
    write_definition(tmp_path / "mels/dev/features.yaml", FeatureDefinition(fmax=8000.0))
    with pytest.raises(InputError, match=r"mels/dev and .*dump \(fmax: 8000\.0 ≠ 12000\.0\)"):
        run("--mels", tmp_path / "mels")
    scp = mels / "train/mel.scp"
    lines = Path(scp).read_text().splitlines(keepends=True)
    write_definition(tmp_path / "mels/dev/features.yaml", FeatureDefinition())
    (tmp_path / "mels/train/mel.scp").write_text("".join(lines[:-1]))
    with pytest.raises(InputError, match=rf"has no mel for 1 utterances of .*train, {lines[-1].split()[0]} among them"):
        run("--mels", tmp_path / "mels")
    assert not (tmp_path / "tuned/config.yaml").exists()


def test_weights_that_do_not_fit_stop_before_anything_is_written(run, vocoder, tmp_path):
    with pytest.raises(InputError, match=r"--start_from: generator of .* does not fit the config: conv_pre\.bias is"):
        run("--start_from", vocoder, "--system.init_args.generator.init_args.channels", "32")
    with pytest.raises(InputError, match=r"absent does not exist|absent has no config"):
        run("--start_from", tmp_path / "absent")
    assert not (tmp_path / "tuned/config.yaml").exists()
