import json
import re
from collections import Counter

import pytest
import soundfile
from simulated import make_systems
from test_listening_analysis import Page

from svstoolkit.errors import InputError
from svstoolkit.evaluation.listening.build import build
from svstoolkit.evaluation.listening.kinds import KINDS
from svstoolkit.evaluation.listening.planning import Settings
from svstoolkit.evaluation.listening.sources import gather


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    return gather(make_systems(tmp_path_factory.mktemp("wavs"), 6), "truth")


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_stands_alone_and_tells_nothing(sources, tmp_path, kind):
    built = build(sources, Settings(kind, utterances=4, listeners=5, title="A & B <i>"), tmp_path)
    text = (tmp_path / "page/index.html").read_text()
    assert "http://" not in text.replace("http://www.w3.org", "")
    assert "https://" not in text
    assert "A &amp; B &lt;i&gt;" in text
    Page(text)
    key = json.loads((tmp_path / "key.json").read_text())
    content = json.loads(re.search(r'id="content">(.*?)</script>', text, re.DOTALL)[1])
    told = json.dumps({k: content[k] for k in ("sessions", "practice", "volume", "tones")})
    for secret in (*key["systems"], *key["utterances"], "floor", "check", "repeat"):
        assert secret not in told
    sounds = {path.stem for path in (tmp_path / "page/audio").glob("*.wav")}
    assert all(re.fullmatch("[0-9a-f]{12}", name) for name in sounds)
    trials = [t for s in content["sessions"] for t in s["trials"]]
    shown = {i for t in trials for i in [*t["stimuli"], t.get("reference", content["volume"])]}
    assert shown | {content["volume"], content["tones"]["id"]} <= sounds
    assert len(sounds) == built.stimuli + 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["key.json", "page"]
    assert [[t["stimuli"] for t in s["trials"]] for s in content["sessions"]] == [
        [t["stimuli"] for t in s] for s in key["sessions"]
    ]


def test_mushra_has_an_open_and_a_hidden_reference_and_the_anchor(sources, tmp_path):
    build(sources, Settings("mushra", utterances=4, listeners=3), tmp_path)
    key = json.loads((tmp_path / "key.json").read_text())
    for trials in key["sessions"]:
        for trial in trials:
            assert sorted(trial["conditions"]) == sorted([*sources.files, "anchor_3500", "anchor_7000"])


def test_half_of_the_listeners_judge_the_background_first(sources, tmp_path):
    build(sources, Settings("sig_bak", listeners=6), tmp_path)
    text = (tmp_path / "page/index.html").read_text()
    content = json.loads(re.search(r'id="content">(.*?)</script>', text, re.DOTALL)[1])
    assert Counter(tuple(s["scales"]) for s in content["sessions"]) == {(0, 1, 2): 3, (1, 0, 2): 3}


def test_the_same_request_gives_the_same_test(sources, tmp_path):
    settings = Settings("mos", utterances=3, listeners=2)
    keys = []
    for folder, chosen in (("a", settings), ("b", settings), ("c", Settings("mos", utterances=3, listeners=2, seed=1))):
        build(sources, chosen, tmp_path / folder)
        keys.append((tmp_path / folder / "key.json").read_text())
    assert keys[0] == keys[1]
    assert json.loads(keys[2])["test"] != json.loads(keys[0])["test"]
    a, b = ({p.name: p.read_bytes() for p in (tmp_path / x / "page").rglob("*.*")} for x in "ab")
    assert a == b


def test_practice_uses_phrases_that_are_not_rated(sources, tmp_path):
    build(sources, Settings("mos", utterances=4, listeners=2), tmp_path)
    key = json.loads((tmp_path / "key.json").read_text())
    assert not {t["utterance"] for t in key["practice"]} & set(key["utterances"])
    assert [t["conditions"] for t in key["practice"]][:2] == [["floor"], ["truth"]]


def test_sampling_rates_stay(tmp_path):
    folders = make_systems(tmp_path / "wavs", 2, systems=("truth", "good"))
    for path in folders["good"].glob("*.wav"):
        soundfile.write(path, soundfile.read(path)[0], 22050)
    build(gather(folders, "truth"), Settings("mos", listeners=2), tmp_path / "out")
    key = json.loads((tmp_path / "out/key.json").read_text())
    for stimulus in key["stimuli"]:
        about = soundfile.info(tmp_path / f"out/page/audio/{stimulus['id']}.wav")
        assert (about.samplerate, about.channels, about.subtype) == (stimulus["sampling_rate"], 1, "PCM_16")
    assert {s["sampling_rate"] for s in key["stimuli"] if s["system"] == "good"} == {22050}


def test_a_rated_test_is_not_overwritten(sources, tmp_path):
    settings = Settings("mos", utterances=3, listeners=2)
    build(sources, settings, tmp_path / "listen")
    build(sources, settings, tmp_path / "listen")
    (tmp_path / "listen/ratings").mkdir()
    (tmp_path / "listen/ratings/0001.json").write_text("{}")
    with pytest.raises(InputError, match="holds ratings"):
        build(sources, settings, tmp_path / "listen")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.txt").write_text("x")
    with pytest.raises(InputError, match="not empty"):
        build(sources, settings, tmp_path / "mine")
    assert (tmp_path / "mine/thesis.txt").is_file()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (Settings("mos", trials=25), "there are 24 different trials"),
        (Settings("mos", trials=0), "different trials"),
        (Settings("mos", listeners=0), "at least 1"),
        (Settings("cmos", baseline="x"), "no system x"),
        (Settings("mos", utterances=7), "there are 6"),
        (Settings("mos", anchors=(11000,)), "too low for --anchors 11000"),
    ],
)
def test_what_cannot_be_built(sources, tmp_path, settings, message):
    with pytest.raises(InputError, match=message):
        build(sources, settings, tmp_path / "out")


def test_references_and_names_that_are_missing_or_taken(tmp_path):
    folders = make_systems(tmp_path, 2, systems=("truth", "good"))
    with pytest.raises(InputError, match="give --reference"):
        build(gather(folders, None), Settings("mushra"), tmp_path / "out")
    with pytest.raises(InputError, match="at least two"):
        build(gather({"good": folders["good"]}, None), Settings("cmos"), tmp_path / "out")
    with pytest.raises(InputError, match="floor is the name"):
        gather({"floor": folders["good"]}, None)
    many = {f"s{i}": folders["good"] for i in range(13)}
    for kind in ("ranking", "mushra"):
        with pytest.raises(InputError, match="at most"):
            build(gather(many, "s0"), Settings(kind), tmp_path / "out")
