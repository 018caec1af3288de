import json

import pytest
from simulated import Listeners, make_systems

from svstoolkit.evaluation.listening.build import build
from svstoolkit.evaluation.listening.key import read_key
from svstoolkit.evaluation.listening.kinds import KINDS
from svstoolkit.evaluation.listening.planning import Settings
from svstoolkit.evaluation.listening.ratings import parse, read_ratings
from svstoolkit.evaluation.listening.screening import Rules, broken_rules, difference, screen
from svstoolkit.evaluation.listening.sources import gather


@pytest.fixture(scope="module")
def tests(tmp_path_factory):
    """Of every kind a built test with honest listeners: (key, raw key, simulated listeners)."""
    root = tmp_path_factory.mktemp("screening")
    sources = gather(make_systems(root / "wavs", 9), "truth")
    made = {}
    for kind in KINDS:
        build(sources, Settings(kind, utterances=8, listeners=6), root / kind)
        raw = json.loads((root / kind / "key.json").read_text())
        made[kind] = read_key(root / kind), raw, Listeners(raw)
    return made


def reasons(test, record, **rules):
    key = test[0]
    listener, problems = parse(record, key)
    assert not problems
    return broken_rules(listener, key, Rules(**rules))


@pytest.mark.parametrize("kind", KINDS)
def test_honest_listeners_are_believed(tests, kind):
    for session in range(1, 7):
        assert reasons(tests[kind], tests[kind][2].record(session)) == []


def answers_of(test, record, role):
    trials = test[1]["sessions"][record["session"] - 1]
    return [(a, trials[a["trial"]]) for a in record["answers"] if trials[a["trial"]]["role"] == role]


@pytest.mark.parametrize("kind", ["mos", "sig_bak", "ranking", "cmos"])
def test_failed_checks(tests, kind):
    record = tests[kind][2].record(1)
    for answer, trial in answers_of(tests[kind], record, "check"):
        if kind == "ranking":
            answer["values"] = [5 - v for v in answer["values"]]
        elif kind == "cmos":
            answer["values"] = [3] if trial["rule"] == "same" else [-v for v in answer["values"]]
        else:
            answer["values"] = [3] * len(answer["values"])
    assert reasons(tests[kind], record) == ["failed 2 of 2 attention checks"]
    assert reasons(tests[kind], record, failed_checks=1.0) == []


@pytest.mark.parametrize("kind", ["mos", "sig_bak", "ranking", "mushra"])
def test_always_the_same(tests, kind):
    record = tests[kind][2].record(1)
    for role in ("test", "repeat"):
        for answer, _ in answers_of(tests[kind], record, role):
            n = len(answer["values"])
            answer["values"] = list(range(1, n + 1)) if kind == "ranking" else [90 if kind == "mushra" else 4] * n
    found = reasons(tests[kind], record, repeat_difference=100)
    assert len(found) == 1
    assert found[0].startswith("gave the answer")


def test_hearing_no_difference_is_not_flatness(tests):
    record = tests["cmos"][2].record(1)
    for role in ("test", "repeat"):
        for answer, _ in answers_of(tests["cmos"], record, role):
            answer["values"] = [0]
    assert reasons(tests["cmos"], record) == []


@pytest.mark.parametrize("kind", KINDS)
def test_inconsistent_repeats(tests, kind):
    record = tests[kind][2].record(2)
    lowest, highest = KINDS[kind].lowest, KINDS[kind].highest
    answers = {a["trial"]: a for a in record["answers"]}
    trials = tests[kind][1]["sessions"][1]
    for answer, trial in answers_of(tests[kind], record, "repeat"):
        original = answers[trial["of"]]
        if kind == "ranking":
            known = dict(zip(trials[trial["of"]]["conditions"], original["values"], strict=True))
            answer["values"] = [5 - known[c] for c in trial["conditions"]]
        elif kind == "cmos":  # the sides were swapped, so that the same words are the opposite answer
            original["values"] = answer["values"] = [2]
        else:
            n = len(answer["values"])
            original["values"], answer["values"] = [lowest] * n, [highest] * n
    assert any("repeated trials" in reason for reason in reasons(tests[kind], record))


def test_differences_of_answers(tests):
    def trial(*conditions):
        return {"conditions": list(conditions)}

    ranking, cmos, mushra = (tests[k][0] for k in ("ranking", "cmos", "mushra"))
    assert difference(trial("a", "b", "c"), (1, 2, 3), trial("c", "b", "a"), (3, 2, 1), ranking) == 0
    assert difference(trial("a", "b", "c"), (1, 2, 3), trial("a", "b", "c"), (2, 1, 3), ranking) == pytest.approx(1 / 3)
    assert difference(trial("a", "b"), (2,), trial("b", "a"), (-2,), cmos) == 0
    assert difference(trial("a", "b"), (2,), trial("a", "b"), (-1,), cmos) == 3
    assert difference(trial("a", "b"), (80, 20), trial("b", "a"), (30, 80), mushra) == 5


