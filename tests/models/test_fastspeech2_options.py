"""FastSpeech 2's options: padding changes nothing forward or backward, singers mix, languages and places are heard."""

import pytest
import torch
from torch.nn.utils.rnn import pad_sequence

from svstoolkit.models.fastspeech2 import FastSpeech2, hz_to_midi
from svstoolkit.models.fastspeech2_score import places_in_note, time_before_note
from svstoolkit.models.fastspeech2_variance import scaled_gradient

LENGTHS = (4, 6, 9)
INPUTS = {"n_languages": 2, "note_places": True}
OPTIONS = {
    "fastspeech2": {},
    "fft_singer": {"activation": "gelu", "norm": "pre", "pitch": "absolute", "energy": False, "frame_times": False,
                   "duration_from_note": False, "predictor_gradient": 0.1},
    "xiaoicesing": {"norm": "pre", "pitch": "residual", "pitch_from": "decoder", "energy": False, "postnet_layers": 3,
                    "postnet_channels": 8, "frame_times": False, "duration_from_note": False},
    "rotary": {"positions": "rotary"},
    "alibi": {"positions": "alibi"},
    "decoder_response": {"pitch_from": "decoder", "postnet_layers": 2, "postnet_channels": 8},
}  # fmt: skip


def tiny(**keywords) -> FastSpeech2:
    torch.manual_seed(0)
    size = {"hidden": 16, "encoder_layers": 1, "decoder_layers": 2, "filter_channels": 24, "predictor_channels": 16}
    return FastSpeech2(12, 3, 10, sampling_rate=24000, hop_length=256, **{**INPUTS, **size, **keywords}).eval()


def utterance(length: int) -> dict[str, torch.Tensor]:
    g = torch.Generator().manual_seed(length)
    durations = torch.randint(0, 7, (length,), generator=g) + (torch.arange(length) == 0)
    frames = int(durations.sum())
    note_indices = torch.randint(0, 2, (length,), generator=g).cumsum(0)
    return {
        "phones": torch.randint(1, 12, (length,), generator=g),
        "languages": torch.randint(0, 3, (length,), generator=g),
        "notes": torch.randint(55, 70, (length,), generator=g).float() * (torch.arange(length) % 4 != 1),
        "note_durations": torch.rand(length, generator=g),
        "note_indices": note_indices,
        "note_onsets": 0.04 * note_indices,
        "slurs": torch.randint(0, 2, (length,), generator=g),
        "durations": durations,
        "f0": 100 + 200 * torch.rand(frames, generator=g) * (torch.rand(frames, generator=g) > 0.3),
        "energy": torch.rand(frames, generator=g),
    }


def batch(lengths=LENGTHS) -> dict[str, torch.Tensor]:
    items = [utterance(n) for n in lengths]
    padded = {key: pad_sequence([item[key] for item in items], batch_first=True) for key in items[0]}
    singers = torch.tensor([n % 3 for n in lengths])
    return {**padded, "singers": singers, "phone_lengths": torch.tensor(lengths)}


def weighed(output: dict[str, torch.Tensor], row: int, phones: int, frames: int) -> torch.Tensor:
    """A number that every real output of a row enters with a weight of its own."""
    total = torch.zeros(())
    for name in ("mel", "mel_before", "log_durations", "f0_semitones", "vuv_logits", "log_energy"):
        if name in output:
            value = output[name][row, : phones if name == "log_durations" else frames]
            total = total + (value * torch.arange(value.numel()).view(value.shape).cos()).sum()
    return total


