"""What people rate a turn: their own ratings, and where they have rated, those of others."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from coach.store.desk import Desk, may_see_turn
from coach.store.people import StoredRating
from coach.store.said.lines import NotHere, Spot, by, turn_seen
from coach.store.schema import StoredCall


@dataclass(frozen=True, slots=True)
class Given:
    """What somebody rates an axis of a turn, 0 to 3; `role` is "rep" where it is their own call, else "lead"."""

    turn: int
    axis: str
    rating: int
    role: str
    blind: bool
    mine: bool
    at: datetime


def rate(desk: Desk, spot: Spot, rating: int, blind: bool) -> None:
    """Rate an axis of a turn; only a first rating can have been blind.

    Raises
    ------
    NotHere
        Where the person may not see the turn.
    """
    if rating not in range(4):
        raise ValueError(f"not a rating: {rating}")
    same: dict[str, Any] = {"call_id": spot.call_id, "turn": spot.turn, "axis": spot.axis}
    with desk.writing() as (session, access):
        if not may_see_turn(session, access, spot.call_id, spot.turn):
            raise NotHere
        own = session.scalar(select(StoredCall.id).where(StoredCall.id == spot.call_id, access.own))
        same["role"] = "rep" if own else "lead"  # who is alone has a rating as each
        query = select(StoredRating).filter_by(**same).where(by(desk.person, StoredRating.account_id))
        found = session.scalar(query)
        if found is None:
            session.add(found := StoredRating(**same, account_id=desk.person.account, blind=blind))
        else:
            found.blind = False
        found.rating, found.at = rating, datetime.now(UTC)


def ratings(desk: Desk, call_id: int) -> list[Given]:
    """The ratings of turns that one may see, by turn: those of others only where one has rated oneself."""
    person = desk.person
    with desk.reading() as (session, access):
        query = select(StoredRating, by(person, StoredRating.account_id)).join(StoredRating.call)
        query = query.where(StoredRating.call_id == call_id, turn_seen(StoredRating, access))
        found = session.execute(query.order_by(StoredRating.turn, StoredRating.axis, StoredRating.id)).all()
    rated = {(row.turn, row.axis) for row, mine in found if mine}
    return [
        Given(row.turn, row.axis, row.rating, row.role, row.blind, bool(mine), row.at)
        for row, mine in found
        if (row.turn, row.axis) in rated
    ]
