"""A listener made of a real browser: walks through the page, plays every sound, and answers what it is told to."""

import os
import shutil
from collections.abc import Callable

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--autoplay-policy=no-user-gesture-required",
    "--mute-audio",
)


def find_browser() -> str:
    """Path of a Chromium: SVS_BROWSER, else one on PATH. Without one the test is skipped, in CI it fails."""
    found = os.environ.get("SVS_BROWSER") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        missing = f"no browser ({', '.join(NAMES)}); `make -C tools browser` installs one, SVS_BROWSER names one"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(missing)
    return found


class BrowserListener:
    """One listener on one page. answers: (trial) → values; by_hand: clicks and taps instead of keys"""

    def __init__(self, page, key: dict, answers: Callable[[int, dict], list[int]], touch: bool = False):
        self.page, self.key, self.answers, self.touch = page, key, answers, touch
        self.given: dict[int, list[int]] = {}
        self.errors: list[str] = []
        self.requests: list[str] = []
        page.set_default_timeout(8000)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))

    def press(self, selector: str) -> None:
        locator = self.page.locator(selector)
        locator.tap() if self.touch else locator.click()

    def heading(self) -> str:
        return self.page.locator("h1").inner_text()

    def wait_heard(self, sound: int) -> None:
        self.page.wait_for_function(f"state.current.heard[{sound}]")  # looks at every frame; selectors seldom

    def begin(self) -> None:
        self.press(".next")
        self.page.wait_for_selector("text=Set the volume")

    def set_volume(self) -> None:
        """Hears both sounds, miscounts the tones once, and counts them right."""
        for sound in (0, 1):
            self.page.keyboard.press(" ")
            self.wait_heard(sound)
        count = self.page.evaluate("content.tones.count")
        self.page.keyboard.press(str(count - 1))
        self.page.keyboard.press("Enter")
        assert self.heading() == "Set the volume"
        self.page.keyboard.press(str(count))
        self.page.keyboard.press("Enter")

    def practise(self) -> None:
        for trial in self.key["practice"]:
            assert "Practice" in self.page.locator(".step").inner_text()
            self.answer([self._practice_value(i) for i in range(self._number(trial))], by_hand=False)
        assert self.heading() == "Now the test itself"
        self.page.keyboard.press("Enter")

    def _practice_value(self, i: int) -> int:
        return i + 1 if self.key["kind"] == "ranking" else 2

    def _number(self, trial: dict) -> int:
        return len(trial["stimuli"]) if self.key["kind"] in ("ranking", "mushra") else len(self.key["scales"])

    def run_trial(self, session: int, index: int) -> None:
        trial = self.key["sessions"][session - 1][index]
        values = self.given.setdefault(index, self.answers(session, trial))
        assert self.page.locator(".step").inner_text().startswith(f"{index + 1} of")
        self.answer(values, by_hand=index % 2 == 1)

    def answer(self, values: list[int], by_hand: bool) -> None:
        """Hears all, answers, goes on. values: as saved, in the order of scales or stimuli."""
        kind = self.key["kind"]
        if kind in ("ranking", "mushra"):
            self.hear()
            for i, value in enumerate(values):
                self._rank(i, value, by_hand) if kind == "ranking" else self._slide(i, value, by_hand)
            return self.proceed(by_hand)
        for scale in self.page.evaluate("scaleOrder()"):
            self.hear()
            lowest = -3 if kind == "cmos" else 1
            if by_hand or self.touch:
                self.press(f".choices label:has(input[value='{values[scale]}'])")
            else:
                self.page.keyboard.press(str(values[scale] - lowest + 1))
            self.proceed(by_hand)
        return None

    def hear(self) -> None:
        for sound in range(self.page.evaluate("state.current.heard.length")):
            if self.touch:
                self.press(f".play[data-sound='{sound}']")
            else:
                self.page.keyboard.press(" ")  # plays what has not been heard
            self.wait_heard(sound)

    def proceed(self, by_hand: bool) -> None:
        assert self.page.locator(".next").get_attribute("aria-disabled") == "false"
        if by_hand or self.touch:
            self.press(".next")
        else:
            self.page.keyboard.press("Enter")

    def _rank(self, i: int, place: int, by_hand: bool) -> None:
        if by_hand:
            self.press(f".row:nth-child({i + 1}) .places label:nth-child({place})")
            return
        self.page.keyboard.press("abcdefghi"[i])  # plays it, again stops it
        self.page.keyboard.press("abcdefghi"[i])
        self.page.keyboard.press(str(place))

    def _slide(self, i: int, value: int, by_hand: bool) -> None:
        slider = self.page.locator("input[type=range]").nth(i)
        if by_hand:
            self.press(f".play[data-sound='{i}']")
            slider.fill(str(value))
            return
        self.page.keyboard.press("abcdefghi"[i])  # plays it and takes the slider, again stops it
        self.page.keyboard.press("abcdefghi"[i])
        self.page.keyboard.press("Home")
        for _ in range(value // 10):
            self.page.keyboard.press("PageUp")
        for _ in range(value % 10):
            self.page.keyboard.press("ArrowRight")
