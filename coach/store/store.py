"""The store's front: save a review, list calls and moments, open one again."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session, joinedload

from coach.calls import AXES, Axis, Moment, Review, call_scores, review_from_dict, review_to_dict, unsure_axes
from coach.store.engine import open_engine
from coach.store.rows import CallRow, MomentRow
from coach.store.schema import Rep, StoredCall, StoredMoment, StoredReview, when


def default_url() -> str:
    """The database named by TONE_COACH_DB (a URL or a file), else coach.db in the working folder."""
    return os.environ.get("TONE_COACH_DB") or "sqlite:///coach.db"


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

    def save(
        self,
        review: Review,
        *,
        digest: str,
        rep: str | None = None,
        team: str | None = None,
        started_at: datetime | None = None,
        queue: str | None = None,
        title: str | None = None,
        recording: str | Path | None = None,
        scorer: Mapping[str, str] | None = None,
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
        scorer
            Versions of what transcribed and scored.

        Returns
        -------
        int
            The call's id. What an earlier save knew of the call, and this one does not, is kept.
        """
        call = review.call
        recording = str(recording or call.recording or "") or None
        known = {"started_at": started_at, "queue": queue, "title": title, "recording": recording}
        with Session(self._writing) as session, session.begin():
            named = _rep(session, rep or call.rep, team)
            stored = session.scalar(select(StoredCall).where(StoredCall.digest == digest))
            stored = stored or StoredCall(
                digest=digest, title=call.id, added_at=datetime.now(UTC), review=StoredReview()
            )
            for name, value in (known | {"rep": named}).items():
                if value is not None:
                    setattr(stored, name, value)
            stored.scorer = dict(scorer or {})
            _fill(session, stored, review)
            return stored.id

    def replace(self, call_id: int, review: Review) -> None:
        """Put another review of the same call in place of the one that is kept: after its speakers were swapped."""
        with Session(self._writing) as session, session.begin():
            _fill(session, session.get_one(StoredCall, call_id), review)

    def has(self, digest: str) -> bool:
        return self.find(digest) is not None

    def find(self, digest: str) -> int | None:
        """The id of the call with this recording, if it was reviewed before."""
        return self._scalar(select(StoredCall.id).where(StoredCall.digest == digest))

    def calls(self, *, rep: str | None = None, limit: int = 50, offset: int = 0) -> list[CallRow]:
        """Calls, the latest first."""
        query = _call_rows().order_by(when().desc(), StoredCall.id.desc()).limit(limit).offset(offset)
        with Session(self._engine) as session:
            return [_call_row(*row) for row in session.execute(_of_rep(query, rep))]

    def count(self, *, rep: str | None = None) -> int:
        return self._scalar(_of_rep(select(func.count(StoredCall.id)), rep)) or 0

    def call(self, call_id: int) -> CallRow | None:
        with Session(self._engine) as session:
            row = session.execute(_call_rows().where(StoredCall.id == call_id)).one_or_none()
            return _call_row(*row) if row else None

    def review(self, call_id: int) -> Review | None:
        body = self._scalar(select(StoredReview.body).where(StoredReview.call_id == call_id))
        return review_from_dict(json.loads(body)) if body else None

    def reps(self) -> list[str]:
        """The names of the reps who have calls, in alphabetical order."""
        query = select(Rep.name).where(Rep.id.in_(select(StoredCall.rep_id))).order_by(Rep.name)
        with Session(self._engine) as session:
            return list(session.scalars(query))

    def moments(
        self, *, rep: str | None = None, kind: str | None = None, axis: Axis | None = None, limit: int = 50
    ) -> list[MomentRow]:
        """Moments of the latest calls first; within a call, in the order in which they were found."""
        query = _of_rep(select(StoredMoment).join(StoredMoment.call), rep)
        query = query.options(joinedload(StoredMoment.call).joinedload(StoredCall.rep))
        for column, value in ((StoredMoment.kind, kind), (StoredMoment.axis, axis)):
            query = query if value is None else query.where(column == value)
        query = query.order_by(when().desc(), StoredMoment.call_id.desc(), StoredMoment.position).limit(limit)
        with Session(self._engine) as session:
            return [_moment_row(moment) for moment in session.scalars(query)]

    def _scalar(self, query: Select[Any]) -> Any:
        with Session(self._engine) as session:
            return session.scalar(query)


def _rep(session: Session, name: str | None, team: str | None) -> Rep | None:
    if not name:
        return None
    rep = session.scalar(select(Rep).where(Rep.name == name)) or Rep(name=name)
    rep.team = team or rep.team
    return rep


def _fill(session: Session, stored: StoredCall, review: Review) -> None:
    scores = call_scores(review)
    for name in ("duration", "language", "channels", "rep_channel", "rep_confidence"):
        setattr(stored, name, getattr(review.call, name))
    for axis in AXES:
        setattr(stored, axis, scores and scores[axis])
    stored.unsure = list(unsure_axes(review))
    stored.not_scored = review.not_scored
    stored.reviewed_at = datetime.now(UTC)
    stored.review.body = json.dumps(review_to_dict(review))
    stored.moments.clear()
    session.add(stored)
    session.flush()  # the earlier moments go before those in their positions come
    stored.moments.extend(StoredMoment(position=at, **asdict(moment)) for at, moment in enumerate(review.moments))


def _of_rep(query: Select[Any], rep: str | None) -> Select[Any]:
    return query if rep is None else query.where(StoredCall.rep.has(Rep.name == rep))


def _call_rows() -> Select[Any]:
    entities: tuple[Any, ...] = (StoredCall, Rep, _moments_of("strength"), _moments_of("giveaway"))
    return select(*entities).outerjoin(StoredCall.rep)


def _moments_of(kind: str) -> ColumnElement[int]:
    same = (StoredMoment.call_id == StoredCall.id, StoredMoment.kind == kind)
    return select(func.count(StoredMoment.id)).where(*same).correlate(StoredCall).scalar_subquery()


def _call_row(stored: StoredCall, rep: Rep | None, strengths: int, giveaways: int) -> CallRow:
    scores = {axis: getattr(stored, axis) for axis in AXES}
    same = ("id", "digest", "title", "recording", "started_at", "queue", "duration", "language", "channels",
            "rep_channel", "rep_confidence", "not_scored", "scorer", "added_at", "reviewed_at")  # fmt: skip
    return CallRow(
        **{name: getattr(stored, name) for name in same},
        rep=rep.name if rep else None,
        team=rep.team if rep else None,
        scores=None if None in scores.values() else scores,
        unsure=tuple(axis for axis in AXES if axis in (stored.unsure or ())),
        strengths=strengths,
        giveaways=giveaways,
    )


def _moment_row(stored: StoredMoment) -> MomentRow:
    same = ("turn", "axis", "kind", "start", "end", "quote", "why", "tip")
    moment = Moment(**{name: getattr(stored, name) for name in same}, behaviours=tuple(stored.behaviours))
    call = stored.call
    rep = call.rep.name if call.rep else None
    return MomentRow(stored.id, call.id, call.title, rep, call.recording, call.started_at, moment)
