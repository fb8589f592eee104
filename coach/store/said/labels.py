"""What people say of turns, as labelled calls: to measure the tone model by, and to train it on."""

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import select, union

from coach.calls import AXES
from coach.store.people import StoredDisagreement, StoredRating
from coach.store.schema import StoredCall
from coach.store.store import Store

_SAID_OF_A_MODEL = ("reason", "rating", "verdict", "answer", "model", "scorer")


def labelled(store: Store) -> Iterator[dict[str, Any]]:
    """Calls of which somebody rated a turn or sees one differently, one at a time, in the order of their ids.

    Yields
    ------
    dict
        A review as the contract's JSON, without delivery and names; `scorer` says what scored it. A turn of which
        people said something has `"ratings": {axis: [0-3, ...]}`, one number a person, as in labelled calls;
        `"raters"` (who gave them, and whether blind); and `"disagreements"`. People are numbers. What was withdrawn
        is left out.
    """
    for call_id in _spoken_of(store):
        with store.reading() as session:
            call = session.get_one(StoredCall, call_id)
            body = json.loads(call.review.body)
            ratings = list(session.scalars(select(StoredRating).where(StoredRating.call_id == call_id)))
            others = list(session.scalars(_disagreements().where(StoredDisagreement.call_id == call_id)))
            turns = [
                turn | _said(at, ratings, others) if turn["speaker"] == "rep" else turn
                for at, turn in enumerate(body["turns"])
            ]
            kept = {name: body[name] for name in ("moments", "not_scored")}
            yield {"id": f"call-{call_id}", "scorer": call.scorer, "turns": turns} | kept


def _spoken_of(store: Store) -> list[int]:
    said = union(select(StoredRating.call_id), _disagreements().with_only_columns(StoredDisagreement.call_id))
    with store.reading() as session:
        return sorted(session.scalars(said))


def _disagreements() -> Any:
    return select(StoredDisagreement).where(StoredDisagreement.withdrawn_at.is_(None))


def _said(at: int, ratings: list[StoredRating], others: list[StoredDisagreement]) -> dict[str, Any]:
    """What people said of one turn; nothing where they said nothing."""
    own = sorted((r for r in ratings if r.turn == at), key=lambda r: (r.role, r.account_id or 0))
    by_axis = {axis: [r for r in own if r.axis == axis] for axis in AXES if any(r.axis == axis for r in own)}
    differing = [_differing(d) for d in others if d.turn == at]
    if not by_axis and not differing:
        return {}
    return {
        "ratings": {axis: [r.rating for r in given] for axis, given in by_axis.items()},
        "raters": {axis: [_rater(r) for r in given] for axis, given in by_axis.items()},
        "disagreements": differing,
    }


def _rater(rating: StoredRating) -> dict[str, Any]:
    return {"role": rating.role, "number": rating.account_id, "blind": rating.blind}


def _differing(said: StoredDisagreement) -> dict[str, Any]:
    return {"axis": said.axis, "kind": said.kind} | {name: getattr(said, name) for name in _SAID_OF_A_MODEL}
