"""A vocoder's sound does not depend on what it is batched with, nor on how a long mel is cut."""

import numpy as np
import pytest
import torch
from vocoder_fakes import vocoder_experiment

from svstoolkit.bin import vocode as program
from svstoolkit.data.archives import ArchiveReader
from svstoolkit.errors import InputError
from svstoolkit.inference import vocoding
from svstoolkit.inference.vocoding import FADE, Utterance, Vocoder, faded, vocode, windows
from svstoolkit.models.hifigan import HifiGan, MiniNsfHifiGan

HOP = 256


@pytest.fixture(scope="module")
def experiments(tiny_dump, tmp_path_factory):
    folder = tmp_path_factory.mktemp("vocoders")
    return {name: vocoder_experiment(folder / name, tiny_dump, name) for name in ("hifigan", "nsf_hifigan")}


@pytest.fixture(scope="module", params=["hifigan", "nsf_hifigan"])
def vocoder(request, experiments):
    return Vocoder(experiments[request.param])


@pytest.fixture(scope="module")
def utterances(tiny_dump):
    mel, f0 = (ArchiveReader(tiny_dump / "train" / f"{name}.scp") for name in ("mel", "f0"))
    return [Utterance(u, mel[u], f0[u]) for u in mel]


def long_utterance(utterances, times: int = 3) -> Utterance:
    mel = np.concatenate([u.mel for u in utterances] * times)
    return Utterance("long", mel, np.concatenate([u.f0 for u in utterances] * times))


def test_windows_cover_every_frame_once_and_fade_into_each_other():
    longest = 30
    for frames in (1, 29, 30, 31, 56, 57, 200, 331):
        cut = list(windows(0, frames, longest))
        assert all(0 < w.frames <= longest for w in cut)
        total = np.zeros(frames * 4)
        for window in cut:
            total[window.start * 4 : window.end * 4] += faded(window, frames, 4)
        np.testing.assert_allclose(total, 1.0, atol=1e-6)
        assert (len(cut) == 1) == (frames <= longest)


def test_a_long_mel_in_windows_is_the_whole(vocoder, utterances):
    long = long_utterance(utterances)
    (whole,) = vocoder.vocode([long], batch_frames=100_000)
    assert whole.shape == (len(long.mel) * HOP,)
    assert 0.01 < whole.std() < 0.7
    for budget in (150, 400):
        (parts,) = vocoder.vocode([long], batch_frames=budget)
        assert np.abs(parts - whole).max() < 1e-5


