"""Planted errors come first in the order of suspicion."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from noise_singer import RATE, VOWELS, phrase

from svstoolkit.align.aligners import HmmAligner
from svstoolkit.align.job import AlignOptions, job_of
from svstoolkit.align.labels import label_of
from svstoolkit.align.mfcc import Mfcc
from svstoolkit.align.quality import Z_FREE, Z_MOST, centre_and_spread, grouped, rank
from svstoolkit.align.quality_sounds import frame_levels, labelled_utterances
from svstoolkit.align.training import HmmTraining
from svstoolkit.data.directory import Utterance, read_data_directory, write_data_directory

COUNT = 24
FAST = HmmTraining(iterations=4, growth_iterations=2, start_iterations=2, offsets=(0.0,), uniform_start=False)


def is_vowel(phone: str, code: str) -> bool:
    return phone in VOWELS


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Folder, songs and true labels of COUNT phrases."""
    folder = tmp_path_factory.mktemp("quality")
    rng = np.random.default_rng(3)
    songs, labels = [], []
    for i in range(COUNT):
        song, samples, bounds = phrase(rng)
        soundfile.write(folder / f"a_{i:02d}.wav", samples, RATE)
        songs.append(song)
        labels.append(label_of(bounds, song.phones, len(samples) / RATE))
    return folder, songs, labels


def ranked(corpus, folder: Path, labels=None, songs=None, scores=None):
    wavs, own_songs, own_labels = corpus
    rows = zip(songs or own_songs, labels or own_labels, strict=True)
    write_data_directory(
        folder / "train",
        [Utterance(f"a_{i:02d}", "a", wavs / f"a_{i:02d}.wav", song, label) for i, (song, label) in enumerate(rows)],
    )
    sets = {"train": read_data_directory(folder / "train")}
    return rank(labelled_utterances(sets, job_of(sets, is_vowel, 0.1), is_vowel, scores or {}, 1))


def test_true_labels_are_hardly_suspicious(corpus, tmp_path):
    found = ranked(corpus, tmp_path)
    assert max(q.suspicion for q in found) < 2
    assert all("likelihood" not in q.z for q in found)


def test_a_label_shifted_by_300_ms_is_found(corpus, tmp_path):
    labels = list(corpus[2])
    end = labels[7][-1][1]
    later = [(min(s + 0.3 * (i > 0), end), min(e + 0.3, end), p) for i, (s, e, p) in enumerate(labels[7])]
    worst = ranked(corpus, tmp_path, [*labels[:7], later, *labels[8:]])[0]
    assert worst.utterance.id == "a_07"
    assert worst.z["offset"] > 10
    assert worst.z["silence"] > Z_FREE
    assert any(f.measure == "offset" and "after their notes" in f.text for f in worst.findings)


def test_a_stretched_phone_and_a_moved_boundary_are_found(corpus, tmp_path):
    labels = [list(label) for label in corpus[2]]
    stretched = moved = None
    for i, label in enumerate(labels):
        for k in range(2, len(label) - 2):
            start, end, phone = label[k]
            if phone in "smk" and stretched is None and label[k + 1][1] - end > 0.3:
                stretched = (i, k)
            elif phone in VOWELS and stretched and i > stretched[0] and moved is None and end - start > 0.35:
                moved = (i, k)
    for (i, k), by in ((stretched, 0.28), (moved, 0.3)):
        at = k + 1 if (i, k) == stretched else k
        (a, b, before), (_, c, after) = labels[i][at - 1 : at + 1]
        labels[i][at - 1 : at + 1] = [(a, b + by, before), (b + by, c, after)]
    found = ranked(corpus, tmp_path, labels)
    assert {q.utterance.id for q in found[:2]} == {f"a_{stretched[0]:02d}", f"a_{moved[0]:02d}"}
    assert any(f.measure == "duration" and f.phone == stretched[1] for q in found[:2] for f in q.findings)
    assert any(f.measure == "place" and f.phone == moved[1] for q in found[:2] for f in q.findings)


def test_swapped_texts_are_found_by_the_aligner(corpus, tmp_path):
    wavs, songs, _ = corpus
    swapped = list(songs)
    swapped[4], swapped[15] = swapped[15], swapped[4]
    write_data_directory(
        tmp_path / "train",
        [Utterance(f"a_{i:02d}", "a", wavs / f"a_{i:02d}.wav", song) for i, song in enumerate(swapped)],
    )
    sets = {"train": read_data_directory(tmp_path / "train")}
    job = job_of(sets, is_vowel, 0.1)
    outcome = HmmAligner(Mfcc(), FAST, tmp_path / "exp", "x", 1)(job, AlignOptions(max_overrun=9.0))
    assert not outcome.failures
    labels = [label_of(outcome.boundaries[u], job.transcripts[u].phones, outcome.durations[u]) for u in sets["train"]]
    found = ranked(corpus, tmp_path, labels, swapped, outcome.scores)
    assert {q.utterance.id for q in found[:2]} == {"a_04", "a_15"}


def test_a_low_likelihood_counts_within_its_singer(corpus, tmp_path):
    scores = {f"a_{i:02d}": -90.0 + 0.1 * (i % 5) for i in range(COUNT)}
    usual = {q.utterance.id: q for q in ranked(corpus, tmp_path, scores=scores)}
    low = {q.utterance.id: q for q in ranked(corpus, tmp_path, scores={**scores, "a_05": -95.0})}
    assert low["a_05"].suspicion == pytest.approx(usual["a_05"].suspicion + Z_MOST)
    high = ranked(corpus, tmp_path, scores={**scores, "a_05": -80.0})
    assert {q.utterance.id: q.suspicion for q in high}["a_05"] == pytest.approx(usual["a_05"].suspicion)


def test_a_recording_that_cannot_be_read_is_first_and_says_why(corpus, tmp_path):
    folder, songs, labels = corpus
    (tmp_path / "wav").mkdir()
    for wav in folder.glob("*.wav"):
        (tmp_path / "wav" / wav.name).write_bytes(wav.read_bytes())
    (tmp_path / "wav" / "a_03.wav").write_text("nothing")
    worst = ranked((tmp_path / "wav", songs, labels), tmp_path)[0]
    assert worst.utterance.id == "a_03"
    assert "no audio" in worst.findings[0].text


def test_robust_centre_and_spread():
    assert centre_and_spread(np.array([1.0, 2, 3, 4, 100])) == (3.0, pytest.approx(1.4826))
    values = np.array([*range(10), 50.0, 51.0])
    group = np.array(["many"] * 10 + ["few"] * 2)
    centre, spread = grouped(values, group)
    assert centre[0] == 4.5
    assert centre[-1] == np.median(values)
    assert spread[0] == pytest.approx(1.4826 * 2.5)


def test_levels_are_root_mean_squares(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.concatenate([np.full(160, 0.5), np.full(240, 0.05)]), 16000, subtype="FLOAT")
    levels = frame_levels(str(tmp_path / "a.wav"), "a")
    np.testing.assert_allclose(levels[:2], 20 * np.log10([0.5, 0.05]), atol=1e-3)
    assert len(levels) == 3
