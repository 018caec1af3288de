"""The page as a reader has it: in a real browser, from a folder, without a network."""

import os
import shutil
from importlib.util import find_spec
from urllib.parse import quote

import pytest
from fake_page import SYSTEMS, fake_set

from svstoolkit.evaluation import report as reporting
from svstoolkit.evaluation.report import write_report

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--mute-audio")


@pytest.fixture(scope="module")
def browser():
    found = os.environ.get("SVS_BROWSER") or next(filter(None, map(shutil.which, BROWSERS)), None)
    missing = [what for what, there in (("a browser", found), ("playwright", find_spec("playwright"))) if not there]
    if missing:
        reason = (
            f"needs {' and '.join(missing)}: pip install playwright, and SVS_BROWSER or one of {', '.join(BROWSERS)}"
        )
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    from playwright import sync_api as playwright

    with playwright.sync_playwright() as p:
        launched = p.chromium.launch(executable_path=found, args=[*FLAGS, "--autoplay-policy=no-user-gesture-required"])
        yield launched
        launched.close()


@pytest.fixture(scope="module", autouse=True)
def _no_figures():
    """They take seconds, and a reader does nothing with them; test_plots.py draws them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reporting, "draw_figures", lambda *_: [])
        yield


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    output = tmp_path_factory.mktemp("a page")
    write_report(output, [fake_set(output)], [], [])
    return output


@pytest.fixture
def opened(browser):
    """Opens a report's page; at the end, nothing may have been fetched from elsewhere or complained about."""
    complaints = []
    context = browser.new_context(viewport={"width": 1200, "height": 900})

    def _open(output):
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("requestfailed", lambda r: complaints.append(r.url) if "ERR_ABORTED" not in (r.failure or "") else None)
        page.on("request", lambda r: None if r.url.startswith(("file:", "data:")) else complaints.append(r.url))
        page.goto(f"file://{quote(str(output / 'index.html'))}")
        return page

    yield _open
    context.close()
    assert complaints == []


@pytest.fixture
def page(opened, report):
    return opened(report)


def row(page, system, phrase=0):
    name = system.replace("_", " ")
    return page.locator(f'.phrase[data-phrase="{phrase}"] .track[data-track]:not([hidden])').filter(
        has=page.get_by_role("button", name=f"play {name}", exact=True)
    )


def state(page):
    return page.evaluate(
        "current && {system: trackOf(current.row).system, mode: trackOf(current.row).mode,"
        " at: position(), on: playing(), phrase: Number(current.article.dataset.phrase), sounds: sounds.size}"
    )


def wait(page, condition):
    page.wait_for_function(condition)


def test_switching_systems_keeps_the_position(page):
    row(page, "singer_4").locator(".play").click()
    wait(page, "position() > 0.3")
    before = state(page)
    row(page, "rival").locator(".play").click()
    after = state(page)
    assert (before["system"], after["system"]) == ("singer_4", "rival")
    assert after["on"]
    assert before["at"] <= after["at"] < before["at"] + 0.5
    at = after["at"]
    wait(page, f"position() > {at + 0.1}")  # it goes on from there
    assert page.evaluate("[...sounds.values()].filter((audio) => !audio.paused).length") == 1
    assert page.locator(".current .name").inner_text().startswith("rival")
    row(page, "rival").locator(".play").click()
    assert not state(page)["on"]
    page.get_by_role("button", name="With the recording’s timing").click()
    assert state(page)["mode"] == "reference_durations"
    assert state(page)["system"] == "rival"


def test_the_end_is_the_start_again(page):
    row(page, "singer_4").locator(".play").click()
    wait(page, "current && !playing() && position() === 0")
    assert page.locator(".playing").count() == 0


def test_clicking_a_picture_plays_from_there(page):
    strip = row(page, "singer_24").locator(".strip")
    box = strip.bounding_box()
    strip.click(position={"x": box["width"] / 2, "y": 20})
    timeline = page.evaluate("data.phrases[0].timeline")
    wait(page, f"position() >= {timeline / 2 - 0.02} && playing()")


