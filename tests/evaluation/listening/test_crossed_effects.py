import numpy as np
import pytest
from scipy.stats import t as student_t

from svstoolkit.evaluation.listening.crossed import bootstrap_interval, contrast, crossed_mean
from svstoolkit.evaluation.statistics import holm


def crossed(n_listeners, n_items, n_systems, random, listener=0.5, item=0.3, interaction=0.2, noise=0.7, full=False):
    """(values, listeners, items, systems) of equal systems: each item by one system a listener, or by all."""
    who, what = (x.ravel() for x in np.meshgrid(np.arange(n_listeners), np.arange(n_items), indexing="ij"))
    which = (who + what) % n_systems
    if full:
        which = np.repeat(np.arange(n_systems), len(who))
        who, what = np.tile(who, n_systems), np.tile(what, n_systems)
    effects = random.normal(0, listener, n_listeners)[who] + random.normal(0, item, n_items)[what]
    effects += random.normal(0, interaction, (n_systems, n_listeners))[which, who]
    effects += random.normal(0, interaction, (n_systems, n_items))[which, what]
    return effects + random.normal(0, noise, len(who)), who, what, which


def test_balanced_data_give_the_analysis_of_variance():
    random = np.random.default_rng(0)
    n_l, n_i = 7, 5
    table = 3 + random.normal(0, 1, (n_l, 1)) + random.normal(0, 0.6, (1, n_i)) + random.normal(0, 0.5, (n_l, n_i))
    ms_l = n_i * np.sum((table.mean(1) - table.mean()) ** 2) / (n_l - 1)
    ms_i = n_l * np.sum((table.mean(0) - table.mean()) ** 2) / (n_i - 1)
    residual = table - table.mean(1, keepdims=True) - table.mean(0, keepdims=True) + table.mean()
    df_e = (n_l - 1) * (n_i - 1)
    ms_e = np.sum(residual**2) / df_e
    assert min(ms_l, ms_i) > ms_e  # else components would be cut off at 0
    variance = (ms_l + ms_i - ms_e) / (n_l * n_i)
    parts = np.array([ms_l, ms_i, ms_e]) / (n_l * n_i)
    df = variance**2 / np.sum(parts**2 / np.array([n_l - 1, n_i - 1, df_e]))

    who, what = np.indices(table.shape)
    found = crossed_mean(table.ravel(), who.ravel(), what.ravel())
    assert (found.listener, found.item, found.residual) == pytest.approx(
        ((ms_l - ms_e) / n_i, (ms_i - ms_e) / n_l, ms_e)
    )
    assert (found.mean, found.se) == pytest.approx((table.mean(), variance**0.5))
    assert found.df == pytest.approx(df)
    assert found.ci95 == pytest.approx(student_t.ppf(0.975, df) * variance**0.5)


def test_components_are_unbiased_in_incomplete_designs():
    random = np.random.default_rng(1)
    found = []
    for _ in range(400):
        values, who, what, which = crossed(20, 15, 3, random, listener=1.0, item=0.8, interaction=0.0, noise=1.0)
        mine = (which == 0) & (random.random(len(which)) < 0.8)  # with holes
        result = crossed_mean(values[mine], who[mine], what[mine])
        found.append([result.listener, result.item, result.residual])
    assert np.mean(found, axis=0) == pytest.approx([1.0, 0.64, 1.0], rel=0.08)


@pytest.mark.parametrize(("n_listeners", "n_items", "full"), [(20, 12, False), (12, 8, False), (15, 10, True)])
def test_intervals_cover_and_differences_of_equals_are_rarely_found(n_listeners, n_items, full):
    random = np.random.default_rng(2)
    covered = covered_if_independent = found = 0
    repetitions = 500
    for _ in range(repetitions):
        values, who, what, which = crossed(n_listeners, n_items, 4, random, full=full)
        parts = [(values[which == s], who[which == s], what[which == s]) for s in (0, 1)]
        result = crossed_mean(*parts[0])
        covered += abs(result.mean) <= result.ci95
        covered_if_independent += abs(result.mean) <= 1.96 * parts[0][0].std(ddof=1) / len(parts[0][0]) ** 0.5
        found += contrast(*parts).p < 0.05
    assert covered / repetitions >= 0.93
    assert covered_if_independent / repetitions < 0.9
    assert found / repetitions <= 0.07


def test_contrast_is_the_sum_over_pairs_that_share_a_listener_or_an_item():
    values, who, what, which = crossed(9, 8, 3, np.random.default_rng(3), interaction=0.8, full=True)
    one, other = which == 0, which == 2
    found = contrast(*[(values[m], who[m], what[m]) for m in (one, other)])
    u = np.where(one, (values - values[one].mean()) / one.sum(), 0)
    u -= np.where(other, (values - values[other].mean()) / other.sum(), 0)
    same_l, same_i = np.equal.outer(who, who), np.equal.outer(what, what)
    variance = u @ (9 / 8 * same_l + 8 / 7 * same_i - (same_l & same_i)) @ u
    assert variance > u @ (9 / 8 * same_l) @ u  # else the larger of the two alone would be taken
    assert found.difference == pytest.approx(values[one].mean() - values[other].mean())
    assert found.se == pytest.approx(variance**0.5)
    assert found.p == pytest.approx(2 * student_t.sf(abs(found.difference) / variance**0.5, 7))


def test_what_listeners_and_items_do_to_both_systems_alike_cancels():
    random = np.random.default_rng(4)
    values, who, what, which = crossed(8, 6, 2, random, full=True)
    shifted = values + random.normal(0, 5, 8)[who] + random.normal(0, 5, 6)[what]

    def result(v):
        return contrast(*[(v[which == s], who[which == s], what[which == s]) for s in (0, 1)])

    assert result(shifted).p == pytest.approx(result(values).p)


def test_too_little_data_give_a_mean_without_interval():
    for who, what in (([0, 0, 0], [0, 1, 2]), ([0, 1, 2], [5, 5, 5]), ([0, 1], [0, 1])):
        found = crossed_mean(np.arange(len(who)), who, what)
        assert found.mean == np.mean(np.arange(len(who)))
        assert found.se is None
        assert found.ci95 is None
    assert contrast(([1.0], [0], [0]), ([2.0], [0], [0])).p is None


def test_equal_ratings_have_no_spread():
    who, what = np.indices((4, 4)).reshape(2, -1)
    assert crossed_mean(np.full(16, 3), who, what).ci95 == 0
    same = (np.full(16, 3), who, what)
    assert contrast(same, same).p == 1


def test_holm():
    assert holm(np.array([0.01, 0.04, 0.03, 0.005])) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    corrected = holm(np.array([np.nan, 0.02, 0.9]))
    assert np.isnan(corrected[0])
    assert corrected[1:] == pytest.approx([0.04, 0.9])


def test_bootstrap_draws_listeners_and_items():
    values, who, what, _ = crossed(15, 12, 1, np.random.default_rng(5), listener=1.0, noise=0.3)

    def mean(weights):
        return np.array([np.sum(weights * values) / weights.sum()])

    low, high = bootstrap_interval(mean, who, what, 400, seed=0).ravel()
    model = crossed_mean(values, who, what)
    assert low < values.mean() < high
    assert (high - low) / 2 == pytest.approx(model.ci95, rel=0.35)
    assert np.array_equal(bootstrap_interval(mean, who, what, 50, 1), bootstrap_interval(mean, who, what, 50, 1))
