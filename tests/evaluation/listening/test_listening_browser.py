import json
import threading
from contextlib import contextmanager

import numpy as np
import pytest
from browser_listener import ARGUMENTS, BrowserListener, find_browser
from simulated import Listeners, make_systems, rate_everything

from svstoolkit.evaluation.listening.analysis import analyse
from svstoolkit.evaluation.listening.build import build
from svstoolkit.evaluation.listening.planning import Settings
from svstoolkit.evaluation.listening.screening import Rules
from svstoolkit.evaluation.listening.server import TestServer
from svstoolkit.evaluation.listening.sources import gather

SEED = next(s for s in range(99) if np.random.default_rng([s, 5]).integers(2, 6) == 2)  # two tones: soon heard
PHONE = {"viewport": {"width": 360, "height": 700}, "has_touch": True, "is_mobile": True}


@pytest.fixture(scope="module")
def browser():
    executable = find_browser()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=executable, args=list(ARGUMENTS))
        yield running
        running.close()


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    return gather(make_systems(tmp_path_factory.mktemp("wavs"), 4, 0.25, ("truth", "good", "poor")), "truth")


def built(sources, folder, kind):
    more = int(kind == "mos")  # the others do without, to be quick
    settings = Settings(kind, utterances=3, listeners=6, checks=1, repeats=more, practice=more, seed=SEED)
    build(sources, settings, folder)
    return json.loads((folder / "key.json").read_text())


@contextmanager
def served(folder):
    with TestServer(folder, port=0) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


def opened(browser, address, **context):
    page = browser.new_context(**context).new_page()
    page.goto(address)
    return page


def test_nothing_is_rated_before_it_is_heard_and_a_reload_goes_on(browser, sources, tmp_path):
    key = built(sources, tmp_path, "mos")
    listeners = Listeners(key)
    with served(tmp_path) as server:
        listener = BrowserListener(opened(browser, server.address), key, listeners.values)
        page = listener.page
        listener.begin()
        listener.set_volume()
        listener.practise()
        listener.run_trial(1, 0)
        page.keyboard.press("4")
        page.keyboard.press("Enter")
        assert page.locator("#hint.urgent").inner_text() == "Play the recording to its end, then rate it."
        assert page.locator("input:disabled").count() == 5
        assert page.locator(".step").inner_text().startswith("2 of")

        listener.hear()
        page.reload()
        assert "Welcome back" in page.locator(".notice").inner_text()
        assert page.locator(".step").inner_text().startswith("2 of")
        assert page.locator("input:disabled").count() == 0  # what was heard stays heard
        page.keyboard.press("2")
        page.keyboard.press("Enter")
        listener.given[1] = [2]
        page.wait_for_function("saved === true")
        kept = json.loads((tmp_path / "ratings/0001.json").read_text())
        assert [a["values"] for a in kept["answers"]] == [listener.given[0], [2]]
        assert kept["finished"] is None
        assert kept["tones"] == [1, 2]

        other = BrowserListener(opened(browser, server.address), key, listeners.values)  # meanwhile somebody comes
        other.begin()
        assert other.page.evaluate("state.session") == 2
        page.reload()
        assert page.locator(".step").inner_text().startswith("3 of")
        assert page.evaluate("state.session") == 1
        assert not listener.errors
        assert all(url.startswith((server.address, "data:")) for url in listener.requests)


