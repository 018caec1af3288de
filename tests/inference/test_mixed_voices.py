"""The acoustic model's inputs from a phone table, and singers mixed by weights for the phrase or phone by phone."""

import numpy as np
import pytest
import torch
from fakes import tiny_song
from vocoder_fakes import acoustic_experiment, vocoder_experiment

from svstoolkit.data.dataset import UtteranceDataset
from svstoolkit.data.phone_table import phone_table
from svstoolkit.errors import InputError
from svstoolkit.inference.voice import ReferenceSinger

SONG = tiny_song(3)


@pytest.fixture(scope="module")
def singer(tiny_dump, tmp_path_factory):
    folder = tmp_path_factory.mktemp("mixed")
    acoustic = acoustic_experiment(folder / "fastspeech2", tiny_dump)
    return ReferenceSinger(acoustic, vocoder_experiment(folder / "nsf_hifigan", tiny_dump, "nsf_hifigan"))


def table_of(singer: ReferenceSinger) -> np.ndarray:
    return phone_table(SONG, singer.vocabulary)


def mel_of(singer: ReferenceSinger, speaker) -> torch.Tensor:
    durations = np.full(len(SONG.phones), 5)
    return singer.sing(table_of(singer), speaker, durations, f0=np.full(durations.sum(), 200.0)).mel


def test_singing_is_told_what_training_is(singer, tiny_dump):
    """An utterance of the dump, its table sung: the very inputs that the dataset makes of it."""
    dataset = UtteranceDataset(tiny_dump / "train", singer.vocabulary)
    batch = dataset.collate([dataset[0]])
    table = dataset.set.archive("phones")[dataset.utterances[0]]
    inputs = singer.phone_inputs(table, singer.vocabulary.singers[int(batch["singers"][0])])
    for name, value in inputs.items():
        assert value.dtype == batch[name].dtype, name
        torch.testing.assert_close(value, batch[name], msg=name)
    assert set(inputs["languages"].unique().tolist()) == {0, 1}


def test_weights_of_one_singer_are_that_singer(singer):
    phones = len(SONG.phones)
    alto = mel_of(singer, "alto")
    torch.testing.assert_close(mel_of(singer, {"alto": 1.0}), alto, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(mel_of(singer, np.tile([1.0, 0.0], (phones, 1))), alto, atol=1e-5, rtol=1e-5)
    assert not torch.allclose(mel_of(singer, {"alto": 0.5, "bass": 0.5}), alto, atol=1e-4)


def test_mixtures_reach_the_durations_too(singer):
    table, model = table_of(singer), singer.acoustic.system.networks["model"]
    found = [model.durations(**singer.phone_inputs(table, who)) for who in ("alto", "bass", {"alto": 0.5, "bass": 0.5})]
    assert not any(torch.allclose(found[2], other, rtol=1e-4) for other in found[:2])
    assert singer.durations(SONG, table, {"alto": 0.5, "bass": 0.5}).sum() == round(
        SONG.duration / singer.features.frame_period
    )


@pytest.mark.parametrize(
    ("speaker", "message"),
    [
        ({"alto": 0.5}, "add up to 1"),
        ({"soprano": 1.0}, "'soprano' does not occur"),
        (np.ones((2, 2)) / 2, "phone by phone: expected 9 rows of 2"),
        (np.ones((9, 2)), "not negative and add up to 1"),
        (np.tile([1.5, -0.5], (9, 1)), "not negative"),
    ],
    ids=["half a singer", "unknown", "too few rows", "two singers", "a negative one"],
)
def test_mixtures_that_are_none_are_refused(singer, speaker, message):
    assert len(SONG.phones) == 9
    with pytest.raises(InputError, match=message):
        singer.phone_inputs(table_of(singer), speaker)
