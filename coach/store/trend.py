"""A person's own calls along time: the figures for their progress, and the moments of a week.

They are for that person alone: nobody who leads a rep reads them here. Who is alone chooses the rep.
"""

from collections import defaultdict
from datetime import date, datetime, time

from sqlalchemy import and_, func, select

from coach.calls import AXES
from coach.progress import Figures
from coach.store import reading
from coach.store.desk import Desk
from coach.store.reading import Filter
from coach.store.rows import MomentRow
from coach.store.schema import StoredCall, StoredMoment, when


def figures(desk: Desk, since: date, until: date, rep: str | None = None) -> list[Figures]:
    """One's own scored calls from a day on, and before another, in the order of time."""
    wanted = _wanted(since, until, rep)
    columns = StoredCall.id, when(), *(getattr(StoredCall, axis) for axis in AXES), StoredCall.scorer
    with desk.reading() as (session, access):
        named = defaultdict(set)
        moments = select(StoredMoment.call_id, StoredMoment.behaviours).join(StoredMoment.call)
        for call_id, behaviours in session.execute(moments.where(access.own, access.moments, *wanted.of_moments())):
            named[call_id].update(behaviours)
        calls = select(*columns).where(access.own, *wanted.of_calls()).order_by(when(), StoredCall.id)
        return [
            Figures(at, dict(zip(AXES, scores, strict=True)), frozenset(named[call_id]), scorer)
            for call_id, at, *scores, scorer in session.execute(calls)
        ]


def moments(desk: Desk, since: date, until: date, rep: str | None = None, limit: int = 100) -> list[MomentRow]:
    """The moments of one's own calls from a day on, and before another, those of the latest calls first."""
    with desk.reading() as (session, access):
        own = and_(access.own, access.moments)
        return reading.moments(session, own, _wanted(since, until, rep), limit)


def days(desk: Desk, rep: str | None = None) -> tuple[date, date] | None:
    """The days of one's first and one's last scored call; None where there is none."""
    with desk.reading() as (session, access):
        query = select(func.min(when()), func.max(when())).where(access.own, *Filter(rep=rep, scored=True).of_calls())
        first, last = session.execute(query).one()
    return (first.astimezone().date(), last.astimezone().date()) if first else None


def _wanted(since: date, until: date, rep: str | None) -> Filter:
    return Filter(rep=rep, scored=True, since=_midnight(since), until=_midnight(until))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time()).astimezone()
