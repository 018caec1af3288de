"""FastSpeech 2: padding changes nothing, every parameter learns, pitch follows the notes, overrides are obeyed."""

import pytest
import torch
from torch.nn.utils.rnn import pad_sequence

from svstoolkit.models.fastspeech2 import FastSpeech2, hz_to_midi, midi_to_hz

LENGTHS = (4, 6, 9)
TINY = {"hidden": 16, "encoder_layers": 1, "decoder_layers": 2, "filter_channels": 24, "predictor_channels": 16}


def tiny(**keywords) -> FastSpeech2:
    torch.manual_seed(0)
    return FastSpeech2(n_phones=12, n_singers=3, n_mels=10, sampling_rate=24000, hop_length=256, **{**TINY, **keywords})


def utterance(length: int, seed: int) -> dict[str, torch.Tensor]:
    g = torch.Generator().manual_seed(seed)
    durations = torch.randint(0, 7, (length,), generator=g) + (torch.arange(length) == 0)
    notes = torch.randint(55, 70, (length,), generator=g).float() * (torch.arange(length) % 4 != 1)
    frames = int(durations.sum())
    return {
        "phones": torch.randint(1, 12, (length,), generator=g),
        "notes": notes,
        "note_durations": torch.rand(length, generator=g),
        "slurs": torch.randint(0, 2, (length,), generator=g),
        "durations": durations,
        "f0": 100 + 200 * torch.rand(frames, generator=g) * (torch.rand(frames, generator=g) > 0.3),
        "energy": torch.rand(frames, generator=g),
    }


def batch(lengths=LENGTHS) -> dict[str, torch.Tensor]:
    items = [utterance(n, seed=n) for n in lengths]
    padded = {key: pad_sequence([item[key] for item in items], batch_first=True) for key in items[0]}
    singers = torch.tensor([n % 3 for n in lengths])
    return {**padded, "singers": singers, "phone_lengths": torch.tensor(lengths)}


@pytest.mark.parametrize("teacher", [True, False], ids=["given f0", "predicted f0"])
def test_an_utterance_is_the_same_alone_and_in_a_padded_batch(teacher):
    model = tiny().eval()

    def run(lengths):
        inputs = batch(lengths)
        if not teacher:
            del inputs["f0"], inputs["energy"]
        return model(**inputs)

    with torch.no_grad():
        together = run(LENGTHS)
        for i, length in enumerate(LENGTHS):
            alone = run((length,))
            frames = alone["mel"].shape[1]
            for name, value in alone.items():
                size = length if name == "log_durations" else frames
                torch.testing.assert_close(together[name][i, :size], value[0], atol=1e-5, rtol=1e-5)
            assert together["frame_mask"][i].sum() == frames


def test_every_parameter_learns():
    model = tiny()
    outputs = model(**batch())
    names = ("mel", "log_durations", "f0_semitones", "vuv_logits", "log_energy")
    sum(outputs[name].square().mean() for name in names).backward()
    idle = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert idle == []


def test_f0_is_the_note_plus_the_departure():
    model = tiny().eval()
    torch.nn.init.zeros_(model.pitch.predictor.output.weight)
    model.pitch.predictor.output.bias.data = torch.tensor([0.0, 0.0, 0.5, 1.0])  # c = half a semitone, voiced
    inputs = batch((6,))
    with torch.no_grad():
        output = model(**inputs)
    notes = torch.repeat_interleave(inputs["notes"][0], inputs["durations"][0])
    sounding = notes > 0
    torch.testing.assert_close(hz_to_midi(output["f0"][0, sounding]), notes[sounding] + 0.5, atol=1e-3, rtol=0)
    assert (output["f0"] > 0).all()


def test_given_f0_and_energy_are_used():
    model = tiny().eval()
    inputs = batch((6,))
    with torch.no_grad():
        given = model(**inputs)["mel"]
        other_f0 = model(**{**inputs, "f0": 1.1 * inputs["f0"]})["mel"]
        other_energy = model(**{**inputs, "energy": 2 * inputs["energy"]})["mel"]
        predicted = model(**{**inputs, "f0": None, "energy": None})
        as_predicted = model(**{**inputs, "f0": predicted["f0"], "energy": predicted["energy"]})
    assert not torch.allclose(given, other_f0)
    assert not torch.allclose(given, other_energy)
    torch.testing.assert_close(as_predicted["mel"], predicted["mel"], atol=1e-4, rtol=1e-4)


def test_durations_are_seconds():
    model = tiny().eval()
    inputs = batch()
    score = {k: inputs[k] for k in ("phones", "notes", "note_durations", "slurs", "singers", "phone_lengths")}
    with torch.no_grad():
        seconds = model.durations(**score)
        frames = torch.expm1(model(**inputs)["log_durations"])
    real = torch.arange(9) < inputs["phone_lengths"][:, None]
    torch.testing.assert_close(seconds[real], frames[real].clamp(min=0) * 256 / 24000)
    assert not seconds[~real].any()


def test_a_closed_gate_keeps_the_consonants_and_an_open_one_follows_the_note():
    model = tiny().eval()
    output = model.duration.predictor.output
    torch.nn.init.zeros_(output.weight)
    x, mask, note_frames = torch.randn(1, 2, 16), torch.ones(1, 2, dtype=torch.bool), torch.tensor([[10.0, 100.0]])
    output.bias.data = torch.tensor([0.7, -30.0])
    torch.testing.assert_close(model.duration(x, mask, note_frames), torch.full((1, 2), 1.4))
    output.bias.data = torch.tensor([0.7, 30.0])
    torch.testing.assert_close(model.duration(x, mask, note_frames), torch.log1p(note_frames))


def test_hz_and_midi():
    hz = torch.tensor([440.0, 880.0, 261.6256])
    torch.testing.assert_close(hz_to_midi(hz), torch.tensor([69.0, 81.0, 60.0]), atol=1e-4, rtol=0)
    torch.testing.assert_close(midi_to_hz(hz_to_midi(hz)), hz)


@pytest.mark.parametrize("keywords", [{"hidden": 15}, {"heads": 3}, {"kernel": 4}, {"pitch_kernel": 2}])
def test_refuses_what_cannot_be_built(keywords):
    with pytest.raises(ValueError):
        tiny(**keywords)
