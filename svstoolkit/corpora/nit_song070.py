"""NIT-SONG070: one Japanese singer, 31 nursery songs, 48 kHz, phones and notes in full-context labels (CC BY 3.0).

The corpus is HTS's demonstration of singing synthesis, HTS-demo_NIT-SONG070-F001, whose recordings are samples
without any header. `write_wavs` writes wav files beside them once, also as a program:

    python -m svstoolkit.corpora.nit_song070 downloads/HTS-demo_NIT-SONG070-F001
"""

import sys
from pathlib import Path

from svstoolkit.corpora.checks import CorpusReport
from svstoolkit.corpora.corpus_folder import one_folder
from svstoolkit.corpora.labels.hts_song import song_of_contexts
from svstoolkit.corpora.labels.lab import read_lab
from svstoolkit.corpora.labels.label_notes import Fitted
from svstoolkit.corpora.song_utterances import SongFiles, set_of, utterances_of_songs
from svstoolkit.data.audio import write_audio
from svstoolkit.data.directory import Utterance
from svstoolkit.errors import InputError

SPEAKER = "nit_song070_f001"
SAMPLING_RATE = 48000
SETS = {"dev": ("003",), "test": ("004", "007", "010")}  # ESPnet's, by the songs' numbers; the others are train


def utterances(
    corpus_dirs: list[Path],
    nj: int = 1,
    *,
    shortest: float = 2.0,
    longest: float = 15.0,
    report: CorpusReport | None = None,
) -> dict[str, list[Utterance]]:
    """The phrases of the songs, with labels: ESPnet's split, dev song 003, test songs 004, 007 and 010.

    Phone times are the mono label's, where there is one, else the full-context label's, which tells the notes. A
    singer is never quite where the score is: notes follow each other as the score's lengths and tempo say, each
    stretch between two rests beginning where the vowels of the recording lie around it (their median).

    Args:
        corpus_dirs: the demonstration's folder, or the `data` folder in it.
        nj: processes.
        shortest, longest: seconds of a phrase, see `cut_phrases`.
        report: gets songs whose files are missing or faulty.

    Raises:
        InputError: no such folder, no labels in it, or the recordings have no header yet (names the command).
    """
    report = CorpusReport() if report is None else report
    data = one_folder(corpus_dirs, "NIT-SONG070")
    data = data / "data" if (data / "data" / "labels").is_dir() else data
    labels = sorted((data / "labels" / "full").glob("*.lab"))
    if not labels:
        raise InputError(f"{data}: has no labels/full/*.lab; give the folder HTS-demo_NIT-SONG070-F001")
    missing = [label.stem for label in labels if not (data / "wav" / f"{label.stem}.wav").is_file()]
    if missing and any((data / "raw" / f"{stem}.raw").is_file() for stem in missing):
        raise InputError(
            f"{data}/raw holds samples without a header; write wav files beside it: "
            f"python -m svstoolkit.corpora.nit_song070 {corpus_dirs[0]}"
        )
    songs: dict[str, list[SongFiles]] = {"train": [], "dev": [], "test": []}
    for label in labels:
        number = label.stem.rsplit("_", 1)[-1]
        name = set_of(number, SETS)
        mono = data / "labels" / "mono" / label.name
        others = (label, mono) if mono.is_file() else (label,)
        songs[name].append(SongFiles(f"{SPEAKER}-{number}", SPEAKER, data / "wav" / f"{label.stem}.wav", others))
    return utterances_of_songs(songs, read_song, nj, report, shortest, longest)


def write_wavs(corpus_dir: str | Path) -> list[Path]:
    """Writes data/wav/*.wav (48 kHz, 16 bit, mono) of data/raw/*.raw; those that are there are kept.

    Returns:
        the wav files.

    Raises:
        InputError: no raw recordings there, or one that is not made of whole samples.
    """
    import numpy as np

    data = Path(corpus_dir)
    data = data / "data" if (data / "data" / "raw").is_dir() else data
    raws = sorted((data / "raw").glob("*.raw"))
    if not raws:
        raise InputError(f"{data}/raw: holds no .raw files; give the folder HTS-demo_NIT-SONG070-F001")
    written = []
    for raw in raws:
        wav = data / "wav" / f"{raw.stem}.wav"
        written.append(wav)
        if wav.is_file():
            continue
        content = raw.read_bytes()
        if len(content) % 2 or not content:
            raise InputError(f"{raw} is truncated: {len(content)} bytes are not whole 16-bit samples; unpack it again")
        write_audio(wav, np.frombuffer(content, "<i2"), SAMPLING_RATE)
    return written


def read_song(song: SongFiles, seconds: float) -> Fitted:
    """Score and label of one song; see `utterances`.

    Raises:
        InputError: a label is malformed, the two labels disagree, or a phone is none of Japanese.
    """
    return song_of_contexts(read_lab(song.others[0]), read_lab(song.others[-1]), seconds)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: python -m svstoolkit.corpora.nit_song070 FOLDER\n{__doc__}")
    try:
        print(f"{len(write_wavs(sys.argv[1]))} wav files in {sys.argv[1]}")
    except InputError as error:
        sys.exit(f"error: {error}")
