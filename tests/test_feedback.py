"""What people say of moments, tried from the outside: only of what they see, and nobody else reads more of it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hand_made import review, spoken
from sqlalchemy import update
from test_access import ANNA, BEN, LEAD, NOBODY, OPEN, rep_of

from coach.calls import InputError
from coach.store import ALONE, Desk, Person, Policy, Store
from coach.store.people import Account
from coach.store.said import feedback as fb
from coach.store.said.feedback import NotHere, Spot
from coach.store.schema import StoredCall

GIVEAWAY = Spot(1, 4, "condescension", "giveaway")
STRENGTH = Spot(1, 2, "empathy", "strength")
HEARD = Spot(1, 0, "impatience", "giveaway")  # how it was spoken carries it
TURN = Spot(1, 4, "impatience")


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """Anna of the team North has the call 1, Ben of the team South the call 2; those in `test_access` have accounts."""
    store = Store(url)
    store.save(spoken(), digest="of Anna", rep=ANNA, team="North")
    store.save(spoken(), digest="of Ben", rep=BEN, team="South")
    with store.writing() as session:
        for number in range(1, 20):
            account = Account(id=number, login=str(number), name=f"No. {number}", role="rep", teams=[])
            account.made_at = datetime.now(UTC)
            session.add(account)
    yield store
    store.close()


@pytest.fixture
def anna(store: Store) -> Desk:
    return Desk(store, rep_of(store, ANNA))


def outsiders(store: Store) -> list[Desk]:
    """Everybody but Anna and her lead."""
    return [
        Desk(store, person) for person in (*NOBODY, rep_of(store, BEN), Person("lead", account=8, teams=("South",)))
    ]


@pytest.mark.parametrize("policy", [Policy(), OPEN])
def test_what_others_do_not_see_they_can_say_nothing_of(store: Store, anna: Desk, policy: Policy) -> None:
    store.set_policy(policy)
    mine = fb.disagree(anna, GIVEAWAY, "It was a joke.")
    note = fb.write_note(anna, 1, 4, "ask Tom")
    tries: list[Callable[[Desk], object]] = [
        lambda desk: fb.choose(desk, GIVEAWAY, "shared"),
        lambda desk: fb.choose_call(desk, 1, "shared"),
        lambda desk: fb.disagree(desk, GIVEAWAY, "no"),
        lambda desk: fb.disagree(desk, TURN, "no"),
        lambda desk: fb.withdraw(desk, mine),
        lambda desk: fb.answer(desk, mine, "agreed", "yes"),
        lambda desk: fb.rate(desk, GIVEAWAY, 1, blind=True),
        lambda desk: fb.write_note(desk, 1, None, "hm"),
        lambda desk: fb.write_note(desk, 1, 4, "hm"),
        lambda desk: fb.remove_note(desk, note),
    ]
    for desk in outsiders(store):
        for attempt in tries:
            with pytest.raises(NotHere):
                attempt(desk)
        assert fb.disagreements(desk) == fb.notes(desk) == fb.ratings(desk, 1) == []
        assert fb.count_disagreements(desk, call_id=1) == 0 and fb.choices(desk, 1) == {}
    [found] = fb.disagreements(anna)
    assert (found.state, found.reason) == ("waiting", "It was a joke.")


def test_what_is_not_there_is_told_in_the_same_words_as_what_is_another_s(store: Store, anna: Desk) -> None:
    for spot in (replace(GIVEAWAY, call_id=2), replace(GIVEAWAY, call_id=99), replace(GIVEAWAY, turn=99)):
        with pytest.raises(NotHere, match="not here"):
            fb.disagree(anna, spot, "no")


@pytest.mark.parametrize("policy", [Policy(), OPEN, replace(OPEN, first_hours=48), replace(OPEN, delivery="team")])
def test_a_lead_sees_what_the_rep_is_told_that_they_see(store: Store, anna: Desk, policy: Policy) -> None:
    store.set_policy(policy)
    lead, chosen = Desk(store, LEAD), (None, "shared", "private")
    for spot, choice, whole in product((GIVEAWAY, STRENGTH, HEARD), chosen, chosen):
        fb.choose(anna, spot, choice)
        fb.choose_call(anna, 1, whole)
        row = anna.call(1)
        assert row and row.choice == whole
        told = fb.lead_sees_from(policy, row, fb.choices(anna, 1), spot)
        if spot is HEARD and policy.delivery != "team":
            told = None
        seen = lead.moment(1, spot.turn, spot.axis, spot.kind or "")
        assert (seen is not None) == (told is not None and told <= datetime.now(UTC)), (spot, choice, whole)


def test_a_choice_can_be_taken_back_and_outlives_another_scoring(store: Store, anna: Desk) -> None:
    fb.choose(anna, GIVEAWAY, "shared")
    fb.choose(anna, STRENGTH, "private")
    store.replace(1, spoken())
    assert fb.choices(anna, 1) == {(4, "condescension", "giveaway"): "shared", (2, "empathy", "strength"): "private"}
    fb.choose(anna, GIVEAWAY, None)
    assert list(fb.choices(anna, 1)) == [(2, "empathy", "strength")]
    assert fb.choices(Desk(store, LEAD), 1) == {}


def test_a_lead_reads_and_answers_what_is_said_of_a_moment_once_they_see_that_moment(store: Store, anna: Desk) -> None:
    lead, mine = Desk(store, LEAD), fb.disagree(anna, GIVEAWAY, " It was a joke. ", 0)
    assert fb.disagreements(lead) == []
    with pytest.raises(NotHere):
        fb.answer(lead, mine, "agreed", "Yes.")
    fb.choose(anna, GIVEAWAY, "shared")
    [asked] = fb.disagreements(lead, unanswered=True)
    assert (asked.reason, asked.rating, asked.rep, asked.quote) == (
        "It was a joke.",
        0,
        ANNA,
        review().call.turns[4].text,
    )
    assert asked.model and asked.model["rating"] == pytest.approx(2.4) and not asked.mine
    fb.answer(lead, mine, "partly", "I hear the joke. The customer may not.")
    [told] = fb.disagreements(anna, mine=True)
    assert (told.state, told.verdict, told.answer) == ("answered", "partly", "I hear the joke. The customer may not.")
    assert fb.count_disagreements(lead, unanswered=True) == 0 == fb.count_disagreements(anna, unanswered=True)
    assert fb.count_disagreements(lead) == fb.count_disagreements(anna) == 1


def test_what_is_said_of_one_moment_does_not_come_out_by_another_in_the_same_turn(store: Store, anna: Desk) -> None:
    lead = Desk(store, LEAD)
    fb.choose(anna, GIVEAWAY, "shared")
    fb.disagree(anna, replace(GIVEAWAY, axis="impatience"), "no")
    fb.disagree(anna, HEARD, "I was not rude.")
    assert fb.disagreements(lead) == []
    fb.disagree(anna, TURN, "I was in no hurry.")  # of the words, which the lead sees
    assert [row.axis for row in fb.disagreements(lead)] == ["impatience"]
    store.set_policy(OPEN)  # the whole call, but not how it was spoken
    assert [row.reason for row in fb.disagreements(lead)] == ["I was in no hurry."]


def test_a_disagreement_that_waits_is_put_right_and_a_withdrawn_one_is_the_rep_s_alone(
    store: Store, anna: Desk
) -> None:
    store.set_policy(OPEN)
    first = fb.disagree(anna, GIVEAWAY, "no", 0)
    assert fb.disagree(anna, GIVEAWAY, "It was a joke.", 1) == first
    assert [(row.reason, row.rating) for row in fb.disagreements(anna)] == [("It was a joke.", 1)]
    fb.withdraw(anna, first)
    assert fb.disagreements(Desk(store, LEAD)) == [] and fb.count_disagreements(anna, mine=True, unanswered=True) == 0
    assert fb.disagreements(anna)[0].state == "withdrawn"
    with pytest.raises(NotHere):
        fb.answer(Desk(store, LEAD), first, "kept", "no")
    assert fb.disagree(anna, GIVEAWAY, "still no") != first


def test_nobody_answers_themselves_but_who_is_alone(store: Store, anna: Desk) -> None:
    store.set_policy(OPEN)
    both = Desk(store, replace(LEAD, rep=anna.person.rep))
    mine = fb.disagree(both, GIVEAWAY, "no")
    assert fb.count_disagreements(both, unanswered=True) == 0
    for desk in (both, anna):
        with pytest.raises(NotHere):
            fb.answer(desk, mine, "agreed", "yes")
    alone = Desk(store, ALONE)
    fb.answer(alone, fb.disagree(alone, TURN, "no"), "agreed", "yes")
    assert [(row.mine, row.verdict) for row in fb.disagreements(alone, mine=True)] == [(True, "agreed")]
    assert [row.mine for row in fb.disagreements(alone)] == [True, False]


def test_a_reason_is_asked_for(anna: Desk) -> None:
    with pytest.raises(InputError, match="few words"):
        fb.disagree(anna, GIVEAWAY, "  \n")
    with pytest.raises(InputError, match="empty"):
        fb.write_note(anna, 1, None, " ")


def test_another_s_rating_is_seen_only_after_one_s_own(store: Store, anna: Desk) -> None:
    lead = Desk(store, LEAD)
    fb.choose(anna, GIVEAWAY, "shared")
    fb.rate(anna, GIVEAWAY, 0, blind=True)
    assert fb.ratings(lead, 1) == []
    fb.rate(lead, GIVEAWAY, 2, blind=True)
    for desk in (anna, lead):
        given = [(given.role, given.rating, given.blind) for given in fb.ratings(desk, 1)]
        assert given == [("rep", 0, True), ("lead", 2, True)]
    fb.rate(lead, GIVEAWAY, 1, blind=True)  # knows by now what the other says
    assert [(given.rating, given.blind) for given in fb.ratings(lead, 1) if given.mine] == [(1, False)]
    fb.choose(anna, GIVEAWAY, "private")
    assert fb.ratings(lead, 1) == [] and len(fb.ratings(anna, 1)) == 2


@pytest.mark.parametrize("rating", [-1, 4])
def test_there_are_four_ratings(anna: Desk, rating: int) -> None:
    with pytest.raises(ValueError, match="not a rating"):
        fb.rate(anna, GIVEAWAY, rating, blind=False)


def test_notes_are_for_oneself_and_leave_with_what_they_are_on(store: Store, anna: Desk) -> None:
    store.set_policy(OPEN)
    lead = Desk(store, LEAD)
    kept = fb.write_note(anna, 1, 2, "did this well")
    fb.write_note(anna, 1, None, "a long day")
    fb.write_note(lead, 1, 2, "praise her")
    assert [(note.text, note.turn) for note in fb.notes(anna)] == [("a long day", None), ("did this well", 2)]
    assert [(note.text, note.quote) for note in fb.notes(lead, 1)] == [("praise her", review().call.turns[2].text)]
    with pytest.raises(NotHere):
        fb.remove_note(lead, kept)
    fb.choose(anna, STRENGTH, "private")
    assert fb.notes(lead) == [] and fb.count_notes(lead) == 0
    fb.remove_note(anna, kept)
    assert fb.count_notes(anna) == 1


def test_a_rep_who_changes_teams_leaves_nothing_to_either_lead(store: Store, anna: Desk) -> None:
    store.set_policy(OPEN)
    fb.disagree(anna, GIVEAWAY, "no")
    fb.write_note(Desk(store, LEAD), 1, 4, "talk about it")
    store.save(review(), digest="new", rep=ANNA, team="South", started_at=datetime.now(UTC))
    south = Desk(store, Person("lead", account=8, teams=("South",)))
    for desk in (Desk(store, LEAD), south):
        assert fb.disagreements(desk) == fb.notes(desk) == []
    assert fb.count_disagreements(anna) == 1


def test_the_rep_comes_first_with_what_they_say_as_well(store: Store, anna: Desk) -> None:
    store.set_policy(replace(OPEN, first_hours=48))
    fb.disagree(anna, GIVEAWAY, "no")
    assert fb.count_disagreements(Desk(store, LEAD)) == 0
    with store.writing() as session:
        session.execute(update(StoredCall).values(reviewed_at=datetime.now(UTC) - timedelta(hours=49)))
    assert fb.count_disagreements(Desk(store, LEAD)) == 1


def test_lists_come_in_pages_the_latest_first(anna: Desk) -> None:
    for number in range(5):
        fb.disagree(anna, replace(TURN, turn=number), str(number))
        fb.write_note(anna, 1, None, str(number))
    assert [row.reason for row in fb.disagreements(anna, limit=2, offset=1)] == ["3", "2"]
    assert [note.text for note in fb.notes(anna, limit=2, offset=3)] == ["1", "0"]
