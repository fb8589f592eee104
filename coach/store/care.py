"""What data care does to the store: find the calls, and remove recordings, words or whole calls from it."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, inspect, or_, select, update
from sqlalchemy.orm import Session

from coach.store.people import Account, Choice, SessionMoment, StoredDisagreement, StoredNote, StoredRating
from coach.store.schema import (
    EarlierScore,
    Job,
    Rep,
    StoredCall,
    StoredDelivery,
    StoredMoment,
    StoredReview,
    when,
)
from coach.store.store import Store
from coach.tips import TEXTS

AT_ONCE = 200  # calls in one transaction: a batch at work need not wait long
ENTRIES = "entries of batches"
HAS_RECORDING = StoredCall.recording.is_not(None)
HAS_WORDS = StoredCall.words_removed_at.is_(None)
_PARTS: dict[str, Any] = {
    "reviews": StoredReview,
    "moments": StoredMoment,
    "deliveries": StoredDelivery,
    "earlier scores": EarlierScore,
    "choices": Choice,
    "disagreements": StoredDisagreement,
    "ratings": StoredRating,
    "notes": StoredNote,
    "moments of sessions": SessionMoment,
}
_WITHOUT_QUOTE = {text for told in TEXTS.values() for texts in told.values() for text in texts if "{" not in text}


@dataclass(frozen=True, slots=True)
class Found:
    """A call that is to be cared for, or a recording that is none. `digest` says which content the recording had, None
    where nobody could read it."""

    id: int
    digest: str | None
    recording: str | None


def older_than(before: datetime) -> ColumnElement[bool]:
    return when() < before


def about(rep: str | None, customer: str | None) -> ColumnElement[bool]:
    return StoredCall.customer == customer if rep is None else StoredCall.rep.has(Rep.name == rep)


def found(store: Store, *conditions: ColumnElement[bool]) -> Iterator[list[Found]]:
    """The calls that meet all conditions, some at a time; each may be changed or removed once it was handed out."""
    last = 0
    query = select(StoredCall.id, StoredCall.digest, StoredCall.recording).where(*conditions).order_by(StoredCall.id)
    while calls := _found(store, query.where(StoredCall.id > last).limit(AT_ONCE)):
        yield calls
        last = calls[-1].id


def _found(store: Store, query: Any) -> list[Found]:
    with Session(store._engine) as session:
        return [Found(*row) for row in session.execute(query)]


def has_rep(store: Store, name: str) -> bool:
    with Session(store._engine) as session:
        return session.scalar(select(Rep.id).where(Rep.name == name)) is not None


def failed_before(store: Store, before: datetime) -> int:
    """How many recordings failed before then, and were not tried again."""
    query = select(func.count(Job.id)).where(Job.failure.is_not(None), Job.changed_at < before)
    with Session(store._engine) as session:
        return session.scalar(query) or 0


def forget_recordings(store: Store, calls: Sequence[Found]) -> None:
    """The calls have no recording any more, unless somebody has just given them another."""
    with Session(store._writing) as session, session.begin():
        for call in calls:
            same = StoredCall.id == call.id, StoredCall.recording == call.recording
            session.execute(update(StoredCall).where(*same).values(recording=None))


def remove_words(store: Store, calls: Sequence[Found]) -> None:
    """Remove all that was said, and what quotes it; who spoke when, scores, behaviours and moments stay."""
    ids = [call.id for call in calls]
    bodies: tuple[Any, ...] = (StoredReview, StoredDelivery)
    with Session(store._writing) as session, session.begin():
        for table in bodies:
            for part in session.scalars(select(table).where(table.call_id.in_(ids))):
                part.body = json.dumps(_without_words(json.loads(part.body)))
        for moment in session.scalars(select(StoredMoment).where(StoredMoment.call_id.in_(ids))):
            moment.quote, moment.why, moment.tip = "", _unquoted(moment.why), _unquoted(moment.tip)
        session.execute(update(StoredCall).where(StoredCall.id.in_(ids)).values(words_removed_at=datetime.now(UTC)))


def _without_words(body: dict[str, Any]) -> dict[str, Any]:
    moments = [m | {"quote": "", "why": _unquoted(m["why"]), "tip": _unquoted(m["tip"])} for m in body["moments"]]
    return body | {"turns": [turn and _wordless(turn) for turn in body["turns"]], "moments": moments}


def _wordless(turn: dict[str, Any]) -> dict[str, Any]:
    """A turn of a review or of a delivery, which has no words anyway."""
    kept = {name: value for name, value in turn.items() if name != "words"}
    nothing = {"start": 0, "end": 0, "text": ""}
    kept |= {"text": ""} if "text" in turn else {}
    return kept | ({"evidence": [e | nothing for e in turn["evidence"]]} if "evidence" in turn else {})


def _unquoted(text: str) -> str:
    return text if text in _WITHOUT_QUOTE else ""


def remove_calls(store: Store, calls: Sequence[Found], dry_run: bool = False) -> Counter[str]:
    """Remove calls with all that hangs on them; returns how many rows of what that is. A dry run changes nothing."""
    ids, recordings = [call.id for call in calls], [call.recording for call in calls if call.recording]
    jobs = or_(Job.digest.in_([call.digest for call in calls]), Job.recording.in_(recordings))
    gone: Counter[str] = Counter()
    with Session(store._writing) as session, session.begin() as transaction:
        for name, table in _PARTS.items():
            gone[name] = _delete(session, table, table.call_id.in_(ids))
        gone[ENTRIES] = _delete(session, Job, jobs)
        gone["calls"] = _delete(session, StoredCall, StoredCall.id.in_(ids))
        if dry_run:
            transaction.rollback()
    return gone


def unscored(store: Store, rep: str | None, customer: str | None) -> list[Found]:
    """Recordings about a rep or a customer that a batch has in hand, or that failed: they are no calls."""
    query = select(Job.id, Job.digest, Job.recording).order_by(Job.id)
    return _found(store, query.where(Job.customer == customer if rep is None else Job.rep == rep))


def remove_unscored(store: Store, recordings: Sequence[Found], dry_run: bool = False) -> Counter[str]:
    """Remove what is known of recordings that are no calls; returns how much that is, as `remove_calls` does."""
    with Session(store._writing) as session, session.begin() as transaction:
        gone = _delete(session, Job, Job.id.in_([recording.id for recording in recordings]))
        if dry_run:
            transaction.rollback()
    return Counter({ENTRIES: gone})


def remove_rep(store: Store, name: str) -> None:
    """Remove a rep's name, their sessions and the account that was theirs as a rep, if no call is theirs any more."""
    theirs = select(StoredCall.id).where(StoredCall.rep_id == Rep.id).exists()
    gone = select(Rep.id).where(Rep.name == name, ~theirs)
    with store.writing() as session:
        session.execute(delete(Account).where(Account.rep_id.in_(gone), Account.role == "rep"))
        session.execute(delete(Rep).where(Rep.id.in_(gone)))


def _delete(session: Session, table: Any, condition: ColumnElement[bool]) -> int:
    return len(session.scalars(delete(table).where(condition).returning(inspect(table).primary_key[0])).all())
