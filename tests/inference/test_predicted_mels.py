"""The acoustic model's mels of recordings: frame by frame, whatever the batch, resumable, and what vocoders read."""

import shutil

import numpy as np
import pytest
import torch
from vocoder_fakes import acoustic_experiment, vocoder_experiment

from svstoolkit.bin import mels as program
from svstoolkit.data.archives import ArchiveReader, ArchiveWriter
from svstoolkit.data.dataset import SegmentDataset, UtteranceDataset
from svstoolkit.data.definition_file import write_definition
from svstoolkit.data.vocabulary import Vocabulary
from svstoolkit.errors import InputError
from svstoolkit.features.definition import FeatureDefinition
from svstoolkit.inference import predicted_mels
from svstoolkit.inference.predicted_mels import MelPredictor
from svstoolkit.systems.loading import load_trained


@pytest.fixture(scope="module")
def acoustic(tiny_dump, tmp_path_factory):
    return acoustic_experiment(tmp_path_factory.mktemp("acoustic") / "fastspeech2", tiny_dump)


@pytest.fixture(scope="module")
def mels(tiny_dump, acoustic, tmp_path_factory):
    output = tmp_path_factory.mktemp("predicted") / "mels"
    write(acoustic, tiny_dump, output)
    return output


def write(acoustic, dump, output, *more):
    program.main([str(w) for w in ("--acoustic", acoustic, "--dump_dir", dump, "--output", output, *more)])


@pytest.mark.parametrize("energy", ["recording", "predicted"])
def test_each_mel_is_the_models_of_that_recording_alone(acoustic, tiny_dump, tmp_path, energy):
    write(acoustic, tiny_dump, tmp_path, "--energy", energy, "--sets", "train")
    trained = load_trained(acoustic)
    dataset = UtteranceDataset(tiny_dump / "train", trained.vocabulary)
    predicted = ArchiveReader(tmp_path / "train" / "mel.scp")
    assert list(predicted) == dataset.utterances
    for i, utterance in enumerate(dataset.utterances):
        batch = dataset.collate([dataset.item(i)])
        inputs = trained.system.inputs(batch)
        if energy == "predicted":
            inputs.pop("energy")
        with torch.no_grad():
            alone = trained.system.networks["model"](**inputs)["mel"][0].numpy()
        assert predicted[utterance].shape == (dataset.lengths[i], 80)
        np.testing.assert_allclose(predicted[utterance], alone, atol=1e-4)


def test_the_energy_makes_a_difference(mels, acoustic, tiny_dump, tmp_path):
    write(acoustic, tiny_dump, tmp_path, "--energy", "predicted", "--sets", "dev")
    ours, theirs = (ArchiveReader(place / "dev" / "mel.scp") for place in (mels, tmp_path))
    assert all(np.abs(ours[u] - theirs[u]).max() > 1e-3 for u in ours)


