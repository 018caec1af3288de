"""Where weights are looked for, and what is said when there are none."""

import socket

import pytest
import torch

from svstoolkit.errors import InputError
from svstoolkit.evaluation.learned.registry import LEARNED, load_learned
from svstoolkit.evaluation.learned.weights import FOLDER, pretrained, weight_file


@pytest.fixture
def closed_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        yield one.getsockname()[1]  # bound, and nobody listens


def test_order_given_shared_cached(tmp_path, monkeypatch):
    given, shared, cached = (tmp_path / name for name in ("given", "shared", "hub"))
    for folder in (given, shared, cached / "checkpoints"):
        folder.mkdir(parents=True)
        (folder / "w.pt").touch()
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(cached))
    monkeypatch.setenv(FOLDER, str(shared))
    assert weight_file(given, "w.pt", "", "X") == weight_file(given / "w.pt", "w.pt", "", "X") == given / "w.pt"
    assert weight_file(None, "w.pt", "", "X") == shared / "w.pt"
    monkeypatch.delenv(FOLDER)
    assert weight_file(None, "w.pt", "", "X") == cached / "checkpoints" / "w.pt"


def test_unreachable(tmp_path, monkeypatch, closed_port):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    for variable in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with pytest.raises(InputError, match=rf"weights of UTMOS.*put http://.*w\.pt into a folder.*\${FOLDER}"):
        weight_file(None, "w.pt", f"http://127.0.0.1:{closed_port}/w.pt", "UTMOS")
    assert not list(tmp_path.rglob("*.pt"))


def test_pretrained_folders(tmp_path, monkeypatch):
    monkeypatch.delenv(FOLDER, raising=False)
    assert pretrained(None, "m", "owner/m", "X") == "owner/m"
    (tmp_path / "m").mkdir()
    assert pretrained(tmp_path, "m", "owner/m", "X") == pretrained(tmp_path / "m", "m", "owner/m", "X")
    monkeypatch.setenv(FOLDER, str(tmp_path))
    assert pretrained(None, "m", "owner/m", "X") == str(tmp_path / "m")
    with pytest.raises(InputError, match="download owner/m"):
        pretrained(tmp_path / "none", "m", "owner/m", "X")


@pytest.mark.parametrize(
    ("name", "package"),
    [("cer", "funasr"), ("cer_pinyin", "funasr"), ("singer_similarity", "transformers"), ("fad_clap", "transformers")],
)
def test_absent_package(monkeypatch, name, package):
    monkeypatch.setattr("svstoolkit.evaluation.learned.weights.find_spec", lambda wanted: None)
    with pytest.raises(InputError, match=f"needs the package {package}.*pip install {package}"):
        load_learned(name)


def test_absent_japanese(monkeypatch):
    monkeypatch.setattr("svstoolkit.evaluation.learned.weights.find_spec", lambda wanted: None)
    with pytest.raises(InputError, match="pip install pyopenjtalk-plus"):
        load_learned("cer", language="ja")


def test_unknown_name():
    with pytest.raises(InputError, match=f"'mosnet'.*{', '.join(LEARNED)}"):
        load_learned("mosnet")
