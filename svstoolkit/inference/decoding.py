"""Stage 7: the test set sung by every trained system, from the score alone and with the reference durations."""

import os
import platform
import time
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from svstoolkit.data.archives import ArchiveReader
from svstoolkit.data.audio import write_audio
from svstoolkit.data.directory import DataDirectory, read_data_directory
from svstoolkit.data.extraction_faults import with_features
from svstoolkit.data.files import atomic_path, write_json
from svstoolkit.data.fingerprint import fingerprint, is_done, mark_done, unmark
from svstoolkit.data.phone_table import DURATION, phone_table
from svstoolkit.inference.complexity import count_multiply_adds, parameter_count
from svstoolkit.inference.mel_diffusion import MelRefiner
from svstoolkit.inference.sampling import OWN, Sampling
from svstoolkit.inference.seeds import utterance_seed
from svstoolkit.inference.voice import ReferenceSinger, Rendering, WaveformRefiner
from svstoolkit.systems.loading import Trained

FROM_SCORE, REFERENCE_DURATIONS = "score", "reference_durations"


@dataclass(frozen=True)
class DecodedSystem:
    """One row of the tables: a name, who sings, who refines that and how, if anybody does."""

    name: str
    singer: ReferenceSinger
    refiner: MelRefiner | WaveformRefiner | None = None
    sampling: Sampling = OWN
    copy_synthesis: bool = False

    @property
    def modes(self) -> tuple[str, ...]:
        return (REFERENCE_DURATIONS,) if self.copy_synthesis else (FROM_SCORE, REFERENCE_DURATIONS)

    @property
    def trained(self) -> list[Trained]:
        """The experiments that sing it."""
        singing = [t for t in self.singer.trained if t is not self.singer.acoustic or not self.copy_synthesis]
        return singing if self.refiner is None else [*singing, self.refiner.trained]

    def parameters(self) -> int:
        """Parameters used at inference, those of the reference singer included."""
        return parameter_count(network for trained in self.trained for network in trained.used_networks)


class Decoder:
    """Decodes sets for a list of systems into output/<system>/<mode>/<set>/{wav,frames,decode.json}."""

    def __init__(self, systems: list[DecodedSystem], output: Path, seed: int = 0):
        self.systems, self.output, self.seed = systems, output, seed

    def decode_set(self, data_dir: Path, dump_set_dir: Path, overwrite: bool = False) -> None:
        data = with_features(read_data_directory(data_dir), dump_set_dir)
        names = {"mel", "f0", "phones", *(s.singer.target for s in self.systems if s.copy_synthesis)}
        dump = {name: ArchiveReader(dump_set_dir / f"{name}.scp") for name in names}
        for system in self.systems:
            for mode in system.modes:
                place = self.output / system.name / mode / data.path.name
                key = self._fingerprint(system, data)
                if is_done(place, key) and not overwrite:
                    print(f"{place}: decoded already")
                    continue
                # the first call of a network allocates: counted, not timed
                work = self._multiply_adds(system, mode, data, dump, next(iter(data)))
                unmark(place)
                self._decode(system, mode, data, dump, place, work)
                mark_done(place, key)

    def _multiply_adds(
        self, system: DecodedSystem, mode: str, data: DataDirectory, dump: dict, utterance: str
    ) -> float | None:
        """Per second of singing, from the phone table to the waveform; None where they cannot be counted.

        Counted on one utterance: all but the acoustic model's attention grows in proportion with the length.
        """
        sung = []
        count = count_multiply_adds(lambda: sung.append(self._sing(system, mode, data, dump, utterance)))
        if count is None or system.singer.target == "world":  # whose waveforms are not torch's work
            return None
        return count * system.singer.features.sampling_rate / len(sung[0].audio)

    def _decode(
        self, system: DecodedSystem, mode: str, data: DataDirectory, dump: dict, place: Path, work: float | None
    ) -> None:
        records, rate = {}, system.singer.features.sampling_rate
        for utterance in tqdm(list(data), desc=f"{system.name} {mode}", unit="utt"):
            torch.manual_seed(utterance_seed(utterance, self.seed))
            start = time.perf_counter()
            sung = self._sing(system, mode, data, dump, utterance)
            audio = sung.audio.cpu().numpy()
            wall = time.perf_counter() - start
            self._write(place, utterance, audio, sung, rate)
            records[utterance] = {"seconds": len(audio) / rate, "wall": wall}
        seconds, wall = (sum(r[k] for r in records.values()) for k in ("seconds", "wall"))
        summary = {
            "system": system.name,
            "mode": mode,
            "set": data.path.name,
            "steps": system.sampling.steps,
            "sampler": system.sampling.sampler,
            "rtf": wall / seconds,
            "audio_seconds": seconds,
            "wall_seconds": wall,
            "hardware": hardware_name(system.singer.device),
            "parameters": system.parameters(),
            "multiply_adds_per_second": work,
            "utterances": records,
        }
        write_json(place / "decode.json", summary)

    def _fingerprint(self, system: DecodedSystem, data: DataDirectory) -> str:
        inputs = [
            *(trained.checkpoint for trained in system.trained),
            data.path / "score.scp",
            data.path / "utt2spk",
            *map(Path, data.score.values()),
        ]
        return fingerprint(inputs=inputs, seed=self.seed, sampling=asdict(system.sampling))

    def _sing(self, system: DecodedSystem, mode: str, data: DataDirectory, dump: dict, utterance: str) -> Rendering:
        singer = system.singer
        if system.copy_synthesis:
            names = (singer.target, "mel", "f0")
            features, mel, f0 = (torch.tensor(dump[k][utterance], device=singer.device)[None] for k in names)
            durations = torch.tensor(dump["phones"][utterance][:, DURATION].astype(np.int64))
            return Rendering(singer.vocode(features, f0), mel[0], f0[0], durations)
        speaker, song = data.speaker[utterance], data.song(utterance)
        table = phone_table(song, singer.vocabulary, None)
        if mode == FROM_SCORE:
            durations = singer.durations(song, table, speaker)
        else:
            durations = dump["phones"][utterance][:, DURATION]
        if system.refiner is None:
            return singer.sing(table, speaker, durations)
        return system.refiner.sing(table, speaker, durations, system.sampling)

    def _write(self, place: Path, utterance: str, audio: np.ndarray, sung: Rendering, rate: int) -> None:
        write_audio(place / "wav" / f"{utterance}.wav", audio, rate)
        buffer = BytesIO()
        np.savez_compressed(buffer, f0=sung.f0.cpu().numpy(), durations=sung.durations.cpu().numpy())
        with atomic_path(place / "frames" / f"{utterance}.npz") as temporary:
            temporary.write_bytes(buffer.getvalue())


def hardware_name(device: torch.device) -> str:
    """The processor that real-time factors were measured on, with the number of threads or the GPU's name."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    names = [line for line in _cpu_info() if line.startswith("model name")]
    name = names[0].split(":", 1)[1].strip() if names else platform.processor() or platform.machine()
    return f"{name}, {torch.get_num_threads()} threads of {os.cpu_count()}"


def _cpu_info() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []
