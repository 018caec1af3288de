"""The acoustic model's mels of recordings, lying on them frame by frame: what a vocoder is fine-tuned on.

A vocoder trained on the mels of recordings is given smoother ones by an acoustic model; trained further on those, with
the recording as its target, it learns to make up for that (HiFi-GAN, section 4.4; "ground-truth aligned" mels).
"""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from tqdm import tqdm

from svstoolkit.data.dataset import UtteranceDataset
from svstoolkit.data.definition_file import write_definition
from svstoolkit.data.files import write_text
from svstoolkit.data.fingerprint import MARKER, fingerprint, is_done, mark_done, unmark
from svstoolkit.data.growing_archives import GrowingArchives
from svstoolkit.errors import InputError
from svstoolkit.features.definition import require_same_mel
from svstoolkit.systems.loading import Trained

POOL = 256  # utterances among which those of like length are batched; a killed run goes on with the pool it was at


class MelPredictor:
    """An acoustic model that is told a recording's durations and F0, and its energy unless it is to predict that.

    Raises:
        InputError: the experiment is no acoustic model, or one that predicts no mel.
    """

    def __init__(self, trained: Trained, energy: Literal["recording", "predicted"] = "recording"):
        system = trained.system
        if system.stage != "acoustic" or system.target != "mel":
            what = "predicts no mel" if system.stage == "acoustic" else "is no acoustic model"
            raise InputError(f"{trained.checkpoint} {what}; give an experiment of stage 3 that predicts mels")
        self.trained, self.energy = trained, energy
        self.device = next(system.networks["model"].parameters()).device

    @torch.no_grad()
    def __call__(self, batch: dict[str, Any]) -> list[np.ndarray]:
        """An utterance batch → its mels, (T, n_mels) float32 natural-log amplitude each."""
        inputs = {
            name: value.to(self.device)
            for name, value in self.trained.system.inputs(batch).items()
            if name != "energy" or self.energy == "recording"
        }
        mels = self.trained.system.networks["model"](**inputs)["mel"].float().cpu().numpy()
        return [mel[:length] for mel, length in zip(mels, batch["frame_lengths"].tolist(), strict=True)]


def write_mels(
    predictor: MelPredictor,
    dump_dir: Path,
    sets: Sequence[str],
    output: Path,
    batch_frames: int = 8192,
    overwrite: bool = False,
) -> None:
    """Writes output/<set>/mel.{ark,scp} and utt2num_frames for every utterance of the dump's sets.

    A finished set is left alone unless the model or the dump changed; a killed run goes on where it was.

    Raises:
        InputError: a set is not complete, or of another vocabulary or mel than the model's.
    """
    trained = predictor.trained
    for name in sets:
        source, place = dump_dir / name, output / name
        dataset = UtteranceDataset(source, trained.vocabulary)
        require_same_mel(dataset.set.definition, str(source), trained.features, str(trained.checkpoint))
        key = fingerprint(
            inputs=[source / "utt2num_frames", source / MARKER, trained.checkpoint], energy=predictor.energy
        )
        if is_done(place, key) and not overwrite:
            print(f"{place}: its mels are there already")
            continue
        unmark(place)
        difference = _write_set(predictor, dataset, place, place / ".parts" / key[:16], batch_frames, overwrite)
        write_definition(place / "features.yaml", trained.features)
        mark_done(place, key)
        shutil.rmtree(place / ".parts")
        away = "" if difference is None else f", {difference:.3f} from the recordings' in the mean (natural logarithm)"
        print(f"{place}: {len(dataset)} mels{away}")


def _write_set(
    predictor: MelPredictor,
    dataset: UtteranceDataset,
    place: Path,
    parts: Path,
    batch_frames: int,
    overwrite: bool,
) -> float | None:
    """→ the mean absolute difference from the dump's mels, over all frames and bands of what was predicted now."""
    for other in parts.parent.glob("*"):
        if other != parts or overwrite:
            shutil.rmtree(other)
    total, frames = 0.0, 0
    with GrowingArchives(parts, place, ["mel"]) as growing:
        done = {entry.utterance for entry in growing.entries}
        with tqdm(total=len(dataset), initial=len(done), desc=f"mels {place.name}", unit="utt") as progress:
            for first in range(0, len(dataset), POOL):
                pool = range(first, min(first + POOL, len(dataset)))
                if done.issuperset(dataset.utterances[i] for i in pool):
                    continue
                found = {}
                for indices in _batches(pool, dataset.lengths, batch_frames):
                    batch = dataset.collate([dataset.item(i) for i in indices])
                    for row, (i, mel) in enumerate(zip(indices, predictor(batch), strict=True)):
                        found[i] = mel
                        total += float(np.abs(mel - batch["mel"][row, : len(mel)].numpy()).mean(1).sum())
                        frames += len(mel)
                for i in pool:
                    if dataset.utterances[i] not in done:
                        growing.add(dataset.utterances[i], [np.ascontiguousarray(found[i])], frames=len(found[i]))
                        progress.update()
        growing.finish()
        counts = "".join(f"{entry.utterance} {entry.frames}\n" for entry in growing.entries)
    write_text(place / "utt2num_frames", counts)
    return total / frames if frames else None


def _batches(indices: Sequence[int], lengths: Sequence[int], batch_frames: int) -> Iterator[list[int]]:
    """Of like length, of at most `batch_frames` frames with padding; a longer utterance is a batch of its own."""
    batch: list[int] = []
    for i in sorted(indices, key=lambda i: (-lengths[i], i)):
        if batch and lengths[batch[0]] * (len(batch) + 1) > batch_frames:
            yield batch
            batch = []
        batch.append(i)
    yield batch
