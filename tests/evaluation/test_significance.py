import numpy as np
import pytest
from scipy import stats

from svstoolkit.evaluation.results import Value
from svstoolkit.evaluation.statistics import bootstrap_interval, holm, paired_comparisons, signed_rank_p


def test_the_interval_is_scipys_bca_bootstrap():
    rng = np.random.default_rng(0)
    columns = np.stack([rng.normal(0.3, 1, 40), rng.exponential(2, 40), rng.lognormal(0, 1, 40) - 1], axis=1)
    low, high = bootstrap_interval(columns, resamples=20_000)
    for k, column in enumerate(columns.T):
        theirs = stats.bootstrap((column,), np.mean, n_resamples=20_000, method="BCa", random_state=1)
        width = theirs.confidence_interval.high - theirs.confidence_interval.low
        assert low[k] == pytest.approx(theirs.confidence_interval.low, abs=0.03 * width)
        assert high[k] == pytest.approx(theirs.confidence_interval.high, abs=0.03 * width)


def test_differences_without_spread_have_an_interval_without_width():
    low, high = bootstrap_interval(np.array([[2.0, 0.1], [2.0, 0.1], [2.0, 0.1]]), resamples=200)
    np.testing.assert_allclose(low, [2.0, 0.1], rtol=1e-15)
    np.testing.assert_array_equal(high, low)


def test_signed_ranks_are_scipys():
    d = np.random.default_rng(1).normal(0.4, 1, 25)
    assert signed_rank_p(d) == stats.wilcoxon(d).pvalue
    assert signed_rank_p(np.r_[d, 0.0, 0.0]) == stats.wilcoxon(d).pvalue
    assert signed_rank_p(np.zeros(5)) == 1.0
    assert signed_rank_p(np.arange(1.0, 9.0)) == 2.0**-7  # all of one sign: two of the 2^8 choices of signs


def test_holm_by_hand():
    # 4·0.01, then 3·0.02, then 2·0.03 (not below the one before), then 0.5
    assert holm([0.03, 0.01, 0.5, 0.02]).tolist() == pytest.approx([0.06, 0.04, 0.5, 0.06])
    assert holm([0.9, 0.8]).tolist() == [1.0, 1.0]


def table(values: np.ndarray, metric: str = "mcd") -> list[Value]:
    """values: (systems, utterances), NaN = lost"""
    return [
        Value(f"s{s}", "test", f"u{u}", metric, None if np.isnan(v) else float(v))
        for s, row in enumerate(values)
        for u, v in enumerate(row)
    ]


def test_pairs_use_the_utterances_both_have():
    values = np.random.default_rng(2).normal(5, 1, 20) + np.array([[0.0], [1.0], [0.0]])
    values += np.random.default_rng(3).normal(0, 0.1, values.shape)
    values[1, :4] = np.nan
    reference_rows = [Value(s, "test", "u0", "mcd", 0.0) for s in ("ground_truth", "copy_synthesis", "floor")]
    found = {(c.a, c.b): c for c in paired_comparisons([*reference_rows, *table(values)])}
    assert set(found) == {("s0", "s1"), ("s0", "s2"), ("s1", "s2")}
    c = found["s0", "s1"]
    assert c.n == 16
    assert c.difference == pytest.approx((values[0, 4:] - values[1, 4:]).mean())
    assert c.ci[0] < c.difference < c.ci[1] < 0
    assert c.p == signed_rank_p(values[0, 4:] - values[1, 4:])
    assert c.p_holm == pytest.approx(3 * c.p)
    assert c.significant
    assert not found["s0", "s2"].significant
    assert all(c.decidable for c in found.values())


def test_too_few_utterances_decide_nothing():
    perfect = np.array([[0.0], [1.0]]) + np.arange(5) / 10
    (five,) = paired_comparisons(table(perfect))
    assert (five.n, five.p, five.significant, five.decidable) == (5, 2.0**-4, False, False)
    (six,) = paired_comparisons(table(np.array([[0.0], [1.0]]) + np.arange(6) / 10 + [[0], [0.01]] * np.arange(6)))
    assert (six.p, six.significant, six.decidable) == (2.0**-5, True, True)
    (none,) = paired_comparisons(table(np.array([[1.0, np.nan], [np.nan, 1.0]])))
    assert (none.n, none.difference, none.ci, none.p, none.p_holm, none.significant) == (
        0,
        None,
        None,
        None,
        None,
        False,
    )


def test_equal_systems_are_seldom_told_apart():
    """The chance of any false difference among four equal systems stays near 5 % or below."""
    rng = np.random.default_rng(4)
    false_alarms = 0
    for _ in range(200):
        song_difficulty = rng.normal(5, 2, 15)
        values = song_difficulty + rng.standard_exponential((4, 15))
        false_alarms += any(c.significant for c in paired_comparisons(table(values), resamples=300))
    assert false_alarms <= 18  # 9 %: four standard deviations above 5 % would be 22


def test_the_same_every_time():
    values = table(np.random.default_rng(5).normal(size=(2, 12)))
    assert paired_comparisons(values) == paired_comparisons(values)
