"""A house for the stories: Anna of the team North has a recorded call, Ben of the team South another; Lee leads North,
Ola looks after the nights, Pat is the admin. What they do in it, step by step, as often as a story needs it."""

import re
from dataclasses import replace
from pathlib import Path

from browsing import Visit
from hand_made import rating, review
from playwright.sync_api import Browser, Locator
from served import Visitor

from coach import transcripts
from coach.calls import Call, Moment, Review
from coach.store import ALONE, Desk, Store
from coach.store.accounts.accounts import add

SAMPLES = Path(__file__).parents[1] / "samples"
NAME = "2026-11-19_1618_colin"
PASSWORD = "correct horse battery"
PEOPLE = {
    "anna": ("rep", {"rep": "Anna"}),
    "ben": ("rep", {"rep": "Ben"}),
    "lee": ("lead", {"teams": ["North"]}),
    "ola": ("operations", {}),
    "pat": ("admin", {}),
}
SCORES = {
    4: ({"condescension": 2.1}, (("states_the_obvious", "So he was there."),)),
    8: ({"empathy": 2.8}, (("acknowledges_feeling", "you've got a baby in a snowsuit. I'm sorry."),)),
    16: ({"empathy": 2.6}, (("takes_ownership", "And I'll call you at six, to hear whether it's warm."),)),
}
GIVEAWAY, STRENGTH, OTHER = (SCORES[turn][1][0][1] for turn in SCORES)


def house(folder: Path) -> Store:
    store = Store(f"sqlite:///{folder}/coach.db")
    store.save(annas(), digest="of Anna", team="North", title="Heating repairs")
    store.save(review(), digest="of Ben", rep="Ben", team="South", title="Bens call")
    for login, (role, more) in PEOPLE.items():
        add(Desk(store, ALONE), login, role, name=login.capitalize(), password=PASSWORD, **more)
    return store


def annas() -> Review:
    """A sample recording with what was said in it, reviewed by hand: a giveaway, then two strengths."""
    call = next(transcripts.read(SAMPLES / "transcripts" / f"{NAME}.json"))
    assert isinstance(call, Call)
    recording = str(SAMPLES / "calls" / f"{NAME}.mp3")
    call = replace(call, rep="Anna", recording=recording, duration=100.8, channels=2, rep_channel=1, rep_confidence=1.0)
    ratings = [
        rating(turn.text, *SCORES.get(at, ({}, ()))) if turn.speaker == "rep" else None
        for at, turn in enumerate(call.turns)
    ]
    return Review(call, tuple(ratings), tuple(_moment(call, turn) for turn in SCORES))


def _moment(call: Call, at: int) -> Moment:
    turn, (scores, ((name, words),)) = call.turns[at], SCORES[at]
    (axis,), kind = scores, "giveaway" if "condescension" in scores else "strength"
    why, tip = f"They heard “{words}”", "Say it once more, as you would to a neighbour."
    return Moment(at, axis, (name,), kind, turn.start, turn.end, turn.text, why, tip)


def comes_in(browser: Browser, host: str, login: str, **options) -> Visit:
    """Somebody who has signed in."""
    visitor = Visitor(host)
    assert visitor.sign_in(login, PASSWORD).status == 303
    visit = Visit(browser, **options)
    cookies = [{"name": name, "value": value, "url": f"http://{host}"} for name, value in visitor.cookies.items()]
    visit.page.context.add_cookies(cookies)
    return visit


def to(visit: Visit, title: str) -> None:
    """By the navigation to the page of that name."""
    page = visit.page
    entry = page.locator("header").get_by_text(title, exact=True)
    for menu in page.get_by_test_id("stTopNavSection").all():
        if entry.count() == 0 or not entry.first.is_visible():
            menu.click()
            entry = page.get_by_test_id("stTopNavPopover").get_by_text(title, exact=True)
    entry.first.click()
    page.locator("h1", has_text=title).wait_for()
    visit.goes_well()


def card(visit: Visit, words: str) -> Locator:
    """The card of the moment with these words."""
    found = visit.page.locator("[class*=st-key-moment-]", has_text=words)
    found.first.wait_for()
    return found


def choose(visit: Visit, place: Locator, option: str) -> None:
    """Choose one of several, be they buttons side by side or lines with a dot before them."""
    radio = place.get_by_role("radio", name=re.compile(f"^{re.escape(option)}"))
    radio.locator("xpath=ancestor-or-self::*[self::label or self::button][1]").click()  # the dot itself is hidden
    visit.goes_well()
