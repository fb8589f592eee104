"""Coaching sessions: who sees what of them, how they are prepared, held and closed, and whether they helped."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hand_made import review
from sqlalchemy import select, update

from coach.calls import Review
from coach.focus import Candidate, Share, change, suggest
from coach.store import ALONE, Desk, Person, Policy, Store
from coach.store.coaching import preparing, together
from coach.store.coaching.follow_up import follow_up
from coach.store.coaching.sessions import (
    agreements,
    coached,
    count_agreements,
    in_open_sessions,
    items,
    session,
    sessions,
)
from coach.store.people import Account, AuditEntry, Choice, StoredRating, StoredSession
from coach.store.said.lines import Spot
from coach.store.schema import Rep, StoredCall

OPEN = Policy("opt-out", first_hours=0, whole_calls=True)
LEAD = Person("lead", account=1, name="Lea", teams=("North",))
GIVEAWAY, STRENGTH = Spot(1, 4, "condescension", "giveaway"), Spot(1, 2, "empathy", "strength")
NOW = datetime.now(UTC)


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """Anna of the team North has the call 1, Ben of the team South the call 2; everybody has an account."""
    store = Store(url)
    store.set_policy(OPEN)
    for name, team in (("Anna", "North"), ("Ben", "South")):
        store.save(by(name), digest=name, team=team, started_at=NOW - timedelta(days=2))
    with store.writing() as found:
        for account, (role, name) in enumerate(
            (("lead", "Lea"), ("lead", "Sue"), ("rep", "Anna"), ("rep", "Ben"), ("lead", "Nora")), start=1
        ):
            rep = found.scalar(select(Rep.id).where(Rep.name == name))
            known = {"password": None, "rep_id": rep, "teams": [], "made_at": NOW}
            found.add(Account(id=account, login=name, name=name, role=role, **known))
    yield store
    store.close()


def by(rep: str) -> Review:
    return replace(review(), call=replace(review().call, rep=rep))


def rep_of(store: Store, name: str) -> Person:
    with store.reading() as found:
        return Person("rep", account={"Anna": 3, "Ben": 4}[name], rep=found.scalar(select(Rep.id).filter_by(name=name)))


def others(store: Store) -> list[Person]:
    anna = rep_of(store, "Anna")
    return [
        Person("lead", account=2, teams=("South",)),
        Person("lead", account=5, teams=("North",)),  # another lead of the same team
        Person("lead", account=1),  # who leads it no longer
        Person("operations", account=1),
        Person("admin", account=1, teams=("North",)),
        replace(anna, account=4, rep=rep_of(store, "Ben").rep),
        Person("rep", account=7),
    ]


def a_session(store: Store, *spots: Spot) -> int:
    found = preparing.prepare(Desk(store, LEAD), "Anna", spots or (STRENGTH, GIVEAWAY))
    assert found is not None
    return found


def stored(store: Store, session_id: int) -> StoredSession:
    with store.reading() as found:
        return found.get_one(StoredSession, session_id)


def closed(store: Store) -> int:
    session_id, desk = a_session(store), Desk(store, LEAD)
    preparing.write_plan(desk, session_id, "go easy")
    preparing.write_note(desk, session_id, items(desk, session_id)[0].id, "ask how it felt")
    preparing.hold(desk, session_id)
    assert preparing.close(desk, session_id, "states_the_obvious", "Ask before explaining", date(2030, 1, 31))
    return session_id


def test_a_lead_sees_all_of_a_session_and_its_rep_what_was_agreed(store: Store) -> None:
    session_id = closed(store)
    row = session(Desk(store, LEAD), session_id)
    assert row and (row.plan, row.stage, row.moments) == ("go easy", "closed", 2)
    [theirs] = agreements(Desk(store, rep_of(store, "Anna")))
    assert theirs == replace(row, plan="")
    assert (theirs.lead, theirs.focus, theirs.agreed) == ("Lea", "states_the_obvious", "Ask before explaining")
    assert theirs.due == date(2030, 1, 31)
    notes = [item.note for item in items(Desk(store, LEAD), session_id)]
    assert notes == ["ask how it felt", ""]
    told = items(Desk(store, rep_of(store, "Anna")), session_id)
    assert [(item.spot, item.note) for item in told] == [(STRENGTH, ""), (GIVEAWAY, "")]


def test_a_rep_knows_of_a_session_once_it_is_held(store: Store) -> None:
    session_id, anna = a_session(store), Desk(store, rep_of(store, "Anna"))
    assert agreements(anna) == [] == items(anna, session_id) and count_agreements(anna) == 0
    preparing.hold(Desk(store, LEAD), session_id)
    assert [row.stage for row in agreements(anna)] == ["held"] and count_agreements(anna) == 1
    assert session(anna, session_id) is None  # the lead's page is the lead's


def test_for_anybody_else_it_is_not_there_and_cannot_be_changed(store: Store) -> None:
    lead, both = Desk(store, LEAD), (closed(store), a_session(store))
    before = [(stored(store, number).agreed, session(lead, number), items(lead, number)) for number in both]
    for person in others(store):
        desk = Desk(store, person)
        assert sessions(desk) == [] == sessions(desk, closed=True) and agreements(desk) == []
        assert in_open_sessions(desk) == {}
        for session_id in both:
            tamper(desk, session_id, items(lead, session_id)[0].id)
    assert [(stored(store, number).agreed, session(lead, number), items(lead, number)) for number in both] == before


def tamper(desk: Desk, session_id: int, item: int) -> None:
    """Try all that the lead who prepared it may do."""
    assert session(desk, session_id) is None and items(desk, session_id) == []
    assert together.both(desk, session_id, item) == {}
    assert not together.rate(desk, session_id, item, "lead", 1, blind=True)
    assert not preparing.add(desk, session_id, GIVEAWAY) and not preparing.discard(desk, session_id)
    assert not preparing.close(desk, session_id, "argues", "mine", None)
    preparing.hold(desk, session_id)
    preparing.write_plan(desk, session_id, "mine")
    preparing.write_note(desk, session_id, item, "mine")
    preparing.remove(desk, session_id, item)
    preparing.move(desk, session_id, item, 1)


def test_a_session_that_there_is_not_is_like_one_of_others(store: Store) -> None:
    desk = Desk(store, LEAD)
    assert session(desk, 99) is None and items(desk, 99) == [] and not preparing.add(desk, 99, GIVEAWAY)


def test_only_who_leads_a_rep_prepares_a_session_for_them(store: Store) -> None:
    for person in others(store):
        desk, team = Desk(store, person), person.teams if person.role == "lead" else ()
        expected = [name for name, of in (("Anna", "North"), ("Ben", "South")) if of in team]
        assert coached(desk) == expected
        assert [name for name in ("Anna", "Ben", "Nobody") if preparing.prepare(desk, name)] == expected


def test_who_leads_a_team_and_is_in_it_coaches_the_others(store: Store) -> None:
    assert coached(Desk(store, replace(LEAD, rep=rep_of(store, "Anna").rep))) == []


def test_old_sessions_of_a_rep_who_changes_teams_stay_with_the_rep_alone(store: Store) -> None:
    session_id, south = closed(store), Person("lead", account=2, teams=("South",))
    store.save(by("Anna"), digest="later", team="South", started_at=NOW)
    for lead in (LEAD, south, Person("lead", account=1, teams=("North", "South"))):
        desk = Desk(store, lead)
        assert session(desk, session_id) is None and items(desk, session_id) == [] == sessions(desk, closed=True)
    assert [row.id for row in agreements(Desk(store, rep_of(store, "Anna")))] == [session_id]


def test_what_a_rep_makes_private_afterwards_is_not_in_the_session_any_more(store: Store) -> None:
    session_id, desk = a_session(store), Desk(store, LEAD)
    item = items(desk, session_id)[1].id
    assert together.rate(desk, session_id, item, "lead", 2, blind=True)
    with store.writing() as found:
        same = {"call_id": 1, "turn": 4, "axis": "condescension", "kind": "giveaway"}
        found.add(Choice(**same, choice="private", at=NOW))
    assert [item.found and item.found.moment.turn for item in items(desk, session_id)] == [2, None]
    assert together.both(desk, session_id, item) == {}
    assert not together.rate(desk, session_id, item, "rep", 2, blind=True)
    assert not preparing.add(desk, a_session(store, STRENGTH), GIVEAWAY)


def test_only_moments_of_its_rep_that_may_be_seen_come_into_a_session(store: Store) -> None:
    desk, both = Desk(store, LEAD), Person("lead", account=1, teams=("North", "South"))
    session_id = a_session(store, STRENGTH)
    assert preparing.add(desk, session_id, GIVEAWAY) and not preparing.add(desk, session_id, GIVEAWAY)
    of_ben = replace(GIVEAWAY, call_id=2)
    assert not preparing.add(Desk(store, both), session_id, of_ben)
    assert not preparing.add(desk, session_id, Spot(1, 4, "condescension"))
    assert [item.spot for item in items(desk, session_id)] == [STRENGTH, GIVEAWAY]
    assert in_open_sessions(desk) == {STRENGTH: session_id, GIVEAWAY: session_id}


def test_moments_change_places_and_go(store: Store) -> None:
    session_id, desk = a_session(store), Desk(store, LEAD)
    first, second = (item.id for item in items(desk, session_id))
    for by, order in ((1, [second, first]), (1, [second, first]), (-1, [first, second]), (-1, [first, second])):
        preparing.move(desk, session_id, first, by)
        assert [item.id for item in items(desk, session_id)] == order
    preparing.remove(desk, session_id, first)
    assert [item.id for item in items(desk, session_id)] == [second]


def test_a_closed_session_is_not_changed_and_a_held_one_not_discarded(store: Store) -> None:
    session_id, desk = closed(store), Desk(store, LEAD)
    preparing.write_plan(desk, session_id, "later")
    assert not preparing.close(desk, session_id, "argues", "", None) and stored(store, session_id).plan == "go easy"
    held = a_session(store)
    assert not preparing.close(desk, held, "no such behaviour", "", None)
    preparing.hold(desk, held)
    assert not preparing.discard(desk, held) and preparing.discard(desk, a_session(store))


def test_the_audit_trail_knows_when_a_session_was_prepared_held_and_closed(store: Store) -> None:
    session_id = closed(store)
    with store.reading() as found:
        query = select(AuditEntry.action, AuditEntry.account_id, AuditEntry.detail).order_by(AuditEntry.id)
        trail = [tuple(row) for row in found.execute(query.where(AuditEntry.action.contains("session")))]
    assert [(action, account, detail["session"]) for action, account, detail in trail] == [
        (f"{did} session", 1, session_id) for did in ("prepared", "held", "closed")
    ]


def test_both_rate_a_moment_and_what_the_rep_had_rated_before_stays(store: Store) -> None:
    session_id, desk = a_session(store), Desk(store, LEAD)
    strength, giveaway = (item.id for item in items(desk, session_id))
    with store.writing() as found:
        known = {"call_id": 1, "turn": 4, "axis": "condescension", "account_id": 3, "role": "rep", "blind": True}
        found.add(StoredRating(**known, rating=1, at=NOW - timedelta(hours=1)))
    preparing.hold(desk, session_id)
    assert together.rate(desk, session_id, giveaway, "lead", 3, blind=True)
    assert not together.rate(desk, session_id, giveaway, "rep", 3, blind=False)
    assert together.both(desk, session_id, giveaway) == {"lead": 3, "rep": 1}
    assert together.rate(desk, session_id, strength, "rep", 2, blind=True)
    assert together.rate(desk, session_id, strength, "rep", 1, blind=False)  # it was a slip of the hand
    assert together.both(desk, session_id, strength) == {"rep": 1}
    assert not together.rate(desk, session_id, strength, "lead", 4, blind=True)
    with store.reading() as found:
        query = select(StoredRating.account_id, StoredRating.role, StoredRating.blind).order_by(StoredRating.id)
        assert [tuple(row) for row in found.execute(query)] == [(3, "rep", True), (1, "lead", True), (3, "rep", False)]


def test_who_is_alone_is_lead_and_rep(store: Store) -> None:
    desk = Desk(store, ALONE)
    assert coached(desk) == ["Anna", "Ben"]
    session_id = preparing.prepare(desk, "Ben", [replace(STRENGTH, call_id=2)])
    assert session_id and preparing.prepare(desk, "Nobody") is None
    [item] = items(desk, session_id)
    for side, rating in (("lead", 3), ("rep", 2)):
        assert together.rate(desk, session_id, item.id, side, rating, blind=True)
    assert together.both(desk, session_id, item.id) == {"lead": 3, "rep": 2}
    assert preparing.close(desk, session_id, "takes_ownership", "", None)
    assert [row.id for row in agreements(desk)] == [row.id for row in sessions(desk, closed=True)] == [session_id]


def around(store: Store, before: tuple[int, int], after: tuple[int, int]) -> int:
    """A closed session with so many calls of Anna before and after it: with the focus in them, and without."""
    with store.writing() as found:
        found.execute(update(StoredCall).where(StoredCall.id == 1).values(started_at=NOW - timedelta(weeks=50)))
    session_id, held = closed(store), datetime.now(UTC)
    for days, (having, without) in ((-7, before), (0, after)):
        for number in range(having + without):
            moments = review().moments if number < having else review().moments[1:]
            at = held + timedelta(days=days, minutes=number + 5)
            said = replace(by("Anna"), moments=moments)
            store.save(said, digest=f"{days} {number}", team="North", started_at=at)
    return session_id


def test_a_focus_is_followed_in_the_calls_that_one_may_see(store: Store) -> None:
    session_id, later = around(store, (3, 2), (1, 3)), datetime.now(UTC) + timedelta(hours=1)
    row = session(Desk(store, LEAD), session_id)
    anna = Desk(store, rep_of(store, "Anna"))
    assert row
    for desk, own in ((Desk(store, LEAD), False), (anna, True), (Desk(store, ALONE), True)):
        found = follow_up(desk, row, later)
        assert found and (found.before, found.after, found.own) == (Share(3, 5), Share(1, 4), own)
    with store.writing() as found:
        found.execute(update(StoredCall).where(StoredCall.started_at > NOW).values(choice="private"))
    assert follow_up(Desk(store, LEAD), row, later).after == Share(0, 0)
    assert follow_up(anna, row, later).after == Share(1, 4)
    store.set_policy(Policy("opt-in", whole_calls=True))
    assert follow_up(Desk(store, LEAD), row, later) is None  # it would count what was shared, not what was done
    assert follow_up(anna, row, later).after == Share(1, 4)


@pytest.mark.parametrize("person", [Person("lead", account=2, teams=("South",)), Person("operations", account=8)])
def test_calls_that_one_may_not_see_are_not_counted(store: Store, person: Person) -> None:
    row = session(Desk(store, LEAD), around(store, (2, 0), (2, 0)))
    found = row and follow_up(Desk(store, person), row, datetime.now(UTC) + timedelta(hours=1))
    assert found and (found.before, found.after) == (Share(0, 0), Share(0, 0))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ((9, 22), (3, 9), "too few"),
        ((3, 9), (9, 22), "too few"),
        ((9, 22), (3, 20), "no clear change"),
        ((18, 22), (3, 20), "fewer"),
        ((3, 20), (18, 22), "more"),
        ((0, 10), (0, 10), "no clear change"),
        ((300, 1000), (250, 1000), "fewer"),
    ],
)
def test_a_change_is_named_where_so_many_calls_can_tell(
    before: tuple[int, int], after: tuple[int, int], expected: str
) -> None:
    assert change(Share(*before), Share(*after)) == expected


def test_the_interval_is_wilsons() -> None:
    assert Share(3, 20).between == pytest.approx((0.0524, 0.3604), abs=1e-4)


def candidates(*told: str) -> list[Candidate]:
    """ "7+takes_ownership 2": in call 7 a strength, this clear; "!" for a giveaway."""
    found = []
    for text in told:
        about, _, clear = text.partition(" ")
        call, sign, behaviour = about.partition("+" if "+" in about else "!")
        kind = "strength" if sign == "+" else "giveaway"
        moment = replace(review().moments[0], kind=kind, behaviours=(behaviour,))
        found.append(Candidate(int(call), moment, float(clear or 1)))
    return found


def test_suggestions_span_strengths_and_two_habits_a_strength_first() -> None:
    chosen = suggest(
        candidates(
            "9!hurries", "9+explores", "8!argues", "8+takes_ownership 3", "7!hurries 2.8", "7+explores 2", "6!argues 2",
            "5!talks_down 3", "4+values_customer",
        )
    )  # fmt: skip
    assert [found.moment.kind for found in chosen] == ["strength", "giveaway", "strength", "giveaway", "strength"]
    assert [found.about for found in chosen][::2] == ["takes_ownership", "explores", "values_customer"]
    assert {found.about for found in chosen[1::2]} == {"hurries", "argues"}  # in two calls each
    assert len({found.call_id for found in chosen}) == 5


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (["1!argues 3", "2!hurries 3"], []),
        (["1!argues 3", "2!hurries 3", "3+explores"], ["explores", "argues"]),
        (["1+explores", "1+explores 3"], ["explores", "explores"]),
        (["1!argues", "1+explores"], ["explores", "argues"]),
    ],
)
def test_there_are_never_more_habits_than_strengths(told: list[str], expected: list[str]) -> None:
    assert [found.about for found in suggest(candidates(*told))] == expected


def test_moments_whose_words_were_removed_are_not_suggested() -> None:
    [found] = candidates("1+explores")
    assert suggest([replace(found, moment=replace(found.moment, quote=""))]) == []
