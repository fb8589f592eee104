"""Reading calls, reviews and moments: `seen` is what may be seen of them, `heard` where how a rep spoke may be heard.

Whoever calls these says what may be seen: the store's own commands everything, a `Desk` what `Access` allows.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, String, and_, cast, func, select, true
from sqlalchemy.orm import Session, joinedload

from coach.as_json import review_from_dict
from coach.calls import AXES, Axis, Delivery, Moment, Review
from coach.delivery.usual import Usual
from coach.store.delivery import join
from coach.store.rows import CallRow, MomentRow
from coach.store.schema import EarlierScore, Rep, StoredCall, StoredDelivery, StoredMoment, StoredReview, when

LATEST = 50  # so many calls say what is usual for a rep now
Condition = ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Filter:
    """Which calls or moments are wanted; what is None is not asked for. Calls are those with such a moment in them."""

    rep: str | None = None
    team: str | None = None
    queue: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    scored: bool | None = None
    kind: Literal["strength", "giveaway"] | None = None
    axis: Axis | None = None
    behaviour: str | None = None

    def of_calls(self) -> list[Condition]:
        wanted = [self._rep(), *self._of_call()]
        moments = self._of_moment()
        if moments:
            same = select(StoredMoment.id).where(StoredMoment.call_id == StoredCall.id, *moments)
            wanted.append(same.correlate(StoredCall).exists())
        return wanted

    def of_moments(self) -> list[Condition]:
        return [self._rep(), *self._of_call(), *self._of_moment()]

    def _rep(self) -> Condition:
        return true() if self.rep is None else StoredCall.rep_id == _id_of(self.rep)

    def _of_call(self) -> list[Condition]:
        found: list[Condition] = []
        if self.team is not None:
            found.append(StoredCall.team == self.team)
        if self.queue is not None:
            found.append(StoredCall.queue == self.queue)
        if self.since is not None:
            found.append(when() >= self.since)
        if self.until is not None:
            found.append(when() < self.until)
        return found if self.scored is None else [*found, StoredCall.not_scored.is_(None) == self.scored]

    def _of_moment(self) -> list[Condition]:
        wanted = [(StoredMoment.kind, self.kind), (StoredMoment.axis, self.axis)]
        found: list[Condition] = [column == value for column, value in wanted if value is not None]
        named = cast(StoredMoment.behaviours, String).contains(f'"{self.behaviour}"', autoescape=True)
        return [*found, named] if self.behaviour else found


EVERY = Filter()


def _id_of(rep: str) -> Any:
    return select(Rep.id).where(Rep.name == rep).scalar_subquery()


def calls(
    session: Session, seen: Condition, counted: Condition, wanted: Filter = EVERY, limit: int = 50, offset: int = 0
) -> list[CallRow]:
    """Calls, the latest first, with as many moments as are `counted`."""
    query = _call_rows(counted).where(seen, *wanted.of_calls())
    query = query.order_by(when().desc(), StoredCall.id.desc()).limit(limit).offset(offset)
    return [_call_row(*row) for row in session.execute(query)]


def count(session: Session, seen: Condition, wanted: Filter = EVERY) -> int:
    return session.scalar(select(func.count(StoredCall.id)).where(seen, *wanted.of_calls())) or 0


def call(session: Session, call_id: int, seen: Condition, counted: Condition) -> CallRow | None:
    row = session.execute(_call_rows(counted).where(StoredCall.id == call_id, seen)).one_or_none()
    return _call_row(*row) if row else None


def review(session: Session, call_id: int, seen: Condition, heard: Condition) -> Review | None:
    """A review, without delivery unless that may be heard."""
    this = StoredCall.id == call_id
    body = session.scalar(select(StoredReview.body).join(StoredCall).where(this, seen))
    if body is None:
        return None
    delivery = session.scalar(select(StoredDelivery.body).join(StoredCall).where(this, heard))
    words = json.loads(body)
    return review_from_dict(join(words, json.loads(delivery)) if delivery else words)


def moments(
    session: Session, seen: Condition, wanted: Filter = EVERY, limit: int = 50, offset: int = 0
) -> list[MomentRow]:
    """Moments of the latest calls first; within a call, in the order in which they were found."""
    query = _moments(seen).where(*wanted.of_moments()).limit(limit).offset(offset)
    query = query.order_by(when().desc(), StoredMoment.call_id.desc(), StoredMoment.position)
    return [_moment_row(moment) for moment in session.scalars(query)]


def count_moments(session: Session, seen: Condition, wanted: Filter = EVERY) -> int:
    query = select(func.count(StoredMoment.id)).join(StoredMoment.call).where(seen, *wanted.of_moments())
    return session.scalar(query) or 0


def moment(session: Session, seen: Condition, call_id: int, turn: int, axis: str, kind: str) -> MomentRow | None:
    same = and_(StoredMoment.turn == turn, StoredMoment.axis == axis, StoredMoment.kind == kind)
    found = session.scalar(_moments(seen).where(StoredMoment.call_id == call_id, same).limit(1))
    return found and _moment_row(found)


def excerpt(session: Session, found: MomentRow, heard: Condition) -> Review | None:
    """Of the review of a moment's call no more than its turn and the one before, and no moment but this one."""
    whole = review(session, found.call_id, true(), heard)
    if whole is None:
        return None
    first, at = max(0, found.moment.turn - 1), found.moment.turn + 1
    call = replace(whole.call, turns=whole.call.turns[first:at], speech=())
    return replace(
        whole,
        call=call,
        ratings=whole.ratings[first:at],
        moments=(replace(found.moment, turn=at - 1 - first),),
        delivery=whole.delivery[first:at],
        timing=None,
    )


