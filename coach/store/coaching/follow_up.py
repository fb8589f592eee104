"""Whether a coaching session helped: its focus in the rep's calls before and after."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from coach.focus import Share
from coach.store.access import Access
from coach.store.coaching.sessions import SessionRow
from coach.store.desk import Desk
from coach.store.reading import Filter
from coach.store.schema import StoredCall, StoredMoment, when

AROUND = timedelta(weeks=12)  # before and after a session


@dataclass(frozen=True, slots=True)
class FollowUp:
    """In how many calls the focus of a session came up before and after; `own` where they are the person's own calls.

    Otherwise they are those that the rep has not kept private, and without `whole` only those with a moment in them.
    """

    before: Share
    after: Share
    own: bool
    whole: bool


def follow_up(desk: Desk, row: SessionRow, now: datetime | None = None) -> FollowUp | None:
    """How a session's focus came up around it; None where a lead sees only what the rep chose to share.

    Those would be counts of what was shared, and not of what was done.
    """
    person, policy = desk.person, desk.policy
    own = person.role == "alone" or person.rep == row.rep_id
    if row.focus is None or row.held_at is None or not (own or policy.sharing == "opt-out"):
        return None
    end = min(now or datetime.now(UTC), row.held_at + AROUND)
    with desk.reading() as (session, access):
        before = _share(session, access, row, row.held_at - AROUND, row.held_at)
        after = _share(session, access, row, row.held_at, end)
    return FollowUp(before, after, own, own or policy.whole_calls)


def _share(session: Session, access: Access, row: SessionRow, since: datetime, until: datetime) -> Share:
    moment = select(StoredMoment.id).where(StoredMoment.call_id == StoredCall.id, access.moments)
    having = moment.where(*Filter(behaviour=row.focus).of_moments())
    seen = or_(access.calls, moment.correlate(StoredCall).exists())
    scored = StoredCall.rep_id == row.rep_id, StoredCall.not_scored.is_(None), when() >= since, when() < until
    calls = select(func.count(StoredCall.id)).where(seen, *scored)
    return Share(
        session.scalar(calls.where(having.correlate(StoredCall).exists())) or 0,
        session.scalar(calls) or 0,
    )
