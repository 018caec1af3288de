"""Decoded singing for tests: the tiny corpus's test set, transposed or with noise."""

import json
from pathlib import Path

import numpy as np
import soundfile
from fakes import RATE, sing

from svstoolkit.data.archives import ArchiveReader
from svstoolkit.data.directory import read_data_directory

# system → (semitones off, noise, modes)
SYSTEMS = {
    "copy_synthesis": (0.0, 1e-3, ("reference_durations",)),
    "flat_2": (-0.8, 1e-2, ("score", "reference_durations")),
    "good_10": (0.1, 3e-3, ("score", "reference_durations")),
}


def fake_decoding(decode_dir: Path, data_dir: Path, dump_dir: Path) -> Path:
    """Sings `data_dir`/test with every system into `decode_dir` as stage 7 does; singing from the score is slower."""
    data = read_data_directory(data_dir / "test")
    targets = ArchiveReader(dump_dir / "test" / "audio.scp")
    rng = np.random.default_rng(0)
    for system, (semitones, noise, modes) in SYSTEMS.items():
        for mode in modes:
            folder = decode_dir / system / mode / "test"
            (folder / "wav").mkdir(parents=True)
            (folder / "frames").mkdir()
            times = {}
            for number, utterance in enumerate(data):
                song = data.song(utterance).transposed(semitones).stretched(1.1 if mode == "score" else 1.0)
                audio = sing(song, RATE, seed=number)
                if mode != "score":
                    audio = audio[: len(targets[utterance][1])]
                audio = audio + noise * rng.standard_normal(len(audio))
                soundfile.write(folder / "wav" / f"{utterance}.wav", audio, RATE, subtype="PCM_16")
                durations = np.full(len(song.phones), 5)
                np.savez(folder / "frames" / f"{utterance}.npz", durations=durations)
                times[utterance] = {"seconds": len(audio) / RATE, "wall": 0.5 * len(audio) / RATE}
            seconds = sum(t["seconds"] for t in times.values())
            record = {"system": system, "mode": mode, "set": "test", "rtf": 0.5, "audio_seconds": seconds}
            record |= {"wall_seconds": seconds / 2, "hardware": "a <processor>", "parameters": 1000, "steps": None}
            (folder / "decode.json").write_text(json.dumps(record | {"utterances": times}))
    return decode_dir
