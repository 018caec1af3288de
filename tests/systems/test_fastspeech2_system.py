"""FastSpeech 2's objective at known values, and that a few steps lower it."""

import torch

from svstoolkit.models.fastspeech2 import FastSpeech2, midi_to_hz
from svstoolkit.systems.fastspeech2 import FastSpeech2System

WEIGHTS = {"mel": 1.0, "duration": 1.0, "f0": 0.5, "voicing": 1.0, "energy": 0.1}


def system() -> FastSpeech2System:
    torch.manual_seed(0)
    model = FastSpeech2(
        12, 1, 10, 24000, 256, 16, encoder_layers=1, decoder_layers=1, filter_channels=24, predictor_channels=16
    )
    return FastSpeech2System(model, WEIGHTS)


def batch() -> dict[str, torch.Tensor]:
    torch.manual_seed(1)
    durations = torch.tensor([[3, 5, 4], [6, 2, 0]])
    frames = torch.arange(12) < durations.sum(1, keepdim=True)
    return {
        "phones": torch.tensor([[1, 2, 3], [4, 5, 0]]),
        "notes": torch.tensor([[60.0, 62.0, 0.0], [64.0, 64.0, 0.0]]),
        "note_durations": torch.tensor([[0.1, 0.1, 0.05], [0.1, 0.1, 0.0]]),
        "slurs": torch.zeros(2, 3, dtype=torch.long),
        "singers": torch.zeros(2, dtype=torch.long),
        "phone_lengths": torch.tensor([3, 2]),
        "durations": durations,
        "mel": torch.randn(2, 12, 10) - 5,
        "f0": 260.0 * frames * (torch.arange(12) > 1),
        "energy": torch.rand(2, 12) * frames,
    }


def test_a_perfect_output_costs_nothing_but_the_voicings_certainty():
    trained, data = system(), batch()
    with torch.no_grad():
        output = dict(trained.networks["model"](**{k: v for k, v in data.items() if k != "mel"}))
    voiced = data["f0"] > 0
    departure = 69 + 12 * torch.log2(data["f0"].clamp(min=1) / 440) - output["note_contour"]
    output |= {
        "mel": data["mel"],
        "log_durations": torch.log(data["durations"] + 1.0),
        "f0_semitones": departure + 7.0 * ~voiced,  # what is predicted where nothing is sung does not count
        "vuv_logits": torch.where(voiced, 40.0, -40.0),
        "log_energy": torch.log(data["energy"].clamp(min=1e-5)),
    }
    terms = trained.loss_terms(output, data)
    assert set(terms) == set(WEIGHTS)
    for name, value in terms.items():
        assert value < 1e-5, name
    output["f0_semitones"] = output["f0_semitones"] - 2.0
    torch.testing.assert_close(trained.loss_terms(output, data)["f0"], torch.tensor(2.0), atol=1e-4, rtol=0)


def test_octave_errors_of_the_extractor_teach_no_pitch():
    trained = FastSpeech2System(system().networks["model"], WEIGHTS, f0_margin=3.0)
    contour = torch.tensor([[60.0, 60.0, 67.0, 67.0, 67.0]])
    frames = torch.ones(1, 5, dtype=torch.bool)
    departure = torch.tensor([[12.0, 9.0, -7.0, -10.5, 12.0]])  # from C to G: −3 … +10, from G back: −10 … +3
    assert trained.plausible(departure, contour, frames).tolist() == [[False, True, True, False, False]]


def test_validation_sums_the_weighted_terms():
    trained, data = system(), batch()
    trained.networks["model"].eval()
    metrics = trained.validate(trained.networks, data)
    expected = sum(WEIGHTS[name] * value for name, value in metrics.items() if name != "loss")
    torch.testing.assert_close(metrics["loss"], expected)


def test_learns_a_melody():
    """F0 a quarter tone over the notes is found within a few steps."""
    trained, data = system(), batch()
    model = trained.networks["model"].train()
    with torch.no_grad():
        contour = model.eval()(**{k: v for k, v in data.items() if k != "mel"})["note_contour"]
    data["f0"] = midi_to_hz(contour + 0.5) * (data["f0"] > 0)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    losses = []
    for step in range(40):
        ((name, terms),) = trained.phases(trained.networks, data, step)
        assert name == "model"
        optimizer.zero_grad()
        sum(WEIGHTS[k] * v for k, v in terms.items()).backward()
        optimizer.step()
        losses.append({k: v.item() for k, v in terms.items()})
    assert losses[-1]["f0"] < 0.4 * losses[0]["f0"]
    assert losses[-1]["mel"] < losses[0]["mel"]
    assert losses[-1]["duration"] < losses[0]["duration"]
