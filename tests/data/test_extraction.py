"""Stage 2 on the tiny corpus: what is stored is true, resumable, and refused when it cannot be right."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import kaldiio
import numpy as np
import pytest
import soundfile
import torch
from fakes import SINGERS, sing, tiny_label, tiny_song, tiny_utterances

from svstoolkit.data import extraction
from svstoolkit.data.archives import ArchiveReader
from svstoolkit.data.definition_file import read_definition
from svstoolkit.data.directory import read_data_directory, write_data_directory, write_label
from svstoolkit.data.extraction import ARCHIVES, extract_dump
from svstoolkit.data.extraction_faults import with_features
from svstoolkit.data.phone_table import DURATION, NOTE, per_frame
from svstoolkit.data.statistics import Statistics
from svstoolkit.data.tables import read_table
from svstoolkit.errors import InputError
from svstoolkit.features.definition import FeatureDefinition
from svstoolkit.features.mel import mel_spectrogram
from svstoolkit.features.world import World
from svstoolkit.units import cents_between, midi_to_hz

D = FeatureDefinition(f0_extractor="dio")


def extract(data: Path, sets=("train", "dev", "test"), definition=D, **options) -> Path:
    dump = data.parent / "dump"
    extract_dump(data, dump, sets, "train", definition, **options)
    return dump


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def times(folder: Path) -> dict[str, int]:
    return {str(p.relative_to(folder)): p.stat().st_mtime_ns for p in sorted(folder.rglob("*")) if p.is_file()}


def test_dump_holds_what_the_contract_says(tiny_dump):
    train = tiny_dump / "train"
    frames = {u: int(n) for u, n in read_table(train / "utt2num_frames").items()}
    loaded = {name: kaldiio.load_scp(str(train / f"{name}.scp")) for name in ARCHIVES}
    assert all(list(loaded[name]) == list(frames) for name in ARCHIVES)
    assert read_table(train / "utt2spk") == {u: u.split("_")[0] for u in frames}
    assert read_definition(tiny_dump / "features.yaml") == replace(D, world=True)
    for utterance, n_frames in frames.items():
        rate, audio = loaded["audio"][utterance]
        assert (rate, audio.dtype, audio.shape) == (24000, np.int16, (n_frames * 256,))
        assert loaded["mel"][utterance].shape == (n_frames, 80)
        assert loaded["f0"][utterance].shape == loaded["energy"][utterance].shape == (n_frames,)
        assert loaded["phones"][utterance][:, DURATION].sum() == n_frames
        mel = mel_spectrogram(torch.from_numpy(audio / np.float32(32768))[None], D)[0]
        np.testing.assert_allclose(loaded["mel"][utterance], mel, atol=1e-5)
    assert len(list((tiny_dump / "plots").glob("*.png"))) == 3
    assert not list(tiny_dump.rglob("*.tmp*"))
    assert not (train / ".parts").exists()


def test_world_is_made_where_it_is_asked_for_and_changes_nothing_else(tiny_data):
    dump = extract(tiny_data, ["train"])
    before = contents(dump / "train")
    assert Statistics.from_json(dump / "statistics.json").world_mean is None
    extract(tiny_data, ["train"], replace(D, world=True))
    after = contents(dump / "train")
    added = set(after) - set(before)
    assert {"world.ark", "world.scp"} <= added
    assert {name.partition(".")[0] for name in added} == {"world"}
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"features.yaml", "fingerprint"}
    world = ArchiveReader(dump / "train" / "world.scp")
    audio, f0 = (ArchiveReader(dump / "train" / f"{name}.scp") for name in ("audio", "f0"))
    assert list(world) == list(f0)
    for utterance, features in world.items():
        expected = World.of(D).analyse(audio[utterance][1] / 32768.0, f0[utterance])
        np.testing.assert_allclose(features, expected, atol=1e-4)
    statistics = Statistics.from_json(dump / "statistics.json")
    together = np.concatenate([world[u] for u in world]).astype(np.float64)
    np.testing.assert_allclose(statistics.world_mean, together.mean(axis=0), rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(statistics.world_std, together.std(axis=0), rtol=1e-6, atol=1e-9)
    stamps = times(dump / "train")
    extract(tiny_data, ["train"], replace(D, world=True))
    assert times(dump / "train") == stamps
    extract(tiny_data, ["train"])
    assert contents(dump / "train") == before


def test_audio_is_the_recording_cut_to_whole_frames(tiny_data):
    dump = extract(tiny_data, ["train"])
    directory = read_data_directory(tiny_data / "train")
    for utterance in directory:
        samples, _ = soundfile.read(directory.wav[utterance], dtype="int16")
        _, stored = ArchiveReader(dump / "train" / "audio.scp")[utterance]
        assert 0 <= len(samples) - len(stored) < 256
        assert np.array_equal(stored, samples[: len(stored)])


def test_f0_lies_on_the_notes_and_phones_on_the_frames(tiny_dump):
    """The tones are sung exactly on the score, so frames well inside a note must have its pitch."""
    train = tiny_dump / "train"
    checked = 0
    for utterance in ArchiveReader(train / "f0.scp"):
        f0 = ArchiveReader(train / "f0.scp")[utterance]
        table = ArchiveReader(train / "phones.scp")[utterance]
        notes = per_frame(table, NOTE)
        for row, end in zip(table, np.cumsum(table[:, DURATION]), strict=True):
            inside = slice(int(end - row[DURATION]) + 4, int(end) - 4)
            if row[DURATION] > 12 and row[NOTE] > 0:  # vowels: consonants have 7 or 8 frames
                assert np.abs(cents_between(f0[inside], midi_to_hz(notes[inside]))).max() < 10
                checked += 1
            elif row[NOTE] == 0:
                assert not f0[inside].any()
    assert checked >= 12


def test_durations_are_the_rounded_boundaries(tiny_data):
    dump = extract(tiny_data, ["train"])
    for utterance, label in read_data_directory(tiny_data / "train").label.items():
        durations = ArchiveReader(dump / "train" / "phones.scp")[utterance][:, DURATION]
        ends = np.cumsum(durations)[:-1] * D.frame_period
        assert np.abs(ends - [end for _, end, _ in label[:-1]]).max() <= D.frame_period / 2 + 1e-9


def test_number_of_processes_changes_no_byte(tiny_data):
    one = contents(extract(tiny_data, nj=1))
    shutil.rmtree(tiny_data.parent / "dump")
    two = contents(extract(tiny_data, nj=2))
    assert one.keys() == two.keys()
    assert [name for name in one if one[name] != two[name]] == []


def test_a_higher_rate_is_brought_down(tmp_path):
    write_data_directory(tmp_path / "data" / "train", tiny_utterances(tmp_path / "wav", "t", 2, rate=44100))
    dump = extract(tmp_path / "data", ["train"])
    for utterance, frames in read_table(dump / "train" / "utt2num_frames").items():
        seconds = soundfile.info(read_data_directory(tmp_path / "data" / "train").wav[utterance]).duration
        assert int(frames) == int(seconds * 24000 / 256 + 1e-6)


def test_finished_sets_are_left_alone_and_redone_on_demand(tiny_data):
    dump = extract(tiny_data)
    before, bytes_before = times(dump), contents(dump)
    extract(tiny_data)
    assert times(dump) == before
    extract(tiny_data, overwrite=True)
    after = times(dump)
    assert all(after[f"{s}/mel.ark"] > before[f"{s}/mel.ark"] for s in ("train", "dev", "test"))
    changed = {n for n, content in contents(dump).items() if content != bytes_before[n]}
    assert changed <= {n for n in before if n.startswith("plots/")}  # a PNG may hold its date


def test_only_a_set_whose_inputs_changed_is_redone(tiny_data):
    dump = extract(tiny_data)
    before = times(dump)
    wav = next(iter(read_data_directory(tiny_data / "dev").wav.values()))
    soundfile.write(wav, sing(tiny_song(0), seed=9), 24000)
    extract(tiny_data)
    after = times(dump)
    assert after["dev/mel.ark"] > before["dev/mel.ark"]
    assert after["train/mel.ark"] == before["train/mel.ark"]


def test_another_definition_redoes_everything(tiny_data):
    dump = extract(tiny_data)
    other = FeatureDefinition(hop_length=300, n_mels=40)
    with pytest.raises(InputError, match="run stage 2 for all sets"):
        extract(tiny_data, ["dev"], other)
    assert read_definition(dump / "features.yaml") == D
    extract(tiny_data, ["train", "dev"], other)
    assert read_definition(dump / "features.yaml") == other
    assert ArchiveReader(dump / "dev" / "mel.scp")["alto_dev000"].shape[1] == 40
    assert not (dump / "test" / "utt2num_frames").exists()  # of the old definition: no longer complete


def test_a_killed_run_goes_on_behind_the_last_utterance_and_ends_the_same(tiny_data, monkeypatch):
    whole = contents(extract(tiny_data, ["train"]) / "train")
    shutil.rmtree(tiny_data.parent / "dump")
    real, extracted = extraction.extract_utterance, []

    def killed_at_third(task, *rest):
        extracted.append(task.utterance)
        if len(extracted) == 3:
            raise KeyboardInterrupt
        return real(task, *rest)

    monkeypatch.setattr(extraction, "extract_utterance", killed_at_third)
    with pytest.raises(KeyboardInterrupt):
        extract(tiny_data, ["train"])
    dump = tiny_data.parent / "dump"
    assert not (dump / "train" / "utt2num_frames").exists()
    assert extract(tiny_data, ["train"]) == dump
    assert extracted[3:] == extracted[2:3] + extracted[4:]  # the two finished ones were not done again
    assert len(extracted) == 5
    assert contents(dump / "train") == whole


def test_a_run_killed_while_merging_goes_on(tiny_data, monkeypatch):
    whole = contents(extract(tiny_data, ["train"]) / "train")
    shutil.rmtree(tiny_data.parent / "dump")

    def interrupted(*_):  # not a signal: a test run in the background ignores SIGINT
        raise KeyboardInterrupt

    monkeypatch.setattr(extraction, "mark_done", interrupted)
    with pytest.raises(KeyboardInterrupt):
        extract(tiny_data, ["train"])
    monkeypatch.undo()
    dump = tiny_data.parent / "dump"
    assert not (dump / "train" / "utt2num_frames").exists()
    monkeypatch.setattr(extraction, "extract_utterance", None)  # nothing is left to extract
    extract(tiny_data, ["train"])
    assert contents(dump / "train") == whole


def spoil(data: Path) -> tuple[str, str]:
    """Two of train's four recordings: one silent, one cut off."""
    wavs = read_data_directory(data / "train").wav
    silent, truncated, *_ = wavs
    soundfile.write(wavs[silent], np.zeros(30000), 24000)
    Path(wavs[truncated]).write_bytes(Path(wavs[truncated]).read_bytes()[:9000])
    return silent, truncated


