"""The store's front: save a review, list calls and moments, open one again."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, delete, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session, joinedload

from coach import settings
from coach.as_json import review_from_dict, review_to_dict
from coach.calls import AXES, Axis, Delivery, Moment, Review, call_scores, unsure_axes, without_delivery
from coach.delivery.usual import Usual, summary
from coach.store import jobs
from coach.store.delivery import DEFAULT, SEES, Policy, Viewer, join, split
from coach.store.engine import erase, open_engine
from coach.store.rows import CallRow, EarlierRow, MomentRow
from coach.store.schema import EarlierScore, Rep, Setting, StoredCall, StoredDelivery, StoredMoment, StoredReview, when

LATEST = 50  # so many calls say what is usual for a rep now


def default_url() -> str:
    """The database named by TONE_COACH_DB (a URL or a file) or the settings, else coach.db in the working folder."""
    return os.environ.get("TONE_COACH_DB") or settings.read().get("db") or "sqlite:///coach.db"


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
        customer: str | None = None,
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
        known |= {"stamp": stamp}
        with Session(self._writing) as session, session.begin():
            if run is not None:
                jobs.finish(session, run, digest)
            named = _rep(session, rep or call.rep, team)
            stored = session.scalar(select(StoredCall).where(StoredCall.digest == digest))
            stored = stored or StoredCall(
                digest=digest, title=call.id, added_at=datetime.now(UTC), review=StoredReview()
            )
            for name, value in (known | {"rep": named}).items():
                if value is not None:
                    setattr(stored, name, value)
            if stored.id and stored.scorer != scorer:
                session.add(_earlier(stored))
            stored.scorer = dict(scorer or {})
            _fill(session, stored, review)
            return stored.id

    def describe(self, call_id: int, **known: Any) -> None:
        """Fill in what was not known of a call: rep, team, started_at, queue, customer. What is known stays."""
        with Session(self._writing) as session, session.begin():
            stored = session.get_one(StoredCall, call_id)
            for name in ("started_at", "queue", "customer"):
                setattr(stored, name, getattr(stored, name) or known.get(name))
            if stored.rep is None and known.get("rep"):
                stored.rep = _rep(session, known["rep"], None)
                stored.review.body = json.dumps(json.loads(stored.review.body) | {"rep": known["rep"]})
            if stored.rep and not stored.rep.team:
                stored.rep.team = known.get("team")

    def replace(self, call_id: int, review: Review) -> None:
        """Put another review of the same call in place of the one that is kept: after its speakers were swapped."""
        with Session(self._writing) as session, session.begin():
            _fill(session, session.get_one(StoredCall, call_id), review)

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
        with Session(self._engine) as session:
            return next((call.id for call in session.scalars(query) if scorer in (None, call.scorer)), None)

    def begin(self, source: str, scorer: Mapping[str, str], lease: float = jobs.LEASE) -> jobs.Shift:
        """Begin a batch: what it says of its recordings, and what the others may not touch meanwhile."""
        return jobs.Shift(self._engine, self._writing, source, scorer, lease)

    def runs(self, limit: int = 5) -> list[jobs.RunRow]:
        """The last batches, the latest first."""
        with Session(self._engine) as session:
            return jobs.runs(session, limit)

    def failures(self) -> list[jobs.FailedRow]:
        """Recordings that failed and were not scored since, by name."""
        with Session(self._engine) as session:
            return jobs.failures(session)

    def earlier_scores(self, call_id: int) -> list[EarlierRow]:
        """What others had scored before the present scores, the latest first."""
        query = select(EarlierScore).where(EarlierScore.call_id == call_id).order_by(EarlierScore.id.desc())
        with Session(self._engine) as session:
            return [_earlier_row(score) for score in session.scalars(query)]

    def calls(
        self, *, rep: str | None = None, limit: int = 50, offset: int = 0, viewer: Viewer = "operations"
    ) -> list[CallRow]:
        """Calls, the latest first, with as many moments as the viewer may see."""
        query = (
            _call_rows(self.shows_delivery(viewer))
            .order_by(when().desc(), StoredCall.id.desc())
            .limit(limit)
            .offset(offset)
        )
        with Session(self._engine) as session:
            return [_call_row(*row) for row in session.execute(_of_rep(query, rep))]

    def count(self, *, rep: str | None = None) -> int:
        return self._scalar(_of_rep(select(func.count(StoredCall.id)), rep)) or 0

    def call(self, call_id: int, *, viewer: Viewer = "operations") -> CallRow | None:
        query = _call_rows(self.shows_delivery(viewer))
        with Session(self._engine) as session:
            row = session.execute(query.where(StoredCall.id == call_id)).one_or_none()
            return _call_row(*row) if row else None

    def review(self, call_id: int, *, viewer: Viewer = "operations") -> Review | None:
        """A review as the viewer may see it: without delivery, unless the setting lets them see how the rep spoke."""
        body = self._scalar(select(StoredReview.body).where(StoredReview.call_id == call_id))
        if body is None:
            return None
        query = select(StoredDelivery.body).where(StoredDelivery.call_id == call_id)
        delivery = self._scalar(query) if self.shows_delivery(viewer) else None
        words = json.loads(body)
        return review_from_dict(join(words, json.loads(delivery)) if delivery else words)

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
        query = _of_rep(select(StoredDelivery.summary).join(StoredCall), rep).where(StoredCall.id != (besides or 0))
        query = query.order_by(when().desc(), StoredCall.id.desc()).limit(LATEST)
        if rep is None or not self.shows_delivery(viewer):
            return Usual.best((), delivery)
        with Session(self._engine) as session:
            return Usual.best(list(session.scalars(query)), delivery)

    def shows_delivery(self, viewer: Viewer) -> bool:
        return viewer in SEES[self.delivery_policy]

    @property
    def delivery_policy(self) -> Policy:
        """Who sees how a rep spoke: nobody, and nothing is kept ("off"), the rep alone, or the team's lead too."""
        with Session(self._engine) as session:
            return _policy(session)

    def set_delivery_policy(self, policy: Policy) -> int:
        """Change who sees how a rep spoke. "off" removes all that is kept of it; returns of how many calls."""
        with Session(self._writing) as session, session.begin():
            session.merge(Setting(name="delivery", value=policy))
            if policy != "off":
                return 0
            removed = session.scalar(select(func.count(StoredDelivery.call_id))) or 0
            session.execute(delete(StoredDelivery))
            session.execute(delete(StoredMoment).where(StoredMoment.heard))
        erase(self._engine)
        return removed

    def reps(self) -> list[str]:
        """The names of the reps who have calls, in alphabetical order."""
        query = select(Rep.name).where(Rep.id.in_(select(StoredCall.rep_id))).order_by(Rep.name)
        with Session(self._engine) as session:
            return list(session.scalars(query))

    def moments(
        self,
        *,
        rep: str | None = None,
        kind: str | None = None,
        axis: Axis | None = None,
        limit: int = 50,
        viewer: Viewer = "operations",
    ) -> list[MomentRow]:
        """Moments of the latest calls first; within a call, in the order in which they were found."""
        heard = None if self.shows_delivery(viewer) else False
        query = _of_rep(select(StoredMoment).join(StoredMoment.call), rep)
        query = query.options(joinedload(StoredMoment.call).joinedload(StoredCall.rep))
        for column, value in ((StoredMoment.kind, kind), (StoredMoment.axis, axis), (StoredMoment.heard, heard)):
            query = query if value is None else query.where(column == value)
        query = query.order_by(when().desc(), StoredMoment.call_id.desc(), StoredMoment.position).limit(limit)
        with Session(self._engine) as session:
            return [_moment_row(moment) for moment in session.scalars(query)]

    def _scalar(self, query: Select[Any]) -> Any:
        with Session(self._engine) as session:
            return session.scalar(query)


