"""One stored call after the other: for exports of more calls than memory holds."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from coach.calls import Review
from coach.store.delivery import Viewer
from coach.store.rows import CallRow
from coach.store.schema import Rep, StoredCall, when
from coach.store.store import Store

AT_ONCE = 1000  # ids


def each(
    store: Store, *, rep: str | None = None, since: datetime | None = None, viewer: Viewer = "operations"
) -> Iterator[tuple[CallRow, Review]]:
    """Calls in the order in which they were added, with their reviews as the viewer may see them.

    Calls that others add or remove meanwhile are seen or not; none is seen twice, and no lock is held.
    """
    query = select(StoredCall.id).order_by(StoredCall.id).limit(AT_ONCE)
    query = query.where(StoredCall.rep.has(Rep.name == rep)) if rep else query
    query = query.where(when() >= since) if since else query
    last = 0
    while ids := _ids(store, last, query):
        for call_id in ids:
            row, review = store.call(call_id, viewer=viewer), store.review(call_id, viewer=viewer)
            if row and review:
                yield row, review
        last = ids[-1]


def _ids(store: Store, last: int, query) -> list[int]:
    with Session(store._engine) as session:
        return list(session.scalars(query.where(StoredCall.id > last)))
