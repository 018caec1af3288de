"""Real-time factors of every system on one phrase, taken in turn, and their ratios to the reference singer."""

import time
from pathlib import Path
from statistics import median

from result import result

from svstoolkit.data.directory import read_data_directory
from svstoolkit.data.phone_table import phone_table
from svstoolkit.inference.sampling import Sampling
from svstoolkit.inference.voice import ReferenceSinger, WaveformRefiner
from svstoolkit.systems.loading import require_trained

ROUNDS = 5


EXPERIMENTS = ("fastspeech2", "nsf_hifigan", "smoothsinger", "student")  # in egs/mini's exp


def require() -> None:
    """Raises InputError without egs/mini's models."""
    for name in EXPERIMENTS:
        require_trained(Path("exp") / name)
    read_data_directory("data/test")


def measure() -> list[dict]:
    singer = ReferenceSinger(Path("exp/fastspeech2"), Path("exp/nsf_hifigan"))
    teacher, student = (WaveformRefiner(Path(f"exp/{name}"), singer) for name in ("smoothsinger", "student"))
    data = read_data_directory("data/test")
    utterance = next(iter(data))
    song, speaker = data.song(utterance), data.speaker[utterance]
    table = phone_table(song, singer.vocabulary)

    def reference():
        return singer.sing(table, speaker, singer.durations(song, table, speaker))

    systems = {"reference": reference}
    for refiner, name, steps in ((teacher, "smoothsinger", (4, 24)), (student, "student", (1, 2))):
        for n in steps:
            systems[f"{name}_{n}"] = lambda r=refiner, n=n: r.refine(reference(), table, speaker, Sampling(n))
    walls = {name: [] for name in systems}
    for _ in range(ROUNDS):
        for name, sing in systems.items():
            start = time.perf_counter()
            sing()
            walls[name].append(time.perf_counter() - start)
    rows = [result(f"rtf {name}", median(w) / song.duration, "×") for name, w in walls.items()]
    for name in list(systems)[1:]:
        ratios = [a / b for a, b in zip(walls[name], walls["reference"], strict=True)]
        rows.append(result(f"time {name} / reference", median(ratios), "×"))
    ratios = [a / b for a, b in zip(walls["student_1"], walls["smoothsinger_24"], strict=True)]
    rows.append(result("time student_1 / smoothsinger_24", median(ratios), "×", 0.5))
    return rows
