"""One utterance on the page: its sound and mel as files, waveform, phones, notes and findings as geometry."""

from functools import lru_cache
from pathlib import Path

import numpy as np

from svstoolkit.align.quality import MEASURES, Z_FREE, Quality
from svstoolkit.data.audio import native_audio, write_audio
from svstoolkit.data.files import atomic_path
from svstoolkit.errors import InputError
from svstoolkit.features.definition import FeatureDefinition
from svstoolkit.features.mel import mel_spectrogram
from svstoolkit.score.song import Song
from svstoolkit.units import note_name

ASSETS = "quality"  # folder beside the page
HIGHEST_RATE = 24000  # Hz
COLUMNS_PER_SECOND, MOST_COLUMNS = 150, 4000  # of the waveform
DYNAMIC_RANGE = 9.0  # natural-log amplitude shown below the loudest band, 78 dB
FULL_SCALE = 32767
FINDINGS = 8  # shown of one utterance
KINDS = ("vowel", "consonant", "rest")


def drawn(folder: Path, quality: Quality, song: Song) -> dict:
    """Writes the files of an utterance into `folder`/ASSETS; returns all that the page's template asks for.

    Positions are in per cent of the recording's length, files relative to `folder`.
    """
    u = quality.utterance
    seconds = u.label[-1][1]
    suspicious = {f.phone for f in quality.findings if f.phone is not None}
    continued = np.append(np.diff(u.transcript.sound_of_phone) == 0, False)
    phones = []
    for i, (start, end, phone) in enumerate(u.label):
        held = i > 0 and bool(continued[i - 1])
        flagged = bool(int(u.transcript.sound_of_phone[i]) in {int(u.transcript.sound_of_phone[p]) for p in suspicious})
        phones.append(
            {
                "x": _per_cent(start, seconds),
                "width": _per_cent(end - start, seconds),
                "name": phone,
                "kind": KINDS[u.kinds[i]],
                "flagged": flagged,
                "held": held,
                "title": f"{phone}, {start:.3f} to {end:.3f} s, {1000 * (end - start):.0f} ms",
            }
        )
    findings = [
        {
            "title": MEASURES.get(f.measure, ("Unreadable", ""))[0],
            "text": f.text,
            "z": f.z,
            "start": 0.0 if f.phone is None else u.label[f.phone][0],
            "end": seconds if f.phone is None else u.label[f.phone][1],
        }
        for f in quality.findings[:FINDINGS]
    ]
    facts = {"quality": quality, "id": u.id, "set": u.set, "singer": u.singer, "seconds": seconds}
    more = len(quality.findings) - len(findings)
    return {
        **facts,
        "phones": phones,
        "findings": findings,
        "more": more,
        "measures": [(MEASURES[m][0], z) for m, z in quality.z.items() if m in MEASURES and z > Z_FREE],
        "notes": _notes(song, seconds),
        **_recording(folder, u.wav, u.id),
    }


def _recording(folder: Path, wav: str, utterance: str) -> dict:
    """sound, mel (paths; None of a recording that cannot be read) and the waveform's outline."""
    try:
        samples, rate = native_audio(wav, utterance, HIGHEST_RATE)
    except InputError:
        return {"sound": None, "mel": None, "wave": ""}
    sound, mel = (Path(ASSETS) / f"{utterance}{suffix}" for suffix in (".flac", ".webp"))
    write_audio(folder / sound, np.rint(np.clip(samples, -1, 1) * FULL_SCALE).astype(np.int16), rate)
    _write_mel(folder / mel, samples, rate)
    return {"sound": sound.as_posix(), "mel": mel.as_posix(), "wave": waveform(samples, rate)}


def waveform(samples: np.ndarray, rate: int) -> str:
    """SVG path of the outline of (L,) samples in a box 1000 wide and 100 high; the loudest fills it."""
    columns = int(np.clip(COLUMNS_PER_SECOND * len(samples) / rate, 1, min(MOST_COLUMNS, len(samples))))
    starts = np.arange(columns) * len(samples) // columns
    peak = max(float(np.abs(samples).max()), 1e-6)
    highest = 50 - 49 * np.maximum.reduceat(samples, starts) / peak
    lowest = 50 - 49 * np.minimum.reduceat(samples, starts) / peak
    x = (np.arange(columns) + 0.5) * 1000 / columns
    points = np.column_stack([np.concatenate([x, x[::-1]]), np.concatenate([highest, lowest[::-1]])])
    return "M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in points) + "z"


def _write_mel(path: Path, samples: np.ndarray, rate: int) -> None:
    import torch
    from PIL import Image

    definition = FeatureDefinition(sampling_rate=rate, fmax=min(rate / 2, 8000.0))
    padded = np.pad(samples, (0, max(0, definition.n_fft - len(samples))))
    mel = mel_spectrogram(torch.from_numpy(padded)[None], definition)[0].numpy()
    level = np.clip((mel - mel.max()) / DYNAMIC_RANGE + 1, 0, 1)
    pixels = _palette()[np.rint(255 * level).astype(np.uint8).T[::-1]]
    with atomic_path(path) as temporary:
        Image.fromarray(np.ascontiguousarray(pixels)).save(temporary, quality=50)


@lru_cache(maxsize=1)
def _palette() -> np.ndarray:
    from matplotlib import colormaps

    return (colormaps["magma"](np.arange(256))[:, :3] * 255).round().astype(np.uint8)


def _notes(song: Song, seconds: float) -> list[dict]:
    """Place, height (0 lowest … 1 highest) and name of the notes that begin within the recording."""
    pitches = [note.pitch for note in song.notes if not note.is_rest]
    lowest, span = (min(pitches), max(max(pitches) - min(pitches), 4)) if pitches else (0, 1)
    return [
        {
            "x": _per_cent(note.onset, seconds),
            "width": _per_cent(min(note.end, seconds) - note.onset, seconds),
            "y": None if note.is_rest else round((note.pitch - lowest) / span, 3),
            "lyric": note.lyric,
            "slur": note.slur,
            "title": f"{note.lyric} {note_name(note.pitch) if note.pitch else 'rest'}, "
            f"{note.onset:.3f} s, {1000 * note.duration:.0f} ms",
        }
        for note in song.notes
        if note.onset < seconds
    ]


def _per_cent(part: float, whole: float) -> float:
    return round(100 * part / whole, 3)
