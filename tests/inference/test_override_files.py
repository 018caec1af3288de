"""Overrides from files: the schema read strictly, .ds files as tuned by their users, F0 from tables and takes."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from svstoolkit.errors import InputError
from svstoolkit.features.definition import FeatureDefinition
from svstoolkit.inference.ds_overrides import ds_overrides
from svstoolkit.inference.f0_following import f0_of_recording, f0_of_table
from svstoolkit.inference.overrides import Settings
from svstoolkit.inference.overrides_file import read_overrides
from svstoolkit.inference.phone_times import check_phone_times
from svstoolkit.score.formats.ds import read_ds, write_ds
from svstoolkit.score.languages.registry import is_vowel
from svstoolkit.score.song import Note, Song
from svstoolkit.units import midi_to_hz

SONG = Song(
    (
        Note(0.0, 0.5, 0, "SP", ("SP",)),
        Note(0.5, 0.5, 60, "la", ("l", "a")),
        Note(1.0, 0.5, 64, "mi", ("m", "i")),
        Note(1.5, 0.5, 0, "SP", ("SP",)),
    )
)
WHOLE = """
f0: {times: [0.5, 1.0], values: 220 230.5}
cents: -10
gain: [{start: 0.0, step: 0.5, values: [0, -3, 0]}]
singers:
  - {times: [0, 2], values: {alto: [1, 0.25], bass: [0, 0.75]}}
notes:
  2: {lyric: la, cents: 30, durations: [0.08, null], singers: bass}
  3:
    energy: -20
    phones:
      1: {phone: m, start: 0.9, f0: 0}
      2: {end: 1.6, gain: 3, singers: {alto: 0.5, bass: 0.5}}
