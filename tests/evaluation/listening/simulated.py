"""Small listening tests with known truth: folders of short sounds, and listeners who rate them by a hidden quality."""

import json
from pathlib import Path

import numpy as np
import soundfile

from svstoolkit.evaluation.listening.key import RATINGS_FORMAT

RATE = 24000
# as opinions 1 … 5
QUALITY = {"truth": 4.7, "good": 3.9, "fair": 3.0, "poor": 2.0, "floor": 1.0, "anchor_3500": 1.5, "anchor_7000": 3.45}
QUALITY["ground_truth"] = QUALITY["truth"]


def make_systems(folder: Path, n_utterances: int, seconds: float = 0.5, systems=("truth", "good", "fair", "poor")):
    """A folder of harmonic sounds for each system, noisier the worse it is, and of different loudness."""
    random = np.random.default_rng(0)
    time = np.arange(round(seconds * RATE)) / RATE
    for k, system in enumerate(systems):
        (folder / system).mkdir(parents=True)
        for u in range(n_utterances):
            voice = sum(np.sin(2 * np.pi * (200 + 15 * u) * h * time) / h for h in range(1, 12))
            noise = (5 - QUALITY[system]) * random.standard_normal(len(time))
            soundfile.write(folder / system / f"song_{u:02d}.wav", (voice + noise) * 0.02 * (1 + k), RATE)
    return {system: folder / system for system in systems}


class Listeners:
    """Raters with own strictness, utterances with own difficulty, and noise; all normal."""

    def __init__(self, key: dict, seed: int = 0, strictness: float = 0.4, difficulty: float = 0.3, noise: float = 0.4):
        self.key, self.random, self.noise = key, np.random.default_rng(seed), noise
        self.strictness = self.random.normal(0, strictness, len(key["sessions"]) + 1)
        self.difficulty = {u: self.random.normal(0, difficulty) for u in sorted(self._phrases())}
        self.seconds = {s["id"]: s["seconds"] for s in key["stimuli"]}

    def _phrases(self):
        return {trial["utterance"] for trials in self.key["sessions"] for trial in trials}

    def opinion(self, session: int, trial: dict, condition: str) -> float:
        heard = QUALITY[condition] + self.strictness[session] + self.difficulty[trial["utterance"]]
        return heard + self.random.normal(0, self.noise)

    def values(self, session: int, trial: dict) -> list[int]:
        opinions = np.array([self.opinion(session, trial, c) for c in trial["conditions"]])
        if trial["role"] == "check":  # is never failed: all other values are far from noise and recording
            opinions = np.array([{"floor": -99, self.key["reference"]: 99}.get(c, 0) for c in trial["conditions"]])
        kind = self.key["kind"]
        if kind == "ranking":
            return (np.argsort(np.argsort(-opinions, kind="stable"), kind="stable") + 1).tolist()
        if kind == "mushra":
            opinions[trial["conditions"].index(self.key["reference"])] = 5
            return np.clip(np.rint(25 * (opinions - 1)), 0, 100).astype(int).tolist()
        if kind == "cmos":
            return [int(np.clip(np.rint(opinions[1] - opinions[0]), -3, 3))]
        return [int(np.clip(np.rint(opinions[0]), 1, 5))] * len(self.key["scales"])

    def record(self, session: int) -> dict:
        """What the page would save for the listener number `session`, from 1."""
        answers = []
        for i, trial in enumerate(self.key["sessions"][session - 1]):
            n = len(trial["stimuli"])
            seconds = 1 + len(self.key["scales"]) * sum(self.seconds[s] for s in trial["stimuli"])
            values = self.values(session, trial)
            answers.append({"trial": i, "values": values, "heard": [True] * n, "plays": [1] * n, "seconds": seconds})
        return {
            "format": RATINGS_FORMAT,
            "test": self.key["test"],
            "session": session,
            "token": f"{session:032x}",
            "started": "2026-01-01T00:00:00Z",
            "finished": "2026-01-01T00:10:00Z",
            "answers": answers,
            "comment": "",
        }


def rate_everything(test: Path, folder: Path | None = None, **settings) -> dict:
    """Every session's ratings, written where the server would put them; returns the key."""
    key = json.loads((test / "key.json").read_text())
    listeners = Listeners(key, **settings)
    folder = folder or test / "ratings"
    folder.mkdir(exist_ok=True)
    for session in range(1, len(key["sessions"]) + 1):
        (folder / f"{session:04d}.json").write_text(json.dumps(listeners.record(session)))
    return key
