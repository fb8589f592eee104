"""What can be said on the pages of moments and calls: by their rep, and what a lead is not offered."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from hand_made import review
from pages import html_of, opened, text_of
from streamlit.testing.v1 import AppTest
from test_home import rep_of

from coach.dashboard import resources, routes, words
from coach.dashboard.rep import lines
from coach.dashboard.rep.voice import Voice
from coach.store import ALONE, Desk, Person, Policy, Store
from coach.store.people import Account, AuditEntry
from coach.store.said import feedback
from coach.store.said.feedback import Spot

GIVEAWAY = Spot(1, 4, "condescension", "giveaway")
KEY = "1-4-condescension-giveaway"
OPEN = Policy("opt-out", first_hours=0, whole_calls=True)
LEAD = Person("lead", account=2, teams=("North",))


@pytest.fixture
def ann(store: Store, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """The rep of the call looks at the pages."""
    with store.writing() as session:
        for number, name in ((1, "Ann"), (2, "Lea")):
            session.add(Account(id=number, login=name, name=name, role="rep", teams=[], made_at=datetime.now(UTC)))
    person = rep_of(store, "Ann")
    monkeypatch.setattr(resources, "person", lambda: person)
    return Desk(store, person)


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


def click(monkeypatch: pytest.MonkeyPatch, **what: Any) -> None:
    """A click in the transcript, as the browser tells of it."""
    monkeypatch.setattr(lines, "clicks", lambda **_: SimpleNamespace(**{"play": None, "say": None} | what))


def in_a_dialog() -> None:
    import streamlit as st

    from coach.dashboard import resources
    from coach.dashboard.rep import feedback
    from coach.dashboard.rep.voice import Voice
    from coach.store.said.feedback import Spot

    voice = Voice(resources.desk, 1)
    if st.session_state.asks == "how":
        feedback.ask_how(voice, 4, "obviously", Spot(1, 4, "condescension", "giveaway"))
    elif st.session_state.asks == "how of a turn":
        feedback.ask_how(voice, 4, "obviously", moments={"condescension": "giveaway"})
    else:
        feedback.ask_note(voice, None, "")


def asked(what: str) -> AppTest:
    app = AppTest.from_function(in_a_dialog, default_timeout=30)
    app.session_state.asks = what
    return app.run()


def test_somebody_who_sees_a_moment_differently_says_why_and_may_rate_it(store: Store) -> None:
    app, alone = asked("how"), Desk(store, ALONE)
    app.button[0].click().run()
    assert "Say in a few words" in app.error[0].value and not feedback.disagreements(alone)
    app.text_area[0].set_value("It was <b>a joke</b>.")
    app.radio[0].set_value("slight")
    app.button[0].click().run()
    [said] = feedback.disagreements(alone)
    assert (said.reason, said.rating, said.kind, said.axis) == ("It was <b>a joke</b>.", 1, "giveaway", "condescension")
    shown = opened("1")
    assert "You see it differently: It was <b>a joke</b>. (rather: slight)" in text_of(shown)
    assert "<b>a joke" not in html_of(shown) and "Change what I said" in labels(shown)
    shown.button(key=f"withdraw-{said.id}").click().run()
    assert "You took this back." in text_of(shown) and "Change what I said" not in labels(shown)


def test_of_a_turn_one_says_what_it_is_about(store: Store) -> None:
    app = asked("how of a turn")
    app.button_group[0].set_value("impatience")
    app.text_area[0].set_value("I was in no hurry.")
    app.button[0].click().run()
    [said] = feedback.disagreements(Desk(store, ALONE))
    assert (said.axis, said.kind, said.rating) == ("impatience", None, None)
    shown = opened("1")
    assert "Impatience: I was in no hurry." in text_of(shown).partition("Transcript")[2]
    assert f'data-say="withdraw" data-of="{said.id}"' in html_of(shown)


def test_what_is_said_of_a_turn_on_the_axis_of_its_moment_is_said_of_the_moment(store: Store) -> None:
    app = asked("how of a turn")
    app.text_area[0].set_value("It was a joke.")
    app.button[0].click().run()
    [said] = feedback.disagreements(Desk(store, ALONE))
    assert (said.axis, said.kind) == ("condescension", "giveaway")


def test_what_a_lead_answered_is_told_on_the_card_and_among_the_notes(store: Store, ann: Desk) -> None:
    said = feedback.disagree(ann, GIVEAWAY, "It was a joke.")
    assert words.NOT_SHARED in text_of(opened("1"))
    feedback.choose(ann, GIVEAWAY, "shared")
    assert "Waiting for an answer." in text_of(opened("1"))
    feedback.answer(Desk(store, LEAD), said, "partly", "The <i>customer</i> may not know.")
    for app in (opened("1"), opened(), opened(place=routes.MINE_PAGE, show="What I see differently")):
        assert f"{words.VERDICT['partly']}The <i>customer</i> may not know." in text_of(app)
        assert "<i>customer" not in html_of(app)


@pytest.mark.parametrize(
    ("policy", "first", "then"),
    [
        (Policy(), "Only you see this.", "Your lead can see this."),
        (OPEN, "Your lead can see this.", "Only you see this."),
        (Policy("opt-out", 48), "Your lead sees this from", "Only you see this."),
    ],
)
def test_the_rep_decides_on_a_moment_and_reads_what_comes_of_it(
    store: Store, ann: Desk, policy: Policy, first: str, then: str
) -> None:
    store.set_policy(policy)
    app = opened("1")
    control = app.button_group(key=f"sees-{KEY}")
    told = first in text_of(app)
    control.set_value("lead" if first.startswith("Only") else "rep").run()
    assert not app.exception and told and then in text_of(app)
    seen = Desk(store, LEAD).moment(1, 4, "condescension", "giveaway")
    assert (seen is not None) == (then == "Your lead can see this.")
    app.button_group(key=f"sees-{KEY}").set_value("rep" if first.startswith("Only") else "lead").run()
    assert feedback.choices(ann, 1).get((4, "condescension", "giveaway")) == ("private" if policy == Policy() else None)


def test_the_rep_decides_on_a_whole_call(store: Store, ann: Desk) -> None:
    store.set_policy(OPEN)
    app = opened("1")
    assert "Your lead can see the whole call" in text_of(app)
    app.selectbox(key="call-sees-1").set_value("private").run()
    assert "only moments that you share one by one" in text_of(app)
    assert Desk(store, LEAD).call(1) is None and ann.call(1).choice == "private"


def test_a_lead_is_offered_notes_alone_and_who_is_alone_nobody_to_share_with(
    store: Store, ann: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.set_policy(OPEN)
    assert "Add a note" in labels(opened("1")) and 'data-say="differ"' in html_of(opened("1"))
    monkeypatch.setattr(resources, "person", lambda: ALONE)
    app = opened("1")
    assert "I see it differently" in labels(app) and not app.button_group and not app.selectbox
    monkeypatch.setattr(resources, "person", lambda: LEAD)
    app = opened("1")
    assert "Add a note" in labels(app) and "I see it differently" not in labels(app)
    assert 'data-say="differ"' not in html_of(app) and not app.button_group and not app.selectbox


def test_notes_are_shown_where_they_belong_and_among_one_s_own(store: Store) -> None:
    app, alone = asked("note"), Desk(store, ALONE)
    app.text_area[0].set_value("A <b>long</b> day.")
    app.button[0].click().run()
    feedback.write_note(alone, 1, 4, "on the giveaway")
    feedback.write_note(alone, 1, 1, "on what the customer says")
    shown, mine = opened("1"), opened(place=routes.MINE_PAGE)
    for text in ("A <b>long</b> day.", "on the giveaway", "on what the customer says"):
        assert text_of(shown).count(text) == text_of(mine).count(text) == 1
    assert "<b>long" not in html_of(shown) + html_of(mine)
    assert len([link for link in mine.get("page_link") if "id=1" in link.proto.query_string]) == 3
    mine.button(key=f"remove-{feedback.notes(alone)[-1].id}").click().run()
    assert feedback.count_notes(alone) == 2 and "long" not in text_of(mine)


def test_who_has_noted_nothing_is_told_how(store: Store) -> None:
    assert "You have no notes yet" in text_of(opened(place=routes.MINE_PAGE))
    assert "seen nothing differently" in text_of(opened(place=routes.MINE_PAGE, show="What I see differently"))


def test_every_line_plays_the_call_and_the_sound_comes_when_it_is_wanted(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened("1")
    starts = [f'data-at="{turn.start:.2f}"' for turn in review().call.turns]
    assert all(start in html_of(app) for start in starts)
    assert len(app.get("audio")) == 2 and "Listen to the whole call" in labels(app)
    click(monkeypatch, play=review().call.turns[2].start)
    app = opened("1")
    assert len(app.get("audio")) == 3 and "Listen to the whole call" not in labels(app)
    player = app.get("audio")[-1].proto
    assert player.autoplay and player.start_time == int(review().call.turns[2].start)


def test_a_page_that_is_still_open_takes_no_more_than_may_be_said_by_now(store: Store, ann: Desk) -> None:
    store.set_policy(OPEN)
    voice = Voice(lambda: Desk(store, LEAD), 1)
    assert voice.opens
    feedback.choose_call(ann, 1, "private")
    with pytest.raises(feedback.NotHere):
        voice.write_note(None, "hm")


def test_the_whole_call_can_be_played_from_its_start(store: Store) -> None:
    app = opened("1")
    app.button(key="listen").click().run()
    assert not app.exception and app.get("audio")[-1].proto.start_time == 0 and len(app.get("audio")) == 3


@pytest.mark.parametrize("click_of", [{"what": "differ", "of": 4}, {"what": "note", "of": 1}])
def test_a_click_at_a_line_asks_what_is_to_be_said_of_it(
    store: Store, monkeypatch: pytest.MonkeyPatch, click_of: dict[str, Any]
) -> None:
    click(monkeypatch, say=click_of)
    assert len(opened("1").text_area) == 1


@pytest.mark.parametrize("junk", ["x", 4, {"what": "differ", "of": 99}, {"what": "drop", "of": 1}, {"of": "<b>"}, {}])
def test_what_a_browser_makes_up_is_passed_over(store: Store, monkeypatch: pytest.MonkeyPatch, junk: Any) -> None:
    click(monkeypatch, say=junk, play="now" if junk == "x" else -1)
    app = opened("1")
    assert not app.text_area and len(app.get("audio")) == 2


def test_a_note_of_somebody_else_cannot_be_removed_by_a_made_up_click(
    store: Store, ann: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.set_policy(OPEN)
    note = feedback.write_note(Desk(store, LEAD), 1, 4, "praise her")
    click(monkeypatch, say={"what": "remove", "of": note})
    assert "not here" in opened("1").error[0].value
    assert feedback.count_notes(Desk(store, LEAD)) == 1


def test_the_audit_trail_tells_once_in_a_visit_what_was_opened_and_played(store: Store, ann: Desk) -> None:
    opened("1").run()
    with store.reading() as session:
        found = [(entry.action, entry.call_id, entry.account_id) for entry in session.query(AuditEntry)]
    assert sorted(found) == [("opened", 1, ann.person.account), ("played", 1, ann.person.account)]
