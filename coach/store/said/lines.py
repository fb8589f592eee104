"""A line of a call, as lists of notes and disagreements name it."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, false, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from coach.calls import InputError
from coach.store.access import Access, Person
from coach.store.schema import Rep, StoredCall, StoredMoment, StoredReview

Condition = ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Spot:
    """A moment, or a turn looked at on one axis (`kind` is None then)."""

    call_id: int
    turn: int
    axis: str
    kind: str | None = None


class NotHere(InputError):
    """What a person may not see, and what there is not, are the same to them."""

    def __init__(self) -> None:
        super().__init__("This is not here. It may have been deleted.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A turn of a call (None: the whole call), with what was said and when (in seconds), and which call that is."""

    call_id: int
    turn: int | None
    quote: str
    start: float | None
    title: str
    recording: str | None
    queue: str | None
    started_at: datetime | None
    added_at: datetime
    rep: str | None


def with_line(table: Any) -> Select[Any]:
    """Rows of a table that names lines, with their call, its rep and its review, for `line_of`."""
    query = select(table, StoredCall, Rep.name, StoredReview.body).join(StoredCall, StoredCall.id == table.call_id)
    return query.outerjoin(Rep, Rep.id == StoredCall.rep_id).join(StoredReview, StoredReview.call_id == StoredCall.id)


def line_of(turn: int | None, call: StoredCall, rep: str | None, body: str) -> dict[str, Any]:
    """The fields of a `Line`."""
    known = ("title", "recording", "queue", "started_at", "added_at")
    said = turn_of(body, turn)
    at = {"call_id": call.id, "turn": turn, "quote": said.get("text", ""), "start": said.get("start"), "rep": rep}
    return at | {name: getattr(call, name) for name in known}


def turn_of(body: str, turn: int | None) -> dict[str, Any]:
    """A turn as a review's JSON has it; empty where there is none (any more)."""
    turns = json.loads(body)["turns"] if turn is not None else []
    return turns[turn] if turn is not None and 0 <= turn < len(turns) else {}


def turn_seen(table: Any, access: Access) -> Condition:
    """Whether the turn that a row names may be seen: as `coach.store.desk.may_see_turn`, for a whole query."""
    return or_(access.calls, moment_seen(access, StoredMoment.turn == table.turn))


def moment_seen(access: Access, *same: Condition) -> Condition:
    """Whether a moment of the call in the query may be seen that is the `same`."""
    query = select(StoredMoment.id).where(StoredMoment.call_id == StoredCall.id, access.moments, *same)
    return query.correlate_except(StoredMoment).exists()


def own_call(session: Session, access: Access, call_id: int) -> StoredCall:
    """A call of the person's own; what is not theirs is not here."""
    found = session.scalar(select(StoredCall).where(StoredCall.id == call_id, access.own))
    if found is None:
        raise NotHere
    return found


def by(person: Person, account: InstrumentedAttribute[int | None]) -> Condition:
    """Whether this person wrote it."""
    if person.role == "alone":
        return account.is_(None)
    return false() if person.account is None else account == person.account
