"""What a user sets is what is sung: phone times, F0, energy and singers, over notes, phones, times and phrases."""

import numpy as np
import pytest
import torch
from vocoder_fakes import acoustic_experiment, vocoder_experiment

from svstoolkit.errors import InputError
from svstoolkit.features.definition import FeatureDefinition
from svstoolkit.features.energy import energy_of_level, frame_energy, level_of_energy
from svstoolkit.inference.curves_file import write_curves
from svstoolkit.inference.overrides import Curve, Overrides, Settings
from svstoolkit.inference.overrides_file import read_overrides
from svstoolkit.inference.phone_times import place_phones
from svstoolkit.inference.singing import perform, retimed
from svstoolkit.inference.voice import ReferenceSinger
from svstoolkit.score.song import Note, Song

FEATURES = FeatureDefinition()
PERIOD = FEATURES.frame_period


def song_of(*notes: tuple) -> Song:
    """(seconds, pitch, phones) in a row; phones in one word, SP for a rest."""
    made, at = [], 0.0
    for seconds, pitch, phones in notes:
        slur = phones == "—"
        names = ("SP",) if phones == "SP" else (made[-1].phones[-1],) if slur else tuple(phones)
        made.append(Note(at, seconds, pitch, phones, names, slur))
        at += seconds
    return Song(tuple(made))


SONG = song_of(
    (0.5, 0, "SP"), (0.5, 60, "la"), (0.6, 62, "mi"), (0.4, 64, "—"), (3.0, 0, "SP"), (0.8, 65, "du"), (0.5, 0, "SP")
)  # phones: 0 SP, 1 l, 2 a, 3 m, 4 i, 5 i, 6 SP, 7 d, 8 u, 9 SP; cut in the rest of 3 s
PREDICTED = np.array([0.0, 0.4, 0.5, 0.9, 1.0, 1.6, 2.0, 4.9, 5.0, 5.8, 6.3])


def is_vowel(phone: str) -> bool:
    return phone in "aiu"


@pytest.fixture(scope="module")
def singer(tiny_dump, tmp_path_factory):
    folder = tmp_path_factory.mktemp("voice")
    acoustic = acoustic_experiment(folder / "fastspeech2", tiny_dump)
    return ReferenceSinger(acoustic, vocoder_experiment(folder / "nsf_hifigan", tiny_dump, "nsf_hifigan"))


def sung_f0(performance) -> tuple[np.ndarray, np.ndarray]:
    """Times in the song of all frames, and their F0."""
    times = [p.start + (np.arange(len(p.f0)) + 0.5) * PERIOD for p in performance.phrases]
    return np.concatenate(times), np.concatenate([p.f0 for p in performance.phrases])


# Curves


def test_a_curve_is_straight_in_log_f0_voiced_as_its_nearest_value_and_nothing_outside():
    curve = Curve(np.array([1.0, 2.0, 3.0, 4.0]), np.array([100.0, 400.0, 0.0, 200.0]))
    found = curve.sampled(np.array([0.9, 1.0, 1.5, 2.4, 2.6, 3.4, 3.9, 4.0, 4.1]), logarithmic=True)
    np.testing.assert_allclose(found, [np.nan, 100, 200, 400, 0, 0, 200, 200, np.nan])
    np.testing.assert_allclose(curve.sampled(np.array([1.5, 2.5])), [250, 200])


@pytest.mark.parametrize(
    ("times", "values", "message"),
    [
        ([1.0, 0.5], [100, 100], r"time 2, 0\.5 s, is not after the one before, 1 s"),
        ([0.0, np.nan], [100, 100], "time 2 is nan"),
        ([0.0, 1.0], [100], "2 times and 1 values"),
        ([0.0], [100], "two at least"),
    ],
)
def test_impossible_curves_are_told(times, values, message):
    with pytest.raises(InputError, match=message):
        Curve(np.array(times), np.array(values))


def test_values_out_of_range_and_curves_over_one_another_are_told():
    one, two = (Curve(np.array(t), np.array([220.0, 220.0])) for t in ([0.0, 1.0], [0.5, 2.0]))
    with pytest.raises(InputError, match=r"f0, curve 2 begins at 0\.5 s, before the last one ends"):
        Overrides(curves={"f0": (one, two)})
    with pytest.raises(InputError, match=r"value 2 is 2500; F0 is 0 .* or 20 to 2000 Hz"):
        Overrides(curves={"f0": (Curve(np.array([0.0, 1.0]), np.array([220.0, 2500.0])),)})
    with pytest.raises(InputError, match=r"weights of alto bass are 0\.9 together"):
        Settings(singers={"alto": 0.5, "bass": 0.4})