@pytest.mark.parametrize("given", [True, False], ids=["given f0", "predicted f0"])
@pytest.mark.parametrize("name", OPTIONS)
def test_padding_changes_neither_outputs_nor_gradients(name, given):
    """In float64: the phases of high harmonics magnify what float32 rounds off."""
    model = tiny(**OPTIONS[name]).double()

    def run(lengths):
        inputs = {k: v.double() if v.is_floating_point() else v for k, v in batch(lengths).items()}
        if not given:
            inputs |= {"f0": None, "energy": None}
        return model(**inputs)

    together = run(LENGTHS)
    sums, gradients = [], {n: torch.zeros_like(p) for n, p in model.named_parameters()}
    for row, length in enumerate(LENGTHS):
        alone = run((length,))
        frames = alone["mel"].shape[1]
        for key, value in alone.items():
            size = length if key == "log_durations" else frames
            torch.testing.assert_close(together[key][row, :size], value[0], atol=1e-6, rtol=1e-6, msg=key)
        sums.append(weighed(together, row, length, frames))
        model.zero_grad()
        weighed(alone, 0, length, frames).backward()
        for n, p in model.named_parameters():
            gradients[n] += 0 if p.grad is None else p.grad
    model.zero_grad()
    torch.stack(sums).sum().backward()
    for n, p in model.named_parameters():
        torch.testing.assert_close(p.grad, gradients[n], atol=1e-6, rtol=1e-5, msg=n)


