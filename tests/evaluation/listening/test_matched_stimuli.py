import numpy as np
import pyloudnorm
import pytest
import soundfile
from scipy.signal import find_peaks, freqz
from simulated import RATE, make_systems

from svstoolkit.errors import InputError
from svstoolkit.evaluation.listening.anchor import TONES_BELOW, low_pass, tones
from svstoolkit.evaluation.listening.loudness import PEAK, loudness, matching_gains
from svstoolkit.evaluation.listening.sources import choose_utterances, gather, system_folders
from svstoolkit.evaluation.listening.stimuli import Wanted, make_stimuli


def stimuli(tmp_path, systems, n=3, target=-23.0, extra=(), anchors=None, seconds=0.5):
    folders = make_systems(tmp_path / "in", n, seconds, systems)
    sources = gather(folders, systems[0])
    pairs = tuple((s, u) for s in (*systems, *extra) for u in sources.utterances)
    return make_stimuli(sources, Wanted(pairs, anchors or {}, systems[0]), tmp_path / "out", target, seed=0)


def test_everything_has_the_target_loudness(tmp_path):
    made, reached = stimuli(tmp_path, ("truth", "poor"), extra=("floor", "anchor_3500"), anchors={"anchor_3500": 3500})
    assert reached == -23.0
    assert len({s.id for s in made.values()}) == 12
    before = [s.loudness for s in made.values()]
    assert max(before) - min(before) > 6
    for stimulus in made.values():
        audio, rate = soundfile.read(tmp_path / "out" / f"{stimulus.id}.wav")
        assert pyloudnorm.Meter(rate).integrated_loudness(audio) == pytest.approx(-23, abs=0.05)


def test_where_one_would_clip_all_are_softer(tmp_path):
    made, reached = stimuli(tmp_path, ("truth", "poor"), target=-3.0)
    assert reached < -3
    audios = [soundfile.read(tmp_path / "out" / f"{s.id}.wav")[0] for s in made.values()]
    assert max(np.abs(a).max() for a in audios) == pytest.approx(PEAK, abs=1e-3)
    assert [pyloudnorm.Meter(RATE).integrated_loudness(a) for a in audios] == pytest.approx([reached] * 6, abs=0.05)
    assert matching_gains([-20, -26], [0.1, 0.05])[0] == pytest.approx([10 ** (-3 / 20), 10 ** (3 / 20)])


def test_stimuli_shorter_than_a_block_are_matched_by_power():
    time = np.arange(round(0.2 * RATE)) / RATE
    tone = 0.1 * np.sin(2 * np.pi * 440 * time)
    assert loudness(2 * tone, RATE) - loudness(tone, RATE) == pytest.approx(20 * np.log10(2))
    assert loudness(tone, RATE) == pytest.approx(-0.691 + 10 * np.log10(0.1**2 / 2), abs=1e-3)


@pytest.mark.parametrize(
    ("audio", "reason"), [(np.zeros(8000), "silent"), (np.array([]), "empty"), (np.full(8000, np.nan), "not finite")]
)
def test_what_has_no_loudness(audio, reason):
    with pytest.raises(ValueError, match=reason):
        loudness(audio, RATE)


def test_all_faulty_recordings_are_named(tmp_path):
    folders = make_systems(tmp_path, 3, systems=("truth", "poor"))
    soundfile.write(folders["poor"] / "song_00.wav", np.zeros(8000), RATE)
    (folders["truth"] / "song_02.wav").write_bytes(b"no sound")
    sources = gather(folders, "truth")
    pairs = tuple((s, u) for s in folders for u in sources.utterances)
    with pytest.raises(InputError, match=r"song_02.*cannot be read.*song_00.*silent.*--exclude song_00 song_02"):
        make_stimuli(sources, Wanted(pairs, {}, "truth"), tmp_path / "out", -23.0, 0)


@pytest.mark.parametrize("rate", [16000, 24000, 44100, 48000])
def test_the_anchor_is_the_filter_of_bs1534(rate):
    impulse = np.zeros(8001)
    impulse[4000] = 1
    response = low_pass(impulse, rate)
    assert np.argmax(response) == 4000
    frequencies, gain = freqz(response, worN=1 << 15, fs=rate)
    decibels = 20 * np.log10(np.abs(gain) + 1e-12)
    assert np.abs(decibels[frequencies <= 3500]).max() <= 0.1
    assert decibels[frequencies >= 4000].max() <= -25
    assert decibels[frequencies >= 4500].max() <= -50


def test_an_anchor_needs_something_to_take_away():
    with pytest.raises(ValueError, match="sampling rate of 8000 Hz, too low"):
        low_pass(np.ones(100), 8000)


def test_the_tones_can_be_counted():
    for count in (2, 5):
        audio = tones(count, RATE, -23.0)
        envelope = np.convolve(np.abs(audio), np.hanning(800), "same")
        assert len(find_peaks(envelope, height=envelope.max() / 2, distance=RATE // 10)[0]) == count
        assert loudness(audio, RATE) == pytest.approx(-23 - TONES_BELOW)


def test_missing_files_are_named(tmp_path):
    folders = make_systems(tmp_path, 3, systems=("truth", "poor"))
    (folders["poor"] / "song_01.wav").unlink()
    with pytest.raises(InputError, match=r"song_01 in \S*poor \(system poor\).*--exclude song_01"):
        gather(folders, None)
    assert gather(folders, None, ["song_01"]).utterances == ("song_00", "song_02")
    with pytest.raises(InputError, match="no folder has the utterance song_09"):
        gather(folders, None, ["song_09"])
    with pytest.raises(InputError, match="absent: neither a folder"):
        gather({"x": tmp_path / "absent"}, None)


def test_utterances_are_spread_over_the_list():
    names = [f"u{i:03d}" for i in range(100)]
    chosen, left = choose_utterances(names, 10, seed=1)
    assert sorted(chosen + left) == names
    assert [int(u[1:]) // 10 for u in chosen] == list(range(10))
    assert choose_utterances(names, 10, seed=2)[0] != chosen
    for number in range(1, 8):
        assert len(choose_utterances(names[:7], number, 0)[0]) == number
    with pytest.raises(InputError, match="there are 7"):
        choose_utterances(names[:7], 8, 0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "give either"),
        ({"systems": ["A"]}, "NAME=FOLDER"),
        ({"systems": ["A=x", "A=y"]}, "given twice"),
        ({"systems": ["A=x"], "only": ["B"]}, "no system B"),
        ({"systems": ["A=x"], "reference": "/absent"}, "neither one of the systems"),
    ],
)
def test_systems_that_cannot_be_meant(arguments, message):
    empty = {"systems": None, "decode_dir": None, "set_name": "test", "mode": "score", "only": None, "reference": None}
    with pytest.raises(InputError, match=message):
        system_folders(**(empty | arguments))
