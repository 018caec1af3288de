"""FastSpeech 2's optional loss terms: there when they have a weight, right in value, means of what counts says."""

import math

import pytest
import torch

from svstoolkit.losses.ssim import structural_similarity
from svstoolkit.models.fastspeech2 import FastSpeech2
from svstoolkit.systems.fastspeech2 import FastSpeech2System

BASE = {"mel": 1.0, "duration": 1.0, "f0": 1.0, "voicing": 1.0}
SIZE = {"hidden": 16, "encoder_layers": 1, "decoder_layers": 1, "filter_channels": 24, "predictor_channels": 16}


def system(weights: dict[str, float], f0_loss: str = "l1", **options) -> FastSpeech2System:
    torch.manual_seed(0)
    return FastSpeech2System(FastSpeech2(12, 1, 10, 24000, 256, **{**SIZE, **options}), weights, f0_loss=f0_loss)


def batch() -> dict[str, torch.Tensor]:
    torch.manual_seed(1)
    durations = torch.tensor([[3, 5, 4], [6, 2, 0]])
    frames = torch.arange(12) < durations.sum(1, keepdim=True)
    return {
        "utterances": ["a", "b"],
        "phones": torch.tensor([[1, 2, 3], [4, 5, 0]]),
        "languages": torch.tensor([[1, 1, 0], [1, 1, 0]]),
        "notes": torch.tensor([[60.0, 60.0, 0.0], [64.0, 64.0, 0.0]]),
        "note_durations": torch.tensor([[0.1, 0.1, 0.05], [0.1, 0.1, 0.0]]),
        "note_indices": torch.tensor([[0, 0, 1], [0, 0, 0]]),
        "note_onsets": torch.tensor([[0.0, 0.0, 0.1], [0.0, 0.0, 0.0]]),
        "slurs": torch.zeros(2, 3, dtype=torch.long),
        "singers": torch.zeros(2, dtype=torch.long),
        "phone_lengths": torch.tensor([3, 2]),
        "durations": durations,
        "mel": torch.randn(2, 12, 10) - 5,
        "f0": 260.0 * frames * (torch.arange(12) > 1),
        "energy": torch.rand(2, 12) * frames,
    }


def terms_of(trained: FastSpeech2System, data: dict) -> tuple[dict, dict]:
    trained.networks["model"].eval()
    with torch.no_grad():
        output = trained.sung(trained.networks, data)
        return output, trained.loss_terms(output, data)


def test_terms_are_those_of_the_model_and_the_weights():
    assert set(terms_of(system(BASE, energy=False), batch())[1]) == set(BASE)
    assert set(terms_of(system(BASE), batch())[1]) == {*BASE, "energy"}
    chosen = {**BASE, "ssim": 0.5, "note_duration": 1.0, "sentence_duration": 1.0, "mel_before": 1.0}
    assert set(terms_of(system(chosen, energy=False, postnet_layers=2), batch())[1]) == set(chosen)


def test_ssim_is_of_log10_amplitude_plus_6():
    data = batch()
    output, terms = terms_of(system({**BASE, "ssim": 0.5}, energy=False), data)
    x, y = (mel / math.log(10) + 6 for mel in (output["mel"], data["mel"]))
    frames = output["frame_mask"]
    torch.testing.assert_close(terms["ssim"], 1 - structural_similarity(x, y, frames)[frames].mean())
    assert 0 < terms["ssim"] < 2


def test_before_the_postnet():
    data = batch()
    output, terms = terms_of(system({**BASE, "mel_before": 1.0}, energy=False, postnet_layers=2), data)
    frames = output["frame_mask"]
    torch.testing.assert_close(terms["mel_before"], (output["mel_before"] - data["mel"])[frames].abs().mean())
    assert terms["mel_before"] != terms["mel"]


def test_f0_by_squares():
    data = batch()
    output, by_l1 = terms_of(system(BASE), data)
    by_squares = terms_of(system(BASE, f0_loss="mse"), data)[1]["f0"]
    target, teaches = system(BASE).pitched(data, output["note_contour"], output["frame_mask"])
    error = (output["f0_semitones"] - target)[teaches]
    torch.testing.assert_close(by_l1["f0"], error.abs().mean())
    torch.testing.assert_close(by_squares, error.square().mean())


@pytest.mark.parametrize("term", ["ssim", "note_duration", "sentence_duration", "mel_before", "mel", "duration", "f0"])
def test_a_batch_is_the_mean_of_its_parts_by_what_counts_says(term):
    """Losses of two utterances apart, weighed by counts (a utterance each where there is none), are those together."""
    weights = {**BASE, "ssim": 1.0, "note_duration": 1.0, "sentence_duration": 1.0, "mel_before": 1.0}
    trained, data = system(weights, energy=False, postnet_layers=2), batch()
    together = terms_of(trained, data)[1][term]
    sums = total = 0.0
    for row in range(2):
        phones, frames = int(data["phone_lengths"][row]), int(data["durations"][row].sum())
        kept = {**dict.fromkeys(PHONE_NAMES, phones), **dict.fromkeys(FRAME_NAMES, frames)}
        cut = {n: v[row : row + 1] for n, v in data.items()}
        cut = {n: v[:, : kept[n]] if n in kept else v for n, v in cut.items()}
        count = float(trained.counts(cut).get(term, 1))
        sums, total = sums + count * terms_of(trained, cut)[1][term], total + count
    torch.testing.assert_close(sums / total, together, atol=1e-5, rtol=1e-5)


PHONE_NAMES = ("phones", "languages", "notes", "note_durations", "note_indices", "note_onsets", "slurs", "durations")
FRAME_NAMES = ("mel", "f0", "energy")


def test_speech_has_no_notes_for_f0_to_be_far_from():
    data = batch()
    trained = system(BASE)
    output, _ = terms_of(trained, data)
    data["notes"] = data["notes"] * torch.tensor([[1.0], [0.0]])  # the second utterance is spoken
    data["f0"] = data["f0"] * 4.0  # two octaves above the first one's notes
    contour = torch.tensor([[60.0], [60.0]]).expand_as(data["f0"])
    semitones, teaches = trained.pitched(data, contour, output["frame_mask"])
    assert not teaches[0].any()
    torch.testing.assert_close(teaches[1], (data["f0"][1] > 0) & output["frame_mask"][1])
    from_c = 9 + 12 * math.log2(1040 / 440)
    assert semitones[1][teaches[1]].tolist() == pytest.approx([from_c] * 6, abs=1e-4)
