"""Words with marks on them, as HTML. What was said comes from outside: all of it is escaped here."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from coach.calls import AXES, CLEAR_ENOUGH, Axis, Evidence, Moment, Rating, Turn, located
from coach.dashboard.words import AXIS, NOT_SURE, SIGN, behaviour, is_hollow, level_word


@dataclass(frozen=True, slots=True)
class Mark:
    """Characters `start` to `end` of a text, to be drawn in a style and explained by a title."""

    start: int
    end: int
    style: str
    title: str


def marked(text: str, marks: Iterable[Mark]) -> str:
    """The text as HTML with its marks, which may overlap."""
    marks = [mark for mark in marks if mark.start < mark.end]
    edges = sorted({0, len(text), *(edge for m in marks for edge in (m.start, m.end) if 0 <= edge <= len(text))})
    return "".join(_piece(text[a:b], [m for m in marks if m.start <= a and b <= m.end]) for a, b in pairwise(edges))


def _piece(text: str, marks: list[Mark]) -> str:
    html = escape(text)
    for mark in marks:
        html = f'<mark class="{mark.style}" title="{escape(mark.title)}">{html}</mark>'
    return html


def evidence_marks(evidence: Iterable[Evidence], axes: Iterable[Axis | None]) -> list[Mark]:
    """Marks for the evidence of these axes; None stands for stock phrases."""
    axes = set(axes)
    return [Mark(e.start, e.end, e.axis or "hollow", _title(e)) for e in evidence if e.axis in axes]


def _title(evidence: Evidence) -> str:
    name = behaviour(evidence.behaviour)
    return f"{AXIS[evidence.axis]}: {name}" if evidence.axis else name.capitalize()


def unsure_marks(turn: Turn) -> list[Mark]:
    """Marks for words that may have been misheard."""
    title = "Hard to hear: it may have been another word"
    return [Mark(start, end, "unsure", title) for word, start, end in located(turn) if word.probability < CLEAR_ENOUGH]


def turn_text(turn: Turn, rating: Rating | None, axes: Iterable[Axis]) -> str:
    """A turn's words with the evidence of `axes` and of stock phrases marked, and what was hard to hear."""
    evidence = rating.evidence if rating else ()
    return marked(turn.text, [*evidence_marks(evidence, {*axes, None}), *unsure_marks(turn)])


def quote_text(moment: Moment, turn: Turn, rating: Rating | None) -> str:
    """A moment's quote with its evidence marked."""
    evidence = rating.evidence if rating else ()
    marks = evidence_marks(evidence, {None} if is_hollow(moment) else {moment.axis})
    offset, size = turn.text.find(moment.quote.rstrip("…")), len(moment.quote)
    if offset < 0:
        return escape(moment.quote)
    inside = [Mark(max(0, m.start - offset), min(size, m.end - offset), m.style, m.title) for m in marks]
    return marked(moment.quote, inside)


def chip(axis: Axis, level: int) -> str:
    return f'<span class="chip {axis}">{SIGN[axis]} {AXIS[axis]} · {level_word(axis, level)}</span>'


def meter(axis: Axis, rating: float, unsure: bool) -> str:
    """A call's score as three small steps, its name and a word: no step where no turn is sure to show it."""
    expected = min(3, max(0, round(rating)))
    level, word = (0, NOT_SURE) if unsure and expected else (expected, level_word(axis, expected))
    steps = "".join(f'<i class="{"on" if step < level else ""}"></i>' for step in range(3))
    return (
        f'<span class="meter {axis}"><span class="name">{SIGN[axis]} {AXIS[axis]}</span>'
        f'<span class="steps">{steps}</span><span class="word">{word}</span></span>'
    )


def meters(scores: dict[Axis, float], unsure: Collection[Axis]) -> str:
    return f'<div class="meters">{"".join(meter(axis, scores[axis], axis in unsure) for axis in AXES)}</div>'
