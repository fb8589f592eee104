"""What a rep, her lead, an operator and an admin do with the dashboard, in a real browser, with real sound."""

import os
import re
from collections.abc import Iterator

import pytest
from browsing import Visit
from playwright.sync_api import Browser
from served import Visitor, free_port, serving
from story import GIVEAWAY, OTHER, PASSWORD, STRENGTH, annas, card, choose, comes_in, house, to

from coach.store import Store

REASON = "I only wanted to say why we thought that he had been there."
ANSWER = "It was meant well. To somebody who waited since eight it says that they lie."
AGREED = "First ask what they saw, then say what the system says."


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return house(tmp_path_factory.mktemp("house"))


@pytest.fixture(scope="module")
def host(store: Store) -> Iterator[str]:
    with serving(store.url, port=free_port()) as host:
        yield host


def test_a_rep_and_her_lead_learn_from_a_call(browser: Browser, host: str) -> None:
    anna = Visit(browser, viewport={"width": 1280, "height": 900})
    signs_in_by_keyboard(anna, host)
    listens_to_three_moments(anna)
    plays_a_line_of_the_call(anna)
    says_how_she_sees_it_and_shares(anna)
    reads_her_own_pages(anna)
    finds_no_other_call(anna, host)
    signs_out(anna)

    lee = comes_in(browser, host, "lee", viewport={"width": 1280, "height": 900})
    lee.open(f"http://{host}/")
    hears_what_is_shared(lee)
    rates_before_seeing_what_others_say(lee)
    answers(lee)
    prepares_and_runs_a_session(lee)
    closes_it(lee)
    lee.ends_well()

    anna = comes_in(browser, host, "anna", viewport={"width": 390, "height": 844})
    reads_what_came_of_it(anna, host)
    anna.ends_well()


def signs_in_by_keyboard(anna: Visit, host: str) -> None:
    page = anna.page
    page.goto(f"http://{host}/")
    page.wait_for_url("**/sign-in**")
    page.locator("input:focus").wait_for()  # where one writes first
    page.keyboard.type("anna")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Three moments to listen to").wait_for()


def listens_to_three_moments(anna: Visit) -> None:
    for words in (STRENGTH, OTHER, GIVEAWAY):
        card(anna, words)
    anna.page.locator("audio").nth(2).wait_for()
    quotes = anna.page.locator("blockquote").all_inner_texts()
    assert STRENGTH in quotes[0] and GIVEAWAY in quotes[-1]  # strengths come first
    anna.hear(card(anna, STRENGTH).locator("audio"))
    anna.goes_well()


def plays_a_line_of_the_call(anna: Visit) -> None:
    page, turn = anna.page, annas().call.turns[14]
    card(anna, GIVEAWAY).get_by_role("link", name="Hear it in the call").click()
    page.locator(".turn.here", has_text=GIVEAWAY).wait_for()
    page.locator(".turn", has_text=turn.text).get_by_role("button", name=re.compile("^Play from")).click()
    at = anna.hear(page.locator(".st-key-player audio"), turn.start)
    assert turn.start < at < turn.end
    page.locator(".turn.playing", has_text=turn.text).wait_for()
    page.locator(".st-key-player audio").evaluate("audio => audio.pause()")
    anna.goes_well()


def says_how_she_sees_it_and_shares(anna: Visit) -> None:
    page, moment = anna.page, card(anna, GIVEAWAY)
    moment.get_by_role("button", name="I see it differently").click()
    page.get_by_label("How do you see it?").fill(REASON)
    page.get_by_role("button", name="Send").click()
    moment.get_by_text("Your lead can answer once you let them see this moment").wait_for()
    for shared in (GIVEAWAY, STRENGTH):
        choose(anna, card(anna, shared), "My lead too")
        card(anna, shared).get_by_text("Your lead can see this.").wait_for()
    card(anna, OTHER).get_by_text("Only you see this.").wait_for()
    card(anna, OTHER).get_by_role("button", name="Add a note").click()
    page.get_by_role("textbox", name="Your note").fill("Say when I call back, always.")
    page.get_by_role("button", name="Keep it", exact=True).click()
    card(anna, OTHER).get_by_text("Say when I call back, always.").wait_for()
    anna.goes_well()


