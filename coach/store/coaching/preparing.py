"""Preparing a coaching session, holding and closing it: what only its lead does, as long as it is open."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, time
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from coach.store import reading
from coach.store.access import Access, may_coach
from coach.store.coaching.sessions import open_session, spot_of
from coach.store.desk import Desk
from coach.store.people import SessionMoment, StoredSession
from coach.store.said.lines import Spot
from coach.store.schema import Rep
from coach.tone.rubric import BEHAVIOURS


def prepare(desk: Desk, rep: str, moments: Sequence[Spot] = ()) -> int | None:
    """Prepare a session for a rep; None where they are not there, or not the person's to coach."""
    with desk.writing() as (found, access):
        theirs = found.scalar(select(Rep).where(Rep.name == rep, may_coach(desk.person)))
        if theirs is None:
            return None
        made = StoredSession(
            rep_id=theirs.id, lead_id=desk.person.account, team=theirs.team, made_at=datetime.now(UTC), plan=""
        )
        found.add(made)
        found.flush()
        for spot in moments:
            _add(found, access, made, spot)
        session_id, rep_id = made.id, theirs.id
    desk.log("prepared session", session=session_id, rep=rep_id)
    return session_id


def add(desk: Desk, session_id: int, spot: Spot) -> bool:
    """Put a moment of the rep at the end of a session that is still open; False where that cannot be."""
    with desk.writing() as (found, access):
        row = open_session(found, desk.person, session_id)
        return row is not None and _add(found, access, row, spot)


def remove(desk: Desk, session_id: int, item: int) -> None:
    with desk.writing() as (found, _):
        row = open_session(found, desk.person, session_id)
        for moment in list(row.moments) if row else ():
            if moment.id == item:
                found.delete(moment)


def move(desk: Desk, session_id: int, item: int, by: Literal[-1, 1]) -> None:
    """Let a moment change places with the one before (-1) or after it (1)."""
    with desk.writing() as (found, _):
        row = open_session(found, desk.person, session_id)
        moments = list(row.moments) if row else []
        at = next((n for n, moment in enumerate(moments) if moment.id == item), None)
        if at is not None and 0 <= at + by < len(moments):
            one, other = moments[at], moments[at + by]
            one.position, other.position = other.position, one.position


def write_note(desk: Desk, session_id: int, item: int, text: str) -> None:
    """Keep the lead's talk points for a moment."""
    with desk.writing() as (found, _):
        row = open_session(found, desk.person, session_id)
        for moment in row.moments if row else ():
            if moment.id == item:
                moment.note = text


def write_plan(desk: Desk, session_id: int, text: str) -> None:
    """Keep what the lead notes for themselves."""
    with desk.writing() as (found, _):
        row = open_session(found, desk.person, session_id)
        if row:
            row.plan = text


def hold(desk: Desk, session_id: int) -> None:
    """Begin: from now on the rep knows of the session."""
    with desk.writing() as (found, _):
        row = open_session(found, desk.person, session_id)
        if row is None or row.held_at:
            return
        row.held_at = datetime.now(UTC)
    desk.log("held session", session=session_id)


def close(desk: Desk, session_id: int, focus: str, agreed: str, due: date | None) -> bool:
    """Close a session with the behaviour that both want to look at, what they agreed on, and until when."""
    with desk.writing() as (found, _):
        row = open_session(found, desk.person, session_id)
        if row is None or focus not in BEHAVIOURS:
            return False
        row.closed_at = datetime.now(UTC)
        row.held_at = row.held_at or row.closed_at
        row.focus, row.agreed = focus, agreed
        row.due = datetime.combine(due, time(12), UTC) if due else None
    desk.log("closed session", session=session_id)
    return True


def discard(desk: Desk, session_id: int) -> bool:
    """Delete a session that was never held."""
    with desk.writing() as (found, _):
        row = open_session(found, desk.person, session_id)
        if row is None or row.held_at:
            return False
        found.delete(row)
    desk.log("discarded session", session=session_id)
    return True


def _add(found: Session, access: Access, row: StoredSession, spot: Spot) -> bool:
    seen = spot.kind and reading.moment(found, access.moments, spot.call_id, spot.turn, spot.axis, spot.kind)
    if not seen or spot in map(spot_of, row.moments) or seen.rep != row.rep.name:
        return False
    last = max((moment.position for moment in row.moments), default=-1)
    row.moments.append(SessionMoment(position=last + 1, note="", **asdict(spot)))
    return True
