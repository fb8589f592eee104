"""What batches have in hand: leases in the database, so that several of them share the work and none does it twice.

A batch walks its own list and asks for each recording by its content; the store's one-writer transactions decide.
"""

import os
import socket
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Delete, Engine, delete, func, select
from sqlalchemy.orm import Session, joinedload

from coach.store.schema import Job, Run, StoredCall

LEASE = 60.0  # seconds without a sign of life after which a batch has lost what it had in hand


class LeaseLost(Exception):
    """Another batch has the recording in hand now: what was found is not to be kept."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Whether a batch may score a recording: "done" is a call already, "held" is in the hands of another batch.

    `failure` and `reason` say what "failed" earlier.
    """

    state: Literal["ours", "held", "done", "failed"]
    failure: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RunRow:
    """A batch: `state` is "broke off" where it neither ended nor shows a sign of life; `in_hand` are its recordings."""

    id: int
    source: str
    host: str
    state: Literal["ended", "running", "broke off"]
    started_at: datetime
    ended_at: datetime | None
    outcome: dict[str, Any]
    in_hand: list[str]
    scorer: dict[str, str]


@dataclass(frozen=True, slots=True)
class FailedRow:
    """A recording that failed, and why. `digest` is None where it could not even be read.

    `source` is what the batch was given that took it; `again_at` is when somebody asked that it is tried again.
    """

    recording: str
    failure: str
    reason: str
    digest: str | None
    changed_at: datetime
    source: str = ""
    rep: str | None = None
    customer: str | None = None
    again_at: datetime | None = None


class Shift:
    """One run of a batch, and its dealings with the others. Leases hold for `lease` seconds beyond each `beat`."""

    def __init__(
        self, reading: Engine, writing: Engine, source: str, scorer: Mapping[str, str], lease: float = LEASE
    ) -> None:
        self._reading, self._writing = reading, writing
        self._scorer, self._lease = dict(scorer), timedelta(seconds=lease)
        with Session(writing) as session, session.begin():
            now = time_of(session)
            host = f"{socket.gethostname()}, process {os.getpid()}"
            run = Run(source=source, host=host, scorer=self._scorer, started_at=now, alive_until=now + self._lease)
            session.add(run)
            session.flush()
            self.id = run.id

    def beat(self, so_far: Mapping[str, Any] | None = None) -> None:
        """Show that the batch lives, and how far it has come: all its leases hold on."""
        with Session(self._writing) as session, session.begin():
            run = session.get_one(Run, self.id)
            run.alive_until, run.outcome = time_of(session) + self._lease, dict(so_far) if so_far else run.outcome

    def claim(
        self,
        digest: str,
        recording: str,
        *,
        rep: str | None = None,
        customer: str | None = None,
        rescore: bool = False,
        retry_failed: bool = False,
    ) -> Claim:
        """Ask for a recording; it is ours alone if the answer is "ours", until it is saved, failed or dropped.

        Whose it is, `rep` and `customer`, is noted where there is no call yet that says so.
        """
        with Session(self._writing) as session, session.begin():
            call = session.scalar(select(StoredCall).where(StoredCall.digest == digest))
            if call and (call.scorer == self._scorer or not rescore):
                session.execute(_failed_at(recording))
                return Claim("done")
            job = _job(session, digest) or Job(digest=digest)
            if not call:
                job.rep, job.customer = job.rep or rep, job.customer or customer
            if job.failure and (job.run_id == self.id or not (retry_failed or job.again_at)):
                return Claim("failed", job.failure, job.reason or "")
            if job.run and job.run_id != self.id and not job.failure and _lives(job.run, time_of(session)):
                return Claim("held")
            self._put(session, job, recording)
            return Claim("ours")

    def others_hold(self, digests: Collection[str]) -> bool:
        """Whether any of these recordings is in the hands of another batch that lives."""
        query = select(Job).where(Job.digest.in_(digests), Job.run_id != self.id, Job.failure.is_(None))
        with Session(self._reading) as session:
            now = time_of(session)
            return any(_lives(job.run, now) for job in session.scalars(query.options(joinedload(Job.run))))

    def fail(
        self,
        recording: str,
        failure: str,
        reason: str,
        digest: str | None = None,
        *,
        rep: str | None = None,
        customer: str | None = None,
    ) -> None:
        """List a recording as failed. Nothing is listed where another batch has it in hand by now.

        `rep` and `customer` say whose it is where it was not claimed, having no `digest`.
        """
        with Session(self._writing) as session, session.begin():
            job = _job(session, digest) if digest else Job(rep=rep, customer=customer)
            if job and job.run_id in (None, self.id):
                session.execute(_failed_at(recording))
                self._put(session, job, recording, failure, reason)

    def drop(self, digest: str) -> None:
        """Leave a recording to a later run."""
        with Session(self._writing) as session, session.begin():
            session.execute(delete(Job).where(Job.digest == digest, Job.run_id == self.id))

    def end(self, outcome: Mapping[str, Any]) -> None:
        """Say how it went, and let go of what is still in hand."""
        with Session(self._writing) as session, session.begin():
            session.execute(delete(Job).where(Job.run_id == self.id, Job.failure.is_(None)))
            run = session.get_one(Run, self.id)
            run.ended_at, run.outcome = time_of(session), dict(outcome)

    def _put(self, session: Session, job: Job, recording: str, failure: str | None = None, reason: str = "") -> None:
        job.run_id, job.recording, job.failure, job.reason = self.id, recording, failure, reason or None
        job.changed_at, job.again_at = time_of(session), None
        session.add(job)


