"""The same service for everyone: how kinds of callers and queues are spoken to, without a single call to be told apart.

Who leads a team may see what its reps do not show them one by one only as sums in which nobody is to be found again:

- Counted are the scored calls that reps made in a team which the person leads, as long as they are still in it, for
  thirteen whole weeks up to the last Monday: a look on the next day tells of no call that came in between.
- Not counted are calls that their rep keeps private, and those which the rep has to themselves for some hours yet.
- Nothing is said of a group of fewer than 30 calls or 5 reps, or of which one rep has more than half, nor of one that
  has nothing of that size beside it; those that are too small are left out of the others as well (see `coach.callers`).
- No rep, call or customer is named, nothing can be filtered, and figures are to a tenth of a step.

Who leads nobody, operations and admins among them, gets nothing.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import pandas as pd
from sqlalchemy import Text, cast, func, select

from coach.callers import COLUMNS, Group, Size, compare, size
from coach.calls import AXES
from coach.progress import monday
from coach.store.desk import Desk
from coach.store.schema import StoredCall, when

WEEKS = 13


@dataclass(frozen=True, slots=True)
class Service:
    """What may be said of the weeks from `since` on, before `until`.

    Attributes
    ----------
    whole
        The calls of all groups together; `unnamed` of how many nobody said what kind of caller it was.
    left_out
        Calls that another version had rated, in another way.
    """

    since: date
    until: date
    whole: Size
    unnamed: int
    left_out: int
    groups: list[Group]


def service(desk: Desk, now: datetime | None = None) -> Service:
    """Compare how the callers of those are spoken to whom a person leads; who is alone leads everybody."""
    now = now or datetime.now(UTC)
    until = monday(now.astimezone().date())
    since = until - timedelta(weeks=WEEKS)
    cells = _cells(desk, since, until)
    by_scorer = cells.groupby("scorer").calls.sum()
    kept = cells[cells.scorer == by_scorer.idxmax()] if len(cells) else cells
    unnamed, left_out = kept[kept.caller.isna()].calls.sum(), by_scorer.sum() - kept.calls.sum()
    return Service(since, until, size(kept), int(unnamed), int(left_out), compare(kept))


def _cells(desk: Desk, since: date, until: date) -> pd.DataFrame:
    """Sums by rep, queue and kind of caller, and by what rated them: no call is read."""
    scorer = cast(StoredCall.scorer, Text)
    keys = StoredCall.rep_id, StoredCall.queue, StoredCall.caller, scorer
    sums = [func.sum(getattr(StoredCall, axis)) for axis in AXES]
    with desk.reading() as (session, access):
        counted = access.counted, StoredCall.condescension.is_not(None)
        query = select(*keys, func.count(StoredCall.id), *sums).join(StoredCall.rep)
        query = query.where(*counted, when() >= _midnight(since), when() < _midnight(until)).group_by(*keys)
        rows = session.execute(query).all()
    named = [(rep, queue, (kind or "").strip().lower() or None, *sums) for rep, queue, kind, *sums in rows]
    cells = pd.DataFrame(named, columns=["rep", "queue", "caller", "scorer", "calls", *AXES])
    return cells[[*COLUMNS, "scorer"]]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time()).astimezone()
