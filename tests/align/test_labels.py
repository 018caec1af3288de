"""The rules of `label`, and what becomes of utterances that cannot be aligned."""

import numpy as np
import pytest

from svstoolkit.align.intake import read_sets
from svstoolkit.align.job import AlignOptions, Job, Outcome, job_of, overruns
from svstoolkit.align.labels import (
    drop_failed,
    label_fault,
    label_of,
    labels_as_outcome,
    settle_failures,
    without,
)
from svstoolkit.data.directory import read_data_directory
from svstoolkit.errors import InputError


def is_vowel(phone: str, code: str) -> bool:
    return phone in "aiu"


def test_labels_are_contiguous_positive_and_end_with_the_recording():
    label = label_of(np.array([0.0, 0.33333, 0.33333, 0.9, 1.1]), "abcd", 1.00049)
    assert label == [(0.0, 0.333, "a"), (0.333, 0.335, "b"), (0.335, 0.9, "c"), (0.9, 1.0, "d")]
    assert label_fault(label, "abcd", 1.00049) is None
    with pytest.raises(ValueError, match="do not fit"):
        label_of(np.array([0, 1, 2, 3.0]), "abc", 0.005)


@pytest.mark.parametrize(
    ("label", "fault"),
    [
        ([(0, 0.5, "a"), (0.5, 1.0, "c")], "phones a c, text has a b"),
        ([(0.1, 0.5, "a"), (0.5, 1.0, "b")], "starts at 0.1"),
        ([(0, 0.4, "a"), (0.5, 1.0, "b")], "gap or overlap: a ends at 0.4"),
        ([(0, 0.6, "a"), (0.5, 1.0, "b")], "gap or overlap"),
        ([(0, 0.5, "a"), (0.5, 0.8, "b")], "ends at 0.8 s, the recording at 1.000"),
    ],
)
def test_faults_are_named(label, fault):
    assert fault in label_fault(label, "ab", 1.0)


def test_failures_stop_or_are_dropped(tmp_path):
    job = Job({}, {f"u{i}": f"{i}.wav" for i in range(10)}, {})
    outcome = Outcome({}, {}, {"u3": "utterance u3: too short"})
    listing = tmp_path / "failed.txt"
    with pytest.raises(InputError, match=r"1 of 10 .*utterance u3: too short.*--skip_failed true"):
        settle_failures(job, outcome, AlignOptions(), False, listing)
    assert listing.read_text() == "u3 utterance u3: too short\n"
    settle_failures(job, outcome, AlignOptions(max_failed=0.1), True, listing)
    with pytest.raises(InputError, match=r"more than max_failed = 0\.05"):
        settle_failures(job, outcome, AlignOptions(max_failed=0.05), True, listing)
    settle_failures(job, Outcome(), AlignOptions(), False, listing)
    assert not listing.exists()


def test_labels_of_the_corpus_are_checked_one_by_one(tiny_data):
    sets = {name: read_data_directory(tiny_data / name) for name in ("train", "dev")}
    job = job_of(sets, is_vowel, 0.08)
    durations = {u: directory.label[u][-1][1] for directory in sets.values() for u in directory}
    outcome = labels_as_outcome(sets, job, durations)
    assert not outcome.failures
    late, gone = sets["dev"]
    assert label_of(outcome.boundaries[late], sets["dev"].text[late], durations[late]) == sets["dev"].label[late]
    del sets["dev"].label[gone]
    outcome = labels_as_outcome(sets, job, {**durations, late: 9.0})
    assert outcome.failures.keys() == {late, gone}
    assert f"dev/label: utterance {late}: label ends at" in outcome.failures[late]
    assert "lacks it" in outcome.failures[gone]
    sets["dev"].label.clear()
    with pytest.raises(InputError, match="dev/label does not exist"):
        labels_as_outcome(sets, job, durations)


def test_faults_found_before_aligning_are_in_the_same_list(tmp_path, tiny_data, caplog):
    dev = read_data_directory(tiny_data / "dev")
    first, second = dev
    job = job_of({"dev": dev}, is_vowel, 0.08, {first: "no audio\nat all"})
    outcome = Outcome({second: np.zeros(len(dev.text[second]) + 1)}, {second: 0.01}, {})
    with pytest.raises(InputError, match="2 of 2"):
        settle_failures(job, outcome, AlignOptions(max_failed=0.9), True, tmp_path / "failed.txt")
    lines = (tmp_path / "failed.txt").read_text().splitlines()
    assert lines[0] == f"{first} no audio at all"
    assert "too short for its phones" in lines[1]
    settle_failures(job, outcome, AlignOptions(max_failed=1.0), True, tmp_path / "failed.txt")
    assert "2 of 2 utterances are left out" in caplog.text


def test_tables_agree_after_failed_utterances_are_dropped(tiny_data):
    train = read_data_directory(tiny_data / "train")
    first, second, *rest = train
    text = tiny_data / "train" / "text"
    text.write_text("".join(line for line in text.open() if line.split()[0] != first))
    intake = read_sets(tiny_data, ["train", "dev"])
    sets = drop_failed(intake.sets, {**intake.all_failures, second: "silent"})
    assert list(sets["train"]) == rest
    assert sets["train"].label == {u: train.label[u] for u in rest}
    assert first in (tiny_data / "train" / ".backup" / "utt2spk").read_text()
    assert not (tiny_data / "dev" / ".backup").exists()


def test_dropped_utterances_leave_every_file(tiny_data):
    (tiny_data / "train" / "spk2gender").write_text("alto f\nbass m\n")
    before = read_data_directory(tiny_data / "train")
    first, *rest = list(before)
    (tiny_data / "train" / "utt2dur").write_text("".join(f"{u} 1.5\n" for u in before))
    songs = {u: before.song(u) for u in rest}
    without(before, [first])
    after = read_data_directory(tiny_data / "train")
    assert list(after) == rest
    assert {u: after.song(u) for u in rest} == songs
    assert after.label == {u: before.label[u] for u in rest}
    files = [file for file in (tiny_data / "train").iterdir() if file.is_file()]
    assert not [file.name for file in files if first in file.read_text()]
    assert (tiny_data / "train" / "spk2gender").read_text() == "alto f\nbass m\n"
    assert (tiny_data / "train" / "utt2dur").read_text() == "".join(f"{u} 1.5\n" for u in rest)
    assert {file.name for file in (tiny_data / "train" / ".backup").iterdir()} == {file.name for file in files}
    without(after, [u for u in rest if after.speaker[u] == "bass"])
    assert (tiny_data / "train" / "spk2gender").read_text() == "alto f\n"
    with pytest.raises(InputError, match="no utterances would be left"):
        without(after, rest)


def test_scores_longer_than_their_recordings(tiny_data):
    sets = {"dev": read_data_directory(tiny_data / "dev")}
    job = job_of(sets, is_vowel, 0.08)
    utterance = next(iter(sets["dev"]))
    ends = {u: sets["dev"].song(u).duration for u in sets["dev"]}
    assert overruns(job, ends, 0.5) == {}
    cut = overruns(job, {**ends, utterance: ends[utterance] - 0.6}, 0.5)
    assert list(cut) == [utterance]
    assert "cut off" in cut[utterance]


def test_an_utterance_in_two_sets_is_refused(tiny_data):
    train = read_data_directory(tiny_data / "train")
    with pytest.raises(InputError, match="is in the sets train and dev"):
        job_of({"train": train, "dev": train}, is_vowel, 0.08)