"""


def test_the_pages_example_is_read(tmp_path):
    page = (Path(__file__).parents[2] / "docs/singing.md").read_text(encoding="utf-8")
    (tmp_path / "edits.yaml").write_text(page.partition("```yaml\n")[2].partition("```")[0], encoding="utf-8")
    syllables = [("SP", 0), ("x iang", 60), ("x iang", 62), ("d uo", 60), ("sh uo", 59), ("SP", 0)]
    notes = [
        Note(i * 0.75, 0.75, pitch, "想" if i == 2 else "x", tuple(phones.split()))
        for i, (phones, pitch) in enumerate(syllables)
    ]
    song = Song(tuple(notes))
    found = read_overrides(tmp_path / "edits.yaml", song)
    assert found.durations == {3: 0.08, 4: 0.42, 7: 0.15}
    assert found.boundaries == {8: 3.02, 9: 3.61}
    assert found.phones[8] == Settings(f0=246.9, singers={"bass": 1.0})
    np.testing.assert_allclose(found.curves["f0"][1].times, [4.0, 4.005, 4.01, 4.015])
    check_phone_times(song, [found], lambda phone: is_vowel(phone, "zh"))


@pytest.mark.parametrize("suffix", ["yaml", "json"])
def test_everything_that_the_schema_has(tmp_path, suffix):
    import yaml

    path = tmp_path / f"edits.{suffix}"
    path.write_text(WHOLE if suffix == "yaml" else json.dumps(yaml.safe_load(WHOLE)))
    read = read_overrides(path, SONG)
    assert read.song == Settings(cents=-10)
    assert read.notes == {1: Settings(cents=30, singers={"bass": 1.0}), 2: Settings(energy=-20)}
    assert read.phones == {3: Settings(f0=0), 4: Settings(gain=3, singers={"alto": 0.5, "bass": 0.5})}
    assert read.durations == {1: 0.08}
    assert read.boundaries == {3: 0.9, 5: 1.6}
    assert set(read.curves) == {"f0", "gain", "singers"}
    np.testing.assert_array_equal(read.curves["f0"][0].values, [220, 230.5])
    np.testing.assert_array_equal(read.curves["gain"][0].times, [0, 0.5, 1])
    assert read.curves["singers"][0].names == ("alto", "bass")
    assert read.singer_names == {"alto", "bass"}


def test_times_of_the_whole_song(tmp_path):
    path = tmp_path / "edits.yaml"
    path.write_text("boundaries: 0 0.4 0.5 0.9 1.0 1.5 2\n")
    assert read_overrides(path, SONG).boundaries == dict(enumerate([0, 0.4, 0.5, 0.9, 1.0, 1.5, 2]))
    path.write_text("durations: [0.4, 0.1, null, 0.1, null, null]\n")
    assert read_overrides(path, SONG).durations == {0: 0.4, 1: 0.1, 3: 0.1}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cent: 5", "unknown key cent; the nearest is cents"),
        ("notes: {2: {phones: {1: {begin: 1}}}}", r"unknown key notes\.2\.phones\.1\.begin; "),
        ("notes: {9: {cents: 5}}", r"notes\.9: the song has notes 1 to 4"),
        ("notes: {2: {phones: {3: {cents: 5}}}}", r"notes\.2\.phones\.3: note 2 \(l a\) has phones 1 to 2"),
        ("notes: {0: {cents: 5}}", r"notes\.0: the song has notes 1 to 4"),
        ("notes: {2: {lyric: lo}}", r"notes\.2\.lyric is 'lo', in the score it is 'la'; .*rests count"),
        ("notes: {2: {phones: {1: {phone: m}}}}", r"phones\.1\.phone is 'm', in the score it is 'l'"),
        (
            "notes: {2: {durations: [0.1]}}",
            r"notes\.2\.durations has 1 values; note 2 has 2 phones \(l a\), so 2 belong",
        ),
        ("boundaries: [0, 1]", r"boundaries has 2 values; the song has 6 phones .* so 7 belong"),
        ("notes: {2: {durations: [0.1, -1]}}", r"notes\.2\.durations, value 2: -1 s; a phone lasts longer"),
        ("notes: {2: {phones: {1: {start: -1}}}}", r"phones\.1\.start: time 1 is -1"),
        ("f0: 5", "of the song: 5; F0 is 0 .unvoiced. or 20 to 2000 Hz"),
        ("f0: {times: [0, 1], values: [220, 3000]}", "f0, curve 1: value 2 is 3000; F0 is 0"),
        ("f0: {times: [0, 1], values: [220, .nan]}", r"f0, curve 1\.values, value 2 is 'nan', not a number"),
        ("f0: {times: [1, 0], values: [220, 220]}", r"f0, curve 1: time 2, 0 s, is not after the one before, 1 s"),
        ("f0: {times: [0, 1], value: [220, 220]}", r"unknown key f0, curve 1\.value; the nearest is values"),
        ("f0: {values: [220, 220]}", "f0, curve 1: needs values, and either times or start and step"),
        ("notes: {2: {f0: {times: [0, 1], values: [220, 220]}}}", r"notes\.2\.f0: curves belong to the song"),
        ("energy: 35.2", r"of the song: 35\.2; energy is the RMS in dB of full scale"),
        ("singers: {alto: 0.5, bass: 0.4}", r"of the song: the weights of alto bass are 0\.9 together"),
        ("singers: {times: [0, 1], values: {alto: [1, 1], bass: [0, 0.5]}}", r"are 1\.5 together \(value 2\)"),
        ("cents: high", "cents is 'high', not a number"),
        ("notes: [1]", "notes: expected `number: …`, counted from 1"),
        (
            "notes: {2: {phones: {2: {end: 1.0}}}, 3: {phones: {1: {start: 0.9}}}}",
            r"notes\.3\.phones\.1\.start is 0\.9 s, and 1 s by another key",
        ),
    ],
)
def test_what_is_wrong_is_told_with_file_key_and_remedy(tmp_path, text, message):
    path = tmp_path / "edits.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=message) as caught:
        read_overrides(path, SONG)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


# .ds files


def test_a_ds_file_is_sung_as_its_user_timed_and_tuned_it(tmp_path):
    path = tmp_path / "song.ds"
    seconds = [0.42, 0.08, 0.41, 0.09, 0.5, 0.5]
    f0 = np.linspace(200, 300, 401)
    write_ds(SONG, path, seconds, f0, 0.005, speaker="alto:0.25|bass:0.75")
    content = json.loads(path.read_text())
    second = json.loads(json.dumps(content[0])) | {"offset": 5.0, "spk_mix": {"alto": "1 0", "bass": "0 1"}}
    second |= {"spk_mix_timestep": "2.0", "energy": "-30 -20 -30", "energy_timestep": "0.5"}
    path.write_text(json.dumps([*content, second]))
    song = read_ds(path)
    found = ds_overrides(path, song)
    names = song.phones
    assert names == ("SP", "l", "a", "m", "i", "SP", "l", "a", "m", "i", "SP")  # the rests are joined
    expected = {1: 0.42, 2: 0.5, 3: 0.91, 4: 1.0, 5: 1.5, 6: 5.42, 7: 5.5, 8: 5.91, 9: 6.0, 10: 6.5}
    assert found.boundaries == pytest.approx(expected, abs=1e-5)
    assert [(c.times[0], c.times[-1]) for c in found.curves["f0"]] == [(0, 2), (5, 7)]
    np.testing.assert_allclose(found.curves["f0"][1].sampled(np.array([6.0]), True), [250], rtol=1e-3)
    assert not found.voicing  # no 0 in it: openvpi's curves run on through consonants
    energy = found.curves["energy"][0]
    np.testing.assert_allclose(energy.sampled(np.array([5.25, 5.5, 6.9])), [-25, -20, -30])  # held to the end
    mixes = [curve.sampled(np.array([at])) for curve, at in zip(found.curves["singers"], (1.0, 6.0), strict=True)]
    np.testing.assert_allclose(mixes, [[[0.25, 0.75]], [[0.5, 0.5]]])
    assert not ds_overrides(path, song, singers=False).singer_names


def test_zeros_in_a_ds_files_f0_are_unvoiced(tmp_path):
    path = tmp_path / "song.ds"
    write_ds(SONG, path, f0=[0.0, 220.0, 220.0], f0_timestep=0.5)
    found = ds_overrides(path, read_ds(path))
    assert found.voicing
    assert not found.boundaries


def test_a_ds_curve_out_of_range_is_told(tmp_path):
    path = tmp_path / "song.ds"
    write_ds(SONG, path, f0=[220.0, 5.0], f0_timestep=0.5)
    with pytest.raises(InputError, match=r"song\.ds: the segment at 0 s: f0: value 2 is 5; F0 is 0"):
        ds_overrides(path, read_ds(path))


# F0 to follow


def test_a_table_of_f0_has_gaps_where_hz_is_empty(tmp_path):
    path = tmp_path / "f0.csv"
    path.write_text("time,hz\n0.0,220\n0.1,230\n0.2,\n0.5,0\n0.6,240\n")
    found = f0_of_table(path)
    assert [c.times.tolist() for c in found.curves["f0"]] == [[0.0, 0.1], [0.5, 0.6]]
    assert found.voicing
    path.write_text("time;frequency;confidence\n0.0;220;0.9\n0.01;221;0.8\n")
    assert f0_of_table(path).curves["f0"][0].values.tolist() == [220, 221]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0,220\n0,230\n", r"f0\.csv, line 2: time 0 s is not after the one before, 0 s"),
        ("0,220\n1,nan\n", r"line 2: 'nan' is not a number; leave Hz empty where F0 is to be predicted"),
        ("0,220\n1,15\n", r"line 2: 15; F0 is 0"),
        ("0,220\n1\n", r"line 2: '1'; expected `time,hz`"),
        ("when,hz\n1,220\n", r"line 1: columns when hz; expected time and hz"),
        ("time,hz\n1,220\n", "no two lines"),
    ],
)
def test_tables_that_are_none_are_told(tmp_path, text, message):
    path = tmp_path / "f0.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        f0_of_table(path)


def test_a_hummed_take_is_followed_an_octave_up_where_it_sounds(tmp_path):
    rate = 16000
    times = np.arange(2 * rate) / rate
    midi = np.where(times < 1.0, 60.3, 63.8) - 12 + 0.3 * np.sin(2 * np.pi * 5 * times)
    phase = 2 * np.pi * np.cumsum(midi_to_hz(midi)) / rate
    sound = sum(np.sin(k * phase) / k for k in range(1, 8)) * ((times > 0.5) & (times < 1.5)) * 0.2
    soundfile.write(tmp_path / "take.wav", sound, rate)
    found = f0_of_recording(tmp_path / "take.wav", SONG, FeatureDefinition(f0_extractor="dio"))
    assert not found.voicing
    at = np.arange(0.55, 1.45, 0.05)
    at = at[np.abs(at - 1.0) > 0.04]
    expected = midi_to_hz(np.where(at < 1.0, 60.3, 63.8) + 0.3 * np.sin(2 * np.pi * 5 * at))
    heard = np.nanmax([curve.sampled(at, logarithmic=True) for curve in found.curves["f0"]], axis=0)
    assert np.abs(1200 * np.log2(heard / expected)).max() < 20
    assert all(c.times[0] > 0.45 and c.times[-1] < 1.55 for c in found.curves["f0"])
    soundfile.write(tmp_path / "hiss.wav", 0.01 * np.random.default_rng(0).standard_normal(2 * rate), rate)
    with pytest.raises(InputError, match=r"hiss\.wav: no pitch is heard in it"):
        f0_of_recording(tmp_path / "hiss.wav", SONG, FeatureDefinition(f0_extractor="dio"))
