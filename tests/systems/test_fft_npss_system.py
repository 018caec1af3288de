"""FFT-NPSS: the network's numbers are WORLD's, each in its own scale, and what it predicts can be heard."""

import re
import shutil

import numpy as np
import pytest
import torch
from fakes import RATE

from svstoolkit.bin.train import main
from svstoolkit.data.collate import collate_utterances
from svstoolkit.data.dataset import UtteranceDataset
from svstoolkit.data.statistics import Statistics
from svstoolkit.data.vocabulary import Vocabulary
from svstoolkit.errors import InputError
from svstoolkit.features.definition import FeatureDefinition
from svstoolkit.features.f0 import extract_f0
from svstoolkit.models.fastspeech2 import FastSpeech2
from svstoolkit.systems.fft_npss import FftNpssSystem
from svstoolkit.systems.observing import observer
from svstoolkit.units import cents_between

D = FeatureDefinition(world=True)
WEIGHTS = {"world": 1.0, "duration": 1.0, "f0": 1.0, "voicing": 1.0, "energy": 0.1}
TINY = {"hidden": 16, "encoder_layers": 1, "decoder_layers": 1, "filter_channels": 24, "predictor_channels": 16}


@pytest.fixture
def trained(tiny_dump):
    """A tiny system fresh from its seed, with the dump's statistics, and one of its batches."""
    vocabulary = Vocabulary.from_json(tiny_dump / "vocabulary.json")
    statistics = Statistics.from_json(tiny_dump / "statistics.json")
    torch.manual_seed(0)
    model = FastSpeech2(
        vocabulary.n_phones, vocabulary.n_singers, 63, RATE, D.hop_length,
        **TINY, mel_mean=statistics.world_mean, mel_scale=[max(s, 1e-3) for s in statistics.world_std],
    )  # fmt: skip
    dataset = UtteranceDataset(tiny_dump / "train", vocabulary, "world")
    return FftNpssSystem(model, WEIGHTS, RATE, D.hop_length, D.f0_min), collate_utterances([dataset[0], dataset[1]])


def test_every_number_counts_in_its_own_scale(trained):
    system, batch = trained
    model = system.networks["model"].eval()
    output = {**system.sung(system.networks, batch), "mel": batch["world"]}
    terms = system.loss_terms(output, batch)
    assert set(terms) == set(WEIGHTS)
    assert terms["world"] == 0
    output["mel"] = batch["world"] + 0.5 * model.mel_scale
    torch.testing.assert_close(system.loss_terms(output, batch)["world"], torch.tensor(0.5))
    assert system.counts(batch)["world"] == batch["frame_lengths"].sum()


def test_training_begins_at_the_data_and_goes_on_from_there(trained):
    """The mean of the corpus is off by less than a deviation from most numbers; some steps halve that."""
    system, batch = trained
    model = system.networks["model"].train()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    losses = []
    for step in range(40):
        ((name, terms),) = system.phases(system.networks, batch, step)
        optimizer.zero_grad()
        sum(WEIGHTS[k] * v for k, v in terms.items()).backward()
        optimizer.step()
        losses.append(terms["world"].item())
    assert name == "model"
    assert losses[0] < 1.5
    assert losses[-1] < 0.7 * losses[0]


def test_what_is_predicted_is_heard_at_its_f0(trained):
    """WORLD's features of the recording in the network's place: the demonstration is their copy-synthesis."""
    system, batch = trained
    f0, features = batch["f0"][:1], batch["world"][:1, : batch["frame_lengths"][0]]
    one = {k: v[:1] for k, v in batch.items()}
    system.networks = {"model": lambda **inputs: {"mel": features, "f0": f0[:, : features.shape[1]]}}
    audio = system.demonstrate(system.networks, one)["audio"]
    assert audio.shape == (1, features.shape[1] * D.hop_length)
    assert 0.01 < audio.abs().max() <= 1
    heard = extract_f0(audio[0].double().numpy(), D, "dio")
    true = f0[0, : len(heard)].numpy()
    both = (heard > 0) & (true > 0)
    assert both.sum() > 0.8 * (true > 0).sum()
    assert np.median(np.abs(cents_between(heard[both], true[both]))) < 10

    seen = observer(D)(system, system.networks, one)
    assert set(seen.sounds) == {"sung"}
    assert seen.pictures["mel"].shape == (2 * D.n_mels + 2, features.shape[1], 3)
    assert seen.values["f0_rmse"] == 0


@pytest.mark.parametrize(
    ("n_mels", "weights", "message"),
    [(80, WEIGHTS, "63 numbers at 24000 Hz, not the 80"), (63, {**WEIGHTS, "ssim": 1.0}, "ssim")],
)
def test_what_is_no_world_is_refused(n_mels, weights, message):
    with pytest.raises(ValueError, match=message):
        FftNpssSystem(FastSpeech2(5, 1, n_mels, RATE, 256, **TINY), weights, RATE, 256, 50.0)


def test_scales_are_one_or_one_for_each():
    with pytest.raises(ValueError, match=r"mel_scale must be one number or one for each of 63, not \(3,\)"):
        FastSpeech2(5, 1, 63, RATE, 256, **TINY, mel_scale=[1.0, 1.0, 1.0])
    one, each = (FastSpeech2(5, 1, 63, RATE, 256, **TINY, mel_mean=mean) for mean in (-5.0, [-5.0] * 63))
    assert one.state_dict().keys() == each.state_dict().keys()
    assert not any("mel_" in name for name in one.state_dict())


def test_a_dump_without_world_is_told_what_to_do(tiny_dump, tmp_path):
    dump = shutil.copytree(tiny_dump, tmp_path / "dump")
    for path in (dump, *(dump / name for name in ("train", "dev", "test"))):
        text = (path / "features.yaml").read_text()
        (path / "features.yaml").write_text(text.replace("world: true", "world: false"))
    message = "set world: true in conf/features.yaml and run stage 2"
    with pytest.raises(InputError, match=message):
        main(["--default", "fft_npss", "--dump_dir", str(dump), "--exp_dir", str(tmp_path / "exp")])
    assert not (tmp_path / "exp" / "config.yaml").exists()
    with pytest.raises(InputError, match=re.escape(message.replace(" and", ","))):
        UtteranceDataset(dump / "train", Vocabulary.from_json(dump / "vocabulary.json"), "world")
