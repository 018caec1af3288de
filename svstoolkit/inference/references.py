"""The reference waveforms that SmoothSinger refines: stages 3 and 4 sing the training set, time-aligned."""

from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from svstoolkit.data.archives import ArchiveReader, ArchiveWriter
from svstoolkit.data.fingerprint import fingerprint, is_done, mark_done
from svstoolkit.data.phone_table import DURATION
from svstoolkit.data.tables import read_table
from svstoolkit.inference.seeds import utterance_seed
from svstoolkit.inference.voice import ReferenceSinger

INT16 = 32767


def write_references(
    singer: ReferenceSinger, dump_dir: Path, sets: list[str], output: Path, seed: int = 0, overwrite: bool = False
) -> None:
    """Writes output/<set>/reference.{ark,scp}, 16-bit audio of exactly the dump's length for every utterance.

    Durations and F0 are the recording's, so that the reference lies on it frame by frame; mel and waveform are the
    models'. A finished set is left alone unless the models or the dump changed.
    """
    for name in sets:
        source = dump_dir / name
        key = fingerprint(
            inputs=[source / "utt2num_frames", *(trained.checkpoint for trained in singer.trained)], seed=seed
        )
        if is_done(output / name, key) and not overwrite:
            print(f"{output / name}: references are there already")
            continue
        tables, f0s = ArchiveReader(source / "phones.scp"), ArchiveReader(source / "f0.scp")
        speakers = read_table(source / "utt2spk")
        with ArchiveWriter(output / name / "reference") as writer:
            for utterance in tqdm(list(tables), desc=f"references {name}", unit="utt"):
                torch.manual_seed(utterance_seed(utterance, seed))
                table = tables[utterance]
                sung = singer.sing(table, speakers[utterance], table[:, DURATION], f0s[utterance])
                samples = np.rint(sung.audio.cpu().numpy() * INT16).astype(np.int16)
                writer[utterance] = (singer.features.sampling_rate, samples)
        mark_done(output / name, key)
