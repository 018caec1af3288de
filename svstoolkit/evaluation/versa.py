"""File lists for VERSA, whose scorer takes Kaldi's wav.scp for singing and recordings and a text of the lyrics."""

import os
from collections.abc import Iterable
from pathlib import Path

from svstoolkit.data.archives import ArchiveReader
from svstoolkit.data.files import write_changed_text
from svstoolkit.evaluation.jobs import Job
from svstoolkit.evaluation.metrics import GROUND_TRUTH
from svstoolkit.evaluation.sounds import Sound

SCRIPT = """#!/usr/bin/env bash
# Scores these systems with VERSA (https://github.com/wavlab-speech/versa), which must be installed:
#   ./run.sh /path/to/versa/egs/singing.yaml
set -euo pipefail
config=$(realpath "$1")
cd "$(dirname "$0")"
for list in systems/*.scp; do
    name=$(basename "$list" .scp)
    python -m versa.bin.scorer --io kaldi --score_config "$config" \\
        --pred "$list" --gt ground_truth.scp {text}--output_file "$name.jsonl"
done
"""


def write_versa_lists(folder: Path, jobs: Iterable[Job]) -> None:
    """Writes `<folder>/<set>/<mode>/` with ground_truth.scp, systems/<system>.scp, text where lyrics are known, run.sh.

    Files that do not exist are left out of the lists (stage 8 reports them); all paths are absolute.
    """
    lists: dict[tuple[str, str], dict[str, dict[str, str]]] = {}
    for job in jobs:
        for take in job.takes:
            sound = job.reference if take.system == GROUND_TRUTH else take.sound
            if sound is None or not sound.path.is_file():
                continue
            systems = lists.setdefault((job.set_name, take.mode), {})
            systems.setdefault(take.system, {})[job.utterance] = _entry(sound)
            if job.song is not None:
                systems.setdefault("text", {})[job.utterance] = job.song.lyrics
    for (set_name, mode), systems in lists.items():
        place = folder / set_name / mode
        texts = systems.pop("text", {})
        if texts:
            _write(place / "text", texts)
        for system, entries in systems.items():
            _write(
                place / "ground_truth.scp" if system == GROUND_TRUTH else place / "systems" / f"{system}.scp", entries
            )
        write_changed_text(place / "run.sh", SCRIPT.format(text="--text text " if texts else ""))
        if not os.access(place / "run.sh", os.X_OK):
            (place / "run.sh").chmod(0o755)


def _entry(sound: Sound) -> str:
    if sound.key is None:
        return str(sound.path.resolve())
    return ArchiveReader(sound.path).location(sound.key)


def _write(path: Path, entries: dict[str, str]) -> None:
    write_changed_text(path, "".join(f"{key} {entries[key]}\n" for key in sorted(entries, key=str.encode)))
