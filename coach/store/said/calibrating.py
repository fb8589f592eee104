"""Turns to rate blind, and how the ratings agree: what others and the model say of one comes after the own rating.

A fair sample, as far as it goes: turns of the latest calls that the person may open whole and has not looked into.
First an axis is drawn, then by the toss of a coin a turn in which the model finds it likelier than not, or one of the
others: about half of the turns are likely ones, most of a call being nothing of the kind, and nobody can tell which is
which. Where whole calls are closed to a person, moments are drawn that they may see: a sample of moments only. What is
left then are turns of calls that they have looked into before: these ratings are kept as not blind.
"""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from coach.calls import AXES, Axis, Call, Rating
from coach.store.access import Access
from coach.store.desk import Desk
from coach.store.people import AuditEntry, StoredRating
from coach.store.rows import CallRow, MomentRow
from coach.store.said.lines import Spot, by, turn_seen
from coach.store.said.ratings import Given, rate, ratings
from coach.store.schema import StoredCall, StoredMoment, StoredReview

LATEST, AT_ONCE = 200, 8  # calls among which is drawn; so many of them are read at a time
LATEST_MOMENTS = 60
LATEST_RATINGS, MOST_CALLS = 3000, 200  # that agreement is counted from
RATING = {"what": "to rate it"}  # how the audit trail tells such a look from others: nothing of the model's is shown
Place = tuple[int, int]  # a call and its turn


@dataclass(frozen=True, slots=True)
class Passage:
    """A turn with what was said before it, and nothing of what anybody makes of it.

    Attributes
    ----------
    turn
        Where it is in `call`, which has no turn after it; `whole` says that all the others before it are there.
    """

    row: CallRow | MomentRow
    call: Call
    turn: int
    whole: bool


@dataclass(frozen=True, slots=True)
class Revealed:
    """What there is to say of a turn that the person has rated."""

    model: Rating | None
    given: list[Given]


def drawn(desk: Desk, skipped: Collection[Place], chance: Random) -> Place | None:
    """A turn for this person to rate; None where none is left."""
    with desk.reading() as (session, access):
        calls = _calls(session, access)
        known = _looked_into(session, desk, calls)
        done = {*skipped, *_rated(session, desk)}
        fresh = [call for call in calls if call not in known]
        moments = [place for place in _moments(session, access) if place not in done]
        return (
            _among(session, fresh, done, chance)
            or (chance.choice(moments) if moments else None)
            or _among(session, sorted(known), done, chance)
        )


def passage(desk: Desk, place: Place) -> Passage | None:
    """What is to be rated; None where the person may not see it (any more)."""
    call_id, turn = place
    review, row = desk.review(call_id), desk.call(call_id)
    if review and row:
        turns = review.call.turns[: turn + 1]
        fits = turn in range(len(review.call.turns)) and turns[turn].speaker == "rep"
        return Passage(row, _cut(review.call, turns), turn, True) if fits else None
    found = _moment(desk, place)
    excerpt = found and desk.excerpt(found)
    if not found or not excerpt:
        return None
    return Passage(found, excerpt.call, len(excerpt.call.turns) - 1, False)


def looked_into(desk: Desk, call_id: int) -> bool:
    """Whether a person has looked into a call, other than to rate it: then they may know what the model says of it."""
    with desk.reading() as (session, _):
        return bool(_looked_into(session, desk, [call_id]))


def rate_turn(desk: Desk, place: Place, given: dict[Axis, int]) -> None:
    """Keep what a person rates a turn; blind, unless they had looked into its call.

    Raises
    ------
    NotHere
        Where the person may not see the turn.
    """
    blind = not looked_into(desk, place[0])
    for axis, rating in given.items():
        rate(desk, Spot(*place, axis), rating, blind)


def revealed(desk: Desk, place: Place) -> Revealed | None:
    """What the model and others say of a turn, to whom has rated it."""
    call_id, turn = place
    given = [each for each in ratings(desk, call_id) if each.turn == turn]
    if not any(each.mine for each in given):
        return None
    review = desk.review(call_id)
    if review:
        return Revealed(review.ratings[turn], given)
    found = _moment(desk, place)
    excerpt = found and desk.excerpt(found)
    return Revealed(excerpt.ratings[-1], given) if excerpt else None


def count_rated(desk: Desk) -> int:
    """How many turns this person has rated."""
    with desk.reading() as (session, _):
        return len(list(_rated(session, desk)))