def reads_her_own_pages(anna: Visit) -> None:
    to(anna, "My progress")
    assert "Too few calls to tell" in anna.page.locator("body").inner_text()
    to(anna, "My week")
    to(anna, "Who sees what")
    assert "Sees no moment of yours until you share it." in anna.page.locator("body").inner_text()
    to(anna, "My notes")
    anna.page.get_by_text("Say when I call back, always.").wait_for()


def finds_no_other_call(anna: Visit, host: str) -> None:
    anna.page.goto(f"http://{host}/call?id=2")
    anna.page.get_by_text("This call is not here.").wait_for()
    assert "Bens" not in anna.page.content()
    anna.page.goto(f"http://{host}/session?id=1")
    anna.page.get_by_text("This session is not here.").wait_for()
    anna.goes_well()


def signs_out(anna: Visit) -> None:
    anna.page.get_by_role("button", name="Sign out").click()
    anna.page.wait_for_url("**/sign-in")
    anna.page.go_back()
    anna.page.wait_for_url("**/sign-in**")
    assert anna.errors == [] and anna.strangers == []
    anna.page.context.close()


def hears_what_is_shared(lee: Visit) -> None:
    to(lee, "Team")
    lee.hear(card(lee, STRENGTH).locator("audio"))
    card(lee, GIVEAWAY)
    assert OTHER not in lee.page.content() and "Say when I call back" not in lee.page.content()


def rates_before_seeing_what_others_say(lee: Visit) -> None:
    to(lee, "Listen and rate")
    page = lee.page
    lee.hear(page.locator("audio"))
    assert "As marked" not in page.content()
    for question, level in (("care", "clear"), ("condescending", "none"), ("impatient", "slight")):
        page.get_by_role("radiogroup", name=re.compile(question)).get_by_text(level, exact=True).click()
    page.get_by_role("button", name="Keep my ratings").click()
    page.get_by_role("heading", name="What others hear").wait_for()
    assert page.locator(".beside-each tbody tr").count() == 3
    lee.goes_well()


def answers(lee: Visit) -> None:
    to(lee, "Answers")
    page = lee.page
    assert REASON in page.locator("body").inner_text()
    choose(lee, page.locator("body"), "I see it like you in part")
    page.get_by_label("A sentence to Anna").fill(ANSWER)
    page.get_by_role("button", name="Answer", exact=True).click()
    page.get_by_text("All is answered.").wait_for()
    lee.goes_well()


def prepares_and_runs_a_session(lee: Visit) -> None:
    to(lee, "Coaching")
    page = lee.page
    page.get_by_role("button", name="Prepare it").click()
    page.get_by_role("heading", name="Session with Anna").wait_for()
    card(lee, GIVEAWAY)
    assert card(lee, STRENGTH).count() == 1 and OTHER not in page.content()
    choose(lee, page.locator(".st-key-session-head"), "Run")
    page.get_by_role("button", name="Begin the session").click()
    page.get_by_text("Moment 1 of 2").wait_for()
    lee.hear(page.locator(".st-key-stage audio"))
    page.keyboard.press("PageDown")
    page.get_by_text("Moment 2 of 2").wait_for()
    for who, level in (("Lee", "clear"), ("Anna", "slight")):
        rating = page.get_by_role("radiogroup", name=who)
        rating.get_by_text(level, exact=True).click()
        lee.goes_well()
    page.get_by_text("You hear nearly the same.").wait_for()


def closes_it(lee: Visit) -> None:
    page = lee.page
    choose(lee, page.locator(".st-key-session-head"), "Close")
    page.get_by_label("One thing to look at").click()
    page.get_by_role("option").first.click()
    page.get_by_label("What you agreed on").fill(AGREED)
    page.get_by_role("button", name="Close the session").click()
    page.get_by_text(re.compile("^Closed on")).wait_for()
    assert AGREED in page.locator("body").inner_text() and "Until" in page.locator("body").inner_text()
    lee.goes_well()


def reads_what_came_of_it(anna: Visit, host: str) -> None:
    """On the phone."""
    anna.open(f"http://{host}/call?id=1")
    answered = card(anna, GIVEAWAY)
    answered.get_by_text("Your lead agrees in part.").wait_for()
    assert ANSWER in answered.inner_text()
    anna.open(f"http://{host}/agreed")
    assert AGREED in anna.page.locator("body").inner_text()
    assert anna.page.evaluate("document.documentElement.scrollWidth") <= 390


