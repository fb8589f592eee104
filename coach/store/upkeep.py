"""What operations look after: runs and what failed, how much is kept and how old it is. None of what was said."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, Text, cast, func, select, text, true, update
from sqlalchemy.orm import Session, joinedload

from coach.calls import InputError
from coach.store import jobs
from coach.store.desk import Desk
from coach.store.schema import Job, Run, StoredCall, when
from coach.store.store import Store

AGES = (30, 90, 365)  # days
FAILED = Job.failure.is_not(None)
SIZES = {
    "sqlite": "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
    "postgresql": "SELECT pg_database_size(current_database())",
}


class NotTheirs(InputError):
    """Somebody asks for what only operations and admins see."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A recording that failed and was not scored since. `source` is what the batch was given that took it.

    `again_at` is when somebody asked that it is tried again.
    """

    id: int
    recording: str
    failure: str
    reason: str
    at: datetime
    source: str
    again_at: datetime | None


@dataclass(frozen=True, slots=True)
class Holding:
    """What the store holds: calls, their seconds, and bytes of the database where it tells.

    `older` says how many calls are older than so many days, by when they took place or else were added.
    """

    calls: int
    seconds: float
    not_scored: int
    without_recording: int
    without_words: int
    oldest: datetime | None
    older: dict[int, int]
    bytes: int | None


@dataclass(frozen=True, slots=True)
class Version:
    """What transcribed and scored some of the calls: versions by name, and how many calls."""

    scorer: dict[str, str]
    calls: int


def runs(desk: Desk, limit: int = 10, offset: int = 0) -> list[jobs.RunRow]:
    """Batches, the latest first."""
    with looking(desk) as session:
        return jobs.runs(session, limit, offset)


def count_runs(desk: Desk) -> int:
    with looking(desk) as session:
        return session.scalar(select(func.count(Run.id))) or 0


def failures(desk: Desk, kind: str | None = None, limit: int = 10, offset: int = 0) -> list[Failure]:
    """Recordings that failed and were not scored since, the latest first."""
    query = select(Job).where(FAILED, _of(kind)).options(joinedload(Job.run))
    query = query.order_by(Job.changed_at.desc(), Job.id.desc()).limit(limit).offset(offset)
    with looking(desk) as session:
        return [_failure(job) for job in session.scalars(query)]


def kinds(desk: Desk) -> dict[str, int]:
    """How many failed of each kind, the most frequent first."""
    number = func.count(Job.id)
    query = select(Job.failure, number).where(FAILED).group_by(Job.failure).order_by(number.desc(), Job.failure)
    with looking(desk) as session:
        return {kind: count for kind, count in session.execute(query) if kind}


def waiting(desk: Desk) -> int:
    """How many failures wait to be tried again."""
    with looking(desk) as session:
        return session.scalar(select(func.count(Job.id)).where(FAILED, Job.again_at.is_not(None))) or 0


def try_again(desk: Desk, *, failure: int | None = None, kind: str | None = None) -> int:
    """Ask that the next batch tries one recording again, or all that failed (of a kind); returns how many that are."""
    this = true() if failure is None else Job.id == failure
    query = update(Job).where(FAILED, Job.again_at.is_(None), this, _of(kind)).values(again_at=datetime.now(UTC))
    _check(desk)
    with desk.writing() as (session, _):
        marked = len(session.scalars(query.returning(Job.id)).all())
    if marked:
        desk.log("asked to try again", recordings=marked)
    return marked


def holding(desk: Desk) -> Holding:
    """How much there is, and how old it is."""
    now = datetime.now(UTC)
    older = [when() < now - timedelta(days=days) for days in AGES]
    lacking = (
        StoredCall.not_scored.is_not(None),
        StoredCall.recording.is_(None),
        StoredCall.words_removed_at.is_not(None),
    )
    in_all = func.count(), func.coalesce(func.sum(StoredCall.duration), 0.0), func.min(when())
    with looking(desk) as session:
        calls, seconds, oldest, *numbers = session.execute(select(*in_all, *map(_number, (*lacking, *older)))).one()
        not_scored, silent, wordless, *ages = numbers
        by_age = dict(zip(AGES, ages, strict=True))
        return Holding(calls, seconds, not_scored, silent, wordless, oldest, by_age, _bytes(session))


def versions(desk: Desk) -> list[Version]:
    """By what the calls are scored, the most frequent first."""
    same = cast(StoredCall.scorer, Text)
    groups = select(func.min(StoredCall.id).label("one"), func.count().label("number")).group_by(same).subquery()
    query = select(StoredCall.scorer, groups.c.number).join(groups, StoredCall.id == groups.c.one)
    with looking(desk) as session:
        found = [Version(*row) for row in session.execute(query)]
    return sorted(found, key=lambda version: -version.calls)


def scorer_now(desk: Desk) -> dict[str, str] | None:
    """By what the last batch scored; None where there was none."""
    with looking(desk) as session:
        return session.scalar(select(Run.scorer).order_by(Run.id.desc()).limit(1))


def intake(desk: Desk) -> Store:
    """The store, for those who may hand recordings in, or start a batch."""
    _check(desk)
    return desk._store


@contextmanager
def looking(desk: Desk) -> Iterator[Session]:
    """For the modules of this package: a session for those who look after the house.

    Raises
    ------
    NotTheirs
        For everybody else.
    """
    _check(desk)
    with desk.reading() as (session, _):
        yield session


def _check(desk: Desk) -> None:
    if not desk.person.operates:
        raise NotTheirs("This is looked after by operations.")


def _of(kind: str | None) -> ColumnElement[bool]:
    return true() if kind is None else Job.failure == kind


def _number(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count().filter(condition)


def _failure(job: Job) -> Failure:
    why = job.failure or "", job.reason or ""
    return Failure(job.id, job.recording, *why, job.changed_at, job.run.source, job.again_at)


def _bytes(session: Session) -> int | None:
    how = SIZES.get(session.get_bind().dialect.name)
    return session.scalar(text(how)) if how else None