# Phone times


def placed(**given) -> np.ndarray:
    return place_phones(PREDICTED, Overrides("edits", **given), SONG, is_vowel, PERIOD)


def changed(**moved: float) -> np.ndarray:
    """PREDICTED with b<k> = seconds."""
    expected = PREDICTED.copy()
    for name, seconds in moved.items():
        expected[int(name[1:])] = seconds
    return expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"durations": {3: 0.2}}, changed(b3=0.8)),  # a consonant ends on the beat
        ({"durations": {2: 0.3}}, changed(b3=0.8)),  # a vowel begins on it
        ({"durations": {1: 0.05, 2: 0.3}}, changed(b1=0.45, b3=0.8)),  # a whole note around its beat
        ({"boundaries": {4: 1.1}}, changed(b3=1.0, b4=1.1)),  # a consonant moves with its vowel
        ({"durations": {4: 0.5, 5: 0.3}}, changed(b5=1.5, b6=1.8)),  # durations run on over a slur
        ({"boundaries": {5: 1.4}, "durations": {5: 0.8}}, changed(b5=1.4, b6=2.2)),
        ({"durations": dict(enumerate(np.diff(PREDICTED * 0.5 + 0).tolist()[:-1]))}, None),
    ],
)
def test_phones_go_where_they_are_set_and_what_is_not_set_moves_as_little_as_it_can(given, expected):
    if expected is None:  # all but the last phone's: they run on from the beginning
        expected = np.append(PREDICTED[:-1] * 0.5, PREDICTED[-1])
    np.testing.assert_allclose(placed(**given), expected, atol=1e-9)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"durations": {2: 0.9}}, r"note 3, phone 1 \(m\) at 1\.400 s \(by the durations of note 2, phone 2 \(a\)\)"),
        (
            {"durations": {3: 0.7}},
            r"\(a\) at 0\.500 s \(its beat\) leaves no room before note 3, phone 1 \(m\) at 0\.300 s",
        ),
        ({"boundaries": {2: 0.5, 3: 0.8}, "durations": {2: 0.4}}, r"ends at .* by the boundaries and .* leave one"),
        ({"durations": {9: 2.0}}, r"note 7, phone 1 \(SP\) would end at 7\.8 s, the song does at 6\.3 s"),
        ({"boundaries": {0: 0.3}}, "the song begins at 0 s and ends at 6.3 s, not at 0.3 s"),
        ({"boundaries": {2: 0.6, 3: 0.55}}, r"note 2, phone 2 \(a\) at 0\.600 s \(as set\) leaves no room"),
    ],
)
def test_phone_times_that_do_not_fit_are_told(given, message):
    with pytest.raises(InputError, match=message):
        placed(**given)


# Singing


def test_without_overrides_nothing_changes(singer):
    plain, empty = (perform(SONG, singer, "alto", overrides=o) for o in ((), [Overrides()]))
    np.testing.assert_array_equal(plain.audio, empty.audio)


def test_an_f0_curve_lands_where_it_belongs_in_every_phrase(singer):
    curve = Curve(np.array([1.0, 5.5]), np.array([200.0, 400.0]))
    performance = perform(SONG, singer, "alto", overrides=[Overrides(curves={"f0": (curve,)})])
    assert len(performance.phrases) == 2
    times, f0 = sung_f0(performance)
    inside = (times >= 1.0) & (times <= 5.5)
    np.testing.assert_allclose(f0[inside], 200 * 2 ** ((times[inside] - 1) / 4.5), rtol=1e-6)
    plain = sung_f0(perform(SONG, singer, "alto"))[1]
    np.testing.assert_array_equal(f0[~inside], plain[~inside])
    np.testing.assert_array_equal(np.concatenate([p.predicted_f0 for p in performance.phrases]), plain)


