"""The sheet of a rep's week: which moments are on it, which week it is, and that it prints."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hand_made import review
from pages import ROOT, html_of, text_of
from streamlit.testing.v1 import AppTest

from coach.dashboard import resources, routes
from coach.dashboard.rep import week
from coach.progress import monday
from coach.store import MomentRow, Person, Store

STRENGTH, GIVEAWAY = review().moments[1], review().moments[0]


def row(call_id: int, kind: str, behaviour: str) -> MomentRow:
    moment = replace(STRENGTH if kind == "strength" else GIVEAWAY, behaviours=(behaviour,))
    return MomentRow(call_id, call_id, f"call {call_id}", "Anna", None, None, moment, None, datetime.now().astimezone())


def told(rows: list[MomentRow]) -> list[tuple[int, str]]:
    return [(found.call_id, found.moment.behaviours[0]) for found in week.chosen(rows)]


def test_two_strengths_and_the_habit_that_came_up_most() -> None:
    rows = [row(1, "giveaway", "argues"), row(2, "giveaway", "hurries"), row(3, "giveaway", "hurries")]
    rows += [row(4, "strength", "explores"), row(4, "strength", "takes_ownership"), row(5, "strength", "explores")]
    rows += [row(6, "strength", "values_customer")]
    assert told(rows) == [(4, "explores"), (6, "values_customer"), (2, "hurries")]


def test_what_there_is_fills_the_three_places() -> None:
    strengths = [row(number, "strength", "explores") for number in (1, 2, 3, 4)]
    giveaways = [row(number, "giveaway", name) for number, name in ((5, "argues"), (6, "hurries"), (7, "argues"))]
    assert told(strengths) == [(1, "explores"), (2, "explores"), (3, "explores")]
    assert told(strengths[:1] + giveaways) == [(1, "explores"), (5, "argues"), (6, "hurries")]
    assert told([]) == []
    silent = replace(giveaways[0], moment=replace(GIVEAWAY, quote=""))
    assert told([silent]) == []


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Anna (the first rep) has two calls in this week and one two weeks ago; Ben has one of his own."""
    monkeypatch.setenv("TONE_COACH_DB", f"sqlite:///{tmp_path}/coach.db")
    store, noon = Store(), datetime.combine(monday(date.today()), datetime.min.time()).astimezone()
    for digest, weeks in (("now", 0), ("too", 0), ("old", 2)):
        store.save(review(), digest=digest, rep="Anna", team="North", started_at=noon - timedelta(weeks=weeks))
    turns = tuple(replace(turn, text="Only <b>Ben</b> says this.", words=()) for turn in review().call.turns)
    moments = tuple(replace(moment, quote="Only <b>Ben</b> says this.") for moment in review().moments)
    bens = replace(review(), call=replace(review().call, turns=turns), moments=moments)
    store.save(bens, digest="Ben's", rep="Ben", team="South", started_at=noon)
    monkeypatch.setattr(resources, "person", lambda: Person("rep", account=5, rep=1))
    return store


def page(of: str = "") -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=30).run()
    app.switch_page(routes.WEEK).query_params["of"] = of
    app.run()
    assert not app.exception
    return app


def test_the_sheet_has_moments_a_habit_the_trend_and_room_for_notes(kept: Store) -> None:
    shown = text_of(page())
    assert "2 calls" in shown and "Only" not in shown
    order = ["A strength", "A giveaway", "To try next week", "The last four weeks", "My own notes"]
    assert sorted(order, key=shown.index) == order
    for moment in review().moments:
        assert moment.quote in shown and moment.tip in shown
    assert "“States the obvious” came up 2 times this week" in shown
    assert shown.count("Too few calls to tell (3 of 8).") == 3


def test_one_turns_to_the_weeks_that_there_are(kept: Store) -> None:
    app = page()
    assert (app.button(key="before").disabled, app.button(key="after").disabled) == (False, True)
    app.button(key="before").click().run()
    assert "There is no scored call of yours in this week" in text_of(app)
    app.button(key="before").click().run()
    assert "1 call" in text_of(app) and app.button(key="before").disabled
    assert (monday(date.today()) - timedelta(weeks=2)).isoformat() in app.query_params["of"]


@pytest.mark.parametrize("asked", ["2999-01-01", "soon", "", "<script>", "9999-99-99", "9999-12-31"])
def test_any_other_week_in_the_address_is_the_last_one(asked: str) -> None:
    first, last = date(2026, 9, 7), date(2026, 11, 16)
    assert week.wanted(asked, first, last) == last
    assert week.wanted("0001-01-01", first, last) == first
    assert week.wanted("2026-10-15", first, last) == date(2026, 10, 12)


def test_what_was_said_cannot_become_html(kept: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "person", lambda: Person("rep", account=6, rep=2))
    app = page()
    assert "Only <b>Ben</b> says this." in text_of(app) and "<b>Ben" not in html_of(app)


def test_without_any_call_the_page_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONE_COACH_DB", f"sqlite:///{tmp_path}/new.db")
    assert "There is no scored call of yours in this week" in text_of(page())
