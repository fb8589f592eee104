"""Calls and reviews as the JSON that the contract names, and back. `docs/formats.md` explains every field."""

from dataclasses import asdict, replace
from typing import Any

from coach.calls import (
    Call,
    Delivery,
    Evidence,
    Moment,
    Overlap,
    Rating,
    Review,
    Score,
    Silence,
    Stretch,
    Timing,
    Turn,
    Word,
)


def call_from_dict(data: dict[str, Any]) -> Call:
    """Read the contract's Call JSON; unknown keys are ignored.

    Raises
    ------
    KeyError, TypeError, ValueError
        Where a required key is missing or has the wrong type.
    """
    turns = tuple(_turn_from_dict(turn) for turn in data["turns"])
    known = {key: data[key] for key in _CALL_EXTRAS if data.get(key) is not None}
    speech, redacted = (tuple(Stretch(**s) for s in data.get(key) or ()) for key in ("speech", "redacted"))
    return Call(id=str(data["id"]), turns=turns, speech=speech, redacted=redacted, **known)


_CALL_EXTRAS = (
    "rep", "recording", "duration", "language", "channels", "rep_channel", "rep_confidence", "speakers_confidence",
)  # fmt: skip


def _turn_from_dict(data: dict[str, Any]) -> Turn:
    words = tuple(
        Word(str(w["text"]), float(w["start"]), float(w["end"]), float(w.get("probability", 1.0)))
        for w in data.get("words") or ()
    )
    return Turn(data["speaker"], str(data["text"]), data.get("start"), data.get("end"), words)


def call_to_dict(call: Call) -> dict[str, Any]:
    """The contract's Call JSON; what is not known is left out."""
    known = {key: value for key, value in asdict(replace(call, turns=())).items() if value not in (None, ())}
    return known | {"turns": [_turn_to_dict(turn) for turn in call.turns]}


def _turn_to_dict(turn: Turn) -> dict[str, Any]:
    return {key: value for key, value in asdict(turn).items() if value not in (None, ())}


def review_to_dict(review: Review) -> dict[str, Any]:
    """The contract's Review JSON: the Call, with scores, evidence and delivery on each rep turn, moments, timing and
    `not_scored`."""
    data = call_to_dict(review.call)
    for turn, rating in zip(data["turns"], review.ratings, strict=True):
        if rating is not None:
            turn |= asdict(rating)
    for turn, delivery in zip(data["turns"], review.delivery, strict=bool(review.delivery)):
        if delivery is not None:
            turn["delivery"] = asdict(delivery)
    data |= {"moments": [asdict(moment) for moment in review.moments], "not_scored": review.not_scored}
    return data | ({"timing": asdict(review.timing)} if review.timing else {})


def review_from_dict(data: dict[str, Any]) -> Review:
    """The inverse of `review_to_dict`."""
    return Review(
        call=call_from_dict(data),
        ratings=tuple(_rating_from_dict(turn) if "scores" in turn else None for turn in data["turns"]),
        moments=tuple(Moment(**m | {"behaviours": tuple(m["behaviours"])}) for m in data["moments"]),
        not_scored=data["not_scored"],
        delivery=_deliveries_from_dict(data["turns"]) if data.get("timing") else (),
        timing=_timing_from_dict(data["timing"]) if data.get("timing") else None,
    )


def _deliveries_from_dict(turns: list[dict[str, Any]]) -> tuple[Delivery | None, ...]:
    return tuple(Delivery(**turn["delivery"]) if turn.get("delivery") else None for turn in turns)


def _timing_from_dict(data: dict[str, Any]) -> Timing:
    overlaps = tuple(Overlap(**overlap) for overlap in data["overlaps"])
    return Timing(**data | {"overlaps": overlaps, "silences": tuple(Silence(**s) for s in data["silences"])})


def _rating_from_dict(data: dict[str, Any]) -> Rating:
    scores = data["scores"] and {axis: Score(**score) for axis, score in data["scores"].items()}
    return Rating(scores, tuple(Evidence(**e) for e in data["evidence"]), data.get("not_scored"))