def test_too_many_faulty_recordings_stop_the_set_and_are_listed_all_at_once(tiny_data):
    silent, truncated = spoil(tiny_data)
    with pytest.raises(InputError, match=r"2 utterances.*raise --max_failed") as error:
        extract(tiny_data)
    lines = str(error.value).split("\n")
    assert len(lines) == 3
    assert silent in lines[1]
    assert "silent" in lines[1]
    assert truncated in lines[2]
    assert "truncated" in lines[2]
    train = tiny_data.parent / "dump" / "train"
    assert sorted(p.name for p in train.iterdir()) == [".parts", "failed.txt"]
    assert (tiny_data.parent / "dump" / "dev" / "utt2num_frames").exists()


def test_a_few_faulty_recordings_are_left_out_and_listed(tiny_data, monkeypatch):
    faulty = spoil(tiny_data)
    with pytest.raises(InputError):
        extract(tiny_data)
    monkeypatch.setattr(extraction, "extract_utterance", None)  # all was looked at already
    train = extract(tiny_data, max_failed=0.5) / "train"
    left = set(read_data_directory(tiny_data / "train")) - set(faulty)
    assert set(read_table(train / "utt2num_frames")) == set(ArchiveReader(train / "mel.scp")) == left
    assert set(read_table(train / "failed.txt")) == set(faulty)


