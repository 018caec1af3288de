"""Real-time factor of the whole reference path, score → waveform, at paper scale: FastSpeech 2 and HiFi-GAN V2.

Untrained weights take as long as trained ones. The score is a phrase of egs/mini's test set.
"""

import shutil
import tempfile
import time
from pathlib import Path
from statistics import median

import torch
import yaml
from result import result

from svstoolkit.conf.building import build_system
from svstoolkit.conf.loading import load_config
from svstoolkit.data.directory import read_data_directory
from svstoolkit.data.phone_table import phone_table
from svstoolkit.inference.voice import ReferenceSinger
from svstoolkit.systems.substitutions import numbers_of_dump
from svstoolkit.training.checkpoint import checkpoint_path
from svstoolkit.training.saving import save_checkpoint

ROUNDS = 7


def require() -> None:
    """Raises InputError, in one line, unless egs/mini has its data and dump."""
    read_data_directory("data/test")


def measure() -> list[dict]:
    data = read_data_directory("data/test")
    utterance = next(iter(data))
    song, speaker = data.song(utterance), data.speaker[utterance]
    with tempfile.TemporaryDirectory() as place:
        acoustic, vocoder = (_untrained(name, Path(place)) for name in ("fastspeech2", "hifigan_v2"))
        singer = ReferenceSinger(acoustic, vocoder)
    walls = []
    for _ in range(ROUNDS + 1):
        start = time.perf_counter()
        table = phone_table(song, singer.vocabulary)
        sung = singer.sing(table, speaker, singer.durations(song, table, speaker))
        walls.append(time.perf_counter() - start)
    seconds = len(sung.audio) / singer.features.sampling_rate
    threads = torch.get_num_threads()
    name = f"rtf reference path, FastSpeech 2 and HiFi-GAN V2, {threads} threads"
    return [result(name, median(walls[1:]) / seconds, "×", 0.2)]


def _untrained(name: str, place: Path) -> Path:
    """An experiment of a packaged config with fresh weights, on egs/mini's dump."""
    from svstoolkit.data.definition_file import read_definition

    dump, folder = Path("dump"), place / name
    config = load_config(name, substitutions=numbers_of_dump(dump, read_definition(dump / "features.yaml")))
    networks = {key: network.state_dict() for key, network in build_system(config).networks.items()}
    save_checkpoint(checkpoint_path(folder, 1), {"networks": networks, "averages": {}, "step": 1})
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    for file in ("features.yaml", "vocabulary.json"):
        shutil.copy(dump / file, folder / file)
    return folder