def _policy(session: Session) -> Policy:
    chosen = session.get(Setting, "delivery")
    return cast(Policy, chosen.value) if chosen else DEFAULT


def _rep(session: Session, name: str | None, team: str | None) -> Rep | None:
    if not name:
        return None
    rep = session.scalar(select(Rep).where(Rep.name == name)) or Rep(name=name)
    rep.team = team or rep.team
    return rep


def _earlier(stored: StoredCall) -> EarlierScore:
    same = ("scorer", *AXES, "not_scored", "reviewed_at")
    return EarlierScore(call_id=stored.id, **{name: getattr(stored, name) for name in same})


def _earlier_row(score: EarlierScore) -> EarlierRow:
    return EarlierRow(_scores(score), score.not_scored, score.scorer, score.reviewed_at)


def _scores(row: StoredCall | EarlierScore) -> dict[Axis, float] | None:
    scores = {axis: getattr(row, axis) for axis in AXES}
    return None if None in scores.values() else scores


def _fill(session: Session, stored: StoredCall, review: Review) -> None:
    review = review if _policy(session) != "off" else without_delivery(review)
    scores = call_scores(review)
    for name in ("duration", "language", "channels", "rep_channel", "rep_confidence"):
        setattr(stored, name, getattr(review.call, name))
    for axis in AXES:
        setattr(stored, axis, scores and scores[axis])
    stored.unsure = list(unsure_axes(review))
    stored.not_scored = review.not_scored
    stored.reviewed_at = datetime.now(UTC)
    stored.words_removed_at = None
    words, delivery = split(review_to_dict(review))
    stored.review.body = json.dumps(words)
    stored.delivery = None
    if delivery:
        few = summary(review.delivery, review.timing)
        stored.delivery = StoredDelivery(body=json.dumps(delivery), summary=few)
    stored.moments.clear()
    session.add(stored)
    session.flush()  # the earlier moments go before those in their positions come
    stored.moments.extend(StoredMoment(position=at, **asdict(moment)) for at, moment in enumerate(review.moments))


