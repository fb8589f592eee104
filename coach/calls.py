"""The vocabulary of the house: what a call is, and what a review of it says."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from statistics import mean
from typing import Literal

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
class Stretch:
    """Somebody is heard to speak from `start` to `end` (seconds), without a pause worth the name."""

    speaker: Speaker
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Call:
    """A conversation, and what is known of its recording.

    `speech` is when each speaker is heard, to some hundredths of a second, whatever the words: stretches in the order
    of time, those of different speakers may overlap. It is empty where only a transcript is known.

    `rep_channel` is the channel (0 or 1) on which the rep speaks, `rep_confidence` (0.5-1) how sure the decision
    is: 1.0 if it was given. Both are None where the speakers were named by a transcript or cannot be told apart.
    Where they share a channel, `rep_channel` is None, and `speakers_confidence` (0-1) says how sure is who speaks when.

    `redacted` is when something is heard that was taken out of the words (`coach.redact`): clips are silent there.
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
    speakers_confidence: float | None = None
    speech: tuple[Stretch, ...] = ()
    redacted: tuple[Stretch, ...] = ()


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
    """A stretch worth hearing: `turn` indexes the call's turns, `start` and `end` are seconds (None without times).

    `heard` is True where it says how something was spoken, and not the words alone carry it: only who may see delivery
    sees such a moment.
    """

    turn: int
    axis: Axis
    behaviours: tuple[str, ...]
    kind: Literal["giveaway", "strength"]
    start: float | None
    end: float | None
    quote: str
    why: str
    tip: str
    heard: bool = False


@dataclass(frozen=True, slots=True)
class Delivery:
    """How one rep turn was spoken: measured facts, never a feeling. None where a fact cannot be measured.

    Attributes
    ----------
    speaking : seconds of speech, pauses left out
    rate : syllables a second of speech
    pauses : number of pauses within the turn
    longest_pause : seconds; 0 without a pause
    gap : seconds between the customer's last speech and the rep's first; negative where they overlap
    pitch : median F0 in Hz
    pitch_range : semitones between the 10th and the 90th percentile of F0
    loudness : dB, against the rep's own median in this call
    """

    speaking: float | None = None
    rate: float | None = None
    pauses: int | None = None
    longest_pause: float | None = None
    gap: float | None = None
    pitch: float | None = None
    pitch_range: float | None = None
    loudness: float | None = None


@dataclass(frozen=True, slots=True)
class Overlap:
    """Both speak, from `start` to `end` (seconds), and it is no mere back-channel.

    `started` is who came in while the other was speaking ("unknown" where nobody clearly did: both began at once),
    `yielded` who fell silent first; `turn` is the index of the turn of the one who began later.
    """

    turn: int
    started: Speaker
    yielded: Speaker
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Silence:
    """Nobody speaks from `start` to `end` (seconds). `announced`: it had been said that a wait was coming, or the rep
    had asked something, and the customer took that time to answer.

    `turn` is the index of the last turn before it.
    """

    turn: int
    start: float
    end: float
    announced: bool


@dataclass(frozen=True, slots=True)
class Timing:
    """A whole call: who spoke how much, and where speech met or nobody spoke.

    `talk_share` is the rep's share (0-1) of all speech, `longest_monologue` the longest the rep spoke without the
    customer saying more than a back-channel (seconds), `questions` how many the rep asked.
    """

    talk_share: float | None = None
    longest_monologue: float | None = None
    questions: int = 0
    overlaps: tuple[Overlap, ...] = ()
    silences: tuple[Silence, ...] = ()


@dataclass(frozen=True, slots=True)
class Review:
    """A call with a rating for each turn (None for a customer's), its moments, or why it is not scored.

    `delivery` has one entry for each turn, None for a customer's; it is empty, and `timing` None, where only the words
    are known, or where delivery may not be shown.
    """

    call: Call
    ratings: tuple[Rating | None, ...]
    moments: tuple[Moment, ...] = ()
    not_scored: str | None = None
    delivery: tuple[Delivery | None, ...] = ()
    timing: Timing | None = None


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
    speech, redacted = (
        tuple(replace(stretch, speaker=other[stretch.speaker]) for stretch in stretches)
        for stretches in (call.speech, call.redacted)
    )
    channel = None if call.rep_channel is None else 1 - call.rep_channel
    return replace(call, turns=turns, speech=speech, redacted=redacted, rep_channel=channel, rep_confidence=1.0)


def without_delivery(review: Review) -> Review:
    """The same review for somebody who may not see how the call was spoken."""
    moments = tuple(moment for moment in review.moments if not moment.heard)
    return replace(review, call=replace(review.call, speech=()), moments=moments, delivery=(), timing=None)


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
