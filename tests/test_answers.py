"""What reps see differently, on their lead's page: the oldest first, and nothing that the lead may not see."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hand_made import store_with_a_call
from pages import html_of, text_of
from streamlit.testing.v1 import AppTest

from coach.dashboard import resources, routes
from coach.store import ALONE, Desk, Person, Store
from coach.store.said import feedback as fb
from coach.store.said.feedback import Disagreement, Spot

ROOT = Path(__file__).parents[1]
GIVEAWAY, STRENGTH = Spot(1, 4, "condescension", "giveaway"), Spot(1, 2, "empathy", "strength")
TURN = Spot(1, 0, "impatience")
LEAD = Person("lead", teams=("North",))


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """The call of Ann in the team North."""
    monkeypatch.setenv("TONE_COACH_DB", f"sqlite:///{tmp_path}/coach.db")
    store = store_with_a_call(tmp_path)[0]
    yield store
    store.close()


def ann(store: Store) -> Desk:
    return Desk(store, Person("rep", rep=1))


def opened() -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=30).run()
    app.switch_page(routes.PATHS["answers"]).run()
    assert not app.exception
    return app


def waiting(store: Store) -> list[Disagreement]:
    return fb.disagreements(Desk(store, ALONE), unanswered=True)


def test_a_disagreement_is_answered_and_read_by_the_rep(store: Store) -> None:
    said = fb.disagree(Desk(store, ALONE), GIVEAWAY, "It was <b>a joke</b>.", 1)
    app = opened()
    assert "It was &lt;b&gt;a joke&lt;/b&gt;." in html_of(app) and "They would call it: slight" in text_of(app)
    assert "states the obvious" in text_of(app)  # the moment itself, on its card
    app.radio[0].set_value("partly")
    app.button(key=f"FormSubmitter:answer-{said}-Answer").click().run()
    assert "Say in a sentence" in app.error[0].value and waiting(store)
    app.text_area[0].input("I hear the joke, and the customer may not.")
    app.button(key=f"FormSubmitter:answer-{said}-Answer").click().run()
    assert not app.exception and not waiting(store)
    assert "Nothing waits for you" in text_of(app) and "I hear the joke" in text_of(app)
    [found] = fb.disagreements(Desk(store, ALONE), mine=True)
    assert (found.verdict, found.answer) == ("partly", "I hear the joke, and the customer may not.")


def test_nothing_is_sent_before_one_has_chosen(store: Store) -> None:
    said = fb.disagree(Desk(store, ALONE), GIVEAWAY, "No.")
    app = opened()
    app.button(key=f"FormSubmitter:answer-{said}-Answer").click().run()
    assert "Choose first" in app.error[0].value and waiting(store)


def test_the_oldest_come_first_page_by_page(store: Store) -> None:
    desk = Desk(store, ALONE)
    for turn in (0, 2, 4):
        for axis in ("empathy", "impatience"):
            fb.disagree(desk, Spot(1, turn, axis), f"{turn} {axis}")
    said = ["0 empathy", "0 impatience", "2 empathy", "2 impatience", "4 empathy", "4 impatience"]
    text = text_of(opened())
    at = [text.find(each) for each in said[:5]]
    assert at == sorted(at) and min(at) > 0 and said[5] not in text


def test_a_line_without_a_moment_can_be_answered_too(store: Store) -> None:
    fb.disagree(Desk(store, ALONE), TURN, "I was slow there.")
    app = opened()
    assert "A line of a call" in text_of(app) and "How can I help?" in text_of(app)
    assert len(app.get("audio")) == 1


@pytest.mark.parametrize(
    ("person", "shared", "seen"),
    [
        (LEAD, True, True),
        (LEAD, False, False),
        (Person("lead", account=9, teams=("South",)), True, False),
        (Person("lead", account=9), True, False),
    ],
)
def test_a_lead_reads_what_is_said_of_moments_that_they_may_see(
    store: Store, monkeypatch: pytest.MonkeyPatch, person: Person, shared: bool, seen: bool
) -> None:
    fb.disagree(Desk(store, ALONE), GIVEAWAY, "It was a joke.")
    if shared:
        fb.choose(Desk(store, ALONE), GIVEAWAY, "shared")
    monkeypatch.setattr(resources, "person", lambda: person)
    assert ("It was a joke." in text_of(opened())) == seen


def test_what_was_answered_is_gone_for_a_lead_when_the_rep_keeps_the_moment(store: Store) -> None:
    said = fb.disagree(Desk(store, ALONE), GIVEAWAY, "It was a joke.")
    fb.choose(Desk(store, ALONE), GIVEAWAY, "shared")
    lead = Desk(store, LEAD)
    fb.answer(lead, said, "agreed", "")
    assert fb.count_disagreements(lead, answered=True) == len(fb.disagreements(lead, answered=True)) == 1
    fb.choose(Desk(store, ALONE), GIVEAWAY, "private")
    assert fb.count_disagreements(lead, answered=True) == 0
    assert fb.count_disagreements(ann(store), answered=True) == 0  # one's own is nobody's to answer oneself
