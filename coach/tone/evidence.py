"""The words that carry a score: a word tagger proposes them, and taking them away proves them."""

from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from torch import Tensor

from coach.calls import AXES, Axis, Evidence, Score
from coach.tone.heads import BEHAVIOUR_NAMES, Heads
from coach.tone.reader import Passage, Reader, Reading
from coach.tone.rubric import BEHAVIOURS

SHOWN_FROM = 0.4  # P(rating >= 1) from which a score is worth explaining
FALL = 0.05  # a smaller fall of that probability proves nothing
HOLLOW_FROM = 0.4
LONGEST = 18  # words that can still be quoted
TRIED, KEPT = 4, 2  # spans of an axis
SHORTNESS = 10  # words; the smaller, the shorter the spans
OF_AXIS: dict[Axis | None, list[int]] = {
    axis: [i for i, name in enumerate(BEHAVIOUR_NAMES) if BEHAVIOURS[name] == axis] for axis in (*AXES, None)
}


class Span(NamedTuple):
    """Words `first` up to `end` of a passage."""

    first: int
    end: int

    def overlaps(self, other: "Span") -> bool:
        return self.first < other.end and other.first < self.end


def find(reader: Reader, heads: Heads, reading: Reading, scores: dict[Axis, Score]) -> tuple[Evidence, ...]:
    """Evidence for each axis of a turn that is probably rated 1 or more, and its hollow phrases, in spoken order."""
    chances = heads.behaviours(reading.word_states, reading.features)
    proposed = {
        axis: propose(reading.passage, chances[:, OF_AXIS[axis]].amax(1))
        for axis, score in scores.items()
        if score.probability >= SHOWN_FROM
    }
    found = list(_hollow(reading.passage, chances))
    if proposed:
        falls = _falls(reader, heads, reading, scores, {span for spans in proposed.values() for span in spans})
        for axis, spans in proposed.items():
            for span, fall in _proven({span: falls[span][axis] for span in spans}):
                found.append(_evidence(reading.passage, chances, axis, span, fall))
    return tuple(sorted(found, key=lambda evidence: evidence.start))


def propose(passage: Passage, chances: Tensor) -> list[Span]:
    """The clauses and sentences whose words stand out most by their `chances`."""
    level = 0.5 * chances.max()
    worth = [0.0, *(chances - level).cumsum(0).tolist()]
    spans = sorted(_clauses(passage), key=lambda span: (worth[span.first] - worth[span.end], span))
    # Where a turn says it twice, only the loss of nearly all of it tells.
    widest = max(spans, key=lambda span: span.end - span.first)
    return list(dict.fromkeys([*spans[:TRIED], widest]))


def _clauses(passage: Passage) -> set[Span]:
    """Sentences, clauses, and neighbouring clauses, as far as they can be quoted."""
    spoken = passage.spoken
    ends = [i + 1 for i, word in enumerate(spoken) if word[-1] in ".,;:?!-…—" or not passage.runs_on(i)]
    borders = sorted({0, *ends, len(spoken)})
    spans = {Span(a, b) for i, a in enumerate(borders) for b in borders[i + 1 : i + 6] if b - a <= LONGEST}
    spans |= {Span(a, a + LONGEST) for a, b in pairwise(borders) if b - a > LONGEST}
    return {span for span in spans if passage.unbroken(*span)}


def _falls(reader: Reader, heads: Heads, reading: Reading, scores: dict[Axis, Score], spans: set[Span]) -> dict:
    """How far each axis's P(rating >= 1) falls once a span's words are taken out of the turn."""
    ordered = sorted(spans)
    without = heads.scores(reader.read_again(reading, [reading.passage.without(*span) for span in ordered]))
    return {
        span: {axis: scores[axis].probability - after[axis].probability for axis in AXES}
        for span, after in zip(ordered, without, strict=True)
    }


def _proven(falls: dict[Span, float]) -> Iterable[tuple[Span, float]]:
    """The span whose loss counts most for its length, and others apart from it that count as well."""
    kept: list[Span] = []
    for span in sorted(falls, key=lambda span: falls[span] / (span.end - span.first + SHORTNESS), reverse=True):
        if falls[span] >= FALL and len(kept) < KEPT and not any(span.overlaps(other) for other in kept):
            kept.append(span)
            yield span, falls[span]


def _hollow(passage: Passage, chances: Tensor) -> Iterable[Evidence]:
    hollow = chances[:, OF_AXIS[None][0]]
    for span in propose(passage, hollow)[:1]:
        if (weight := hollow[span.first : span.end].mean().item()) >= HOLLOW_FROM:
            yield _evidence(passage, chances, None, span, weight)


def _evidence(passage: Passage, chances: Tensor, axis: Axis | None, span: Span, weight: float) -> Evidence:
    own = OF_AXIS[axis]
    behaviour = BEHAVIOUR_NAMES[own[int(chances[span.first : span.end, own].mean(0).argmax())]]
    start, end = passage.quote(*span)
    return Evidence(axis, behaviour, start, end, passage.text[start:end], weight)