def test_a_recording_without_f0_on_its_notes_is_faulty(tiny_data):
    wavs = read_data_directory(tiny_data / "train").wav
    breathed = next(iter(wavs))
    noise = np.random.default_rng(0).standard_normal(soundfile.info(wavs[breathed]).frames)
    soundfile.write(wavs[breathed], np.diff(0.05 * noise, prepend=0.0), 24000)
    with pytest.raises(InputError, match=rf"{breathed}.* no voiced frame between .* Hz on its notes; .* drop"):
        extract(tiny_data)


def test_clipping_and_a_rate_unlike_the_others_are_warned_of(tmp_path, caplog):
    utterances = tiny_utterances(tmp_path / "wav", "t", 3)
    loud, other = utterances[0], utterances[1]
    samples, rate = soundfile.read(loud.wav)
    soundfile.write(loud.wav, np.clip(20 * samples, -1, 1), rate)
    soundfile.write(other.wav, sing(other.song, 48000), 48000)
    write_data_directory(tmp_path / "data" / "train", utterances)
    dump = extract(tmp_path / "data", ["train"])
    listed = read_table(dump / "train" / "warnings.txt")
    assert set(listed) == {loud.id, other.id}
    assert "samples at full scale" in listed[loud.id]
    assert listed[other.id] == "was recorded at 48000 Hz, most at 24000 Hz"
    assert "2 utterances to be looked at" in caplog.text


