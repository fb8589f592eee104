"""The tables. A change here needs a migration: `tests/test_store.py` fails where the two differ."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, ForeignKey, Index, MetaData, String, Text, TypeDecorator, UniqueConstraint, func
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

NAMES = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Instant(TypeDecorator[datetime]):
    """A point in time, always with its zone: SQLite keeps none, so that UTC is stored."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value and value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return value and value.replace(tzinfo=UTC)


class Table(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMES)


class Rep(Table):
    __tablename__ = "reps"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    team: Mapped[str | None] = mapped_column(String(200))


class StoredCall(Table):
    """What lists and filters need of a call; all the rest is in its review.

    `team` is the rep's when the call was kept: they may change it. `caller` is the kind of caller ("new", "small"),
    `choice` the rep's word on the whole call: "shared" with their lead, or "private".
    """

    __tablename__ = "calls"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    title: Mapped[str] = mapped_column(String(500))
    rep_id: Mapped[int | None] = mapped_column(ForeignKey("reps.id"))
    team: Mapped[str | None] = mapped_column(String(200), index=True)
    recording: Mapped[str | None] = mapped_column(Text)
    started_at: Mapped[datetime | None] = mapped_column(Instant)
    queue: Mapped[str | None] = mapped_column(String(200))
    customer: Mapped[str | None] = mapped_column(String(200), index=True)
    caller: Mapped[str | None] = mapped_column(String(50))
    choice: Mapped[str | None] = mapped_column(String(10))
    duration: Mapped[float | None]
    language: Mapped[str | None] = mapped_column(String(20))
    channels: Mapped[int | None]
    rep_channel: Mapped[int | None]
    rep_confidence: Mapped[float | None]
    not_scored: Mapped[str | None] = mapped_column(Text)
    condescension: Mapped[float | None]
    impatience: Mapped[float | None]
    empathy: Mapped[float | None]
    unsure: Mapped[list[str] | None] = mapped_column(JSON)
    scorer: Mapped[dict[str, str]] = mapped_column(JSON)
    stamp: Mapped[str | None] = mapped_column(String(100), index=True)
    added_at: Mapped[datetime] = mapped_column(Instant)
    reviewed_at: Mapped[datetime] = mapped_column(Instant)
    words_removed_at: Mapped[datetime | None] = mapped_column(Instant)

    rep: Mapped[Rep | None] = relationship()
    review: Mapped["StoredReview"] = relationship(cascade="all, delete-orphan", passive_deletes=True)
    delivery: Mapped["StoredDelivery | None"] = relationship(cascade="all, delete-orphan", passive_deletes=True)
    moments: Mapped[list["StoredMoment"]] = relationship(
        cascade="all, delete-orphan", passive_deletes=True, order_by="StoredMoment.position"
    )

    __table_args__ = (Index("ix_calls_rep_id_started_at", "rep_id", "started_at"),)


class StoredReview(Table):
    """The whole review as the contract's JSON, apart from the call so that lists stay light."""

    __tablename__ = "reviews"

    call_id: Mapped[int] = mapped_column(ForeignKey("calls.id", ondelete="CASCADE"), primary_key=True)
    body: Mapped[str] = mapped_column(Text)


class StoredDelivery(Table):
    """How the rep spoke, apart from the review: who may not see it does not read it, and it can go by itself.

    `summary` is what `coach.delivery.usual.summary` says of the call.
    """

    __tablename__ = "deliveries"

    call_id: Mapped[int] = mapped_column(ForeignKey("calls.id", ondelete="CASCADE"), primary_key=True)
    body: Mapped[str] = mapped_column(Text)
    summary: Mapped[dict[str, dict[str, float]]] = mapped_column(JSON)


class Setting(Table):
    __tablename__ = "settings"

    name: Mapped[str] = mapped_column(String(50), primary_key=True)
    value: Mapped[str] = mapped_column(Text)


class StoredMoment(Table):
    __tablename__ = "moments"

    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("calls.id", ondelete="CASCADE"))
    position: Mapped[int]
    turn: Mapped[int]
    axis: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(20))
    behaviours: Mapped[list[str]] = mapped_column(JSON)
    start: Mapped[float | None]
    end: Mapped[float | None]
    quote: Mapped[str] = mapped_column(Text)
    why: Mapped[str] = mapped_column(Text)
    tip: Mapped[str] = mapped_column(Text)
    heard: Mapped[bool]

    call: Mapped[StoredCall] = relationship(back_populates="moments")

    __table_args__ = (UniqueConstraint("call_id", "position"),)


class EarlierScore(Table):
    """What another model had said of a call, before it was scored again."""

    __tablename__ = "earlier_scores"

    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("calls.id", ondelete="CASCADE"), index=True)
    scorer: Mapped[dict[str, str]] = mapped_column(JSON)
    condescension: Mapped[float | None]
    impatience: Mapped[float | None]
    empathy: Mapped[float | None]
    not_scored: Mapped[str | None] = mapped_column(Text)
    reviewed_at: Mapped[datetime] = mapped_column(Instant)


class Run(Table):
    """A batch: what it was asked, how it went, and until when its leases hold unless it shows that it still lives."""

    __tablename__ = "runs"

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(Text)
    host: Mapped[str] = mapped_column(String(300))
    scorer: Mapped[dict[str, str]] = mapped_column(JSON)
    started_at: Mapped[datetime] = mapped_column(Instant)
    alive_until: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    outcome: Mapped[dict[str, Any] | None] = mapped_column(JSON)


class Job(Table):
    """A recording that a batch has in hand, or that failed. What is scored is a call, and no job.

    `digest` is None where the recording could not even be read. `again_at` is when somebody asked that the next batch
    tries it again.
    """

    __tablename__ = "jobs"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str | None] = mapped_column(String(64), unique=True)
    recording: Mapped[str] = mapped_column(Text)
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"))
    rep: Mapped[str | None] = mapped_column(String(200))
    customer: Mapped[str | None] = mapped_column(String(200))
    failure: Mapped[str | None] = mapped_column(String(50))
    reason: Mapped[str | None] = mapped_column(Text)
    changed_at: Mapped[datetime] = mapped_column(Instant)
    again_at: Mapped[datetime | None] = mapped_column(Instant)

    run: Mapped[Run] = relationship()


def when() -> Any:
    """When a call took place; where that is not known, when it was added."""
    return func.coalesce(StoredCall.started_at, StoredCall.added_at)
