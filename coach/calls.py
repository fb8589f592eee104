"""The vocabulary of the house: what a call is, and what a review of it says."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from statistics import mean
from typing import Any, Literal

Speaker = Literal["rep", "customer", "unknown"]
Axis = Literal["condescension", "impatience", "empathy"]
AXES: tuple[Axis, ...] = ("condescension", "impatience", "empathy")
CLEAR_ENOUGH = 0.4  # words of which the transcriber is less sure carry no score, and are shown as hard to hear


class InputError(Exception):
    """An input that cannot be used. The message is one line: what is wrong, and what to do about it."""


def unexpected(error: Exception) -> str:
    """A fault of ours in one line: it must not stop the other inputs, nor be mistaken for one of theirs."""
    return f"unexpected {type(error).__name__}: {str(error).partition(chr(10))[0]}; please report it"


@dataclass(frozen=True, slots=True)
class Word:
    """One spoken word; times in seconds from the start of the recording, probability 0-1 by the transcriber."""

    text: str
    start: float
    end: float
    probability: float = 1.0


@dataclass(frozen=True, slots=True)
class Turn:
    """All that one speaker says until the other speaks. Times are missing in a bare transcript."""

    speaker: Speaker
    text: str
    start: float | None = None
    end: float | None = None
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """A conversation, and what is known of its recording.

    `rep_channel` is the channel (0 or 1) on which the rep speaks, `rep_confidence` (0.5-1) how sure the decision
    is: 1.0 if it was given. Both are None where the speakers were named by a transcript or cannot be told apart.
    """

    id: str
    turns: tuple[Turn, ...]
    rep: str | None = None
    recording: str | None = None
    duration: float | None = None
    language: str | None = None
    channels: int | None = None
    rep_channel: int | None = None
    rep_confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """One axis of one turn: rating 0-3, P(rating >= 1) and P(rating >= 2); `unsure` where the model cannot tell."""

    rating: float
    probability: float
    clear: float
    unsure: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """Words that carry a score: characters `start` to `end` of the turn's text.

    `axis` is None for `hollow`; `weight` is how far P(rating >= 1) falls when the words are taken away (0-1).
    """

    axis: Axis | None
    behaviour: str
    start: int
    end: int
    text: str
    weight: float


@dataclass(frozen=True, slots=True)
class Rating:
    """What the tone model says of one rep turn: scores and evidence, or the reason why there are none."""

    scores: dict[Axis, Score] | None
    evidence: tuple[Evidence, ...] = ()
    not_scored: str | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """A stretch worth hearing: `turn` indexes the call's turns, `start` and `end` are seconds (None without times)."""

    turn: int
    axis: Axis
    behaviours: tuple[str, ...]
    kind: Literal["giveaway", "strength"]
    start: float | None
    end: float | None
    quote: str
    why: str
    tip: str


@dataclass(frozen=True, slots=True)
class Review:
    """A call with a rating for each turn (None for a customer's), its moments, or why it is not scored."""

    call: Call
    ratings: tuple[Rating | None, ...]
    moments: tuple[Moment, ...] = ()
    not_scored: str | None = None


def located(turn: Turn, within: int | None = None) -> Iterator[tuple[Word, int, int]]:
    """The words of a turn with the characters of its text that they are, as far as they are found in it.

    `within` limits how many characters beyond the word before a word may lie.
    """
    reached = 0
    for word in turn.words:
        text = word.text.strip()
        start = turn.text.find(text, reached, None if within is None else reached + len(text) + within)
        if start >= 0:
            reached = start + len(text)
            yield word, start, reached


def swap(call: Call) -> Call:
    """The same call with the other speaker as the rep, as a person decided."""
    other: dict[Speaker, Speaker] = {"rep": "customer", "customer": "rep", "unknown": "unknown"}
    turns = tuple(replace(turn, speaker=other[turn.speaker]) for turn in call.turns)
    channel = None if call.rep_channel is None else 1 - call.rep_channel
    return replace(call, turns=turns, rep_channel=channel, rep_confidence=1.0)


def call_scores(review: Review) -> dict[Axis, float] | None:
    """Each axis of a whole call, 0-3: the mean of its three strongest rep turns; None where nothing was scored."""
    scored = _scored(review)
    if review.not_scored or not scored:
        return None
    return {axis: mean(sorted(scores[axis].rating for scores in scored)[-3:]) for axis in AXES}


def unsure_axes(review: Review) -> tuple[Axis, ...]:
    """The axes that may show in a whole call, without one turn of which the model is sure.

    Their score in `call_scores` stands: it is what to expect, and leaving the unsure turns out would make it too low.
    """
    return tuple(axis for axis in AXES if _is_unsure([scores[axis] for scores in _scored(review)]))


def _is_unsure(scores: list[Score]) -> bool:
    return any(s.unsure for s in scores) and all(s.unsure or s.probability < 0.5 for s in scores)


def _scored(review: Review) -> list[dict[Axis, Score]]:
    return [rating.scores for rating in review.ratings if rating is not None and rating.scores is not None]


def call_from_dict(data: dict[str, Any]) -> Call:
    """Read the contract's Call JSON; unknown keys are ignored.

    Raises
    ------
    KeyError, TypeError, ValueError
        Where a required key is missing or has the wrong type.
    """
    turns = tuple(_turn_from_dict(turn) for turn in data["turns"])
    known = {key: data[key] for key in _CALL_EXTRAS if data.get(key) is not None}
    return Call(id=str(data["id"]), turns=turns, **known)


_CALL_EXTRAS = ("rep", "recording", "duration", "language", "channels", "rep_channel", "rep_confidence")


def _turn_from_dict(data: dict[str, Any]) -> Turn:
    words = tuple(
        Word(str(w["text"]), float(w["start"]), float(w["end"]), float(w.get("probability", 1.0)))
        for w in data.get("words") or ()
    )
    return Turn(data["speaker"], str(data["text"]), data.get("start"), data.get("end"), words)


def call_to_dict(call: Call) -> dict[str, Any]:
    """The contract's Call JSON; what is not known is left out."""
    known = {key: value for key, value in asdict(replace(call, turns=())).items() if value is not None}
    return known | {"turns": [_turn_to_dict(turn) for turn in call.turns]}


def _turn_to_dict(turn: Turn) -> dict[str, Any]:
    return {key: value for key, value in asdict(turn).items() if value not in (None, ())}


def review_to_dict(review: Review) -> dict[str, Any]:
    """The contract's Review JSON: the Call, with scores and evidence on each rep turn, moments and `not_scored`."""
    data = call_to_dict(review.call)
    for turn, rating in zip(data["turns"], review.ratings, strict=True):
        if rating is not None:
            turn |= asdict(rating)
    return data | {"moments": [asdict(moment) for moment in review.moments], "not_scored": review.not_scored}


def review_from_dict(data: dict[str, Any]) -> Review:
    """The inverse of `review_to_dict`."""
    return Review(
        call=call_from_dict(data),
        ratings=tuple(_rating_from_dict(turn) if "scores" in turn else None for turn in data["turns"]),
        moments=tuple(Moment(**m | {"behaviours": tuple(m["behaviours"])}) for m in data["moments"]),
        not_scored=data["not_scored"],
    )


def _rating_from_dict(data: dict[str, Any]) -> Rating:
    scores = data["scores"] and {axis: Score(**score) for axis, score in data["scores"].items()}
    return Rating(scores, tuple(Evidence(**e) for e in data["evidence"]), data.get("not_scored"))