def usual(
    session: Session, rep: str | None, heard: Condition, besides: int | None, delivery: Sequence[Delivery | None]
) -> Usual:
    """What is usual for a rep, from their latest calls; below enough of them, from this call's `delivery` alone."""
    query = select(StoredDelivery.summary).join(StoredCall).where(heard, StoredCall.id != (besides or 0))
    query = query.where(*Filter(rep=rep).of_calls()).order_by(when().desc(), StoredCall.id.desc()).limit(LATEST)
    return Usual.best(list(session.scalars(query)) if rep else (), delivery)


def reps(session: Session, seen: Condition) -> list[str]:
    """The names of the reps with calls that may be seen, in alphabetical order."""
    having = select(StoredCall.id).where(StoredCall.rep_id == Rep.id, seen).correlate(Rep).exists()
    return list(session.scalars(select(Rep.name).where(having).order_by(Rep.name)))


def scores_of(row: StoredCall | EarlierScore) -> dict[Axis, float] | None:
    scores = {axis: getattr(row, axis) for axis in AXES}
    return None if None in scores.values() else scores


def _moments(seen: Condition) -> Select[Any]:
    query = select(StoredMoment).join(StoredMoment.call).where(seen)
    return query.options(joinedload(StoredMoment.call).joinedload(StoredCall.rep))


def _call_rows(counted: Condition) -> Select[Any]:
    """Calls and how many moments they have that may be counted."""
    entities: tuple[Any, ...] = (StoredCall, Rep, _moments_of("strength", counted), _moments_of("giveaway", counted))
    return select(*entities).outerjoin(StoredCall.rep)


def _moments_of(kind: str, counted: Condition) -> ColumnElement[int]:
    same = StoredMoment.call_id == StoredCall.id, StoredMoment.kind == kind
    return select(func.count(StoredMoment.id)).where(*same, counted).correlate(StoredCall).scalar_subquery()


def _call_row(stored: StoredCall, rep: Rep | None, strengths: int, giveaways: int) -> CallRow:
    same = ("id", "digest", "title", "recording", "team", "started_at", "queue", "duration", "language", "channels",
            "rep_channel", "rep_confidence", "not_scored", "scorer", "added_at", "reviewed_at", "customer", "caller",
            "choice", "words_removed_at")  # fmt: skip
    return CallRow(
        **{name: getattr(stored, name) for name in same},
        rep=rep.name if rep else None,
        scores=scores_of(stored),
        unsure=tuple(axis for axis in AXES if axis in (stored.unsure or ())),
        strengths=strengths,
        giveaways=giveaways,
    )


def _moment_row(stored: StoredMoment) -> MomentRow:
    same = ("turn", "axis", "kind", "start", "end", "quote", "why", "tip", "heard")
    moment = Moment(**{name: getattr(stored, name) for name in same}, behaviours=tuple(stored.behaviours))
    call = stored.call
    rep = call.rep.name if call.rep else None
    known = call.recording, call.started_at, moment, call.queue, call.added_at
    return MomentRow(stored.id, call.id, call.title, rep, *known)
