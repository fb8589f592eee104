"""What people say of moments and turns: that they see them differently, and what is answered.

What one may not see, one can say nothing of: it is not there.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from coach.calls import Axis, InputError
from coach.store.access import Access, Person
from coach.store.desk import Desk
from coach.store.people import StoredDisagreement
from coach.store.said.choices import Chosen, choices, choose, choose_call, lead_sees_from, own_rep, owns
from coach.store.said.lines import (
    Condition,
    Line,
    NotHere,
    Spot,
    by,
    line_of,
    moment_seen,
    own_call,
    turn_of,
    turn_seen,
    with_line,
)
from coach.store.said.notes import Note, count_notes, notes, remove_note, write_note
from coach.store.said.ratings import Given, rate, ratings
from coach.store.schema import StoredCall, StoredMoment, StoredReview

__all__ = [
    "Chosen", "Disagreement", "Given", "NotHere", "Note", "Spot", "Verdict", "answer", "choices", "choose",
    "choose_call", "count_disagreements", "count_notes", "disagree", "disagreements", "lead_sees_from", "notes",
    "own_rep", "owns", "rate", "ratings", "remove_note", "withdraw", "write_note",
]  # fmt: skip

Verdict = Literal["agreed", "partly", "kept"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement(Line):
    """ "I see it differently", and what came of it.

    Attributes
    ----------
    rating
        What the person would rate it, 0 to 3, if they said so; `model` is what the model had said.
    mine
        Whether the person who looks said it.
    """

    id: int
    axis: Axis
    kind: str | None
    reason: str
    rating: int | None
    model: dict[str, float] | None
    mine: bool
    made_at: datetime
    withdrawn_at: datetime | None
    answered_at: datetime | None
    verdict: Verdict | None
    answer: str | None

    @property
    def state(self) -> Literal["waiting", "answered", "withdrawn"]:
        return "withdrawn" if self.withdrawn_at else "answered" if self.answered_at else "waiting"


def disagree(desk: Desk, spot: Spot, reason: str, rating: int | None = None) -> int:
    """Say that one sees something in an own call differently; what one said of it before, and waits, is put right.

    Raises
    ------
    InputError
        Where it is not the person's own, or no reason is given.
    """
    if not reason.strip():
        raise InputError("Say in a few words how you see it.")
    with desk.writing() as (session, access):
        call = own_call(session, access, spot.call_id)
        said = turn_of(session.get_one(StoredReview, call.id).body, spot.turn)
        if not said:
            raise NotHere
        found = _waiting(session, desk.person, spot)
        found.reason, found.rating, found.made_at = reason.strip(), rating, datetime.now(UTC)
        found.model, found.scorer = (said.get("scores") or {}).get(spot.axis), call.scorer
        session.flush()
        return found.id


def withdraw(desk: Desk, disagreement: int) -> None:
    """Take back what one has said."""
    with desk.writing() as (session, access):
        _found(session, disagreement, _mine(desk.person, access)).withdrawn_at = datetime.now(UTC)


def answer(desk: Desk, disagreement: int, verdict: Verdict, text: str) -> None:
    """Answer as a lead what a rep sees differently in what one may see oneself.

    Raises
    ------
    NotHere
        Where it is not for this person to answer, or was withdrawn.
    """
    with desk.writing() as (session, access):
        found = _found(session, disagreement, _to_answer(desk.person, access))
        found.verdict, found.answer = verdict, text.strip()
        found.answered_at, found.answered_by = datetime.now(UTC), desk.person.account


def disagreements(
    desk: Desk,
    *,
    mine: bool = False,
    unanswered: bool = False,
    answered: bool = False,
    call_id: int | None = None,
    limit: int = 20,
    offset: int = 0,
) -> list[Disagreement]:
    """What was seen differently, the latest first: one's own, and as a lead what reps say of what one may see.

    `unanswered` are those that wait for an answer: from this person, unless they are `mine`. `answered` are those that
    this person might have answered, and somebody has.
    """
    with desk.reading() as (session, access):
        query = with_line(StoredDisagreement).where(*_wanted(desk.person, access, mine, unanswered, answered, call_id))
        query = query.order_by(StoredDisagreement.made_at.desc(), StoredDisagreement.id.desc())
        found = session.execute(query.limit(limit).offset(offset))
        return [_row(desk.person, said, *line) for said, *line in found]


def count_disagreements(
    desk: Desk, *, mine: bool = False, unanswered: bool = False, answered: bool = False, call_id: int | None = None
) -> int:
    with desk.reading() as (session, access):
        query = select(func.count(StoredDisagreement.id)).join(StoredDisagreement.call)
        return session.scalar(query.where(*_wanted(desk.person, access, mine, unanswered, answered, call_id))) or 0


def _wanted(
    person: Person, access: Access, mine: bool, unanswered: bool, answered: bool, call_id: int | None
) -> list[Condition]:
    own = _mine(person, access)
    asked = _to_answer(person, access) if unanswered or answered else or_(own, _of_others(access))
    wanted = [own if mine else asked]
    if answered:
        wanted.append(StoredDisagreement.answered_at.is_not(None))
    if unanswered:
        wanted += [StoredDisagreement.answered_at.is_(None), StoredDisagreement.withdrawn_at.is_(None)]
    return wanted if call_id is None else [*wanted, StoredDisagreement.call_id == call_id]


def _mine(person: Person, access: Access) -> Condition:
    return and_(by(person, StoredDisagreement.account_id), access.own)


def _of_others(access: Access) -> Condition:
    """A moment counts as seen only where it is this very one: another in the same turn tells nothing of it."""
    same = StoredMoment.turn, StoredMoment.axis, StoredMoment.kind
    this = StoredDisagreement.turn, StoredDisagreement.axis, StoredDisagreement.kind
    moment = moment_seen(access, *(one == other for one, other in zip(same, this, strict=True)))
    turn = and_(StoredDisagreement.kind.is_(None), turn_seen(StoredDisagreement, access))
    return and_(StoredDisagreement.withdrawn_at.is_(None), or_(turn, moment))


def _to_answer(person: Person, access: Access) -> Condition:
    if person.role == "alone":
        return and_(StoredDisagreement.withdrawn_at.is_(None), or_(_mine(person, access), _of_others(access)))
    return and_(_of_others(access), ~access.own)


def _found(session: Session, disagreement: int, allowed: Condition) -> StoredDisagreement:
    query = select(StoredDisagreement).join(StoredDisagreement.call)
    found = session.scalar(query.where(StoredDisagreement.id == disagreement, allowed))
    if found is None:
        raise NotHere
    return found


def _waiting(session: Session, person: Person, spot: Spot) -> StoredDisagreement:
    """What the person said of this and waits for an answer, or a new one."""
    here = {"call_id": spot.call_id, "turn": spot.turn, "axis": spot.axis, "kind": spot.kind}
    query = select(StoredDisagreement).filter_by(**here, answered_at=None, withdrawn_at=None)
    found = session.scalar(query.where(by(person, StoredDisagreement.account_id)))
    if found is None:
        session.add(found := StoredDisagreement(**here, account_id=person.account))
    return found


def _row(person: Person, said: StoredDisagreement, call: StoredCall, rep: str | None, body: str) -> Disagreement:
    same = ("id", "axis", "kind", "reason", "rating", "model", "made_at", "withdrawn_at", "answered_at", "verdict",
            "answer")  # fmt: skip
    mine = said.account_id == person.account
    return Disagreement(**line_of(said.turn, call, rep, body), **{n: getattr(said, n) for n in same}, mine=mine)
