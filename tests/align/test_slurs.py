import numpy as np
import pytest
import soundfile

from svstoolkit.align.slurs import refine_slurs
from svstoolkit.align.transcript import transcript
from svstoolkit.score.song import Note, Song

RATE = 16000


def slurred(pitches=(60, 64), written=0.6):
    """SP, a note of 0.5 s from 0.1 s on, slurred to a second one, which the score puts at `written`."""
    notes = [Note(0.0, 0.1, 0, "SP", ("SP",)), Note(0.1, written - 0.1, pitches[0], "a", ("a",))]
    notes += [Note(written, 1.2 - written, pitches[1], "—", ("a",), slur=True)]
    return transcript("u", "s", Song(tuple(notes)), lambda p: p == "a", 0.05)


def sung(path, at, pitches=(60, 64)):
    t = np.arange(int(1.2 * RATE)) / RATE
    hz = 440 * 2 ** ((np.where(t < at, *pitches) - 69) / 12)
    phase = 2 * np.pi * np.cumsum(hz) / RATE
    voice = sum(np.sin(k * phase) / k for k in range(1, 12)) * (t >= 0.1)
    soundfile.write(path, 0.1 * voice, RATE)
    return str(path)


@pytest.mark.parametrize("at", [0.5, 0.6, 0.75])
def test_the_boundary_goes_where_f0_steps(tmp_path, at):
    score = slurred()
    before = np.array([0.0, 0.1, 0.6, 1.2])
    after = refine_slurs({"u": before}, {"u": score}, {"u": sung(tmp_path / "u.wav", at)}, nj=1)["u"]
    assert after[2] == pytest.approx(at, abs=0.015)
    assert after[[0, 1, 3]].tolist() == [0.0, 0.1, 1.2]


def test_notes_of_one_pitch_are_left_and_not_even_read():
    before = {"u": np.array([0.0, 0.1, 0.6, 1.2])}
    assert refine_slurs(before, {"u": slurred((60, 60))}, {"u": "absent.wav"}, nj=1) == before
