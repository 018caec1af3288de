"""Pictures of extracted features, to see at a glance whether alignment, F0 and score agree."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from svstoolkit.data.files import atomic_path
from svstoolkit.data.phone_table import DURATION, NOTE, per_frame
from svstoolkit.features.definition import FeatureDefinition
from svstoolkit.units import hz_to_midi


def plot_utterance(
    path: str | Path,
    mel: np.ndarray,
    f0: np.ndarray,
    table: np.ndarray,
    phones: Sequence[str],
    definition: FeatureDefinition,
) -> None:
    """Writes a PNG: above, the mel with phones and their boundaries; below, F0 over the notes in MIDI numbers.

    mel (T, n_mels), f0 (T,) Hz, table (N, 7), phones: N names.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    period = definition.frame_period
    edges = np.concatenate([[0], np.cumsum(table[:, DURATION])]) * period
    times = (np.arange(len(f0)) + 0.5) * period
    figure = Figure(figsize=(float(np.clip(2.5 * edges[-1], 8, 60)), 6), layout="constrained")
    FigureCanvasAgg(figure)
    upper, lower = figure.subplots(2, 1, sharex=True)
    upper.imshow(mel.T, origin="lower", aspect="auto", extent=(0, edges[-1], 0, mel.shape[1]), cmap="magma")
    upper.set(ylabel="mel bin", title=Path(path).stem)
    for start, end, phone in zip(edges[:-1], edges[1:], phones, strict=True):
        upper.axvline(start, color="white", linewidth=0.6)
        upper.text((start + end) / 2, mel.shape[1] * 0.98, phone, color="white", ha="center", va="top", fontsize=8)
    notes = per_frame(table, NOTE)
    lower.plot(times, np.where(notes > 0, notes, np.nan), color="0.6", linewidth=4, label="note")
    lower.plot(times, np.where(f0 > 0, hz_to_midi(f0), np.nan), color="C3", linewidth=1.2, label="F0")
    for edge in edges:
        lower.axvline(edge, color="0.85", linewidth=0.6, zorder=0)
    lower.set(xlabel="s", ylabel="MIDI number", xlim=(0, edges[-1]))
    lower.legend(loc="upper right")
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=90)
