import numpy as np
import pytest
from fakes import tiny_label, tiny_song

from svstoolkit.evaluation.comparison import Comparison
from svstoolkit.evaluation.rhythm_rows import MOST_QUANTILES, rhythm_rows
from svstoolkit.evaluation.rhythm_sums import phone_classes, rhythm_sums
from svstoolkit.features.definition import FeatureDefinition
from svstoolkit.score.song import Note, Song

SONG = tiny_song(0)
BOUNDS = np.array([0.0, *(end for _, end, _ in tiny_label(SONG))])
CLASSES = phone_classes(SONG)


def comparison(voice_bounds, song=SONG, reference_bounds=BOUNDS, equal_timing=False, pairs=None):
    return Comparison(
        None, None, pairs, FeatureDefinition(), equal_timing, song, reference_bounds, voice_bounds
    )  # no sound is needed


def scored(system, rhythm):
    return {"system": system, "set": "test", "rhythm": rhythm}


def test_phones_are_told_apart_by_class_and_slurs_from_vowels():
    assert SONG.phones == ("SP", "l", "a", "m", "i", "i", "d", "u", "SP")
    names = ["pause", "liquid or glide", "vowel", "nasal", "vowel", "held vowel", "plosive", "vowel", "pause"]
    assert names == CLASSES
    odd = Song((Note(0.0, 1.0, 60, "?", ("%", "a")),), language="zh")
    assert phone_classes(odd) == ["other consonant", "vowel"]


def test_known_shifts_come_out_by_class():
    shifted = BOUNDS.copy()
    shifted[[1, 2, 3, 7]] += [-0.04, 0.02, -0.01, 0.035]
    sums = rhythm_sums(comparison(shifted))
    assert sums["boundaries"] == {
        "liquid or glide": [-40.0],
        "vowel": [20.0, 0.0, 35.0],
        "nasal": [-10.0],
        "held vowel": [0.0],
        "plosive": [0.0],
        "pause": [0.0],
    }
    assert sums["beats"] == pytest.approx([20.0, 0.0, 35.0], abs=0.5)  # labels are rounded to the millisecond


def test_foreign_singing_is_placed_by_warping():
    frames = np.arange(200)
    pairs = np.stack([frames, frames], axis=1)
    sums = rhythm_sums(comparison(None, pairs=pairs))
    assert np.concatenate(list(sums["boundaries"].values())) == pytest.approx(np.zeros(8), abs=0.01)


@pytest.mark.parametrize(
    "given", [{"song": None}, {"reference_bounds": None}, {"equal_timing": True}], ids=lambda given: next(iter(given))
)
def test_without_labels_or_a_timing_of_its_own_there_is_no_rhythm(given):
    assert rhythm_sums(comparison(BOUNDS, **given)) == {}


def test_rows_of_a_set():
    singing = [{"boundaries": {"vowel": [10.0, -30.0], "plosive": [100.0]}, "beats": [5.0, -25.0]} for _ in range(2)]
    truth = {"boundaries": {"vowel": [0.0, 0.0]}, "beats": [0.0, 31.0]}
    rows = rhythm_rows([scored("ground_truth", truth), *(scored("a", r) for r in singing), scored("floor", truth)])
    assert [(r.system, r.phones, r.n) for r in rows] == [
        ("ground_truth", "vowels on their beats", 2),
        ("a", "vowels on their beats", 4),
        ("a", "plosive", 2),
        ("a", "vowel", 4),
        ("a", "all phones", 6),
    ]
    vowels = rows[3]
    assert (vowels.median, vowels.absolute_50, vowels.absolute_90) == (-10.0, 20.0, 30.0)
    assert (vowels.within_20, vowels.within_30, vowels.within_50) == (50.0, 100.0, 100.0)
    assert vowels.quantiles == (-30.0, -30.0, 10.0, 10.0)
    assert rows[0].within_30 == 50.0
    assert rhythm_rows([{"system": "a", "set": "test"}, scored("b", {})]) == []


def test_many_boundaries_are_kept_as_quantiles():
    late = np.random.default_rng(0).normal(0, 30, 5000)
    (row, everything) = rhythm_rows([scored("a", {"boundaries": {"vowel": late.tolist()}, "beats": []})])
    assert everything.n == row.n == 5000
    assert len(row.quantiles) == MOST_QUANTILES
    assert row.quantiles[0] == late.min()
    assert row.quantiles[20] == pytest.approx(np.median(late))
    assert row.absolute_90 == pytest.approx(1.645 * 30, rel=0.05)