def test_an_operator_looks_after_the_night_and_reads_nothing_of_the_calls(
    browser: Browser, store: Store, host: str
) -> None:
    a_night_with_a_failure(store)
    looks_at_her_call(host)
    ola = comes_in(browser, host, "ola", viewport={"width": 1280, "height": 900})
    ola.open(f"http://{host}/")
    seen = [tries_again(ola), reads_the_trail(ola)]
    ola.open(f"http://{host}/upkeep")
    seen.append(ola.page.content())
    ola.page.goto(f"http://{host}/call?id=1")
    ola.page.get_by_text("This call is not here.").wait_for()
    said = [turn.text for turn in annas().call.turns]
    assert not [text for text in (*said, "Heating repairs") for page in seen if text in page]
    ola.ends_well()


def a_night_with_a_failure(store: Store) -> None:
    path = store.folder / "empty.wav"
    path.touch()
    os.utime(path, (0, 0))
    run = store.begin("/srv/recordings", {"tone": "best"})
    run.claim("empty", str(path))
    run.fail(str(path), "cannot be used", "the file is empty", "empty")
    run.end({"scored": 8, "failed": 1, "failures": {"cannot be used": 1}})


def looks_at_her_call(host: str) -> None:
    """Anna, without a browser."""
    anna = Visitor(host)
    anna.sign_in("anna", PASSWORD)
    with anna.page("call", "id=1") as page:
        assert "baby in a snowsuit" in page.click()


def tries_again(ola: Visit) -> str:
    page = ola.page
    page.get_by_role("heading", name="Failed, and not scored since").wait_for()
    failure = page.locator("[class*=st-key-failure-]", has_text="empty.wav")
    assert "the file is empty" in failure.inner_text()
    failure.get_by_role("button", name="Try again").click()
    failure.get_by_text("To be tried again.").wait_for()
    ola.goes_well()
    return page.content()


def reads_the_trail(ola: Visit) -> str:
    to(ola, "Audit trail")
    lines = ola.page.locator("ul.trail li").all_inner_texts()
    for did in ("Anna opened call 1", "Anna played call 1", "Ola asked to try again"):
        assert [line for line in lines if did in line], did
    return ola.page.content()


def test_an_admin_lets_somebody_in_and_changes_what_leads_see(browser: Browser, host: str) -> None:
    pat = comes_in(browser, host, "pat", viewport={"width": 1280, "height": 900})
    pat.open(f"http://{host}/")
    password = lets_kim_in(pat)
    assert Visitor(host).sign_in("kim", password).status == 303
    lets_leads_see_more(pat)
    pat.ends_well()
    ben = comes_in(browser, host, "ben", viewport={"width": 1280, "height": 900})
    ben.open(f"http://{host}/sees")
    said = ben.page.locator("body").inner_text()
    assert "Sees the moments of your calls 2 days after they were scored, not before" in said
    assert "When these rules changed" in said and "Leads see what reps do not keep private." in said
    ben.ends_well()


def lets_kim_in(pat: Visit) -> str:
    to(pat, "People")
    page = pat.page
    page.get_by_role("button", name="Let somebody in").click()
    dialog = page.get_by_role("dialog")
    for label, text in (("Login", "kim"), ("Name", "Kim K."), ("Whose calls are theirs", "Kim")):
        dialog.get_by_label(label, exact=True).fill(text)
    dialog.get_by_role("button", name="Let them in").click()
    password = dialog.locator("code").inner_text().strip()
    page.keyboard.press("Escape")
    page.locator("[class*=st-key-account-]", has_text="Kim K.").wait_for()
    assert password not in page.content()
    pat.goes_well()
    return password


def lets_leads_see_more(pat: Visit) -> None:
    to(pat, "Policy")
    page = pat.page
    choose(pat, page.get_by_role("radiogroup", name="What a lead sees"), "All that the rep does not keep private")
    page.get_by_role("button", name="Change the rules").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("This holds for earlier calls as well").wait_for()
    dialog.get_by_role("button", name="Yes, change it").click()
    page.get_by_text("Changed, for everybody.").wait_for()
    pat.goes_well()
