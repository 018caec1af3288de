"""Training and alignment against boundaries that are known exactly."""

import numpy as np
import pytest
import torch
from noise_singer import RATE, is_vowel, phrase

from svstoolkit.align.change import spectral_change
from svstoolkit.align.hmm import Acoustics, PhoneHmm
from svstoolkit.align.mfcc import Mfcc, normalised
from svstoolkit.align.training import HmmTraining, train_hmm
from svstoolkit.align.transcript import transcript

OPTIONS = HmmTraining(iterations=8, growth_iterations=4, start_iterations=4, frames_per_gaussian=100)


@pytest.fixture(scope="module")
def corpus():
    rng = np.random.default_rng(1)
    phrases = [phrase(rng) for _ in range(14)]
    mfcc = Mfcc()
    features = [mfcc(torch.from_numpy(samples).float(), RATE) for _, samples, _ in phrases]
    transcripts = [transcript(f"u{i}", "a", song, is_vowel, 0.08) for i, (song, _, _) in enumerate(phrases)]
    phones = sorted({p for t in transcripts for p in t.phones})
    flat = PhoneHmm.flat(phones, 3, features[0], 1.0)
    changes = [spectral_change(f[:, : mfcc.n_mfcc]) for f in features]
    acoustics = Acoustics.of(normalised(features, ["a"] * 14), [flat.states(t.sounds) for t in transcripts], changes)
    return acoustics, transcripts, phones, [truth for _, _, truth in phrases]


def errors(corpus, trained, shift=0.0) -> np.ndarray:
    acoustics, transcripts, _, truths = corpus
    found = trained.model.sound_boundaries(acoustics, trained.model.align(acoustics))
    return np.concatenate(
        [
            np.abs(t.phone_boundaries(edges * 0.01)[1:-1] - truth[1:-1] - shift)
            for edges, t, truth in zip(found, transcripts, truths, strict=True)
        ]
    )


def test_boundaries_are_found(corpus):
    acoustics, transcripts, phones, _ = corpus
    trained = train_hmm(acoustics, [t.sound_boundaries for t in transcripts], phones, 0.01, OPTIONS)
    found = errors(corpus, trained)
    assert np.median(found) < 0.010
    assert np.percentile(found, 95) < 0.030


def test_constant_offset_of_the_score_is_found(corpus):
    acoustics, transcripts, phones, _ = corpus
    late = [t.sound_boundaries + 0.1 for t in transcripts]
    trained = train_hmm(acoustics, late, phones, 0.01, OPTIONS)
    assert trained.offset in (-0.1, -0.05)
    assert max(trained.start_changes, key=trained.start_changes.get) == f"score{trained.offset:+.3f}s"
    assert np.median(errors(corpus, trained)) < 0.010


def test_training_is_reproducible_and_likelihood_rises(corpus):
    acoustics, transcripts, phones, _ = corpus
    messages: list[str] = []
    starts = [t.sound_boundaries for t in transcripts]
    one = train_hmm(acoustics, starts, phones, 0.01, OPTIONS, messages.append).model
    two = train_hmm(acoustics, starts, phones, 0.01, OPTIONS).model
    assert all(torch.equal(a.means, b.means) for a, b in zip(one.mixtures, two.mixtures, strict=True))
    passes = [float(m.split(": ")[1].split()[0]) for m in messages if m.startswith("pass")]
    assert passes[-1] > passes[0]
    assert one.n_gaussians > len(phones) * 3