def test_a_killed_run_goes_on_and_ends_with_the_same_bytes(mels, acoustic, tiny_dump, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(predicted_mels, "POOL", 2)
    calls = []

    def fails(self, batch):
        calls.append(batch["utterances"])
        if len(calls) > 2:
            raise KeyboardInterrupt
        return predict(self, batch)

    predict = MelPredictor.__call__
    small = ("--batch_frames", "1")
    with monkeypatch.context() as patch:
        patch.setattr(MelPredictor, "__call__", fails)
        with pytest.raises(KeyboardInterrupt):
            write(acoustic, tiny_dump, tmp_path / "killed", *small)
    assert not (tmp_path / "killed/train/mel.scp").exists()
    done = {utterance for batch in calls[:2] for utterance in batch}
    again = []
    with monkeypatch.context() as patch:
        patch.setattr(MelPredictor, "__call__", lambda self, b: again.extend(b["utterances"]) or predict(self, b))
        write(acoustic, tiny_dump, tmp_path / "killed", *small)
    write(acoustic, tiny_dump, tmp_path / "whole", *small)
    assert len(done) == 2
    assert not done & set(again)
    for name in ("train", "dev"):
        killed, whole = tmp_path / "killed" / name, tmp_path / "whole" / name
        for file in ("mel.ark", "utt2num_frames", "fingerprint", "features.yaml"):
            assert (killed / file).read_bytes() == (whole / file).read_bytes()
        assert not (killed / ".parts").exists()
    assert (tmp_path / "whole/dev/utt2num_frames").read_text() == (tiny_dump / "dev/utt2num_frames").read_text()
    capsys.readouterr()
    write(acoustic, tiny_dump, tmp_path / "whole")
    assert capsys.readouterr().out.count("its mels are there already") == 2


def test_another_model_writes_them_again(tiny_dump, tmp_path):
    exp = acoustic_experiment(tmp_path / "fastspeech2", tiny_dump)
    write(exp, tiny_dump, tmp_path / "mels", "--sets", "dev")
    before = (tmp_path / "mels/dev/mel.ark").read_bytes()
    acoustic_experiment(tmp_path / "fastspeech2", tiny_dump, seed=1)
    write(exp, tiny_dump, tmp_path / "mels", "--sets", "dev")
    assert (tmp_path / "mels/dev/mel.ark").read_bytes() != before


def test_what_cannot_predict_is_refused(acoustic, tiny_dump, tmp_path):
    vocoder = vocoder_experiment(tmp_path / "hifigan", tiny_dump, "hifigan")
    with pytest.raises(InputError, match=r"step-00000001\.pt is no acoustic model; give an experiment of stage 3"):
        write(vocoder, tiny_dump, tmp_path / "mels")
    dump = tmp_path / "dump"
    shutil.copytree(tiny_dump, dump)
    Vocabulary(["<pad>", "zh/a"], ["zh/a"], ["tenor"]).to_json(dump / "vocabulary.json")
    with pytest.raises(InputError, match=r"which is not the vocabulary of the model"):
        write(acoustic, dump, tmp_path / "mels")
    shutil.copy(tiny_dump / "vocabulary.json", dump)
    write_definition(dump / "features.yaml", FeatureDefinition(fmax=8000.0))
    with pytest.raises(InputError, match=r"fmax: 8000\.0 ≠ 12000\.0"):
        write(acoustic, dump, tmp_path / "mels")
    with pytest.raises(InputError, match=r"--batch_frames 0"):
        write(acoustic, tiny_dump, tmp_path / "mels", "--batch_frames", "0")
    assert not (tmp_path / "mels").exists()


def test_a_segment_has_the_predicted_mel_of_its_own_place(mels, tiny_dump):
    vocabulary = Vocabulary.from_json(tiny_dump / "vocabulary.json")
    plain = SegmentDataset(tiny_dump / "train", vocabulary, 256, 20)
    given = SegmentDataset(tiny_dump / "train", vocabulary, 256, 20, mels=mels / "train" / "mel.scp")
    predicted, stored = (ArchiveReader(p / "train" / "mel.scp") for p in (mels, tiny_dump))
    for i in range(len(plain)):
        a, b = plain.item(i, (3, i)), given.item(i, (3, i))
        whole = stored[a["utterance"]]
        start = next(s for s in range(len(whole)) if np.array_equal(whole[s : s + 20], a["mel"]))
        assert np.array_equal(b["mel"], predicted[a["utterance"]][start : start + 20])
        assert np.array_equal(a["audio"], b["audio"])
        assert np.array_equal(a["f0"], b["f0"])


def test_mels_that_lack_an_utterance_or_a_frame_are_named(mels, tiny_dump, tmp_path):
    vocabulary = Vocabulary.from_json(tiny_dump / "vocabulary.json")
    predicted = ArchiveReader(mels / "dev" / "mel.scp")
    first, second = predicted
    with ArchiveWriter(tmp_path / "one") as writer:
        writer[first] = predicted[first][:-1]
    with pytest.raises(
        InputError, match=rf"one\.scp has no mel for 1 utterances of .*dev, {second} among them; run svs"
    ):
        SegmentDataset(tiny_dump / "dev", vocabulary, 256, 20, mels=tmp_path / "one.scp")
    with ArchiveWriter(tmp_path / "short") as writer:
        writer[first], writer[second] = predicted[first][:-1], predicted[second][:, :40]
    dataset = SegmentDataset(tiny_dump / "dev", vocabulary, 256, 20, mels=tmp_path / "short.scp")
    frames = len(predicted[first])
    with pytest.raises(InputError, match=rf"the mel of {first} is \({frames - 1}, 80\), .* it is \({frames}, 80\)"):
        dataset.item(0)
    with pytest.raises(InputError, match=rf"the mel of {second} is \(\d+, 40\)"):
        dataset.item(1)