def test_the_most_specific_f0_stands_shifts_add_up_and_a_later_layer_goes_over_an_earlier_one(singer):
    voiced = Curve(np.array([0.0, 6.3]), np.array([150.0, 150.0]))
    base = Overrides(curves={"f0": (voiced,)})
    layer = Overrides(
        song=Settings(f0=200, cents=100),
        notes={1: Settings(f0=250), 2: Settings(cents=-100)},
        phones={2: Settings(f0=300, cents=50)},
        curves={"f0": (Curve(np.array([5.2, 5.5]), np.array([400.0, 400.0])),)},
    )
    performance = perform(SONG, singer, "alto", overrides=[base, layer])
    times, f0 = sung_f0(performance)
    edges = performance.boundaries

    def within(phone: int) -> np.ndarray:
        return f0[(times > edges[phone]) & (times < edges[phone + 1]) & ((times < 5.2) | (times > 5.5))]

    np.testing.assert_allclose(within(1), 250 * 2 ** (100 / 1200), rtol=1e-6)
    np.testing.assert_allclose(within(2), 300 * 2 ** (150 / 1200), rtol=1e-6)
    np.testing.assert_allclose(within(4), 200, rtol=1e-6)
    np.testing.assert_allclose(within(8), 200 * 2 ** (100 / 1200), rtol=1e-6)
    np.testing.assert_allclose(f0[(times >= 5.2) & (times <= 5.5)], 400 * 2 ** (100 / 1200), rtol=1e-6)


def test_an_f0_without_voicing_moves_only_what_is_voiced(singer):
    silent = Overrides(curves={"f0": (Curve(np.array([0.0, 1.0]), np.array([0.0, 0.0])),)})
    hum = Overrides(curves={"f0": (Curve(np.array([0.0, 6.3]), np.array([180.0, 180.0])),)}, voicing=False)
    times, f0 = sung_f0(perform(SONG, singer, "alto", overrides=[silent, hum]))
    plain = sung_f0(perform(SONG, singer, "alto"))[1]
    assert not f0[times < 1.0].any()
    np.testing.assert_allclose(f0[times > 1.0], np.where(plain[times > 1.0] > 0, 180.0, 0.0))


def test_boundaries_set_by_hand_are_sung_to_the_frame(singer):
    layer = Overrides(boundaries={4: 1.15}, durations={7: 0.3})
    performance = perform(SONG, singer, "alto", overrides=[layer])
    first, second = performance.phrases
    ends = np.cumsum(first.durations)
    assert abs(first.start + ends[3] * PERIOD - 1.15) <= PERIOD / 2
    ends = np.cumsum(second.durations)
    assert abs(second.start + ends[1] * PERIOD - 5.0) <= PERIOD / 2  # the vowel stays on its beat
    assert abs(second.start + ends[0] * PERIOD - 4.7) <= PERIOD / 2
    assert performance.boundaries[7] == pytest.approx(4.7, abs=PERIOD)


def test_a_phone_that_is_moved_over_a_cut_takes_the_cut_with_it(singer):
    plain = perform(SONG, singer, "alto")
    held = perform(SONG, singer, "alto", overrides=[Overrides(durations={5: 1.5})])  # into the rest, to 3.1 s
    first, second = held.phrases
    assert plain.phrases[0].start + len(plain.phrases[0].f0) * PERIOD < 3.1
    assert first.start + np.cumsum(first.durations)[5] * PERIOD == pytest.approx(3.1, abs=PERIOD)
    assert second.start == pytest.approx(plain.phrases[1].start, abs=0.2)
    assert [p.song.phones[0] for p in held.phrases] == ["SP", "SP"]
    assert second.start + np.cumsum(second.durations)[1] * PERIOD == pytest.approx(5.0, abs=PERIOD)


def test_energy_and_gain_reach_the_model(singer):
    plain = perform(SONG, singer, "alto")
    louder = perform(SONG, singer, "alto", overrides=[Overrides(notes={2: Settings(gain=6)})])
    ratio = louder.phrases[0].energy / plain.phrases[0].energy
    note = np.repeat(np.isin(np.arange(7), (3, 4)), plain.phrases[0].durations)
    np.testing.assert_allclose(ratio, np.where(note, 10 ** (6 / 20), 1.0), rtol=1e-5)
    np.testing.assert_allclose(louder.phrases[1].energy, plain.phrases[1].energy, rtol=1e-5)
    assert np.abs(louder.audio - plain.audio)[: 2 * 24000].max() > 1e-5
    np.testing.assert_array_equal(louder.phrases[0].f0, plain.phrases[0].f0)
    level = Curve(np.array([5.0, 5.5]), np.array([-20.0, -20.0]))
    set_to = perform(SONG, singer, "alto", overrides=[Overrides(curves={"energy": (level,)})]).phrases[1]
    times = set_to.start + (np.arange(len(set_to.f0)) + 0.5) * PERIOD
    np.testing.assert_allclose(level_of_energy(set_to.energy[(times > 5) & (times < 5.5)], FEATURES), -20, atol=1e-4)