def test_keyboard(page):
    page.keyboard.press("ArrowDown")  # without a phrase, the page scrolls as ever
    assert state(page) is None
    page.keyboard.press("j")
    assert (state(page)["system"], state(page)["phrase"], state(page)["on"]) == ("singer_4", 0, False)
    for key, expected in (("ArrowDown", "singer_24"), ("3", "singer_24"), ("1", "ground_truth"), ("ArrowUp", "floor")):
        page.keyboard.press(key)
        assert state(page)["system"] == expected
    page.keyboard.press("2")
    for key, expected in (("ArrowRight", 0.5), ("ArrowRight", 1.0), ("ArrowLeft", 0.5)):
        page.keyboard.press(key)
        assert state(page)["at"] == pytest.approx(expected)
    page.keyboard.press("ArrowDown")
    assert state(page)["at"] == pytest.approx(0.5)
    page.keyboard.press(" ")
    wait(page, "playing() && position() > 0.55")
    page.keyboard.press(" ")
    assert not state(page)["on"]
    page.keyboard.press("j")
    assert (state(page)["phrase"], state(page)["system"], state(page)["at"]) == (1, "singer_24", 0)
    assert state(page)["sounds"] == 2 + len(SYSTEMS)  # those of the phrase before were given back
    page.keyboard.press("Escape")
    assert state(page) is None


def test_difference_pictures_can_be_shown(page):
    mel, difference = (row(page, "rival").locator(f".pane.{kind}") for kind in ("mel", "difference"))
    seen = []
    for _ in range(3):
        seen.append((mel.is_visible(), difference.is_visible()))
        page.keyboard.press("d")
    assert seen == [(True, False), (False, True), (True, True)]
    page.get_by_role("button", name="difference").click()
    assert (mel.is_visible(), difference.is_visible()) == (False, True)
    assert row(page, "ground_truth").locator(".pane.mel").is_visible()  # has no difference to show
    row(page, "rival").scroll_into_view_if_needed()
    wait(page, "[...document.querySelectorAll('[data-phrase=\"0\"] .difference img')].some((i) => i.naturalWidth > 50)")


def test_lanes_are_drawn_and_can_be_chosen(page):
    row(page, "rival").scroll_into_view_if_needed()
    lane = row(page, "rival").locator(".curves")
    assert lane.locator(".voice").get_attribute("d").startswith("M")
    assert lane.locator(".notes").get_attribute("d").count("M") == 4
    assert [lane.locator(f".{c}").is_visible() for c in ("voice", "notes")] == [True, False]
    page.get_by_label("notes").check()
    page.get_by_label("F0", exact=True).uncheck()
    assert [lane.locator(f".{c}").is_visible() for c in ("voice", "notes")] == [False, True]


def test_tables_sort(page):
    table = page.locator("table.overview").first
    names = lambda: table.locator("tbody.systems th").all_inner_texts()  # noqa: E731
    assert names() == [s.replace("_", " ") for s in SYSTEMS]
    heading = table.get_by_role("button", name="MCD")
    heading.click()
    assert names() == ["singer 24", "rival", "singer 4"]
    assert table.locator("th[aria-sort=ascending]").count() == 1
    heading.press("Enter")
    assert names() == ["singer 4", "rival", "singer 24"]
    first = table.locator("tbody").first.locator("th")
    assert first.inner_text() == "ground truth"  # stays above what is sorted


def test_groups_of_metrics_and_pairs_on_demand(page):
    table = page.locator("table.overview").first
    heads = lambda: [h.split()[0] for h in table.locator("thead th:visible").all_inner_texts()]  # noqa: E731
    assert "log-F0" not in heads()
    page.get_by_role("group", name="Metrics").get_by_role("button", name="Pitch").click()
    assert heads() == ["System", "F0", "log-F0", "V/UV"]
    page.get_by_role("group", name="Metrics").get_by_role("button", name="All").click()
    assert "MCD" in heads()
    page.get_by_text("Pairs of systems", exact=True).click()
    page.locator(".matrix tbody").wait_for()
    assert page.locator(".matrix tbody tr").count() == len(SYSTEMS)
    assert page.locator("#few").is_visible()  # three utterances decide nothing
    page.locator("#comparisons").get_by_label("Metric").select_option("stoi")
    assert "n=3" in page.locator(".matrix").inner_text()


