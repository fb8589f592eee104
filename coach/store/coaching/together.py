"""What a lead and a rep rate the moments of a coaching session, each for themselves, and then side by side."""

from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from coach.store import reading
from coach.store.access import Access, prepared_by
from coach.store.coaching.sessions import open_session, spot_of
from coach.store.desk import Desk
from coach.store.people import Account, SessionMoment, StoredRating, StoredSession
from coach.store.said.lines import Spot

Side = Literal["lead", "rep"]


def both(desk: Desk, session_id: int, item: int) -> dict[Side, int]:
    """The ratings that are there for a moment of a session that the person prepared."""
    with desk.reading() as (found, access):
        query = select(StoredSession).where(StoredSession.id == session_id, prepared_by(desk.person))
        row = found.scalar(query)
        spot = row and _spot(found, access, row, item)
        if not row or not spot:
            return {}
        sides: tuple[Side, ...] = ("lead", "rep")
        given = {side: _given(found, desk, row, spot, side) for side in sides}
        return {side: rating.rating for side, rating in given.items() if rating}


def rate(desk: Desk, session_id: int, item: int, side: Side, rating: int, blind: bool) -> bool:
    """Keep what one of both rates a moment on its axis, 0 to 3, as the lead enters it; False where that cannot be.

    `blind` is whether the other's rating was not shown. What the rep had rated before the session began is their own:
    it stays.
    """
    with desk.writing() as (found, access):
        row = open_session(found, desk.person, session_id)
        spot = row and _spot(found, access, row, item)
        if not row or not spot or rating not in range(4):
            return False
        given = _given(found, desk, row, spot, side)
        if given and side == "rep" and (row.held_at is None or given.at < row.held_at):
            return False
        if given is None:
            given = StoredRating(**_names(spot), account_id=_account(found, desk, row, side), role=side, blind=blind)
            found.add(given)
        else:
            given.blind = False
        given.rating, given.at = rating, datetime.now(UTC)
        return True


def _spot(found: Session, access: Access, row: StoredSession, item: int) -> Spot | None:
    """The moment that an item of the session is about; None where it is not there, or may not be seen any more."""
    moment = found.scalar(select(SessionMoment).where(SessionMoment.id == item, SessionMoment.session_id == row.id))
    key = moment and (moment.call_id, moment.turn, moment.axis, moment.kind)
    return spot_of(moment) if moment and key and reading.moment(found, access.moments, *key) else None


def _given(found: Session, desk: Desk, row: StoredSession, spot: Spot, side: Side) -> StoredRating | None:
    account = _account(found, desk, row, side)
    same = StoredRating.account_id.is_not_distinct_from(account), StoredRating.role == side
    return found.scalar(select(StoredRating).filter_by(**_names(spot)).where(*same).order_by(StoredRating.at.desc()))


def _account(found: Session, desk: Desk, row: StoredSession, side: Side) -> int | None:
    """Whose rating it is; None where the rep has no account."""
    if side == "lead":
        return desk.person.account
    theirs = select(Account.id).where(Account.rep_id == row.rep_id, Account.removed_at.is_(None))
    return found.scalar(theirs.order_by(Account.id).limit(1))


def _names(spot: Spot) -> dict[str, Any]:
    return {"call_id": spot.call_id, "turn": spot.turn, "axis": spot.axis}
