"""Coaching sessions: a lead prepares one for a rep, holds it, and closes it with what both agreed on.

The lead who prepared a session sees all of it, as long as they lead the team that it was for and the rep is still in
it; nobody else sees their plan and talk points. The rep reads what was agreed, once it was held. The moments of a
session are seen as moments are seen everywhere: what a rep keeps private now is not in it any more.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from coach.store import reading
from coach.store.access import Access, Person, held_with, may_coach, prepared_by
from coach.store.desk import Desk
from coach.store.people import Account, SessionMoment, StoredSession
from coach.store.rows import MomentRow
from coach.store.said.lines import Spot
from coach.store.schema import Rep

Stage = Literal["planned", "held", "closed"]


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A coaching session. `plan` is the lead's own and empty for anybody else; `focus` is a behaviour of the rubric."""

    id: int
    rep: str
    rep_id: int
    lead: str
    made_at: datetime
    plan: str
    held_at: datetime | None
    closed_at: datetime | None
    focus: str | None
    agreed: str | None
    due: date | None
    moments: int

    @property
    def stage(self) -> Stage:
        return "closed" if self.closed_at else "held" if self.held_at else "planned"


@dataclass(frozen=True, slots=True)
class Item:
    """A moment of a session with the lead's talk points; `found` is None where it may not be seen any more."""

    id: int
    spot: Spot
    note: str
    found: MomentRow | None


def coached(desk: Desk) -> list[str]:
    """The names of the reps for whom a person may prepare a session."""
    with desk.reading() as (session, _):
        return list(session.scalars(select(Rep.name).where(may_coach(desk.person)).order_by(Rep.name)))


def sessions(
    desk: Desk, *, closed: bool = False, rep: str | None = None, limit: int = 20, offset: int = 0
) -> list[SessionRow]:
    """The sessions that a person prepared, the latest first: those still open, or those closed."""
    with desk.reading() as (session, _):
        query = _rows().where(prepared_by(desk.person), *_wanted(closed, rep))
        return [_row(*found) for found in session.execute(_latest(query, limit, offset))]


def count_sessions(desk: Desk, *, closed: bool = False) -> int:
    with desk.reading() as (session, _):
        query = select(func.count(StoredSession.id)).where(prepared_by(desk.person), *_wanted(closed, None))
        return session.scalar(query) or 0


def agreements(desk: Desk, limit: int = 10, offset: int = 0) -> list[SessionRow]:
    """The sessions that a person had as a rep, the latest first: without the lead's plan."""
    with desk.reading() as (session, _):
        query = _latest(_rows().where(held_with(desk.person)), limit, offset)
        return [replace(_row(*found), plan="") for found in session.execute(query)]


def count_agreements(desk: Desk) -> int:
    with desk.reading() as (session, _):
        return session.scalar(select(func.count(StoredSession.id)).where(held_with(desk.person))) or 0


def session(desk: Desk, session_id: int) -> SessionRow | None:
    """A session that the person prepared."""
    with desk.reading() as (found, _):
        row = found.execute(_rows().where(StoredSession.id == session_id, prepared_by(desk.person))).one_or_none()
        return _row(*row) if row else None


def items(desk: Desk, session_id: int) -> list[Item]:
    """The moments of a session in their order: all for who prepared it; for its rep, once held, what is there to hear.

    Talk points are the lead's own: they are empty for the rep.
    """
    with desk.reading() as (found, access):
        row = found.get(StoredSession, session_id)
        if row is None:
            return []
        leads = _is(found, session_id, prepared_by(desk.person))
        if not leads and not _is(found, session_id, held_with(desk.person)):
            return []
        told = [_item(found, access, moment) for moment in row.moments]
        return told if leads else [replace(item, note="") for item in told if item.found]


def in_open_sessions(desk: Desk) -> dict[Spot, int]:
    """The moments that are in a session which the person prepared and has not closed, with its id."""
    with desk.reading() as (session, _):
        query = select(SessionMoment).join(StoredSession, StoredSession.id == SessionMoment.session_id)
        query = query.where(StoredSession.closed_at.is_(None), prepared_by(desk.person)).order_by(StoredSession.id)
        return {spot_of(moment): moment.session_id for moment in session.scalars(query)}


def open_session(found: Session, person: Person, session_id: int) -> StoredSession | None:
    """For the modules of this package: a session that the person may still change."""
    still = StoredSession.id == session_id, StoredSession.closed_at.is_(None)
    return found.scalar(select(StoredSession).where(*still, prepared_by(person)))


def spot_of(moment: SessionMoment) -> Spot:
    return Spot(moment.call_id, moment.turn, moment.axis, moment.kind)


def _is(found: Session, session_id: int, condition: ColumnElement[bool]) -> bool:
    return found.scalar(select(StoredSession.id).where(StoredSession.id == session_id, condition)) is not None


def _item(found: Session, access: Access, moment: SessionMoment) -> Item:
    key = moment.call_id, moment.turn, moment.axis, moment.kind
    return Item(moment.id, spot_of(moment), moment.note, reading.moment(found, access.moments, *key))


def _wanted(closed: bool, rep: str | None) -> list[ColumnElement[bool]]:
    done = StoredSession.closed_at.is_not(None) if closed else StoredSession.closed_at.is_(None)
    return [done] if rep is None else [done, Rep.name == rep]


def _rows() -> Select[Any]:
    moments = select(func.count(SessionMoment.id)).where(SessionMoment.session_id == StoredSession.id)
    entities = StoredSession, Rep.name, Account.name, moments.correlate(StoredSession).scalar_subquery()
    return select(*entities).join(StoredSession.rep).outerjoin(Account, Account.id == StoredSession.lead_id)


def _latest(query: Select[Any], limit: int, offset: int) -> Select[Any]:
    at = func.coalesce(StoredSession.closed_at, StoredSession.held_at, StoredSession.made_at)
    return query.order_by(at.desc(), StoredSession.id.desc()).limit(limit).offset(offset)


def _row(stored: StoredSession, rep: str, lead: str | None, moments: int) -> SessionRow:
    same = ("id", "rep_id", "made_at", "held_at", "closed_at", "focus", "agreed", "plan")
    return SessionRow(
        **{name: getattr(stored, name) for name in same},
        rep=rep,
        lead=lead or "",
        due=stored.due and stored.due.date(),
        moments=moments,
    )