def _of_rep(query: Select[Any], rep: str | None) -> Select[Any]:
    return query if rep is None else query.where(StoredCall.rep.has(Rep.name == rep))


def _call_rows(heard: bool) -> Select[Any]:
    """Calls and how many moments they have, with or without those that say how something was spoken."""
    entities: tuple[Any, ...] = (StoredCall, Rep, _moments_of("strength", heard), _moments_of("giveaway", heard))
    return select(*entities).outerjoin(StoredCall.rep)


def _moments_of(kind: str, heard: bool) -> ColumnElement[int]:
    same = [StoredMoment.call_id == StoredCall.id, StoredMoment.kind == kind]
    same += [] if heard else [StoredMoment.heard.is_(False)]
    return select(func.count(StoredMoment.id)).where(*same).correlate(StoredCall).scalar_subquery()


def _call_row(stored: StoredCall, rep: Rep | None, strengths: int, giveaways: int) -> CallRow:
    same = ("id", "digest", "title", "recording", "started_at", "queue", "duration", "language", "channels",
            "rep_channel", "rep_confidence", "not_scored", "scorer", "added_at", "reviewed_at", "customer",
            "words_removed_at")  # fmt: skip
    return CallRow(
        **{name: getattr(stored, name) for name in same},
        rep=rep.name if rep else None,
        team=rep.team if rep else None,
        scores=_scores(stored),
        unsure=tuple(axis for axis in AXES if axis in (stored.unsure or ())),
        strengths=strengths,
        giveaways=giveaways,
    )


def _moment_row(stored: StoredMoment) -> MomentRow:
    same = ("turn", "axis", "kind", "start", "end", "quote", "why", "tip", "heard")
    moment = Moment(**{name: getattr(stored, name) for name in same}, behaviours=tuple(stored.behaviours))
    call = stored.call
    rep = call.rep.name if call.rep else None
    return MomentRow(stored.id, call.id, call.title, rep, call.recording, call.started_at, moment)
