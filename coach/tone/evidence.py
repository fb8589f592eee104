"""The words that carry a score: clauses are taken out of the turn, and those that are missed are shown."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from torch import Tensor

from coach.calls import AXES, Axis, Evidence, Score
from coach.tone.heads import BEHAVIOUR_NAMES, Heads
from coach.tone.reader import Passage, Reader, Reading
from coach.tone.rubric import BEHAVIOURS

SHOWN_FROM = 0.4  # P(rating >= 1) from which a score is worth explaining
HOLLOW_FROM = 0.4
PROOF = 0.3  # log-odds of P(rating >= 1), which itself hardly moves where it is near 1; a smaller loss proves nothing
BESIDE = 0.2  # of the greatest loss, from which another clause is worth showing beside the first
TRIED, KEPT = 6, 3  # clauses of an axis
SHORTEST, LONGEST = 5, 15  # words of a clause; most of what the authors of the data marked are whole sentences
SENTENCE_ENDS, CLAUSE_ENDS = tuple(".?!…"), tuple(",;:-\N{EN DASH}—")
JOINING = {"and", "because", "but", "if", "or", "so", "that", "then", "when", "where", "which", "while", "who"}
OF_AXIS: dict[Axis | None, list[int]] = {
    axis: [i for i, name in enumerate(BEHAVIOUR_NAMES) if BEHAVIOURS[name] == axis] for axis in (*AXES, None)
}


class Span(NamedTuple):
    """Words `first` up to `end` of a passage."""

    first: int
    end: int


class Loss(NamedTuple):
    """What a turn loses of an axis with some of its words: in log-odds, and of P(rating >= 1)."""

    odds: float
    fall: float


Losses = list[dict[Axis, Loss]]


@dataclass(frozen=True, slots=True)
class Removal:
    """Reads a turn again, after the same call so far, without some of its words."""

    reader: Reader
    heads: Heads
    reading: Reading
    scores: dict[Axis, Score]

    def losses(self, removals: Sequence[Sequence[Span]]) -> Losses:
        """What is lost with all the spans of a removal, for each of several."""
        words = list(enumerate(self.reading.passage.spoken))
        gone = [{number for span in spans for number in range(*span)} for spans in removals]
        versions = [[word for number, word in words if number not in numbers] for numbers in gone]
        left = self.heads.scores(self.reader.read_again(self.reading, versions)) if versions else []
        return [{axis: _loss(self.scores[axis].probability, rest[axis].probability) for axis in AXES} for rest in left]


def find(reader: Reader, heads: Heads, reading: Reading, scores: dict[Axis, Score]) -> tuple[Evidence, ...]:
    """Evidence for each axis of a turn that is probably rated 1 or more, and its hollow phrases, in spoken order.

    The word head proposes clauses; each is kept if the turn, read again without it, has lost enough, and its weight is
    how far P(rating >= 1) falls. Where no clause is missed alone, because another says the same, the fewest that are
    missed together share the weight of their joint loss equally: nothing tells them apart. The weight of a hollow
    phrase is the word head's own probability.
    """
    chances = heads.behaviours(reading.word_states, reading.features)
    parts = clauses(reading.passage)
    tried = {
        axis: sorted(parts, key=lambda span: _mean(chances, span, axis), reverse=True)[:TRIED]
        for axis, score in scores.items()
        if score.probability >= SHOWN_FROM
    }
    removal = Removal(reader, heads, reading, scores)
    spans = sorted({span for own in tried.values() for span in own})
    losses = dict(zip(spans, removal.losses([[span] for span in spans]), strict=True))
    weights = {axis: _proven(removal, axis, {span: losses[span][axis] for span in own}) for axis, own in tried.items()}
    found: list[tuple[Axis | None, Span, float]] = [
        *((axis, span, weight) for axis, own in weights.items() for span, weight in own.items()),
        *((None, span, _mean(chances, span, None)) for span in _hollow(parts, chances)),
    ]
    return tuple(_evidence(reading.passage, chances, *each) for each in sorted(found, key=lambda each: each[1]))


def clauses(passage: Passage) -> list[Span]:
    """A passage in parts that can be quoted: its sentences, and of long ones their clauses."""
    words = passage.spoken
    ends = [i + 1 for i, word in enumerate(words) if _ends(word, SENTENCE_ENDS) or not passage.runs_on(i)]
    return [part for first, end in pairwise(sorted({0, *ends, len(words)})) for part in _quotable(words, first, end)]


def _ends(word: str, marks: tuple[str, ...]) -> bool:
    return word.rstrip("\"')”\N{RIGHT SINGLE QUOTATION MARK}").endswith(marks)


def _quotable(words: Sequence[str], first: int, end: int) -> Iterator[Span]:
    """What is too long is parted near its middle: after a clause, or before a word that joins, if there is one."""
    if end - first <= LONGEST:
        yield Span(first, end)
        return
    inner = range(first + SHORTEST, end - SHORTEST + 1)
    after = [i for i in inner if _ends(words[i - 1], CLAUSE_ENDS)]
    before = [i for i in inner if words[i].lower() in JOINING]
    middle = min(after or before or inner, key=lambda i: abs(2 * i - first - end))
    yield from _quotable(words, first, middle)
    yield from _quotable(words, middle, end)


def _loss(before: float, after: float) -> Loss:
    return Loss(_log_odds(before) - _log_odds(after), before - after)


def _log_odds(probability: float) -> float:
    within = min(max(probability, 1e-6), 1 - 1e-6)
    return math.log(within / (1 - within))


def _proven(removal: Removal, axis: Axis, losses: dict[Span, Loss]) -> dict[Span, float]:
    """The spans whose loss proves that they carry the axis, and their weights."""
    ranked = sorted(losses, key=lambda span: losses[span].odds, reverse=True)
    enough = max(PROOF, BESIDE * losses[ranked[0]].odds)
    if alone := {span: losses[span].fall for span in ranked[:KEPT] if losses[span].odds >= enough}:
        return alone
    together = [ranked[:number] for number in range(2, len(ranked) + 1)]
    for spans, loss in zip(together, removal.losses(together), strict=True):
        if loss[axis].odds >= PROOF:
            return dict.fromkeys(spans, loss[axis].fall / len(spans))
    return {}


def _hollow(parts: Sequence[Span], chances: Tensor) -> list[Span]:
    """Clauses that are hollow, joined to their neighbours that are, as far as they can be quoted at once."""
    joined: list[Span] = []
    for span in parts:
        if _mean(chances, span, None) < HOLLOW_FROM:
            continue
        if joined and joined[-1].end == span.first and span.end - joined[-1].first <= LONGEST:
            span = Span(joined.pop().first, span.end)
        joined.append(span)
    return joined


def _mean(chances: Tensor, span: Span, axis: Axis | None) -> float:
    """How likely a span's words show any behaviour of the axis."""
    return chances[span.first : span.end, OF_AXIS[axis]].amax(1).mean().item()


def _evidence(passage: Passage, chances: Tensor, axis: Axis | None, span: Span, weight: float) -> Evidence:
    own = OF_AXIS[axis]
    behaviour = BEHAVIOUR_NAMES[own[int(chances[span.first : span.end, own].amax(0).argmax())]]
    start, end = passage.quote(*span)
    return Evidence(axis, behaviour, start, end, passage.text[start:end], weight)
