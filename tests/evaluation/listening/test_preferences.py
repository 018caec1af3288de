import numpy as np
import pytest
from scipy.optimize import minimize

from svstoolkit.evaluation.listening.preference import PSEUDO, plackett_luce, preference_tests


def rankings_of(worths, number, random):
    """Orders under the model: those of log worth plus Gumbel noise."""
    return np.argsort(-(np.log(worths) + random.gumbel(size=(number, len(worths)))), axis=1)


def negative_log_likelihood(log_worths, rankings, k):
    """Of the rankings and of half a win and half a loss of each against a hypothetical system of log worth 0."""
    chosen = log_worths[rankings]
    tails = np.log(np.cumsum(np.exp(chosen)[:, ::-1], axis=1)[:, ::-1])
    ghosts = PSEUDO * np.sum(log_worths - 2 * np.log(np.exp(log_worths) + 1))
    return -np.sum(chosen - tails) - ghosts


@pytest.mark.parametrize("k", [2, 4])
def test_worths_maximise_the_likelihood(k):
    random = np.random.default_rng(k)
    rankings = rankings_of(np.arange(1.0, k + 1), 25, random)
    best = minimize(negative_log_likelihood, np.zeros(k), args=(rankings, k), tol=1e-12).x
    expected = np.exp(best) / np.exp(best).sum()
    assert plackett_luce(rankings) == pytest.approx(expected, abs=1e-5)


def test_planted_worths_are_found():
    worths = np.array([0.5, 0.3, 0.15, 0.05])
    rankings = rankings_of(worths, 4000, np.random.default_rng(0))
    assert plackett_luce(rankings) == pytest.approx(worths, abs=0.02)


def test_weights_count_rows():
    rankings = rankings_of(np.array([0.6, 0.3, 0.1]), 12, np.random.default_rng(1))
    weights = np.arange(12) % 4
    assert plackett_luce(rankings, weights) == pytest.approx(plackett_luce(np.repeat(rankings, weights, axis=0)))


def test_a_system_that_always_wins_has_a_finite_worth():
    worths = plackett_luce(np.tile([2, 0, 1], (10, 1)))
    assert np.all(worths > 0)
    assert np.argsort(-worths).tolist() == [2, 0, 1]


def test_preferences_are_tested_over_listeners():
    who = np.repeat(np.arange(6), 10)
    everybody = np.tile([1, 0, 2, 1, 0, 1, 1, -1, 2, 1], 6) + (who % 2) * np.tile([0] * 9 + [1], 6)
    tests = preference_tests(everybody, who)
    assert tests["p_sign"] == pytest.approx(2 / 2**6)
    assert tests["p_wilcoxon"] == pytest.approx(2 / 2**6, abs=0.02)
    assert preference_tests(np.zeros(4), np.arange(4)) == {"p_wilcoxon": None, "p_sign": None}
    alternating = np.tile([1, -1], 30)  # as many ratings for as against, of every listener
    assert preference_tests(alternating, who)["p_sign"] is None