def test_rated_before_the_end(tests):
    record = tests["mos"][2].record(1)
    record["answers"][0]["heard"] = [False]
    record["answers"][1]["seconds"] = 0.1
    assert reasons(tests["mos"], record) == ["rated before the stimuli were played to their end in 2 trials"]


def test_left_early(tests):
    record = tests["mos"][2].record(1)
    record["answers"] = record["answers"][:4]
    assert "answered 4 of 12 trials" in reasons(tests["mos"], record)
    assert not any("answered" in reason for reason in reasons(tests["mos"], record, completed=0.3))


def test_post_screening_of_bs1534(tests):
    record = tests["mushra"][2].record(1)
    rated = answers_of(tests["mushra"], record, "test")
    assert len(rated) == 8
    for count, believed in ((1, True), (2, False)):  # 15 % of 8 are 1.2
        answer, trial = rated[count - 1]
        answer["values"][trial["conditions"].index("truth")] = 89
        found = reasons(tests["mushra"], record, repeat_difference=100)
        assert found == ([] if believed else ["rated the hidden reference below 90 in 2 of 8 trials"])
    assert reasons(tests["mushra"], record, repeat_difference=100, post_screening=False) == []


def test_an_anchor_that_loses_nothing_is_held_against_nobody(tests):
    key, raw, listeners = tests["mushra"]
    records = [listeners.record(n) for n in range(1, 7)]

    def fool(record, utterances):
        trials = raw["sessions"][record["session"] - 1]
        for answer in record["answers"]:
            if trials[answer["trial"]]["utterance"] in utterances:
                answer["values"][trials[answer["trial"]]["conditions"].index("anchor_7000")] = 91

    fool(records[0], raw["utterances"][:2])  # 2 of 8 trials, more than 15 %
    _, (rejected,) = screen([parse(r, key)[0] for r in records], key, Rules())
    assert rejected.reasons == ("rated the 7 kHz anchor above 90 in 2 of 8 trials",)
    fool(records[1], raw["utterances"][:2])  # now it is a third of all listeners
    kept, rejected = screen([parse(r, key)[0] for r in records], key, Rules())
    assert (len(kept), rejected) == (6, [])


def test_what_is_wrong_with_files_is_said(tests, tmp_path):
    key, _, listeners = tests["mos"]
    good = listeners.record(1)

    def write(name, content):
        (tmp_path / name).write_text(content if isinstance(content, str) else json.dumps(content))

    def changed(i, answer):
        return good | {"token": f"{i}" * 32, "session": 2, "answers": [good["answers"][0] | answer]}

    write("good.json", good)
    write("again.json", good | {"answers": good["answers"][:3]})
    write("broken.json", "{")
    write("list.json", [1])
    write("other.json", good | {"test": "0" * 16})
    write("unknown.json", good | {"session": 7})
    write("true.json", good | {"session": True})
    write("token.json", good | {"token": "x"})
    write("twice.json", good | {"token": "c" * 32, "answers": [good["answers"][0]] * 2})
    for i, answer in enumerate(({"values": [6]}, {"values": [True]}, {"values": []}, {"heard": [1]}, {"seconds": "1"})):
        write(f"answer{i}.json", changed(i, answer))
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe\x00")
    found, problems = read_ratings([tmp_path, tmp_path / "absent.json"], key)
    said = {}
    for problem in problems:
        said.setdefault(problem.file.split("/")[-1], []).append(problem.reason)
    expected = {
        "again.json": "is the listener of",
        "broken.json": "is not JSON",
        "bytes.json": "is not JSON",
        "list.json": "is not a file of ratings",
        "other.json": "belongs to another test",
        "unknown.json": "unknown session 7",
        "true.json": "unknown session True",
        "token.json": "malformed token",
        "absent.json": "cannot be read",
        "answer0.json": "has 6, not in 1 … 5",
        "twice.json": "answers trial 0 a second time",
    }
    for file, reason in expected.items():
        assert any(reason in r for r in said[file]), (file, said.get(file))
    assert {f"answer{i}.json" for i in range(5)} < set(said)
    assert [(x.session, len(x.answers)) for x in found if x.file.endswith("good.json")] == [(1, len(good["answers"]))]
    assert any("both are kept" in reason for reasons in said.values() for reason in reasons)


@pytest.mark.parametrize("values", [[1, 2, 3, 3], [0, 1, 2, 3], [1, 2, 3], [1, 2, 3, 5]])
def test_rankings_are_orders(tests, values):
    record = tests["ranking"][2].record(1)
    record["answers"] = [record["answers"][0] | {"values": values}]
    _, (problem,) = parse(record, tests["ranking"][0])
    assert "answer 0" in problem.reason
