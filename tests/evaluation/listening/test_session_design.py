from collections import Counter
from itertools import pairwise

import pytest

from svstoolkit.evaluation.listening.design import CHECK, REPEAT, TEST, Plan, session
from svstoolkit.evaluation.metrics import FLOOR


def plan(n_systems, n_utterances, trials, **settings):
    systems, utterances = (tuple(f"{x}{i}" for i in range(n)) for x, n in (("s", n_systems), ("u", n_utterances)))
    return Plan(systems, utterances, trials, **settings)


SIZES = [(4, 12, 12), (3, 10, 7), (5, 8, 8), (6, 9, 20), (1, 5, 5), (2, 6, 6), (4, 6, 24)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("baseline", [None, "s0"])
def test_after_any_listener_every_pair_has_been_heard_equally_often(size, baseline):
    if baseline and size[0] < 2:
        return
    design = plan(*size, seed=3, baseline=baseline)
    if design.trials > design.cells:
        return
    cells = {(s, u): 0 for s in design.names for u in design.utterances}
    for listener in range(25):
        for trial in session(design, listener):
            (system,) = [c for c in trial.conditions if c != baseline]
            cells[system, trial.utterance] += 1
        assert max(cells.values()) - min(cells.values()) <= 1


@pytest.mark.parametrize("size", SIZES)
def test_a_listener_hears_systems_equally_often_and_no_phrase_twice(size):
    design = plan(*size, seed=1)
    for listener in range(20):
        trials = session(design, listener)
        assert len(trials) == design.trials
        systems = Counter(t.conditions[0] for t in trials)
        assert max(systems.values()) - min(systems[s] for s in design.conditions) <= 2
        if design.trials <= len(design.utterances):
            assert len({t.utterance for t in trials}) == design.trials


@pytest.mark.parametrize("size", [(4, 12, 12), (3, 10, 7), (2, 6, 6), (5, 20, 20)])
def test_no_system_twice_in_a_row(size):
    design = plan(*size, seed=2)
    same = sum(a.conditions == b.conditions for n in range(30) for a, b in pairwise(session(design, n)))
    pairs = 30 * (design.trials - 1)
    assert same / pairs <= 0.5 / size[0]  # chance is about 1 / S; two systems of unequal number cannot alternate


def test_every_place_in_a_session_has_every_system():
    design = plan(4, 12, 12, seed=0)
    for place in (0, 5, 11):
        heard = Counter(session(design, n)[place].conditions[0] for n in range(200))
        assert min(heard.values()) > 25  # 50 expected


@pytest.mark.parametrize("size", SIZES[:4])
def test_sides_of_comparisons_are_balanced(size):
    design = plan(*size, seed=5, baseline="s1")
    sides: dict = {}
    for listener in range(24):
        trials = session(design, listener)
        own = Counter(t.conditions.index("s1") for t in trials)
        assert abs(own[0] - own[1]) <= 3
        for trial in trials:
            system = next(c for c in trial.conditions if c != "s1")
            sides.setdefault((system, trial.utterance), Counter())[trial.conditions.index("s1")] += 1
    assert all(abs(c[0] - c[1]) <= 1 for c in sides.values())


def test_shown_together_every_condition_has_every_place():
    design = plan(5, 10, 10, whole=True, seed=4)
    places = Counter((c, i) for n in range(10) for t in session(design, n) for i, c in enumerate(t.conditions))
    assert set(places.values()) == {20}
    utterances = Counter(t.utterance for n in range(7) for t in session(plan(5, 10, 4, whole=True), n))
    assert max(utterances.values()) - min(utterances.values()) <= 1


def test_sessions_follow_from_seed_and_number():
    design = plan(4, 12, 12, seed=7, checks=(FLOOR,), repeats=2)
    assert session(design, 3) == session(design, 3)
    assert session(design, 3) != session(design, 4)
    assert session(plan(4, 12, 12, seed=8), 3) != session(plan(4, 12, 12, seed=7), 3)


@pytest.mark.parametrize("settings", [{}, {"whole": True}, {"baseline": "s2"}])
def test_checks_and_repeats(settings):
    design = plan(4, 12, 12, checks=(FLOOR, FLOOR), repeats=2, seed=1, **settings)
    for listener in range(12):
        trials = session(design, listener)
        assert Counter(t.role for t in trials) == {TEST: 12, CHECK: 2, REPEAT: 2}
        assert all(t.role == TEST for t in trials[:2])
        assert sum(FLOOR in t.conditions for t in trials) == 2
        for i, trial in enumerate(trials):
            if trial.role == REPEAT:
                original = trials[trial.of]
                assert (original.role, original.utterance) == (TEST, trial.utterance)
                assert sorted(original.conditions) == sorted(trial.conditions)
                assert i - trial.of >= 3
                if "baseline" in settings:
                    assert trial.conditions == original.conditions[::-1]
