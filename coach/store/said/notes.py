"""Notes that somebody writes for themselves, of a call or of one turn in it. Nobody else reads them."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import and_, func, or_, select

from coach.calls import InputError
from coach.store.access import Access, Person
from coach.store.desk import Desk, may_see_turn
from coach.store.people import StoredNote
from coach.store.said.lines import Condition, Line, NotHere, by, line_of, turn_seen, with_line
from coach.store.schema import StoredCall


@dataclass(frozen=True, slots=True, kw_only=True)
class Note(Line):
    id: int
    text: str
    at: datetime


def write_note(desk: Desk, call_id: int, turn: int | None, text: str) -> int:
    """Keep a note on what one may see.

    Raises
    ------
    InputError
        Where it is not there, or nothing was written.
    """
    if not text.strip():
        raise InputError("The note is empty.")
    with desk.writing() as (session, access):
        whole = select(StoredCall.id).where(StoredCall.id == call_id, access.calls)
        may = session.scalar(whole) if turn is None else may_see_turn(session, access, call_id, turn)
        if not may:
            raise NotHere
        note = StoredNote(call_id=call_id, turn=turn, text=text.strip(), at=datetime.now(UTC))
        note.account_id = desk.person.account
        session.add(note)
        session.flush()
        return note.id


def notes(desk: Desk, call_id: int | None = None, limit: int = 20, offset: int = 0) -> list[Note]:
    """One's own notes on what one may (still) see, the latest first."""
    with desk.reading() as (session, access):
        query = with_line(StoredNote).where(*_own(desk.person, access, call_id))
        query = query.order_by(StoredNote.at.desc(), StoredNote.id.desc()).limit(limit).offset(offset)
        return [
            Note(**line_of(note.turn, *line), id=note.id, text=note.text, at=note.at)
            for note, *line in session.execute(query)
        ]


def count_notes(desk: Desk, call_id: int | None = None) -> int:
    with desk.reading() as (session, access):
        query = select(func.count(StoredNote.id)).join(StoredNote.call).where(*_own(desk.person, access, call_id))
        return session.scalar(query) or 0


def remove_note(desk: Desk, note: int) -> None:
    with desk.writing() as (session, _):
        found = session.scalar(select(StoredNote).where(StoredNote.id == note, by(desk.person, StoredNote.account_id)))
        if found is None:
            raise NotHere
        session.delete(found)


def _own(person: Person, access: Access, call_id: int | None) -> list[Condition]:
    seen = or_(access.calls, and_(StoredNote.turn.is_not(None), turn_seen(StoredNote, access)))
    wanted = [by(person, StoredNote.account_id), seen]
    return wanted if call_id is None else [*wanted, StoredNote.call_id == call_id]