@pytest.mark.parametrize("name", OPTIONS)
def test_every_parameter_learns(name):
    model = tiny(**OPTIONS[name])
    output = model(**batch())
    names = ("mel", "log_durations", "f0_semitones", "vuv_logits", "log_energy")
    sum(output[key].square().mean() for key in names if key in output).backward()
    idle = [n for n, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert idle == []


def test_one_hot_weights_are_the_singer_and_halves_lie_between():
    model, inputs = tiny(), batch((6,))
    with torch.no_grad():
        singers = [model(**{**inputs, "singers": torch.tensor([i])}) for i in range(3)]
        one_hot = model(**{**inputs, "singers": torch.eye(3)[[1]]})
        phone_by_phone = model(**{**inputs, "singers": torch.eye(3)[torch.ones(1, 6, dtype=torch.long)]})
        frames = singers[1]["mel"].shape[1]
        by_frame = model(
            **{
                **inputs,
                "singers": torch.tensor([0]),
                "frame_singers": torch.eye(3)[torch.ones(1, frames, dtype=torch.long)],
            }
        )
        a, b = model.singer(torch.tensor([0, 2]))
        half = model.singer(torch.tensor([[0.5, 0.0, 0.5]]))[0]
    for mixed in (one_hot, phone_by_phone):
        for key, value in singers[1].items():
            torch.testing.assert_close(mixed[key], value, atol=1e-5, rtol=1e-5, msg=key)
    torch.testing.assert_close(half, (a + b) / 2)
    torch.testing.assert_close(by_frame["mel"], singers[1]["mel"], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(by_frame["log_durations"], singers[0]["log_durations"])
    assert not torch.allclose(singers[0]["mel"], singers[1]["mel"], atol=1e-3)


def test_a_voice_morphs_along_the_phrase():
    """Weights that move from one singer to another: the ends are near these, the whole is neither."""
    model, inputs = tiny(encoder_layers=0, decoder_layers=0, frame_times=False), batch((6,))
    slide = torch.linspace(0, 1, 6)[None, :, None]
    weights = torch.cat((1 - slide, torch.zeros_like(slide), slide), dim=-1)
    inputs |= {"f0": inputs["f0"], "durations": torch.full((1, 6), 3), "energy": torch.ones(1, 18)}
    inputs["f0"] = torch.full((1, 18), 200.0)
    with torch.no_grad():
        first, last = (model(**{**inputs, "singers": torch.tensor([i])})["mel"] for i in (0, 2))
        morphed = model(**{**inputs, "singers": weights})["mel"]
    torch.testing.assert_close(morphed[:, :3], first[:, :3], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(morphed[:, -3:], last[:, -3:], atol=1e-5, rtol=1e-5)
    share = slide.repeat_interleave(3, dim=1)
    torch.testing.assert_close(morphed, torch.lerp(first, last, share), atol=1e-5, rtol=1e-4)


def test_wrong_numbers_of_weights_are_refused():
    with pytest.raises(ValueError, match="2 weights for 3 singers"):
        tiny()(**{**batch((6,)), "singers": torch.tensor([[0.5, 0.5]])})


def test_places_in_notes():
    notes = torch.tensor([[0, 1, 1, 1, 2, 3, 3], [5, 5, 0, 0, 0, 0, 0]])
    mask = torch.tensor([[True] * 7, [True, True] + [False] * 5])
    from_start, from_end = places_in_note(notes, mask)
    assert from_start.tolist() == [[0, 0, 1, 2, 0, 0, 1], [0, 1, 0, 0, 0, 0, 0]]
    assert from_end.tolist() == [[0, 2, 1, 0, 0, 1, 0], [1, 0, 0, 0, 0, 0, 0]]
    zero_is_a_note_too = places_in_note(torch.zeros(1, 4, dtype=torch.long), torch.tensor([[True, True, False, False]]))
    assert [place.tolist() for place in zero_is_a_note_too] == [[[0, 1, 0, 0]], [[1, 0, 0, 0]]]


def test_time_before_a_note_is_that_of_the_one_before():
    notes = torch.tensor([[0, 1, 1, 3]])
    torch.testing.assert_close(
        time_before_note(notes, torch.tensor([[0.5, 0.75, 0.75, 1.5]])), torch.tensor([[0.0, 0.25, 0.25, 0.75]])
    )


@pytest.mark.parametrize("key", ["languages", "note_indices", "note_onsets"])
def test_what_the_model_was_built_for_is_heard_and_asked_for(key):
    model, inputs = tiny(), batch((6,))
    other = {"languages": 2 - inputs["languages"], "note_indices": torch.arange(6)[None], "note_onsets": 0.5}
    changed = other[key] if key != "note_onsets" else inputs[key] * 0.5
    with torch.no_grad():
        assert not torch.allclose(model(**inputs)["mel"], model(**{**inputs, key: changed})["mel"], atol=1e-5)
    del inputs[key]
    with pytest.raises(ValueError, match="this model was built with"):
        model(**inputs)


def test_a_model_without_them_takes_the_old_arguments():
    inputs = {k: v for k, v in batch().items() if k not in ("languages", "note_indices", "note_onsets")}
    assert tiny(n_languages=0, note_places=False)(**inputs)["mel"].shape[0] == 3


def test_predictor_gradients_are_scaled():
    x = torch.randn(3, requires_grad=True)
    y = scaled_gradient(x, 0.1)
    torch.testing.assert_close(y, x)
    y.sum().backward()
    torch.testing.assert_close(x.grad, torch.full((3,), 0.1))
    gradients = []
    for factor in (1.0, 0.1, 0.0):
        model = tiny(predictor_gradient=factor)
        model(**batch())["log_durations"].sum().backward()
        gradients.append(model.score.phone.weight.grad.clone())
    torch.testing.assert_close(gradients[1], 0.1 * gradients[0], atol=1e-6, rtol=1e-4)
    assert not gradients[2].any()


@pytest.mark.parametrize(("kind", "expected"), [("residual", "note"), ("absolute", "fixed")])
def test_what_f0_is_measured_from(kind, expected):
    model = tiny(pitch=kind)
    torch.nn.init.zeros_(model.pitch.predictor.output.weight)
    model.pitch.predictor.output.bias.data = torch.tensor([0.5, 1.0])  # half a semitone; half an octave above A3
    inputs = batch((6,))
    with torch.no_grad():
        midi = hz_to_midi(model(**inputs)["f0"][0])
    notes = torch.repeat_interleave(inputs["notes"][0], inputs["durations"][0])
    wanted = notes + 0.5 if expected == "note" else torch.full_like(notes, 63.0)
    torch.testing.assert_close(midi[notes > 0], wanted[notes > 0], atol=1e-3, rtol=0)


def test_refuses_gradients_out_of_range():
    with pytest.raises(ValueError, match="predictor_gradient"):
        tiny(predictor_gradient=2.0)