@pytest.mark.parametrize("kind", ["mos", "sig_bak", "ranking", "cmos", "mushra"])
def test_a_whole_session_arrives_and_is_analysed(browser, sources, tmp_path, kind):
    key = built(sources, tmp_path / "listen", kind)
    listeners = Listeners(key, noise=0.2)
    touch = kind == "cmos"
    with served(tmp_path / "listen") as server:
        page = opened(browser, server.address, **(PHONE if touch else {}))
        listener = BrowserListener(page, key, listeners.values, touch)
        listener.begin()
        listener.set_volume()
        listener.practise()
        for index in range(len(key["sessions"][0])):
            listener.run_trial(1, index)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.fill("textarea", "a fine test")
        page.locator(".next").click()
        page.wait_for_selector("[data-arrived=true]")
        assert not listener.errors
    kept = json.loads((tmp_path / "listen/ratings/0001.json").read_text())
    assert {a["trial"]: a["values"] for a in kept["answers"]} == listener.given
    assert kept["finished"] is not None
    assert kept["comment"] == "a fine test"
    assert len(kept["practice"]) == (kind == "mos")
    assert all(all(a["heard"]) for a in kept["answers"])

    mine = (tmp_path / "listen/ratings/0001.json").read_text()
    rate_everything(tmp_path / "listen", noise=0.2)  # the others
    (tmp_path / "listen/ratings/0001.json").write_text(mine)
    result = analyse(tmp_path / "listen", [tmp_path / "listen/ratings"], Rules(), samples=0)
    assert (len(result.kept), result.rejected, result.problems) == (6, (), ())
    for scale in result.scales:
        order = sorted(scale.systems, key=lambda s: s.crossed.mean, reverse=not scale.lower_is_better)
        names = [s.system for s in order if s.kind != "anchor"]
        assert names == (["good", "poor"] if kind == "cmos" else ["truth", "good", "poor"])


def test_from_a_file_answers_are_downloaded(browser, sources, tmp_path):
    key = built(sources, tmp_path / "listen", "mos")
    page = opened(browser, (tmp_path / "listen/page/index.html").as_uri(), accept_downloads=True)
    listener = BrowserListener(page, key, Listeners(key).values)
    listener.press(".next")
    assert "listener number, 1 to 6" in page.locator("#hint.urgent").inner_text()
    page.fill("#listener", "3")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Set the volume")
    listener.set_volume()
    listener.practise()
    for index in range(len(key["sessions"][2])):
        if index == 2:
            page.reload()
        listener.run_trial(3, index)
    page.locator(".next").click()
    with page.expect_download() as download:
        page.click("#download")
    assert download.value.suggested_filename.startswith("ratings_0003_")
    (tmp_path / "sent").mkdir()
    download.value.save_as(tmp_path / "sent" / download.value.suggested_filename)
    assert not listener.errors
    result = analyse(tmp_path / "listen", [tmp_path / "sent"], Rules(), samples=0)
    assert [x.session for x in result.kept] == [3]
    assert {a.trial: list(a.values) for a in result.kept[0].answers} == listener.given


def test_when_the_server_is_gone_answers_are_not_lost(browser, sources, tmp_path):
    key = built(sources, tmp_path, "mos")
    with served(tmp_path) as server:
        listener = BrowserListener(opened(browser, server.address), key, Listeners(key).values)
        listener.begin()
        listener.set_volume()
        listener.practise()
        for index in range(len(key["sessions"][0]) - 1):
            listener.run_trial(1, index)
        listener.hear()
        listener.page.context.set_offline(True)
        listener.page.keyboard.press("3")
        listener.page.keyboard.press("Enter")
        listener.page.locator(".next").click()
        listener.page.wait_for_selector("[data-arrived=false]")
        listener.page.context.set_offline(False)
        listener.page.get_by_text("Send again").click()
        listener.page.wait_for_selector("[data-arrived=true]")
    assert len(json.loads((tmp_path / "ratings/0001.json").read_text())["answers"]) == len(key["sessions"][0])


def test_switching_in_mushra_keeps_the_position(browser, tmp_path):
    sources = gather(make_systems(tmp_path / "wavs", 2, 3.0, ("truth", "good")), "truth")
    key = built_long(sources, tmp_path / "listen")
    with served(tmp_path / "listen") as server:
        page = opened(browser, server.address)
        listener = BrowserListener(page, key, Listeners(key).values)
        listener.begin()
        page.evaluate("go('trials')")
        page.keyboard.press("a")
        page.wait_for_timeout(800)
        page.keyboard.press("b")
        page.wait_for_timeout(300)
        labels = page.locator(".play.playing").get_attribute("aria-label")
        assert labels == "Pause B"
        page.wait_for_selector(".play:not(.playing)[data-sound='1']")
        assert page.evaluate("state.current.heard") == [False] * 5  # each in part only
    assert not listener.errors


def built_long(sources, folder):
    build(sources, Settings("mushra", listeners=1, repeats=0, practice=0), folder)
    return json.loads((folder / "key.json").read_text())
