"""LJSpeech 1.1 (Ito and Johnson, 2017): one woman reads English non-fiction, 13,100 clips, 24 hours; public domain.

    metadata.csv           id|what is written|the same with numbers written out; UTF-8, quotation marks are text
    wavs/LJ001-0001.wav    22.05 kHz, 16 bits

Speech: see `score.song` for what it is to the toolkit. Stage 1 finds where the words lie.
"""

import re
from pathlib import Path

from svstoolkit.corpora.checks import CorpusReport
from svstoolkit.corpora.corpus_folder import one_folder, read_utterances
from svstoolkit.corpora.song_utterances import set_of
from svstoolkit.data.audio import audio_seconds
from svstoolkit.data.directory import Utterance
from svstoolkit.errors import InputError
from svstoolkit.score.speech import spoken_song

SPEAKER = "LJ"  # ids begin with it, as in ESPnet's recipe
# By documents: 349 clips dev, 523 test, 12,228 train (FastSpeech 2, section 3.1, whose split DiffSinger's section 4.3
# follows; its code has one clip of LJ003 less in dev, test_num 523 and valid_num 348).
SETS = {"dev": ("LJ003",), "test": ("LJ001", "LJ002")}

# The corpus's README lists these as left in the texts.
ABBREVIATIONS = {
    "Mr": "mister", "Mrs": "missus", "Dr": "doctor", "Drs": "doctors", "St": "saint", "Co": "company", "Jr": "junior",
    "Maj": "major", "Gen": "general", "Rev": "reverend", "Lt": "lieutenant", "Hon": "honorable", "Sgt": "sergeant",
    "Capt": "captain", "Esq": "esquire", "Ltd": "limited", "Col": "colonel", "Ft": "fort", "Messrs": "messieurs",
}  # fmt: skip
_ABBREVIATION = re.compile(rf"\b({'|'.join(ABBREVIATIONS)})\.")
_NUMBERS = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
_NUMBERS += " eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety"
_NUMBER = re.compile(rf"\bNo\.(?=\s+(?:{'|'.join(_NUMBERS.split())}))", re.IGNORECASE)  # "No. ten", not the word no
_LETTER = re.compile(r"\b([A-Za-z])\.")  # initials and "p.m.": the letter's name, and no pause


def utterances(corpus_dirs: list[Path], *, report: CorpusReport | None = None) -> dict[str, list[Utterance]]:
    """The clips with FastSpeech 2's split; times of words are provisional, and there are no phone times.

    Args:
        corpus_dirs: the folder LJSpeech-1.1, or the one it lies in.
        report: gets clips that have no recording or text, or a word that cannot be read, and recordings without text.

    Raises:
        InputError: not the corpus's folder, a malformed metadata.csv, or no clip can be read.
    """
    report = CorpusReport() if report is None else report
    folder = one_folder(corpus_dirs, "LJSpeech")
    folder = folder if (folder / "metadata.csv").is_file() else folder / "LJSpeech-1.1"
    texts = _texts(folder / "metadata.csv")
    named = {name for name, _ in texts}
    for wav in sorted((folder / "wavs").glob("*.wav")):
        if wav.stem not in named:
            report.skipped.append((str(wav), "metadata.csv has no line for it"))

    def read(entry: tuple[str, str]) -> Utterance:
        name, text = entry
        wav = folder / "wavs" / f"{name}.wav"
        return Utterance(name, SPEAKER, wav, spoken_song(written_out(text), "en", audio_seconds(wav)))

    found = read_utterances(texts, lambda entry: (entry[0], folder / "metadata.csv"), read, report)
    sets: dict[str, list[Utterance]] = {"train": [], "dev": [], "test": []}
    for utterance in found:
        sets[set_of(utterance.id.partition("-")[0], SETS)].append(utterance)
    return sets


def _texts(metadata: Path) -> list[tuple[str, str]]:
    """Clips' names and their texts with numbers written out."""
    if not metadata.is_file():
        raise InputError(f"{metadata.parent.parent}: has no metadata.csv; give --corpus_dir the folder LJSpeech-1.1")
    try:
        lines = metadata.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{metadata}: cannot be read as UTF-8 text ({error})") from error
    texts = []
    for number, line in enumerate(lines, 1):
        cells = line.strip().split("|")
        if len(cells) == 3 and cells[0].startswith(SPEAKER):
            texts.append((cells[0], cells[2]))
        elif line.strip():
            raise InputError(f"{metadata}, line {number}: expected {SPEAKER}…|text|text, found {line.strip()[:60]!r}")
    return texts


def written_out(text: str) -> str:
    """The text with abbreviations as they are spoken.

    >>> written_out("Dr. J. Smith & Co., No. ten, at nine p.m.; etc.")
    'doctor J Smith and company, number ten, at nine p m ; et cetera'
    """
    text = _NUMBER.sub("number", re.sub(r"(?:&c|\betc)\.?", "et cetera", text)).replace("&", "and")
    text = _ABBREVIATION.sub(lambda found: ABBREVIATIONS[found[1]], text)
    return re.sub(r" +", " ", _LETTER.sub(lambda found: ("ay" if found[1] in "aA" else found[1]) + " ", text))