def rated(desk: Desk) -> list[dict[str, Any]]:
    """The latest ratings of turns that a person may see, as `coach.tone.feedback.judgements` wants them."""
    with desk.reading() as (session, access):
        query = select(StoredRating).join(StoredRating.call).where(turn_seen(StoredRating, access))
        found: dict[int, list[StoredRating]] = {}
        for rating in session.scalars(query.order_by(StoredRating.id.desc()).limit(LATEST_RATINGS)):
            found.setdefault(rating.call_id, []).append(rating)
        latest = dict(list(found.items())[:MOST_CALLS])
        bodies = select(StoredReview.call_id, StoredReview.body).where(StoredReview.call_id.in_(latest))
        return [{"id": call_id, "turns": _turns(body, latest[call_id])} for call_id, body in session.execute(bodies)]


def _turns(body: str, given: Sequence[StoredRating]) -> list[dict[str, Any]]:
    turns = json.loads(body)["turns"]
    for turn in turns:
        turn["ratings"], turn["raters"] = {}, {}
    for rating in given:
        if rating.turn < len(turns) and turns[rating.turn].get("scores"):
            turn = turns[rating.turn]
            rater = {"role": rating.role, "number": rating.account_id, "blind": rating.blind}
            turn["ratings"].setdefault(rating.axis, []).append(rating.rating)
            turn["raters"].setdefault(rating.axis, []).append(rater)
    return turns


def _calls(session: Session, access: Access) -> list[int]:
    there = StoredCall.not_scored.is_(None), StoredCall.words_removed_at.is_(None)
    query = select(StoredCall.id).join(StoredCall.review).where(access.calls, *there)
    return list(session.scalars(query.order_by(StoredCall.id.desc()).limit(LATEST)))


def _looked_into(session: Session, desk: Desk, calls: Sequence[int]) -> set[int]:
    mine = AuditEntry.account_id.is_not_distinct_from(desk.person.account), AuditEntry.call_id.in_(calls)
    query = select(AuditEntry.call_id, AuditEntry.detail).where(*mine, AuditEntry.action.in_(("opened", "played")))
    return {call for call, detail in session.execute(query) if call is not None and detail != RATING}


def _rated(session: Session, desk: Desk) -> Iterator[Place]:
    query = select(StoredRating.call_id, StoredRating.turn).where(by(desk.person, StoredRating.account_id)).distinct()
    return ((call_id, turn) for call_id, turn in session.execute(query))


def _moments(session: Session, access: Access) -> list[Place]:
    """The turns of moments in calls that are closed but for these; not of those that tell how something was spoken."""
    where = access.moments, ~access.calls, StoredMoment.heard.is_(False), StoredMoment.quote != ""
    query = select(StoredMoment.call_id, StoredMoment.turn).join(StoredMoment.call).where(*where)
    latest = session.execute(query.order_by(StoredMoment.call_id.desc()).limit(LATEST_MOMENTS))
    return sorted({(call_id, turn) for call_id, turn in latest})


def _among(session: Session, calls: Sequence[int], done: Collection[Place], chance: Random) -> Place | None:
    """A turn of these calls, of which no more are read than are needed to find one."""
    calls, axis, likely = chance.sample(calls, len(calls)), chance.choice(AXES), chance.random() < 0.5
    for first in range(0, len(calls), AT_ONCE):
        ids = calls[first : first + AT_ONCE]
        bodies = session.execute(select(StoredReview.call_id, StoredReview.body).where(StoredReview.call_id.in_(ids)))
        turns = [each for call_id, body in bodies for each in _scored(call_id, body, axis) if each[0] not in done]
        wanted = [place for place, probability in turns if (probability >= 0.5) == likely]
        if turns:
            return chance.choice(sorted(wanted or [place for place, _ in turns]))
    return None


def _scored(call_id: int, body: str, axis: Axis) -> Iterator[tuple[Place, float]]:
    for at, turn in enumerate(json.loads(body)["turns"]):
        if turn.get("scores"):
            yield (call_id, at), turn["scores"][axis]["probability"]


def _cut(call: Call, turns: Sequence[Any]) -> Call:
    return Call(call.id, tuple(turns), call.rep, call.recording, call.duration, redacted=call.redacted)


def _moment(desk: Desk, place: Place) -> MomentRow | None:
    """A moment in this turn that the person may see."""
    call_id, turn = place
    with desk.reading() as (session, access):
        here = StoredMoment.call_id == call_id, StoredMoment.turn == turn, access.moments
        query = select(StoredMoment.axis, StoredMoment.kind).join(StoredMoment.call).where(*here)
        found = session.execute(query.order_by(StoredMoment.heard, StoredMoment.id)).first()
    return desk.moment(call_id, turn, *found) if found else None
