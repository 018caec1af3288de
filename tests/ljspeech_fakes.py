"""LJSpeech's layout in miniature: its kind of texts, read by espeak-ng at 22,050 Hz."""

from pathlib import Path

import soundfile

from svstoolkit.corpora.synthesis.espeak import speak

RATE = 22050  # espeak-ng's own, and the corpus's
_SAME = {  # id: text
    "LJ001-0001": 'Printing, in the only sense, differs from "the arts".',
    "LJ003-0002": "She thinks, perhaps, of joy.",
    "LJ004-0002": "Dr. Young gave it to the U.S. Secret Service.",
    "LJ005-0001": "Both ships were full -- good measure, he thought.",
    "LJ005-0002": "Which judge should hang the boy?",
    "LJ006-0001": "The usual vision: how now, brown cow!",
    "LJ006-0002": "Men differ; some parts of the city are sad.",
    "LJ007-0001": "The printing art was only a page in my book.",
    "LJ007-0002": "Seven debtors paid eighty pounds to the queen.",
}
CLIPS = {  # id: what is written|with numbers written out
    **{name: f"{text}|{text}" for name, text in _SAME.items()},
    "LJ002-0001": "The debtors [of 1780] paid.|The debtors [of seventeen eighty] paid.",
    "LJ003-0001": "Mr. Smith saw 3 boys; they ran.|Mr. Smith saw three boys; they ran.",
    "LJ004-0001": "On the 9th of May, they built a prison.|On the ninth of May, they built a prison.",
}


def ljspeech_tree(folder: Path, clips: dict[str, str] = CLIPS) -> Path:
    """Writes `folder`/LJSpeech-1.1 with metadata.csv, README and wavs; returns it."""
    root = folder / "LJSpeech-1.1"
    (root / "wavs").mkdir(parents=True)
    for name, texts in clips.items():
        speech = speak(texts.split("|")[1], "en-us+f3", pitch=60, pitch_range=50)
        soundfile.write(root / "wavs" / f"{name}.wav", speech.samples, speech.sampling_rate, subtype="PCM_16")
    (root / "metadata.csv").write_text(
        "".join(f"{name}|{texts}\n" for name, texts in sorted(clips.items())), encoding="utf-8"
    )
    (root / "README").write_text("The LJ Speech Dataset\n", encoding="utf-8")
    return root