def test_loudness_is_reached_without_clipping_and_recorded(tiny_data):
    import pyloudnorm

    dump = extract(tiny_data, ["train"], replace(D, loudness=-23.0))
    assert read_definition(dump / "train" / "features.yaml").loudness == -23.0
    gains = read_table(dump / "train" / "utt2gain")
    for utterance, (rate, audio) in ArchiveReader(dump / "train" / "audio.scp").items():
        assert pyloudnorm.Meter(rate).integrated_loudness(audio / 32768.0) == pytest.approx(-23.0, abs=0.1)
        samples, _ = soundfile.read(read_data_directory(tiny_data / "train").wav[utterance])
        assert np.abs(audio / 32768.0 - 10 ** (float(gains[utterance]) / 20) * samples[: len(audio)]).max() < 1e-3
    loud = extract(tiny_data, ["train"], replace(D, loudness=-6.0))
    peaks = [np.abs(audio.astype(int)).max() for _, audio in ArchiveReader(loud / "train" / "audio.scp").values()]
    assert max(peaks) <= 0.99 * 32768
    assert "so as not to clip" in (loud / "train" / "warnings.txt").read_text()


def test_each_singer_is_searched_in_a_range_of_its_own(tiny_data):
    dump = extract(tiny_data, ["train"])
    ranges = json.loads((dump / "f0_ranges.json").read_text())["singers"]
    assert set(ranges) == set(SINGERS)
    speakers = read_table(dump / "train" / "utt2spk")
    for utterance, f0 in ArchiveReader(dump / "train" / "f0.scp").items():
        low, high = ranges[speakers[utterance]]
        assert D.f0_min <= low <= f0[f0 > 0].min() / 1.15
        assert f0.max() * 1.15 <= high < 700  # the notes are at most MIDI 69, 440 Hz


def change_label(data: Path, change) -> str:
    directory = read_data_directory(data / "train")
    utterance = next(iter(directory))
    directory.label[utterance] = change(directory.label[utterance])
    write_label(data / "train" / "label", directory.label)
    return utterance


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda label: label[:-1], "label.*text has"),
        (lambda label: [*label[:-1], (label[-1][0], label[-1][1] + 0.2, "SP")], "label ends at"),
        (lambda label: [(0.2, label[0][1] + 0.2, "SP"), *label[1:]], "starts at"),
        (
            lambda label: [label[0], (label[1][0] + 0.1, label[1][1] + 0.1, label[1][2]), *label[2:]],
            "follow each other",
        ),
    ],
)
def test_labels_that_do_not_fit_are_named(tiny_data, change, message):
    utterance = change_label(tiny_data, change)
    with pytest.raises(InputError, match=message) as error:
        extract(tiny_data)
    assert utterance in str(error.value)


def test_missing_stages_are_named(tiny_data):
    (tiny_data / "dev" / "label").unlink()
    with pytest.raises(InputError, match=r"dev/label .*run stage 1"):
        extract(tiny_data)
    shutil.rmtree(tiny_data / "test")
    with pytest.raises(InputError, match=r"test.*run stage 0"):
        extract(tiny_data, ["test"])


def test_singers_unseen_in_training_are_refused(tmp_path):
    alto, bass, *_ = tiny_utterances(tmp_path / "wav", "t", 2)
    write_data_directory(tmp_path / "data" / "train", [alto])
    write_data_directory(tmp_path / "data" / "dev", [bass])
    with pytest.raises(InputError, match=f"{bass.id}: singer '{SINGERS[1]}' does not occur in the training set"):
        extract(tmp_path / "data", ["train", "dev"])
    assert not (tmp_path / "dump").exists()


def test_phones_unseen_in_training_are_refused(tmp_path):
    first, _, second = tiny_utterances(tmp_path / "wav", "t", 3)
    song = tiny_song(0, n_notes=1)  # SP l a SP
    soundfile.write(first.wav, sing(song), 24000)
    write_data_directory(tmp_path / "data" / "train", [replace(first, song=song, label=tiny_label(song))])
    write_data_directory(tmp_path / "data" / "dev", [second])
    with pytest.raises(InputError, match=f"{second.id}: phone 'zh/[mdiu]' does not occur in the training set"):
        extract(tmp_path / "data", ["train", "dev"])
    assert not (tmp_path / "dump").exists()


def test_what_stage_2_left_out_later_stages_do_without(tiny_data, tmp_path, caplog):
    directory = read_data_directory(tiny_data / "train")
    first, *others = directory
    (tmp_path / "mel.scp").write_text("".join(f"{u} mel.ark:0\n" for u in others))
    with pytest.raises(InputError, match=rf"lacks utterance {first} of .*run stage 2"):
        with_features(directory, tmp_path)
    (tmp_path / "failed.txt").write_text(f"{first} it is silent\n")
    assert list(with_features(directory, tmp_path)) == others
    assert "without 1 utterances" in caplog.text
    (tmp_path / "mel.scp").write_text("someone-else mel.ark:0\n")
    (tmp_path / "failed.txt").write_text("".join(f"{u} it is silent\n" for u in directory))
    with pytest.raises(InputError, match=r"no utterance of .* has features"):
        with_features(directory, tmp_path)
