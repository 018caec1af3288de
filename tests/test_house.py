"""The house's own rules: arrows between folders, small rooms, recipes without code or drift."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from svstoolkit.conf.loading import whole_config

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = sorted((ROOT / "svstoolkit").rglob("*.py"))
RECIPES = sorted(path.parent for path in ROOT.glob("egs/*/run.sh"))
MAX_FILE_LINES, MAX_FUNCTION_LINES, MAX_RUN_LINES = 400, 60, 30  # docstrings do not count in a function


def test_arrows_run_downwards():
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-logo"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", PACKAGE, ids=lambda p: str(p.relative_to(ROOT)))
def test_rooms_are_small(path: Path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MAX_FILE_LINES
    assert path.stem not in {"utils", "common", "helpers", "misc", "base"}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            documented = node.body[0].end_lineno - node.body[0].lineno + 1 if ast.get_docstring(node) else 0
            assert node.end_lineno - node.lineno - documented < MAX_FUNCTION_LINES, f"{node.name} is too long"


@pytest.mark.parametrize("path", PACKAGE, ids=lambda p: str(p.relative_to(ROOT)))
def test_public_things_have_docstrings(path: Path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    if path.name != "__init__.py":
        assert ast.get_docstring(tree), "the module says what it is"
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"class {node.name}"


def test_no_python_under_egs():
    assert not [path for path in ROOT.glob("egs/**/*.py") if "/downloads/" not in str(path)]


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda p: p.name)
def test_recipe_is_thin_and_has_not_drifted(recipe: Path):
    assert len((recipe / "run.sh").read_text().splitlines()) <= MAX_RUN_LINES
    for name in ("path.sh", "cmd.sh"):
        assert (recipe / name).read_bytes() == (ROOT / "egs/mini" / name).read_bytes(), f"{name} has drifted"
    assert (recipe / "utils").resolve() == ROOT / "utils"
    assert (recipe / "README.md").is_file()


@pytest.mark.parametrize("script", sorted([*ROOT.glob("egs/*/*.sh"), *ROOT.glob("utils/*.sh")]), ids=lambda p: p.name)
def test_shell_parses(script: Path):
    assert subprocess.run(["bash", "-n", script], check=False).returncode == 0


def leaves(tree: dict, path: str = "") -> dict:
    """{dotted key: value} of a nested dict."""
    flat = {}
    for key, value in tree.items():
        flat |= leaves(value, f"{path}{key}.") if isinstance(value, dict) else {f"{path}{key}": value}
    return flat


@pytest.mark.parametrize("config", sorted(ROOT.glob("egs/*/conf/**/*.yaml")), ids=lambda p: str(p.relative_to(ROOT)))
def test_overrides_differ_from_their_default(config: Path):
    overrides = yaml.safe_load(config.read_text()) or {}
    default = leaves(whole_config(overrides.pop("inherits", config.stem)))
    for key, value in leaves(overrides).items():
        assert key not in default or default[key] != value, f"{key} only repeats the default"


def test_no_two_test_files_share_a_name():
    """pytest collects them without packages, where the second of a name hides the first."""
    names = [path.name for path in (ROOT / "tests").rglob("*.py")]
    assert sorted(names) == sorted(set(names))
