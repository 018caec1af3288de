"""Makes tests/fakes.py importable (`from fakes import …`) and offers its corpora as fixtures."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def tiny_data(tmp_path: Path) -> Path:
    """A fresh data folder with train, dev and test; see fakes.tiny_data_directory."""
    from fakes import tiny_data_directory

    return tiny_data_directory(tmp_path)


@pytest.fixture(scope="session")
def tiny_dump(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished dump, made once per run and shared: read it, never write to it; see fakes.tiny_dump."""
    from fakes import tiny_dump

    return tiny_dump(tmp_path_factory.mktemp("tiny_dump"))