def test_a_context_of_less_would_be_heard(vocoder, utterances, monkeypatch):
    """That the windows join is no property of the tolerance."""
    long = long_utterance(utterances, 2)
    (whole,) = vocoder.vocode([long], batch_frames=100_000)
    monkeypatch.setattr(vocoder, "context", vocoder.context // 3)
    (parts,) = vocoder.vocode([long], batch_frames=150)
    assert np.abs(parts - whole).max() > 1e-3


def test_a_batch_is_its_members_one_by_one(vocoder, utterances):
    assert len({len(u.mel) for u in utterances}) > 1
    together = vocoder.vocode(utterances, batch_frames=10_000)
    for utterance, sung in zip(utterances, together, strict=True):
        assert sung.shape == (len(utterance.mel) * HOP,)
        (alone,) = vocoder.vocode([utterance])
        assert np.abs(alone - sung).max() < 1e-5


def test_only_the_ends_differ_from_the_network_alone(vocoder, utterances):
    """Beyond them it sees the first and the last frame again, where alone it sees a mel of zeros, which is loud."""
    mel = torch.tensor(utterances[0].mel)[None]
    torch.manual_seed(0)
    with torch.random.fork_rng():
        source = vocoder._source(utterances[0], seed=0)
    if source is not None:
        source = source[None, :, vocoder.context * HOP : (vocoder.context + mel.shape[1]) * HOP]
    alone = vocoder.generator(mel, source=source)[0].numpy()
    (sung,) = vocoder.vocode(utterances[:1])
    reach, difference = vocoder.context * HOP, np.abs(sung - alone)
    assert difference[reach:-reach].max() < 1e-5
    assert difference[-reach:].max() > 1e-4
    assert difference[:reach].max() > 1e-4


def test_the_ends_are_those_of_held_frames(experiments, utterances):
    vocoder, mel = Vocoder(experiments["hifigan"]), utterances[0].mel
    held = np.concatenate([mel[:1]] * 3 + [mel] + [mel[-1:]] * 5)
    longer, plain = vocode(vocoder, [held, mel])
    assert np.abs(longer[3 * HOP : -5 * HOP] - plain).max() < 1e-5


@pytest.mark.parametrize(
    "generator",
    [
        HifiGan(20, 256, (8, 8, 4), (16, 16, 8), 16, "2", (3, 5), ((1, 2), (2, 6))),
        MiniNsfHifiGan(20, 256, 24000, channels=16),
    ],
    ids=["V3", "mini"],
)
def test_the_context_measured_is_what_samples_depend_on(generator):
    """Beyond it another mel changes nothing, on its edge something: by gradients, another way than the NaN's."""
    context = vocoding.context_frames(generator, 20, torch.device("cpu"))
    frames = 2 * context + 5
    mel = torch.randn(1, frames, 20, requires_grad=True)
    source = generator.source(torch.full((1, frames), 200.0))
    middle = generator(mel, source=source).view(frames, HOP)[context + 2]
    middle.square().sum().backward()
    reached = (mel.grad[0].abs().sum(1) > 0).nonzero().squeeze(1) - (context + 2)
    assert max(-int(reached[0]), int(reached[-1])) == context


def test_transposing_moves_the_pitch_of_an_nsf_vocoder(experiments, utterances):
    utterance = utterances[0]
    np.testing.assert_allclose(utterance.transposed(12).f0, 2 * utterance.f0, rtol=1e-6)
    assert utterance.transposed(0) is utterance
    vocoder = Vocoder(experiments["nsf_hifigan"])
    source, octave = (vocoder._source(u, 0)[0].numpy() for u in (utterance, utterance.transposed(12)))
    assert not np.allclose(source, octave)


def test_the_same_noise_every_time_and_the_callers_is_left_alone(experiments, utterances):
    vocoder = Vocoder(experiments["nsf_hifigan"])
    torch.manual_seed(3)
    first = vocoder.vocode(utterances)
    drawn = torch.rand(1)
    torch.manual_seed(3)
    assert torch.equal(drawn, torch.rand(1))
    for a, b in zip(first, vocoder.vocode(utterances), strict=True):
        assert np.array_equal(a, b)
    assert not np.array_equal(first[0], vocoder.vocode(utterances, seed=1)[0])


def test_gain_is_taken_back(experiments, utterances):
    vocoder = Vocoder(experiments["hifigan"])
    (plain,) = vocoder.vocode(utterances[:1])
    (halved,) = vocoder.vocode([Utterance("u", utterances[0].mel, gain=2.0)])
    np.testing.assert_allclose(halved, plain / 2, atol=1e-7)


def test_the_function_for_programs(experiments, utterances):
    mels, f0s = [u.mel for u in utterances], [u.f0 for u in utterances]
    sung = vocode(experiments["nsf_hifigan"], mels, f0s)
    assert [len(s) for s in sung] == [len(m) * HOP for m in mels]
    with pytest.raises(InputError, match=r"mel 0: this vocoder needs F0 beside the mel"):
        vocode(experiments["nsf_hifigan"], mels)
    assert program._options().get_default("batch_frames") == vocoding.BATCH_FRAMES


def test_what_does_not_fit_is_said(experiments, tiny_dump):
    vocoder, mel, f0 = Vocoder(experiments["nsf_hifigan"]), np.zeros((9, 80), np.float32), np.full(9, 200.0)
    wrong = mel.copy()
    wrong[3, 4] = np.nan
    for fault, message in (
        (Utterance("u", mel.T, f0), r"x\.npy: a mel of shape \(80, 9\), expected \(frames, 80\); transpose it\. .*"
         r"reads natural-log amplitudes, floored at 1e-05, "
         r"of 80 Slaney mel bands from 0 to 12000 Hz; 24000 Hz, hop 256"),
        (Utterance("u", mel[:, :40], f0), r"a mel of shape \(9, 40\), expected \(frames, 80\)\. "),
        (Utterance("u", mel[:0], f0[:0]), r"a mel of shape \(0, 80\)"),
        (Utterance("u", wrong, f0), r"x\.npy: 1 NaN and 0 infinite values in its mel; compute it again"),
        (Utterance("u", mel, f0[:5]), r"F0 of shape \(5,\) for 9 frames of mel"),
        (Utterance("u", mel, -f0), r"F0 of shape \(9,\) .* in Hz, 0 where unvoiced"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=message):
            vocoder.require_fit(fault, "x.npy")
    least = 2 * vocoder.context + FADE + 1
    with pytest.raises(InputError, match=rf"--batch_frames {least - 1}: .* give at least {least}"):
        vocoder.vocode([Utterance("u", mel, f0)], batch_frames=least - 1)
    vocoder.vocode([Utterance("u", np.zeros((200, 80)), np.full(200, 200.0))], batch_frames=least)
