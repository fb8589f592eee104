"""A lead's pages: the team, and a coaching session from its preparation to what came of it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hand_made import record, review
from pages import opened, text_of
from sqlalchemy import select
from streamlit.testing.v1 import AppTest

from coach.calls import Review
from coach.dashboard import resources, routes
from coach.dashboard.lead.following import told
from coach.focus import Share
from coach.store import ALONE, Desk, Filter, Person, Policy, Store
from coach.store.coaching import preparing
from coach.store.coaching.follow_up import FollowUp
from coach.store.coaching.sessions import items, session, sessions
from coach.store.coaching.team import WEEKS, count_team_moments, hears_any, in_team, team_moments
from coach.store.people import Account, AuditEntry, Choice, StoredRating
from coach.store.schema import Rep

OPEN = Policy("opt-out", first_hours=0, whole_calls=True)
LEAD = Person("lead", account=1, name="Lea", teams=("North",))
NOW = datetime.now(UTC)
STRENGTH, GIVEAWAY = (replace(moment) for moment in reversed(review().moments))


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """Anna of the team North has a call, and who opens the dashboard leads her."""
    monkeypatch.setenv("TONE_COACH_DB", f"sqlite:///{tmp_path}/coach.db")
    store = Store(f"sqlite:///{tmp_path}/coach.db")
    store.set_policy(OPEN)
    recording = record(tmp_path / "boiler.wav", review().call)
    store.save(by("Anna", recording), digest="1", team="North", started_at=NOW - timedelta(days=1), queue="Repairs")
    with store.writing() as found:
        anna = found.scalar(select(Rep.id).where(Rep.name == "Anna"))
        for number, (role, name) in enumerate((("lead", "Lea"), ("rep", "Anna")), start=1):
            known = {"password": None, "rep_id": anna if role == "rep" else None, "teams": [], "made_at": NOW}
            found.add(Account(id=number, login=name, name=name, role=role, **known))
    looks(monkeypatch, LEAD)
    yield store
    store.close()


def looks(monkeypatch: pytest.MonkeyPatch, person: Person) -> None:
    monkeypatch.setattr(resources, "person", lambda: person)


def by(rep: str, recording: Path | None = None) -> Review:
    found = review(recording)
    return replace(found, call=replace(found.call, rep=rep))


def fill(store: Store, reps: int, each: int, days: float = 1) -> None:
    for rep in range(reps):
        for number in range(each):
            at = NOW - timedelta(days=days, minutes=number)
            store.save(by(f"Rep {rep}"), digest=f"{rep} {number} {days}", team="North", started_at=at)


def labels(app: AppTest) -> list[str]:
    return [link.proto.label.replace("\\", "") for link in app.get("page_link")]


def click(app: AppTest, label: str) -> AppTest:
    button = next(button for button in app.button if button.label == label)
    button.click().run()
    assert not app.exception
    return app


def test_what_comes_up_is_counted_for_the_team_and_for_nobody(store: Store) -> None:
    fill(store, reps=3, each=4)
    fill(store, reps=3, each=1, days=7 * WEEKS + 1)
    view = in_team(Desk(store, LEAD))
    assert view and (view.now.moments, len(view.now.calls), len(view.now.reps)) == (26, 13, 4)
    assert (len(view.before.calls), len(view.before.reps)) == (3, 3)
    counted = {about: (len(now.calls), len(before.calls)) for about, (now, before) in view.behaviours.items()}
    strengths = {("strength", name): (13, 3) for name in ("acknowledges_feeling", "takes_ownership")}
    assert counted == strengths | {("giveaway", "states_the_obvious"): (13, 3)}


@pytest.mark.parametrize(("reps", "each"), [(1, 10), (2, 2)])
def test_it_is_silent_where_it_would_point_at_a_person(store: Store, reps: int, each: int) -> None:
    fill(store, reps, each)
    assert in_team(Desk(store, LEAD)) is None
    assert "too few people behind them" in text_of(opened(place=routes.TEAM))


def test_a_behaviour_of_one_rep_is_left_out(store: Store) -> None:
    fill(store, reps=3, each=4)
    argues = replace(review().moments[0], behaviours=("argues",))
    store.save(replace(by("Rep 0"), moments=(argues,)), digest="argues", team="North", started_at=NOW)
    view = in_team(Desk(store, LEAD), NOW + timedelta(hours=1))
    assert view and ("giveaway", "argues") not in view.behaviours
    assert "Argues" not in text_of(opened(place=routes.TEAM))


@pytest.mark.parametrize(
    "person",
    [
        Person("lead", account=2, teams=("South",)),
        Person("lead", account=3),
        Person("operations", account=4),
        Person("admin", account=5, teams=("North",)),
        Person("rep", account=6, rep=99),
    ],
    ids=lambda person: f"{person.role}-{person.account}",
)
def test_who_does_not_lead_the_team_sees_nothing_of_it(
    store: Store, monkeypatch: pytest.MonkeyPatch, person: Person
) -> None:
    desk = Desk(store, person)
    assert team_moments(desk) == [] and count_team_moments(desk, Filter(rep="Anna")) == 0 == hears_any(desk)
    assert in_team(desk) is None
    if person.role == "lead":
        looks(monkeypatch, person)
        app = opened(place=routes.TEAM)
        assert "You lead no team yet" in text_of(app) and review().moments[0].quote not in text_of(app)


def test_who_leads_and_takes_calls_looks_at_the_others(store: Store) -> None:
    fill(store, reps=1, each=1)
    with store.reading() as found:
        anna = found.scalar(select(Rep.id).where(Rep.name == "Anna"))
    assert {row.rep for row in team_moments(Desk(store, replace(LEAD, rep=anna)))} == {"Rep 0"}
    assert {row.rep for row in team_moments(Desk(store, ALONE))} == {"Anna", "Rep 0"}


def test_the_team_page_plays_moments_strengths_first_and_says_whose(store: Store) -> None:
    app = opened(place=routes.TEAM)
    said = text_of(app)
    assert said.index(STRENGTH.quote) < said.index(GIVEAWAY.quote)
    assert "Anna · Boiler out" in said and "have not kept private" in said
    assert len(app.get("audio")) == 2


def test_filters_choose_among_the_moments(store: Store) -> None:
    fill(store, reps=1, each=4)
    app = opened(place=routes.TEAM)
    assert len(app.pagination) == 1
    app.selectbox(key="about").select("states the obvious").run()
    assert STRENGTH.quote not in text_of(app) and "Rep 0" in text_of(app)
    app.selectbox(key="rep").select("Anna").run()
    assert "Rep 0" not in text_of(app) and GIVEAWAY.quote in text_of(app)
    app.selectbox(key="kind").select("Strengths").run()
    assert "There is no such moment" in text_of(app)


@pytest.mark.parametrize(
    ("policy", "said"),
    [(Policy(), "decide themselves which of them to share"), (Policy("opt-out", 48), "not kept private after 2 days")],
)
def test_where_nothing_is_shared_the_page_says_how_that_comes(store: Store, policy: Policy, said: str) -> None:
    store.set_policy(policy)
    app = opened(place=routes.TEAM)
    assert "Nothing is shared yet" in text_of(app) and said in text_of(app)


def test_a_moment_goes_into_a_session_from_the_team_page(store: Store) -> None:
    app = click(opened(place=routes.TEAM), "Add to a session with Anna")
    [row] = sessions(Desk(store, LEAD))
    assert [item.spot.kind for item in items(Desk(store, LEAD), row.id)] == ["strength"]
    assert labels(app).count("In a session with Anna") == 1
    assert app.toast[0].value == "It is in a session with Anna now\\."
    click(app, "Add to a session with Anna")
    assert [item.spot.kind for item in items(Desk(store, LEAD), row.id)] == ["strength", "giveaway"]
    assert len(sessions(Desk(store, LEAD))) == 1


def prepared(store: Store) -> str:
    app = click(opened(place=routes.COACHING_SESSIONS), "Prepare it")
    assert "Session with Anna" in text_of(app)
    [row] = sessions(Desk(store, LEAD))
    return str(row.id)


def test_a_session_is_prepared_with_suggestions_notes_and_an_order(store: Store) -> None:
    session_id = prepared(store)
    desk, app = Desk(store, LEAD), opened(place=routes.SESSION, id=session_id)
    strength, giveaway = items(desk, int(session_id))
    assert (strength.spot.kind, giveaway.spot.kind) == ("strength", "giveaway")
    app.text_area(key=f"plan-{session_id}").input("go easy").run()
    app.text_area(key=f"note-{giveaway.id}").input("what did you hear?").run()
    click(app, "Move down")
    assert [(item.id, item.note) for item in items(desk, int(session_id))] == [
        (giveaway.id, "what did you hear?"),
        (strength.id, ""),
    ]
    assert session(desk, int(session_id)).plan == "go easy"
    click(app, "Take out")
    assert [item.id for item in items(desk, int(session_id))] == [strength.id]


def begun(store: Store) -> tuple[AppTest, int]:
    app = opened(place=routes.SESSION, id=prepared(store))
    app.segmented_control(key="part").set_value("Run").run()
    click(app, "Begin the session")
    return app, sessions(Desk(store, LEAD))[0].id


def test_a_session_is_run_one_moment_at_a_time(store: Store) -> None:
    app, session_id = begun(store)
    giveaway = items(Desk(store, LEAD), session_id)[1]
    preparing.write_note(Desk(store, LEAD), session_id, giveaway.id, "ask about the switch")
    assert "Moment 1 of 2" in text_of(app) and GIVEAWAY.quote not in text_of(app) and len(app.get("audio")) == 1
    click(app, "Next")
    assert "Moment 2 of 2" in text_of(app) and GIVEAWAY.why in text_of(app)
    assert "ask about the switch" not in text_of(app)  # the screen may be shared
    app.toggle(key="points").set_value(True).run()
    assert "ask about the switch" in text_of(app)
    shortcuts = {button.label: button.proto.shortcut for button in app.button if button.proto.shortcut}
    assert shortcuts == {"Previous": "pageup", "Next": "pagedown"}


def test_both_rate_and_neither_sees_the_others_before(store: Store) -> None:
    app, session_id = begun(store)
    strength, _ = items(Desk(store, LEAD), session_id)
    app.segmented_control(key=f"rate-lead-{strength.id}").set_value(3).run()
    assert "Lea has rated. It shows when both have." in text_of(app)
    assert f"rate-lead-{strength.id}" not in [control.key for control in app.segmented_control]
    app.segmented_control(key=f"rate-rep-{strength.id}").set_value(1).run()
    assert app.segmented_control(key=f"rate-lead-{strength.id}").value == 3
    assert "You hear it differently" in text_of(app)
    app.segmented_control(key=f"rate-rep-{strength.id}").set_value(2).run()
    assert "You hear nearly the same" in text_of(app)
    with store.reading() as found:
        rows = found.execute(
            select(StoredRating.role, StoredRating.rating, StoredRating.blind, StoredRating.account_id)
        )
        assert sorted(map(tuple, rows)) == [("lead", 3, True, 1), ("rep", 2, False, 2)]


def test_what_is_shown_early_is_not_blind(store: Store) -> None:
    app, session_id = begun(store)
    item = items(Desk(store, LEAD), session_id)[0].id
    app.segmented_control(key=f"rate-rep-{item}").set_value(1).run()
    click(app, "Show it now")
    assert app.segmented_control(key=f"rate-rep-{item}").value == 1
    app.segmented_control(key=f"rate-lead-{item}").set_value(1).run()
    with store.reading() as found:
        assert dict(tuple(row) for row in found.execute(select(StoredRating.role, StoredRating.blind))) == {
            "rep": True,
            "lead": False,
        }


def test_closing_says_what_was_agreed_to_both(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    app, session_id = begun(store)
    preparing.write_plan(Desk(store, LEAD), session_id, "my own <plan>")
    app.segmented_control(key="part").set_value("Close").run()
    click(app, "Close the session")
    assert "Choose one thing to look at" in app.error[0].value
    focus = app.selectbox[0]
    assert [focus.options[n] for n in (0, 2)] == ["Build on: sees how the customer feels", "Change: states the obvious"]
    focus.set_value("states_the_obvious")
    app.text_area[0].input("Ask first & then explain")
    click(app, "Close the session")
    said = text_of(app)
    for part in (
        "Change: states the obvious",
        "Ask first & then explain",
        "Too few calls to tell yet (0 of at least 10",
    ):
        assert part in said
    assert "my own <plan>" in said
    assert "Change: states the obvious" in text_of(opened(place=routes.COACHING_SESSIONS))
    with store.reading() as found:
        rep = found.scalar(select(Rep.id).where(Rep.name == "Anna"))
        assert "opened session" in set(found.scalars(select(AuditEntry.action)))
    looks(monkeypatch, Person("rep", account=2, name="Anna", rep=rep))
    theirs = opened(place=routes.AGREED)
    assert "With Lea" in text_of(theirs) and "Ask first & then explain" in text_of(theirs)
    assert "plan" not in text_of(theirs) and any(STRENGTH.quote in label for label in labels(theirs))


@pytest.mark.parametrize("person", [Person("lead", account=5, teams=("North",)), Person("lead", account=1)])
def test_a_guessed_session_is_like_one_that_there_is_not(
    store: Store, monkeypatch: pytest.MonkeyPatch, person: Person
) -> None:
    session_id = prepared(store)
    looks(monkeypatch, person)
    for wanted in (session_id, "99", "1e3", "-1", "9" * 30, "x"):
        assert "This session is not here" in opened(place=routes.SESSION, id=wanted).info[0].value


def test_a_moment_made_private_afterwards_is_gone_from_the_page(store: Store) -> None:
    app, _ = begun(store)
    with store.writing() as found:
        same = {"call_id": 1, "turn": 4, "axis": "condescension", "kind": "giveaway"}
        found.add(Choice(**same, choice="private", at=NOW))
    app.segmented_control(key="part").set_value("Prepare").run()
    assert "This moment is not shared any more" in text_of(app) and GIVEAWAY.quote not in text_of(app)
    app.segmented_control(key="part").set_value("Run").run()
    assert "Moment 1 of 1" in text_of(app)


def test_a_session_that_was_not_held_can_be_discarded(store: Store) -> None:
    click(opened(place=routes.SESSION, id=prepared(store)), "Discard it")
    assert sessions(Desk(store, LEAD)) == []


def test_who_has_no_team_or_no_session_is_told_how_it_begins(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    looks(monkeypatch, Person("lead", account=9))
    assert "Nobody to coach yet" in text_of(opened(place=routes.COACHING_SESSIONS))
    looks(monkeypatch, ALONE)
    assert "No sessions yet" in text_of(opened(place=routes.AGREED))


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ((9, 22), (3, 4), "Too few calls to tell yet (4 of at least 10 after)."),
        ((2, 4), (3, 30), "Too few calls to tell (4 of at least 10 before)."),
        ((18, 22), (3, 20), "Fewer calls with it: 3 of 20 calls, before 18 of 22."),
        ((9, 22), (8, 20), "No clear change: 8 of 20 calls, before 9 of 22."),
    ],
)
def test_a_follow_up_is_said_in_one_honest_sentence(before: tuple[int, int], after: tuple[int, int], said: str) -> None:
    assert told(FollowUp(Share(*before), Share(*after), own=True, whole=True)) == said
