"""What a review becomes in the tables, and whose call it was."""

import json
from dataclasses import asdict
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from coach.as_json import review_to_dict
from coach.calls import AXES, Review, call_scores, unsure_axes, without_delivery
from coach.delivery.usual import summary
from coach.store.access import Policy
from coach.store.delivery import split
from coach.store.schema import EarlierScore, Rep, StoredCall, StoredDelivery, StoredMoment, when


def rep_of(session: Session, name: str | None, team: str | None, at: datetime | None) -> Rep | None:
    """The rep of that name, in this team unless a later call says otherwise: who leads it may see what they share."""
    if not name:
        return None
    rep = session.scalar(select(Rep).where(Rep.name == name)) or Rep(name=name)
    if team and not (rep.team and at and _was_later(session, rep, at)):
        rep.team = team
    return rep


def _was_later(session: Session, rep: Rep, at: datetime) -> bool:
    return session.scalar(select(StoredCall.id).where(StoredCall.rep_id == rep.id, when() > at).limit(1)) is not None


def earlier(stored: StoredCall) -> EarlierScore:
    """What another model had said of a call, to be kept when it is scored again."""
    same = ("scorer", *AXES, "not_scored", "reviewed_at")
    return EarlierScore(call_id=stored.id, **{name: getattr(stored, name) for name in same})


def fill(session: Session, stored: StoredCall, review: Review) -> None:
    """Put a review into a call's rows, in place of what was there."""
    review = review if Policy.read(session).delivery != "off" else without_delivery(review)
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
