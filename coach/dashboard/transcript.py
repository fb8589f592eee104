"""The transcript as a dialogue, with the evidence marked in the words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape

from coach.calls import Axis, Rating, Review, Turn
from coach.dashboard import marks, words
from coach.dashboard.timeline import axes_key
from coach.report import clock

PLAY = "▸"
NAME = {"rep": "Rep", "customer": "Customer", "unknown": "Speaker"}


@dataclass(frozen=True, slots=True)
class Lines:
    """What can be done with the lines of a transcript, beside reading them; a page's script hears the clicks.

    Attributes
    ----------
    plays
        Whether there is a recording to play from any line.
    says
        Whether the person may see the rep's turns differently; `notes` whether they may note something.
    below
        HTML that is shown below some turns.
    """

    plays: bool = False
    says: bool = False
    notes: bool = False
    below: Mapping[int, str] = field(default_factory=dict)


PLAIN = Lines()


def dialogue(review: Review, lines: Lines = PLAIN) -> str:
    """The whole dialogue as HTML; all text is escaped."""
    found = words.levels(review)
    turns = enumerate(zip(review.call.turns, review.ratings, found, strict=True))
    scored = not review.not_scored
    return f'<div class="transcript">{"".join(_turn(at, *each, scored, lines) for at, each in turns)}</div>'


def key() -> str:
    """What the marks in the words mean."""
    return (
        f'<p class="key">{axes_key()}<span><mark class="hollow">a stock phrase</mark></span>'
        '<span><mark class="unsure">hard to hear</mark></span></p>'
    )


def _turn(at: int, turn: Turn, rating: Rating | None, levels: dict[Axis, int], call_scored: bool, lines: Lines) -> str:
    chips = "".join(marks.chip(axis, level) for axis, level in levels.items())
    about = _behaviours(rating, levels) if chips else _why_not(rating) if call_scored else ""
    notes = "".join(f'<span class="note">{escape(n)}</span>' for n in (about, words.not_sure(rating, levels)) if n)
    below = f'<div class="chips">{chips}{notes}</div>' if chips or notes else ""
    who = f'<div class="who">{NAME[turn.speaker]}{_time(turn, lines.plays)}</div>'
    more = lines.below.get(at, "") + _ways(at, turn, lines)
    said = f'<div class="said">{marks.turn_text(turn, rating, levels)}{below}{more}</div>'
    return f'<div class="turn {turn.speaker}" id="line-{at}">{who}{said}</div>'


def _time(turn: Turn, plays: bool) -> str:
    if turn.start is None or not plays:
        return f'<span class="time">{clock(turn.start)}</span>'
    at = f'data-at="{turn.start:.2f}" aria-label="Play from {clock(turn.start)}"'
    return f'<button type="button" class="time" {at}>{PLAY} {clock(turn.start)}</button>'


def _ways(at: int, turn: Turn, lines: Lines) -> str:
    """The ways to say something of a turn."""
    ways = {"differ": "I see it differently"} if lines.says and turn.speaker == "rep" else {}
    ways |= {"note": "Add a note"} if lines.notes else {}
    where = f"of the line at {clock(turn.start)}" if turn.start is not None else f"of line {at + 1}"
    buttons = (
        f'<button type="button" data-say="{way}" data-of="{at}" aria-label="{name}, {where}">{name}</button>'
        for way, name in ways.items()
    )
    return f'<div class="ways">{"".join(buttons)}</div>' if ways else ""


def _behaviours(rating: Rating | None, levels: dict[Axis, int]) -> str:
    evidence = rating.evidence if rating else ()
    return ", ".join(dict.fromkeys(words.behaviour(e.behaviour) for e in evidence if e.axis in levels))


def _why_not(rating: Rating | None) -> str:
    return f"not scored: {rating.not_scored}" if rating and rating.not_scored else ""