def test_a_level_is_the_energy_that_noise_of_that_level_has():
    noise = torch.randn(1, 240000, generator=torch.Generator().manual_seed(1), dtype=torch.float64) * 0.1
    energy = frame_energy(noise, FEATURES)[0].numpy()
    assert np.sqrt(np.mean(energy**2)) == pytest.approx(float(energy_of_level(-20.0, FEATURES)), rel=0.01)
    np.testing.assert_allclose(level_of_energy(energy_of_level(np.array([-60, 0.0]), FEATURES), FEATURES), [-60, 0])


def test_mixed_singers(singer):
    def sing(**given):
        return perform(SONG, singer, "alto", overrides=[Overrides(**given)])

    bass, alto = perform(SONG, singer, "bass"), perform(SONG, singer, "alto")
    mel_of = {"alto": alto.audio, "bass": bass.audio, "all": sing(song=Settings(singers={"bass": 1.0})).audio}
    np.testing.assert_allclose(mel_of["all"], mel_of["bass"], atol=1e-5)
    half = sing(song=Settings(singers={"alto": 0.5, "bass": 0.5})).audio
    assert min(np.abs(half - mel_of[name]).max() for name in ("alto", "bass")) > 1e-4
    fade = Curve(np.array([0.0, 3.0, 3.2, 6.3]), np.array([[1, 0], [1, 0], [0, 1], [0, 1.0]]), ("alto", "bass"))
    faded = sing(curves={"singers": (fade,)}).phrases
    np.testing.assert_allclose(faded[0].energy, alto.phrases[0].energy, rtol=1e-4)
    np.testing.assert_allclose(faded[1].energy, bass.phrases[1].energy, rtol=1e-4)
    assert not np.allclose(faded[1].energy, alto.phrases[1].energy, rtol=1e-4)
    with pytest.raises(InputError, match=r"singer 'tenor' is none of the voice's; .*alto"):
        sing(song=Settings(singers={"tenor": 1.0}))


def test_a_refiner_hears_the_f0_that_was_set(singer):
    heard = []

    class Refiner:
        def refine(self, rendering, table, speaker, sampling):
            heard.append((speaker, rendering.f0.numpy()))
            return rendering.audio

    layer = Overrides(curves={"f0": (Curve(np.array([0.0, 6.3]), np.array([210.0, 210.0])),)})
    mix = Overrides(song=Settings(singers={"alto": 0.3, "bass": 0.7}))
    perform(SONG, singer, "alto", Refiner(), overrides=[layer, mix])
    assert [speaker for speaker, _ in heard] == ["bass", "bass"]
    np.testing.assert_allclose(np.concatenate([f0 for _, f0 in heard]), 210.0, rtol=1e-6)


# The written file


@pytest.mark.parametrize(("transpose", "speed", "held"), [(0, 1.0, {}), (-12, 1.25, {5: 1.5}), (3, 0.9, {5: 1.5})])
def test_what_is_written_sings_the_same_again(singer, tmp_path, transpose, speed, held):
    adapted = retimed(SONG, transpose, speed)
    layer = Overrides(durations=held).retimed(transpose, speed)
    first = perform(adapted, singer, "alto", seed=4, overrides=[layer])
    write_curves(tmp_path / "curves.yaml", SONG, first, FEATURES, transpose, speed)
    again = read_overrides(tmp_path / "curves.yaml", SONG).retimed(transpose, speed)
    second = perform(adapted, singer, "alto", seed=4, overrides=[again])
    assert [p.start for p in first.phrases] == [p.start for p in second.phrases]
    for one, two in zip(first.phrases, second.phrases, strict=True):
        np.testing.assert_array_equal(one.durations, two.durations)
        np.testing.assert_array_equal(one.f0, two.f0)
        np.testing.assert_allclose(one.energy, two.energy, rtol=1e-6)
    np.testing.assert_allclose(second.audio, first.audio, atol=1e-3)  # ln(exp(energy)) rounds


def test_overrides_are_stretched_and_transposed_with_the_score():
    layer = Overrides(
        song=Settings(f0=220.0, cents=5),
        durations={1: 0.1},
        boundaries={2: 1.0},
        curves={"f0": (Curve(np.array([0.0, 2.0]), np.array([220.0, 0.0])),)},
    ).retimed(12, 2.0)
    assert (layer.song.f0, layer.song.cents) == (440.0, 5)
    assert (layer.durations, layer.boundaries) == ({1: 0.05}, {2: 0.5})
    np.testing.assert_allclose(layer.curves["f0"][0].times, [0, 1])
    np.testing.assert_allclose(layer.curves["f0"][0].values, [440, 0])