def test_breakdown_by_phone_and_pitch(page):
    wait(page, "document.querySelector('.heat tbody')")
    heat = page.locator("#breakdown")
    assert heat.locator("tbody th").all_inner_texts()
    heat.get_by_role("button", name="Pitches").click()
    assert heat.locator(".chart .line").count() == len(SYSTEMS)
    heat.get_by_role("button", name="floor", exact=True).first.click()
    assert heat.locator(".chart .line").count() == len(SYSTEMS) + 1
    heat.locator("select.error").select_option(label="V/UV, %")
    assert heat.locator(".chart svg").get_attribute("aria-label") == "V/UV, % by pitch"


def test_rhythm_has_a_strip_per_class_and_timing(page):
    wait(page, "document.querySelector('#rhythm .strip-of')")
    rhythm = page.locator("#rhythm")
    strips = lambda: rhythm.locator(".strip-of title").all_text_contents()  # noqa: E731
    together = "singer 4, singer 24"  # they sang with the same durations
    assert sum(strip.startswith(f"{together}, ") for strip in strips()) == 7  # five classes, beats and all
    beats = next(s for s in strips() if s.startswith(f"{together}, vowels on their beats"))
    assert "median +5 ms, half within 15 ms, 90 % within 20 ms, n = 6" in beats
    assert sum(strip.startswith("ground truth") for strip in strips()) == 1  # its beats only
    assert rhythm.locator(".band").count() == 1
    rhythm.get_by_role("button", name=together).click()
    assert not [strip for strip in strips() if strip.startswith(together)]
    rhythm.get_by_text("In numbers").click()
    plosives = rhythm.locator("tbody tr").filter(has_text="plosive").filter(has_text=together)
    assert plosives.locator("td").all_inner_texts()[1:5] == ["9", "50.0", "50.0", "60.0"]


def test_contours_of_transitions_and_vibrato(page):
    wait(page, "document.querySelector('#contours .line')")
    contours = page.locator("#contours")
    assert contours.locator("[data-direction=up] .line").count() == 1 + len(SYSTEMS)
    assert contours.locator("[data-vibrato] .dots").count() == len(SYSTEMS)  # recording and all but the rival
    climbs = """(d) => { const ys = document.querySelector(`[data-direction=${d}] .reference path`).getAttribute("d")
        .match(/[\\d.]+ [\\d.]+/g).map((point) => Number(point.split(" ")[1])); return ys[0] - ys.at(-1); }"""
    assert page.evaluate(climbs, "up") > 50  # px: the curve ends above where it began
    assert page.evaluate(climbs, "down") < -50
    contours.get_by_role("button", name="rival").click()
    assert contours.locator("[data-direction=up] .line").count() == len(SYSTEMS)
    row = contours.locator(".transitions tbody tr").first.locator("th, td").all_inner_texts()
    assert row[:6] == ["ground truth", "up", "3", "6", "-50", "80"]
    contours.get_by_label("Set").select_option("test/reference_durations")
    assert contours.locator(".vibrato tbody tr").count() == 1 + len(SYSTEMS)


def test_both_segmentations_lie_under_the_score(page):
    score = page.locator('.phrase[data-phrase="0"] .score')
    score.scroll_into_view_if_needed()
    wait(page, "document.querySelector('.phrase .recorded span')")
    n_phones = page.evaluate("data.phrases[0].phones.length")
    assert score.locator(".recorded span").count() == n_phones


def test_an_utterance_leads_to_its_phrase(page):
    wait(page, "document.querySelector('#per-utterance tbody')")
    page.get_by_role("link", name="phrase_2").click()
    wait(page, "document.getElementById('test/phrase_2').getBoundingClientRect().top < innerHeight / 2")


def test_a_narrow_window_is_not_wider_than_itself(page):
    page.set_viewport_size({"width": 360, "height": 700})
    for drawn in (".heat tbody", "#rhythm .strip-of", "#contours .line"):
        wait(page, f"document.querySelector('{drawn}')")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_recordings_without_scores_labels_and_times(opened, tmp_path):
    write_report(tmp_path, [fake_set(tmp_path, 1, modes=("score",), scored=False)], [], [])
    page = opened(tmp_path)
    for absent in ("#speed", "#breakdown", "#rhythm", "#contours", ".modes", ".roll rect"):
        assert page.locator(absent).count() == 0
    assert "With their own timing" in page.locator("#overview").inner_text()
    row(page, "singer_4").locator(".play").click()
    wait(page, "position() > 0.1")
    assert page.locator(".roll .voice").get_attribute("d").startswith("M")
