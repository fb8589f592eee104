"""Who may see what, tried from the outside: through the desk of each person, on a store that holds it all."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hand_made import review, spoken
from sqlalchemy import update

from coach.calls import Review
from coach.store import ALONE, Desk, Filter, Person, Policy, Store
from coach.store.people import Choice
from coach.store.schema import Rep, StoredCall

ANNA, BEN = "Anna", "Ben"
OPEN = Policy("opt-out", first_hours=0, whole_calls=True)
LEAD = Person("lead", account=1, teams=("North",))
NOBODY = [
    Person("operations", account=2),
    Person("admin", account=3, teams=("North",)),
    Person("rep", account=4),
    Person("lead", account=5),
    Person("lead", account=6, teams=("South",)),
    Person("rep", account=7, teams=("North",)),
]


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """Anna of the team North has the call 1, Ben of no team the call 2; nobody the call 3."""
    store = Store(url)
    store.save(spoken(), digest="of Anna", rep=ANNA, team="North", queue="Repairs", customer="C-1")
    store.save(spoken(), digest="of Ben", rep=BEN, queue="Sales")
    store.save(named_nobody(spoken()), digest="of nobody", queue="Sales")
    yield store
    store.close()


def named_nobody(review: Review) -> Review:
    return replace(review, call=replace(review.call, rep=None))


def rep_of(store: Store, name: str) -> Person:
    with store.reading() as session:
        found = session.query(Rep).filter_by(name=name).one()
    return Person("rep", account=10 + found.id, rep=found.id)


def seen_by(store: Store, person: Person) -> tuple[set[int], set[int]]:
    """Calls that a person may open, and calls of which they see moments; every way to read says the same."""
    desk = Desk(store, person)
    calls = {row.id for row in desk.calls()}
    assert calls == {n for n in (1, 2, 3) if desk.call(n)} == {n for n in (1, 2, 3) if desk.review(n)}
    assert desk.count() == len(calls)
    moments = desk.moments()
    assert desk.count_moments() == len(moments)
    for row in store.moments(viewer="rep"):
        key = row.call_id, row.moment.turn, row.moment.axis, row.moment.kind
        found = desk.moment(*key)
        assert (found in moments) == bool(found) == (desk.excerpt(row) is not None)
    return calls, {row.call_id for row in moments}


def choose(store: Store, choice: str, turn: int = 4, axis: str = "condescension", kind: str = "giveaway") -> None:
    with store.writing() as session:
        session.merge(Choice(call_id=1, turn=turn, axis=axis, kind=kind, choice=choice, at=datetime.now(UTC)))


def test_reps_see_their_own_calls_and_no_others(store: Store) -> None:
    store.set_policy(OPEN)
    assert seen_by(store, rep_of(store, ANNA)) == ({1}, {1})
    assert seen_by(store, rep_of(store, BEN)) == ({2}, {2})
    assert Desk(store, rep_of(store, ANNA)).reps() == [ANNA]


@pytest.mark.parametrize("policy", [OPEN, replace(OPEN, delivery="team"), Policy()])
@pytest.mark.parametrize("person", NOBODY, ids=lambda person: f"{person.role}-{person.account}")
def test_who_has_and_leads_nobody_sees_nothing_whatever_the_policy(
    store: Store, person: Person, policy: Policy
) -> None:
    store.set_policy(policy)
    desk = Desk(store, person)
    assert seen_by(store, person) == (set(), set())
    assert (desk.queues(), desk.reps(), desk.hears(1)) == ([], [], False)
    assert not desk.usual(1).typical


def test_who_is_alone_sees_all(store: Store) -> None:
    assert seen_by(store, ALONE) == ({1, 2, 3}, {1, 2, 3})
    assert Desk(store, ALONE).hears(1) and Desk(store, ALONE).reps() == [ANNA, BEN]


def test_a_lead_sees_the_calls_of_their_team_where_the_policy_opens_them(store: Store) -> None:
    store.set_policy(OPEN)
    assert seen_by(store, LEAD) == ({1}, {1})
    store.set_policy(replace(OPEN, whole_calls=False))
    assert seen_by(store, LEAD) == (set(), {1})
    store.set_policy(Policy())
    assert seen_by(store, LEAD) == (set(), set())
    assert Desk(store, LEAD).reps() == [ANNA]  # whom they lead they know, whatever they may see


def test_the_rep_comes_first(store: Store) -> None:
    store.set_policy(replace(OPEN, first_hours=48))
    assert seen_by(store, LEAD) == (set(), set())
    with store.writing() as session:
        session.execute(update(StoredCall).values(reviewed_at=datetime.now(UTC) - timedelta(hours=49)))
    assert seen_by(store, LEAD) == ({1}, {1})
    store.replace(1, spoken())  # scored again: there may be other moments, and the rep sees them first
    assert seen_by(store, LEAD) == (set(), set())


@pytest.mark.parametrize("policy", [Policy(), Policy("opt-out", first_hours=48)], ids=["opt-in", "too early"])
def test_a_lead_sees_a_moment_that_the_rep_shares_and_no_other_of_its_call(store: Store, policy: Policy) -> None:
    store.set_policy(policy)
    choose(store, "shared")
    [found] = Desk(store, LEAD).moments()
    assert (found.call_id, found.moment.quote) == (1, review().call.turns[4].text)
    assert Desk(store, LEAD).call(1) is None and Desk(store, LEAD).review(1) is None
    kept = Desk(store, LEAD).excerpt(found)
    assert kept and [turn.text for turn in kept.call.turns] == [turn.text for turn in review().call.turns[3:5]]
    assert not any(kept.delivery) and kept.timing is None


def test_a_shared_call_is_seen_as_far_as_the_policy_goes(store: Store) -> None:
    with store.writing() as session:
        session.get_one(StoredCall, 1).choice = "shared"
    assert seen_by(store, LEAD) == (set(), {1})
    store.set_policy(Policy(whole_calls=True))
    assert seen_by(store, LEAD) == ({1}, {1})


def test_what_a_rep_keeps_private_is_not_there_for_the_lead_and_neither_is_the_whole_call(store: Store) -> None:
    store.set_policy(OPEN)
    choose(store, "private")
    assert seen_by(store, LEAD) == (set(), {1})
    assert [row.moment.kind for row in Desk(store, LEAD).moments()] == ["strength"]
    assert seen_by(store, rep_of(store, ANNA)) == ({1}, {1})
    with store.writing() as session:
        session.get_one(StoredCall, 1).choice = "private"
    assert seen_by(store, LEAD) == (set(), set())


def test_private_words_do_not_come_out_by_another_moment_in_the_same_turn(store: Store) -> None:
    store.set_policy(OPEN)
    choose(store, "private", axis="impatience")
    choose(store, "shared")
    assert [row.moment.turn for row in Desk(store, LEAD).moments()] == [2]


def test_a_rep_who_changes_teams_takes_nothing_along(store: Store) -> None:
    store.set_policy(OPEN)
    south = Person("lead", account=8, teams=("South",))
    store.save(review(), digest="new", rep=ANNA, team="South", started_at=datetime.now(UTC))
    assert seen_by(store, LEAD) == (set(), set())
    assert [row.id for row in Desk(store, south).calls()] == [4]
    assert {row.id for row in Desk(store, rep_of(store, ANNA)).calls()} == {1, 4}


def test_an_old_call_does_not_move_its_rep_back_to_an_old_team(store: Store) -> None:
    store.set_policy(OPEN)
    now = datetime.now(UTC)
    store.save(review(), digest="new", rep=ANNA, team="South", started_at=now)
    store.save(review(), digest="old", rep=ANNA, team="North", started_at=now - timedelta(days=30))
    assert [row.id for row in Desk(store, LEAD).calls()] == []


@pytest.mark.parametrize("delivery", ["off", "rep", "team"])
def test_how_a_rep_spoke_follows_its_own_rule(store: Store, delivery: str) -> None:
    store.set_policy(replace(OPEN, delivery=delivery))
    for person, allowed in ((rep_of(store, ANNA), ("rep", "team")), (LEAD, ("team",))):
        desk, may = Desk(store, person), delivery in allowed
        found = desk.review(1)
        assert found and bool(found.timing) == bool(found.delivery) == desk.hears(1) == may
        assert any(row.moment.heard for row in desk.moments()) == may
        assert desk.call(1).giveaways == 1 + may
        assert any(any(desk.excerpt(row).delivery) for row in desk.moments()) == may


def test_filters_show_no_more_than_there_is_to_see(store: Store) -> None:
    store.set_policy(OPEN)
    desk = Desk(store, rep_of(store, ANNA))
    assert desk.calls(Filter(rep=BEN)) == [] and desk.count(Filter(queue="Sales")) == 0
    assert desk.queues() == ["Repairs"]
    assert [row.id for row in desk.calls(Filter(behaviour="states_the_obvious", kind="giveaway", scored=True))] == [1]
    assert desk.calls(Filter(behaviour="hurries")) == [] == desk.calls(Filter(behaviour="%"))
    assert desk.moments(Filter(until=datetime.now(UTC) - timedelta(days=1))) == []


def test_only_a_call_that_is_seen_can_be_scored_again(store: Store) -> None:
    desk = Desk(store, rep_of(store, ANNA))
    given: list[Review] = []
    for call_id in (1, 2):
        desk.rescore(call_id, lambda kept: given.append(kept) or review())
    assert len(given) == 1 and store.review(2, viewer="rep") == spoken()
