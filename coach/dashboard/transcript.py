"""The transcript as a dialogue, with the evidence marked in the words."""

from html import escape

from coach.calls import Axis, Rating, Review, Turn
from coach.dashboard import marks, words
from coach.dashboard.timeline import axes_key
from coach.report import clock

NAME = {"rep": "Rep", "customer": "Customer", "unknown": "Speaker"}


def dialogue(review: Review) -> str:
    """The whole dialogue as HTML; all text is escaped."""
    found = words.levels(review)
    turns = enumerate(zip(review.call.turns, review.ratings, found, strict=True))
    return f'<div class="transcript">{"".join(_turn(at, *each, not review.not_scored) for at, each in turns)}</div>'


def key() -> str:
    """What the marks in the words mean."""
    return (
        f'<p class="key">{axes_key()}<span><mark class="hollow">a stock phrase</mark></span>'
        '<span><mark class="unsure">hard to hear</mark></span></p>'
    )


def _turn(at: int, turn: Turn, rating: Rating | None, levels: dict[Axis, int], call_scored: bool) -> str:
    chips = "".join(marks.chip(axis, level) for axis, level in levels.items())
    about = _behaviours(rating, levels) if chips else _why_not(rating) if call_scored else ""
    notes = "".join(f'<span class="note">{escape(n)}</span>' for n in (about, words.not_sure(rating, levels)) if n)
    below = f'<div class="chips">{chips}{notes}</div>' if chips or notes else ""
    who = f'<div class="who">{NAME[turn.speaker]}<span class="time">{clock(turn.start)}</span></div>'
    said = f'<div class="said">{marks.turn_text(turn, rating, levels)}{below}</div>'
    return f'<div class="turn {turn.speaker}" id="line-{at}">{who}{said}</div>'


def _behaviours(rating: Rating | None, levels: dict[Axis, int]) -> str:
    evidence = rating.evidence if rating else ()
    return ", ".join(dict.fromkeys(words.behaviour(e.behaviour) for e in evidence if e.axis in levels))


def _why_not(rating: Rating | None) -> str:
    return f"not scored: {rating.not_scored}" if rating and rating.not_scored else ""