def finish(session: Session, run: int, digest: str) -> None:
    """End the lease of a recording in the transaction that saves its review.

    Raises
    ------
    LeaseLost
        Where it is no longer this run's.
    """
    job = _job(session, digest)
    if job is None or job.run_id != run or job.failure:
        raise LeaseLost(digest)
    session.execute(_failed_at(job.recording))
    session.delete(job)


def runs(session: Session, limit: int, offset: int = 0) -> list[RunRow]:
    """The last runs, the latest first."""
    now = time_of(session)
    found = session.scalars(select(Run).order_by(Run.id.desc()).limit(limit).offset(offset))
    return [_run_row(run, now, session) for run in found]


def failures(session: Session) -> list[FailedRow]:
    """Recordings that failed and were not scored since, in the order of their names."""
    query = select(Job).where(Job.failure.is_not(None)).order_by(Job.recording).options(joinedload(Job.run))
    return [_failed_row(job) for job in session.scalars(query)]


def time_of(session: Session) -> datetime:
    """The database's clock where several machines share it: theirs may differ."""
    if session.get_bind().dialect.name == "postgresql":
        return session.execute(select(func.clock_timestamp())).scalar_one()
    return datetime.now(UTC)


def _job(session: Session, digest: str) -> Job | None:
    return session.scalar(select(Job).where(Job.digest == digest).options(joinedload(Job.run)))


def _failed_at(recording: str) -> Delete:
    """What failed there before: with other content, or because it could not be read then."""
    return delete(Job).where(Job.recording == recording, Job.failure.is_not(None))


def _failed_row(job: Job) -> FailedRow:
    what = job.recording, job.failure or "", job.reason or "", job.digest, job.changed_at
    return FailedRow(*what, job.run.source, job.rep, job.customer, job.again_at)


def _lives(run: Run, now: datetime) -> bool:
    return run.ended_at is None and run.alive_until > now


def _run_row(run: Run, now: datetime, session: Session) -> RunRow:
    in_hand = session.scalars(select(Job.recording).where(Job.run_id == run.id, Job.failure.is_(None)))
    state: Literal["running", "broke off"] = "running" if _lives(run, now) else "broke off"
    return RunRow(
        run.id,
        run.source,
        run.host,
        "ended" if run.ended_at else state,
        run.started_at,
        run.ended_at,
        run.outcome or {},
        sorted(in_hand),
        run.scorer,
    )
