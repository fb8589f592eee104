"""The store's front: save a review, list calls and moments, open one again."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, delete, false, func, or_, select, true
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from coach import settings
from coach.calls import Axis, Delivery, Review
from coach.delivery.usual import Usual
from coach.store import jobs, reading, saving
from coach.store.access import Person, Policy
from coach.store.delivery import SEES, Viewer
from coach.store.engine import erase, open_engine
from coach.store.people import AuditEntry
from coach.store.reading import Filter, scores_of
from coach.store.rows import CallRow, EarlierRow, MomentRow
from coach.store.schema import EarlierScore, StoredCall, StoredDelivery, StoredMoment, StoredReview


def default_url() -> str:
    """The database named by TONE_COACH_DB (a URL or a file) or the settings, else coach.db in the working folder."""
    return settings.value("db") or "sqlite:///coach.db"


def digest_of(path: Path) -> str:
    """The SHA-256 of a recording's content, by which its call is known."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Store:
    """Reviewed calls in a database.

    Parameters
    ----------
    url
        An SQLAlchemy URL, or the path of an SQLite file. It is made, or brought up to date, as needed.

    Raises
    ------
    InputError
        Where it is not a database, cannot be reached, or was written by a newer version.
    """

    def __init__(self, url: str | None = None) -> None:
        url = url or default_url()
        self.url = url if "://" in url else f"sqlite:///{url}"
        self._engine, self._writing = open_engine(self.url)

    @property
    def folder(self) -> Path:
        """The folder of an SQLite file, for what is kept beside it; else the working folder."""
        url = make_url(self.url)
        is_file = url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:")
        return Path(url.database).resolve().parent if is_file and url.database else Path.cwd()

    def close(self) -> None:
        self._engine.dispose()

    def reading(self) -> Session:
        """For the modules of this package: a session that sees one state of the database."""
        return Session(self._engine)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """For the modules of this package: a transaction, all of it or nothing; there is one writer at a time."""
        with Session(self._writing) as session, session.begin():
            yield session

    def save(
        self,
        review: Review,
        *,
        digest: str,
        rep: str | None = None,
        team: str | None = None,
        started_at: datetime | None = None,
        queue: str | None = None,
        customer: str | None = None,
        caller: str | None = None,
        title: str | None = None,
        recording: str | Path | None = None,
        stamp: str | None = None,
        scorer: Mapping[str, str] | None = None,
        run: int | None = None,
    ) -> int:
        """Keep a review, all of it or nothing, in place of an earlier one of the same recording.

        Parameters
        ----------
        review
            What was found; its call's `rep`, `recording` and `id` serve where none is given here.
        digest
            SHA-256 of the recording's content: see `digest_of`.
        started_at
            When the call took place, with its time zone.
        customer
            The reference by which the organisation knows the customer.
        caller
            What kind of caller that is: "new", "small", "prospect".
        stamp
            Size and time of the recording's file, by which `find_file` knows it again without reading it.
        scorer
            Versions of what transcribed and scored. What others scored before is kept: see `earlier_scores`.
        run
            The `Shift` that has the recording in hand; its lease ends here.

        Returns
        -------
        int
            The call's id. What an earlier save knew of the call, and this one does not, is kept.

        Raises
        ------
        LeaseLost
            Where another run has the recording in hand by now; nothing is saved then.
        """
        call = review.call
        recording = str(recording or call.recording or "") or None
        known = {"started_at": started_at, "queue": queue, "customer": customer, "title": title, "recording": recording}
        known |= {"stamp": stamp, "caller": caller}
        with self.writing() as session:
            if run is not None:
                jobs.finish(session, run, digest)
            named = saving.rep_of(session, rep or call.rep, team, started_at)
            stored = session.scalar(select(StoredCall).where(StoredCall.digest == digest))
            stored = stored or StoredCall(
                digest=digest, title=call.id, added_at=datetime.now(UTC), review=StoredReview()
            )
            for name, value in (known | {"rep": named}).items():
                if value is not None:
                    setattr(stored, name, value)
            if stored.id and stored.scorer != scorer:
                session.add(saving.earlier(stored))
            stored.team = stored.team or team or (stored.rep.team if stored.rep else None)
            stored.scorer = dict(scorer or {})
            saving.fill(session, stored, review)
            return stored.id

    def describe(self, call_id: int, **known: Any) -> None:
        """Fill in what was not known of a call: rep, team, started_at, queue, customer, caller. What is known stays."""
        with self.writing() as session:
            stored = session.get_one(StoredCall, call_id)
            for name in ("started_at", "queue", "customer", "caller"):
                setattr(stored, name, getattr(stored, name) or known.get(name))
            if stored.rep is None and known.get("rep"):
                stored.rep = saving.rep_of(session, known["rep"], None, None)
                stored.review.body = json.dumps(json.loads(stored.review.body) | {"rep": known["rep"]})
            if stored.rep and not stored.rep.team:
                stored.rep.team = known.get("team")
            stored.team = stored.team or known.get("team")

    def replace(self, call_id: int, review: Review) -> None:
        """Put another review of the same call in place of the one that is kept: after its speakers were swapped."""
        with self.writing() as session:
            saving.fill(session, session.get_one(StoredCall, call_id), review)

    def has(self, digest: str, scorer: Mapping[str, str] | None = None) -> bool:
        """Whether the call with this recording was reviewed: by anything, or by the `scorer` that is given."""
        by = self._scalar(select(StoredCall.scorer).where(StoredCall.digest == digest))
        return by is not None and scorer in (None, by)

    def find(self, digest: str) -> int | None:
        """The id of the call with this recording, if it was reviewed before."""
        return self._scalar(select(StoredCall.id).where(StoredCall.digest == digest))

    def find_file(self, recording: str, stamp: str, scorer: Mapping[str, str] | None = None) -> int | None:
        """The id of the call with this very file, unchanged: reviewed by anything, or by the `scorer` that is given."""
        query = select(StoredCall).where(StoredCall.recording == recording, StoredCall.stamp == stamp)
        with self.reading() as session:
            return next((call.id for call in session.scalars(query) if scorer in (None, call.scorer)), None)

    def begin(self, source: str, scorer: Mapping[str, str], lease: float = jobs.LEASE) -> jobs.Shift:
        """Begin a batch: what it says of its recordings, and what the others may not touch meanwhile."""
        return jobs.Shift(self._engine, self._writing, source, scorer, lease)

    def runs(self, limit: int = 5) -> list[jobs.RunRow]:
        """The last batches, the latest first."""
        with self.reading() as session:
            return jobs.runs(session, limit)

    def failures(self) -> list[jobs.FailedRow]:
        """Recordings that failed and were not scored since, by name."""
        with self.reading() as session:
            return jobs.failures(session)

    def earlier_scores(self, call_id: int) -> list[EarlierRow]:
        """What others had scored before the present scores, the latest first."""
        query = select(EarlierScore).where(EarlierScore.call_id == call_id).order_by(EarlierScore.id.desc())
        with self.reading() as session:
            return [_earlier_row(score) for score in session.scalars(query)]

    def calls(
        self, *, rep: str | None = None, limit: int = 50, offset: int = 0, viewer: Viewer = "operations"
    ) -> list[CallRow]:
        """Calls, the latest first, with as many moments as the viewer may see."""
        with self.reading() as session:
            return reading.calls(session, true(), self._shown(viewer), Filter(rep=rep), limit, offset)

    def count(self, *, rep: str | None = None) -> int:
        with self.reading() as session:
            return reading.count(session, true(), Filter(rep=rep))

    def call(self, call_id: int, *, viewer: Viewer = "operations") -> CallRow | None:
        with self.reading() as session:
            return reading.call(session, call_id, true(), self._shown(viewer))

    def review(self, call_id: int, *, viewer: Viewer = "operations") -> Review | None:
        """A review as the viewer may see it: without delivery, unless the policy lets them see how the rep spoke."""
        with self.reading() as session:
            return reading.review(session, call_id, true(), self._heard(viewer))

    def usual(
        self,
        rep: str | None,
        *,
        viewer: Viewer,
        besides: int | None = None,
        delivery: Sequence[Delivery | None] = (),
    ) -> Usual:
        """What is usual for a rep, from their latest 50 calls; below enough of them, from this call's `delivery` alone.

        Parameters
        ----------
        besides
            The id of the call that is to be compared, which must not count itself.
        """
        with self.reading() as session:
            return reading.usual(session, rep, self._heard(viewer), besides, delivery)

    def moments(
        self,
        *,
        rep: str | None = None,
        kind: Literal["strength", "giveaway"] | None = None,
        axis: Axis | None = None,
        limit: int = 50,
        viewer: Viewer = "operations",
    ) -> list[MomentRow]:
        """Moments of the latest calls first; within a call, in the order in which they were found."""
        with self.reading() as session:
            wanted = Filter(rep=rep, kind=kind, axis=axis)
            return reading.moments(session, self._shown(viewer), wanted, limit)

    def reps(self) -> list[str]:
        """The names of the reps who have calls, in alphabetical order."""
        with self.reading() as session:
            return reading.reps(session, true())

    def _scalar(self, query: Select[Any]) -> Any:
        with self.reading() as session:
            return session.scalar(query)

    def _heard(self, viewer: Viewer) -> ColumnElement[bool]:
        return true() if viewer in SEES[self.policy.delivery] else false()

    def _shown(self, viewer: Viewer) -> ColumnElement[bool]:
        return or_(StoredMoment.heard.is_(False), self._heard(viewer))

    @property
    def policy(self) -> Policy:
        """Who sees what of a rep's calls, and when."""
        with self.reading() as session:
            return Policy.read(session)

    def set_policy(self, policy: Policy, by: Person | None = None) -> int:
        """Change it, and put that into the audit trail; whoever gives commands is nobody there.

        `delivery` "off" removes all that is kept of how reps spoke; returns of how many calls.
        """
        with self.writing() as session:
            _log_change(session, Policy.read(session), policy, by)
            policy.write(session)
            if policy.delivery != "off":
                return 0
            removed = session.scalar(select(func.count(StoredDelivery.call_id))) or 0
            session.execute(delete(StoredDelivery))
            session.execute(delete(StoredMoment).where(StoredMoment.heard))
        erase(self._engine)
        return removed


def _log_change(session: Session, before: Policy, after: Policy, by: Person | None) -> None:
    detail = {"before": asdict(before), "after": asdict(after)} | ({} if by else {"by": "command line"})
    account, action = by and by.account, "changed policy"
    if before != after:
        session.add(AuditEntry(at=datetime.now(UTC), account_id=account, action=action, detail=detail))


def _earlier_row(score: EarlierScore) -> EarlierRow:
    return EarlierRow(scores_of(score), score.not_scored, score.scorer, score.reviewed_at)
