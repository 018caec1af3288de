import numpy as np
import pytest
import soundfile
from fakes import RATE
from PIL import Image

from svstoolkit.evaluation.page.pictures import (
    DIVERGING,
    log_mel,
    mel_range,
    write_difference_picture,
    write_mel_picture,
)
from svstoolkit.evaluation.page.sound import write_sound
from svstoolkit.features.definition import FeatureDefinition

DEFINITION = FeatureDefinition(sampling_rate=RATE)
WEAK, ALIKE, LOUD = (np.array(DIVERGING[k], dtype=float) for k in (0, 3, 6))


@pytest.fixture(scope="module")
def noise():
    return 0.1 * np.random.default_rng(0).standard_normal(RATE // 2)


def read(path):
    return np.asarray(Image.open(path).convert("RGB"), dtype=float)


def pairs_of(*frames):
    return np.stack(frames, axis=1)


def test_mel_pictures_have_a_pixel_per_frame_and_band_low_ones_below(tmp_path):
    tone = 0.3 * np.sin(2 * np.pi * 300 * np.arange(RATE // 2) / RATE)
    for suffix in (".webp", ".png"):
        path = tmp_path / f"mel{suffix}"
        write_mel_picture(path, tone, DEFINITION, mel_range(tone, DEFINITION))
        picture = read(path)
        assert picture.shape == (80, len(log_mel(tone, DEFINITION)), 3)
        assert picture[-20:].mean() > 2 * picture[:40].mean()


def test_differences_say_too_weak_alike_or_too_loud(tmp_path, noise):
    frames = np.arange(len(log_mel(noise, DEFINITION)))
    for gain, colour in ((1.0, ALIKE), (100.0, LOUD), (0.01, WEAK)):
        path = tmp_path / f"{gain}.png"
        write_difference_picture(path, gain * noise, noise, pairs_of(frames, frames), DEFINITION)
        picture = read(path)
        assert picture.shape[1] == len(frames)
        np.testing.assert_allclose(picture[:, 2:-2].mean(axis=(0, 1)), colour, atol=2)


def test_differences_follow_the_pairs_on_the_voices_frames(tmp_path, noise):
    twice = np.repeat(noise, 2)  # not the same sound, but one frame of the reference for two of the voice
    frames = np.arange(len(log_mel(noise, DEFINITION)))
    path = tmp_path / "reversed.png"
    write_difference_picture(path, noise[::-1].copy(), noise, pairs_of(frames[::-1], frames), DEFINITION)
    mirrored = read(path)[:, 3:-3]
    assert np.abs(mirrored - ALIKE).mean() < 25  # frames of a sound turned round keep their spectrum
    none = tmp_path / "none.png"
    write_difference_picture(none, twice, noise, np.zeros((0, 2), dtype=int), DEFINITION)
    np.testing.assert_allclose(read(none), np.broadcast_to(ALIKE, read(none).shape), atol=1)
    beyond = pairs_of(frames + 5, frames + 5)  # of a framing that is longer than the mel's
    write_difference_picture(tmp_path / "beyond.png", noise, noise, beyond, DEFINITION)


def test_sound_keeps_every_bit_and_clips_what_is_louder(tmp_path):
    steps = np.r_[np.random.default_rng(1).integers(-32768, 32768, 1000), 0, 32767, -32768]
    audio = np.r_[steps / 32768, 1.5, -1.5]
    write_sound(tmp_path / "a.flac", audio, RATE)
    read_steps, rate = soundfile.read(tmp_path / "a.flac", dtype="int16")
    assert rate == RATE
    np.testing.assert_array_equal(read_steps, np.r_[steps, 32767, -32768])


def test_noise_may_be_packed_tighter(tmp_path, noise):
    for suffix in (".flac", ".mp3"):
        write_sound(tmp_path / f"noise{suffix}", noise, RATE)
    read_back, rate = soundfile.read(tmp_path / "noise.mp3")
    assert rate == RATE
    assert np.std(read_back) == pytest.approx(np.std(noise), rel=0.1)
    assert (tmp_path / "noise.mp3").stat().st_size < 0.4 * (tmp_path / "noise.flac").stat().st_size
