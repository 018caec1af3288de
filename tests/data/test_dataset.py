"""Datasets and batches of the tiny dump: what belongs together stays together."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from svstoolkit.data.archives import ArchiveReader, ArchiveWriter
from svstoolkit.data.dataset import SegmentDataset, UtteranceDataset
from svstoolkit.data.phone_table import NOTE, PHONE
from svstoolkit.data.vocabulary import Vocabulary
from svstoolkit.errors import InputError
from svstoolkit.features.definition import FeatureDefinition
from svstoolkit.features.mel import mel_spectrogram

HOP = 256


@pytest.fixture
def vocabulary(tiny_dump: Path) -> Vocabulary:
    return Vocabulary.from_json(tiny_dump / "vocabulary.json")


def test_utterance_items_are_the_archives(tiny_dump, vocabulary):
    dataset = UtteranceDataset(tiny_dump / "train", vocabulary)
    assert len(dataset) == 4
    assert dataset.utterances == sorted(dataset.utterances)
    for index, utterance in enumerate(dataset.utterances):
        item = dataset[index]
        assert item["utterance"] == utterance
        assert item["durations"].sum() == len(item["mel"]) == len(item["f0"]) == len(item["energy"])
        assert dataset.lengths[index] == len(item["mel"])
        assert vocabulary.singers[item["singer"]] == utterance.split("_")[0]
        table = ArchiveReader(tiny_dump / "train" / "phones.scp")[utterance]
        np.testing.assert_array_equal(item["phones"], table[:, PHONE])
        np.testing.assert_array_equal(item["notes"], table[:, NOTE])


def test_utterance_batch_is_padded_with_zeros(tiny_dump, vocabulary):
    dataset = UtteranceDataset(tiny_dump / "train", vocabulary)
    items = [dataset[i] for i in range(4)]
    batch = dataset.collate(items)
    n, t = max(len(i["phones"]) for i in items), max(dataset.lengths)
    shapes = {name: tuple(value.shape) for name, value in batch.items() if name != "utterances"}
    assert shapes == {
        **dict.fromkeys(("phones", "languages", "durations", "notes", "note_durations", "slurs"), (4, n)),
        **dict.fromkeys(("note_indices", "note_onsets"), (4, n)),
        **dict.fromkeys(("f0", "energy"), (4, t)),
        "mel": (4, t, 80),
        **dict.fromkeys(("phone_lengths", "frame_lengths", "singers"), (4,)),
    }
    integers = {name for name in shapes if batch[name].dtype == torch.int64}
    of_phones = {"phones", "languages", "durations", "slurs", "note_indices"}
    assert integers == of_phones | {"phone_lengths", "frame_lengths", "singers"}
    assert all(batch[name].dtype == torch.float32 for name in set(shapes) - integers)
    for row, item in enumerate(items):
        length = batch["frame_lengths"][row]
        np.testing.assert_array_equal(batch["mel"][row, :length], item["mel"])
        assert not batch["mel"][row, length:].any()
        assert not batch["phones"][row, batch["phone_lengths"][row] :].any()
        assert batch["durations"][row].sum() == length


def test_segments_cut_every_array_at_the_same_place(tiny_dump, vocabulary):
    """The mel of a segment's own samples is the segment's mel, away from its edges."""
    dataset = SegmentDataset(tiny_dump / "train", vocabulary, HOP, 40)
    for index in range(len(dataset)):
        whole = UtteranceDataset(tiny_dump / "train", vocabulary)[index]
        item = dataset.item(index, (3, index))
        assert item["audio"].shape == (40 * HOP,)
        mel = mel_spectrogram(torch.from_numpy(item["audio"])[None], FeatureDefinition())[0].numpy()
        np.testing.assert_allclose(mel[2:-2], item["mel"][2:-2], atol=2e-4)
        starts = [s for s in range(len(whole["mel"]) - 39) if np.array_equal(whole["mel"][s : s + 40], item["mel"])]
        assert len(starts) == 1
        inside = slice(starts[0], starts[0] + 40)
        np.testing.assert_array_equal(whole["f0"][inside], item["f0"])
        for frames, phones in (("frame_phones", "phones"), ("frame_notes", "notes")):
            np.testing.assert_array_equal(item[frames], np.repeat(whole[phones], whole["durations"])[inside])


def test_segments_depend_on_the_seed_and_reach_both_ends(tiny_dump, vocabulary):
    dataset = SegmentDataset(tiny_dump / "train", vocabulary, HOP, max(UtteranceDataset(
        tiny_dump / "train", vocabulary).lengths) - 3)  # fmt: skip
    longest = int(np.argmax(UtteranceDataset(tiny_dump / "train", vocabulary).lengths))
    seen = {dataset.item(longest, (0, step))["mel"].tobytes() for step in range(60)}
    assert len(seen) == 4
    again = dataset.item(longest, (0, 7))
    assert np.array_equal(again["audio"], dataset.item(longest, (0, 7))["audio"])


def test_short_utterances_are_padded_with_silence(tiny_dump, vocabulary):
    dataset = SegmentDataset(tiny_dump / "train", vocabulary, HOP, 1000)
    n_frames = dataset.set.n_frames[0]
    item = dataset[0]
    assert item["mel"].shape == (1000, 80)
    assert np.all(item["mel"][n_frames:] == np.float32(np.log(1e-5)))
    for name in ("f0", "frame_phones", "frame_notes", "frame_note_durations"):
        assert not item[name][n_frames:].any()
    assert item["audio"].shape == (1000 * HOP,)
    assert not item["audio"][n_frames * HOP :].any()
    assert item["audio"][: n_frames * HOP].any()


def test_whole_utterances_as_segments(tiny_dump, vocabulary):
    dataset = SegmentDataset(tiny_dump / "dev", vocabulary, HOP, None)
    assert [len(dataset[i]["mel"]) for i in range(2)] == dataset.lengths == dataset.set.n_frames


def test_segment_batch(tiny_dump, vocabulary):
    dataset = SegmentDataset(tiny_dump / "train", vocabulary, HOP, 30)
    batch = dataset.collate([dataset[i] for i in range(3)])
    shapes = {name: tuple(value.shape) for name, value in batch.items() if name != "utterances"}
    assert shapes == {
        "singers": (3,),
        "mel": (3, 30, 80),
        "audio": (3, 30 * HOP),
        **dict.fromkeys(("f0", "frame_phones", "frame_notes", "frame_note_durations"), (3, 30)),
    }
    assert batch["frame_phones"].dtype == batch["singers"].dtype == torch.int64
    assert batch["audio"].dtype == torch.float32
    assert batch["audio"].abs().max() <= 1


def write_references(prefix: Path, train: Path, shorten: int = 0, rate: int = 24000) -> Path:
    """References that are the audio, negated."""
    audio = ArchiveReader(train / "audio.scp")
    with ArchiveWriter(prefix) as writer:
        for utterance in audio:
            samples = audio[utterance][1]
            writer[utterance] = (rate, np.negative(samples[: len(samples) - shorten]))
    return prefix.with_suffix(".scp")


def test_references_are_cut_with_the_audio(tiny_dump, vocabulary, tmp_path):
    references = write_references(tmp_path / "reference", tiny_dump / "train")
    dataset = SegmentDataset(tiny_dump / "train", vocabulary, HOP, 25, references)
    item = dataset.item(1, (5,))
    assert item["reference"].any()
    assert np.array_equal(item["reference"], -item["audio"])
    assert dataset.collate([item, item])["reference"].shape == (2, 25 * HOP)


def test_faulty_references_are_named(tiny_dump, vocabulary, tmp_path):
    short = write_references(tmp_path / "short", tiny_dump / "train", shorten=1)
    with pytest.raises(InputError, match="alto_train000"):
        SegmentDataset(tiny_dump / "train", vocabulary, HOP, 25, short)[0]
    other_rate = write_references(tmp_path / "rate", tiny_dump / "train", rate=16000)
    with pytest.raises(InputError, match="16000 Hz"):
        SegmentDataset(tiny_dump / "train", vocabulary, HOP, 25, other_rate)[0]
    with pytest.raises(InputError, match="no reference waveform for 2"):
        SegmentDataset(tiny_dump / "dev", vocabulary, HOP, 25, short)


def test_a_dump_that_does_not_fit_is_refused(tiny_dump, vocabulary, tmp_path):
    with pytest.raises(InputError, match="run stage 2"):
        UtteranceDataset(tiny_dump / "nowhere", vocabulary)
    with pytest.raises(InputError, match="hop_length 512 ≠ 256"):
        SegmentDataset(tiny_dump / "train", vocabulary, 512, 10)
    shutil.copytree(tiny_dump, tmp_path / "dump")
    path = tmp_path / "dump" / "vocabulary.json"
    values = json.loads(path.read_text())
    path.write_text(json.dumps({**values, "phones": [*values["phones"], "zh"]}))
    with pytest.raises(InputError, match="not the vocabulary of the model"):
        UtteranceDataset(tmp_path / "dump" / "train", vocabulary)
