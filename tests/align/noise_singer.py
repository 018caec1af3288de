"""A singer of coloured noise with exactly known boundaries, for the tests of alignment."""

import numpy as np
from scipy.signal import butter, sosfilt
from scipy.special import expit

from svstoolkit.score.song import Note, Song

RATE = 16000
BANDS = {  # centre frequencies in Hz, then level
    "a": (700, 1200, 0.3),
    "i": (300, 2400, 0.3),
    "u": (350, 800, 0.3),
    "e": (500, 1800, 0.3),
    "s": (5500, 6500, 0.05),
    "sh": (2500, 3500, 0.08),
    "m": (250, 350, 0.1),
    "k": (1500, 4500, 0.04),
    "SP": (100, 200, 0.0005),
    "AP": (1500, 2500, 0.008),
}
VOWELS = "aiue"


def is_vowel(phone: str) -> bool:
    return phone in VOWELS


def phrase(rng: np.random.Generator) -> tuple[Song, np.ndarray, np.ndarray]:
    """A song, the samples of it and its true phone boundaries (N+1,) in seconds.

    Vowels lie on the beat up to 20 ms; consonants last 60–140 ms, which the score does not say.
    """
    rows: list[tuple[float, float, str, tuple[str, ...], bool]] = [(0.4, 0, "SP", ("SP",), False)]
    for _ in range(rng.integers(5, 9)):
        vowel = str(rng.choice([v for v in VOWELS if v != rows[-1][3][-1]]))  # equal neighbours have no boundary
        onset = tuple(str(c) for c in rng.choice(["s", "sh", "m", "k"], size=rng.integers(0, 2)))
        rows.append((rng.uniform(0.3, 0.6), 60, "x", (*onset, vowel), False))
        if rng.random() < 0.2:
            rows.append((rng.uniform(0.2, 0.4), 62, "—", (vowel,), True))
        if rng.random() < 0.2:
            rest = str(rng.choice(["SP", "AP"]))
            rows.append((0.35, 0, rest, (rest,), False))
    rows.append((0.4, 0, "SP", ("SP",), False))
    onsets = np.cumsum([0.0, *(row[0] for row in rows)])
    notes = tuple(Note(t, d, p, w, ph, s) for t, (d, p, w, ph, s) in zip(onsets, rows, strict=False))
    starts: list[float] = []
    for note in notes:
        beat = note.onset if note.slur or not starts else note.onset + rng.uniform(-0.02, 0.02)
        consonants = len(note.phones) - 1
        starts.extend([beat - rng.uniform(0.06, 0.14)] * consonants + [beat])
    boundaries = np.array([*starts, onsets[-1]])
    return Song(notes), sung([p for n in notes for p in n.phones], boundaries, rng), boundaries


def sung(phones: list[str], boundaries: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Noise in two bands per phone, faded over 5 ms at the boundaries."""
    count = round(boundaries[-1] * RATE)
    times = np.arange(count) / RATE
    samples = 1e-4 * rng.standard_normal(count)
    for phone, start, end in zip(phones, boundaries[:-1], boundaries[1:], strict=True):
        *centres, level = BANDS[phone]
        gate = expit((times - start) / 0.001) - expit((times - end) / 0.001)
        for centre in centres:
            band = butter(2, [centre * 0.85, centre * 1.15], "bandpass", fs=RATE, output="sos")
            noise = sosfilt(band, rng.standard_normal(count))
            samples += level * gate * noise / noise.std()
    return samples
