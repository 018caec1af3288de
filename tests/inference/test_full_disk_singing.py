"""Stage 7, references and `svs sing` on a full disk: no half-written sound, and the same command completes."""

from argparse import Namespace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
import torch
from small_disk import small_files

from svstoolkit.bin import sing
from svstoolkit.data.archives import ArchiveReader
from svstoolkit.data.directory import read_data_directory
from svstoolkit.data.phone_table import DURATION
from svstoolkit.data.vocabulary import Vocabulary
from svstoolkit.errors import InputError
from svstoolkit.features.definition import FeatureDefinition
from svstoolkit.inference.decoding import DecodedSystem, Decoder
from svstoolkit.inference.references import write_references
from svstoolkit.inference.sampling import OWN
from svstoolkit.inference.voice import Rendering

FEATURES = FeatureDefinition()
REMEDY = r"cannot be written \(File too large; .*make room .* the same command goes on"


class Hisser:
    """Sings noise, of the length that the durations say."""

    features, target, device = FEATURES, "mel", torch.device("cpu")

    def __init__(self, vocabulary: Vocabulary, folder: Path):
        self.vocabulary = vocabulary
        self.acoustic = SimpleNamespace(checkpoint=folder / "step-1.pt", used_networks=[])
        self.trained = [self.acoustic]
        self.acoustic.checkpoint.touch()

    def durations(self, song, table, speaker):
        return table[:, DURATION] + 5

    def sing(self, table, speaker, durations, f0=None):
        frames = int(np.sum(durations))
        audio = torch.rand(frames * FEATURES.hop_length) - 0.5
        return Rendering(audio, torch.zeros(frames, 80), torch.full((frames,), 200.0), torch.tensor(durations))


@pytest.fixture
def singer(tiny_dump, tmp_path):
    return Hisser(Vocabulary.from_json(tiny_dump / "vocabulary.json"), tmp_path)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_decoding(singer, tiny_dump, tmp_path):
    data = tiny_dump.parent / "data/test"

    def decode(name: str) -> None:
        Decoder([DecodedSystem("reference", singer)], tmp_path / name).decode_set(data, tiny_dump / "test")

    with small_files(20000), pytest.raises(InputError, match=rf"wav/\w+\.wav: {REMEDY}"):
        decode("full")
    assert files(tmp_path / "full") == {}
    decode("full")
    decode("roomy")
    sound = {name: content for name, content in files(tmp_path / "roomy").items() if not name.endswith("decode.json")}
    assert len([name for name in sound if name.endswith(".wav")]) == 2 * len(read_data_directory(data))
    assert {name: files(tmp_path / "full")[name] for name in sound} == sound


def test_references(singer, tiny_dump, tmp_path):
    with small_files(100000), pytest.raises(InputError, match=rf"reference\.ark: {REMEDY}"):
        write_references(singer, tiny_dump, ["train"], tmp_path / "references")
    assert files(tmp_path / "references") == {}
    write_references(singer, tiny_dump, ["train"], tmp_path / "references")
    written = ArchiveReader(tmp_path / "references/train/reference.scp")
    recorded = ArchiveReader(tiny_dump / "train/audio.scp")
    assert {u: len(written[u][1]) for u in written} == {u: len(recorded[u][1]) for u in recorded}


def test_singing(singer, tiny_dump, tmp_path):
    data = read_data_directory(tiny_dump.parent / "data/test")
    song = data.song(next(iter(data)))
    place = tmp_path / "sung/song.wav"
    arguments = (song, Path("song.mid"), place, Namespace(steps=OWN, seed=0), singer, "alto", None, [])
    with small_files(20000), pytest.raises(InputError, match=rf"sung/song\.wav: {REMEDY}"):
        sing._sing(*arguments)
    assert files(tmp_path / "sung") == {}
    sing._sing(*arguments)
    assert soundfile.info(place).duration == pytest.approx(song.duration, abs=0.02)
    assert place.with_suffix(".html").is_file()
