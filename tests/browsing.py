"""The dashboard in a real browser: how a test visits it, and what may never happen there."""

import shutil
from typing import Any

import pytest

pytest.importorskip("playwright.sync_api")
from playwright.sync_api import Browser, ElementHandle, Locator, Request

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required"),
]
OURS = ("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:")
DRAWN = '[data-testid="stApp"][data-test-script-state="notRunning"]'


class Visit:
    """A page, what it asked the network for, and what went wrong on it."""

    def __init__(self, browser: Browser, **options: Any) -> None:
        self.page = browser.new_context(**options).new_page()
        self.page.set_default_timeout(60_000)
        self.errors: list[str] = []
        self.strangers: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", self._note)

    def _note(self, request: Request) -> None:
        if not request.url.startswith(OURS):
            self.strangers.append(request.url)

    def open(self, address: str) -> None:
        """Go there, and wait until all is drawn."""
        self.page.goto(address)
        self.page.locator(f"{DRAWN} h1").first.wait_for()
        self.goes_well()

    def goes_well(self) -> None:
        """Wait until nothing is being drawn any more: nothing was thrown, and nobody else was asked."""
        self.page.locator(DRAWN).wait_for()
        assert self.page.locator("[data-testid=stException]").count() == 0
        assert self.errors == [] and self.strangers == []

    def ends_well(self) -> None:
        self.goes_well()
        self.page.context.close()

    def hear(self, player: Locator, start: float = 0.0) -> float:
        """Press play, unless it plays already: where it is when it was heard for a moment."""
        player.wait_for()
        if player.evaluate("audio => audio.paused"):
            player.focus()
            self.page.keyboard.press("Space")
        heard = "([audio, from]) => !audio.paused && audio.currentTime > from + 0.3"
        self.page.wait_for_function(heard, arg=[_handle(player), start])
        return player.evaluate("audio => audio.currentTime")


def _handle(place: Locator) -> ElementHandle:
    handle = place.element_handle()
    assert handle is not None
    return handle
