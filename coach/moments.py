"""The few moments of a call worth hearing: where the tone gives the rep away, and where it does the customer good."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from coach.calls import Axis, Call, Evidence, Moment, Overlap, Rating, Score, Timing, Turn, located
from coach.delivery.remarks import talks_over
from coach.tips import Tips, quotable

Kind = Literal["giveaway", "strength"]
KIND: dict[Axis, Kind] = {"condescension": "giveaway", "impatience": "giveaway", "empathy": "strength"}
_Scores = Mapping[Axis, Score]
_Rated = tuple[int, _Scores, Sequence[Evidence]]

AT_MOST = 5
GIVEAWAYS = 3
STRENGTHS = 3
HOLLOW_WEIGHT = 0.5
HABIT = 2  # hollow turns: in a call without fault, one "sorry for any inconvenience" is only manners
QUOTE_WORDS = 25
NEAR = 20  # characters between marked words that still read as one
NEARLY = 0.5  # of the threshold: the words alone are nearly enough
AT_ONCE = 0.3  # seconds after the customer
OFTEN = 3  # times that the rep talks over the customer in a call
CLOSING = 3  # turns at the end of a call
GOODBYE = re.compile(
    r"\b(good)?bye\b|have a (nice|good|great|lovely|wonderful) (day|one|evening|afternoon|weekend)", re.I
)
DONE = re.compile(r"\b(thanks?|bye|that's (all|it|everything)|perfect|great|cheers|you too)\b", re.I)


@dataclass(frozen=True, slots=True)
class _Find:
    """A turn that stands out, with the evidence for it, strongest first; `rank` orders finds of a kind."""

    turn: int
    axis: Axis
    kind: Kind
    evidence: tuple[Evidence, ...]
    rank: tuple[float, float]
    heard: bool = False


def find(
    call: Call, ratings: Sequence[Rating | None], thresholds: Mapping[Axis, float], timing: Timing | None = None
) -> tuple[Moment, ...]:
    """Choose at most five moments of a call, in the order of the call; no two overlap.

    Parameters
    ----------
    ratings
        One for each turn; None for a customer's.
    thresholds
        For each axis, the P(rating >= 1) from which a turn counts.
    timing
        Where there is room, it gives moments that are `heard`: the rep talks clearly over the customer (`cuts_off`), or
        says goodbye over them or at once (`rushes_to_close`), with words that alone nearly show impatience, or again
        and again. It changes no rating and no moment that the words give, and the voice has no say.

    Returns
    -------
    tuple of Moment
        At most three giveaways and three strengths, the strongest first chosen; a turn that is both counts as what it
        is more. A hollow phrase, repeated or in a call with other giveaways, gives one giveaway on the axis of empathy,
        if there is room. Nothing is made up to fill the places.
    """
    rated = [(turn, r.scores, r.evidence) for turn, r in enumerate(ratings) if r is not None and r.scores]
    clear = [max(finds, key=lambda f: f.rank) for scored in rated if (finds := _clear(*scored, thresholds))]
    hollow = [found for scored in rated if (found := _hollow(*scored))]

    giveaways = _choose(call, [f for f in clear if f.kind == "giveaway"], GIVEAWAYS, [])
    if len(giveaways) < GIVEAWAYS and (giveaways or len(hollow) >= HABIT):
        giveaways = _choose(call, hollow, 1, giveaways)
    strengths = [f for f in clear if f.kind == "strength"]
    chosen = _choose(call, strengths, min(STRENGTHS, AT_MOST - len(giveaways)), giveaways)
    if timing:
        heard = _heard(call, rated, thresholds["impatience"], timing)
        chosen = _choose(call, heard, min(GIVEAWAYS - len(giveaways), AT_MOST - len(chosen)), chosen)
    tips = Tips(call.id)
    told = [_moment(call, found, tips) for found in sorted(chosen, key=lambda f: (f.heard, f.turn))]
    return tuple(sorted(told, key=lambda moment: moment.turn))


def _clear(turn: int, scores: _Scores, evidence: Sequence[Evidence], thresholds: Mapping[Axis, float]) -> list[_Find]:
    finds = []
    for axis, score in scores.items():
        marked = _of(axis, evidence)
        only_hollow = axis == "empathy" and not marked and _of(None, evidence)
        if score.probability >= thresholds[axis] and not only_hollow:
            finds.append(_Find(turn, axis, KIND[axis], marked, (score.rating, score.probability)))
    return finds


def _heard(call: Call, rated: Sequence[_Rated], threshold: float, timing: Timing) -> list[_Find]:
    """The turns in which the rep talks over the customer or says goodbye at once, if the words are not against it."""
    over = {o.turn: o for o in sorted(timing.overlaps, key=_length) if talks_over(o)}
    longest = max(over, key=lambda turn: _length(over[turn])) if len(over) >= OFTEN else None
    finds = []
    for turn, scores, evidence in rated:
        marks, score = _heard_marks(call, turn, over.get(turn)), scores["impatience"]
        enough = turn == longest or len(marks) > 1 or score.probability >= NEARLY * threshold
        if marks and enough:
            rank = _length(over[turn]) if turn in over else 0.0, score.probability
            marked = (*marks, *_of("impatience", evidence))
            finds.append(_Find(turn, "impatience", "giveaway", marked, rank, heard=True))
    return finds


def _heard_marks(call: Call, turn: int, overlap: Overlap | None) -> list[Evidence]:
    """The words of a turn that the timing speaks of, a goodbye first; they carry no score."""
    goodbye = _goodbye_at_once(call, turn, overlap is not None)
    marks = [_mark("rushes_to_close", call.turns[turn], *goodbye)] if goodbye else []
    if overlap:
        marks.append(_mark("cuts_off", call.turns[turn], *_said(call.turns[turn], overlap.start, overlap.end)))
    return marks


def _length(overlap: Overlap) -> float:
    return overlap.end - overlap.start


def _goodbye_at_once(call: Call, turn: int, over: bool) -> tuple[int, int] | None:
    """The characters of a goodbye that leaves the customer, who was not closing, no time to go on."""
    if not turn or turn < len(call.turns) - CLOSING:
        return None
    said, before = call.turns[turn], call.turns[turn - 1]
    goodbye = GOODBYE.search(said.text)
    if (said.speaker, before.speaker) != ("rep", "customer") or not goodbye or DONE.search(before.text):
        return None
    at_once = said.start is not None and before.end is not None and said.start - before.end <= AT_ONCE
    return goodbye.span() if over or at_once else None


def _said(turn: Turn, start: float, end: float) -> tuple[int, int]:
    """The characters of what was said from `start` to `end` seconds; the whole turn where its words have no times."""
    said = [(first, last) for word, first, last in located(turn, within=NEAR) if word.end > start and word.start < end]
    return (said[0][0], said[-1][1]) if said else (0, len(turn.text))


def _mark(behaviour: str, turn: Turn, start: int, end: int) -> Evidence:
    return Evidence("impatience", behaviour, start, end, turn.text[start:end], weight=0.0)


def _hollow(turn: int, scores: _Scores, evidence: Sequence[Evidence]) -> _Find | None:
    marked, rating = _of(None, evidence), scores["empathy"].rating
    if not marked or marked[0].weight < HOLLOW_WEIGHT or rating >= 1 or _of("empathy", evidence):
        return None
    return _Find(turn, "empathy", "giveaway", marked, (marked[0].weight, -rating))


def _of(axis: Axis | None, evidence: Sequence[Evidence]) -> tuple[Evidence, ...]:
    return tuple(sorted((e for e in evidence if e.axis == axis), key=lambda e: -e.weight))


def _choose(call: Call, finds: list[_Find], room: int, taken: list[_Find]) -> list[_Find]:
    """`taken`, and up to `room` more: the strongest finds that don't overlap it or each other."""
    chosen = list(taken)
    for found in sorted(finds, key=lambda f: f.rank, reverse=True):
        if len(chosen) < len(taken) + room and not any(_overlap(call, found, other) for other in chosen):
            chosen.append(found)
    return chosen


def _overlap(call: Call, one: _Find, other: _Find) -> bool:
    (start, end), (begin, stop) = (_when(call.turns[found.turn], found.evidence) for found in (one, other))
    if start is None or end is None or begin is None or stop is None:
        return one.turn == other.turn
    return one.turn == other.turn or (start < stop and begin < end)


def _moment(call: Call, found: _Find, tips: Tips) -> Moment:
    turn, before = call.turns[found.turn], call.turns[found.turn - 1] if found.turn else None
    asked = quotable(before.text) if before and before.speaker == "customer" else None
    behaviours = tuple(dict.fromkeys(e.behaviour for e in found.evidence))
    about = behaviours[0] if behaviours else found.axis, _quote(turn.text, found.evidence[:1]), asked, found.turn
    quote, (start, end) = _quote(turn.text, found.evidence), _when(turn, found.evidence)
    why, tip = tips.why(*about), tips.tip(*about)
    return Moment(found.turn, found.axis, behaviours, found.kind, start, end, quote, why, tip, found.heard)


def _quote(text: str, evidence: Sequence[Evidence]) -> str:
    words = _words(text, *_marked(text, evidence))
    shown = text[words[0][0] : words[:QUOTE_WORDS][-1][1]].rstrip(",;:-")
    return shown + "…" if len(words) > QUOTE_WORDS else shown


def _when(turn: Turn, evidence: Sequence[Evidence]) -> tuple[float | None, float | None]:
    """When the quoted words were said; the whole turn's times where its words have none."""
    quoted = _words(turn.text, *_marked(turn.text, evidence))[:QUOTE_WORDS]
    first, last = quoted[0][0], quoted[-1][1]
    said = [word for word, start, end in located(turn, within=NEAR) if start < last and end > first]
    return (said[0].start, said[-1].end) if said else (turn.start, turn.end)


def _marked(text: str, evidence: Sequence[Evidence]) -> tuple[int, int]:
    """Characters of the strongest evidence and what is marked near it; all of the turn where nothing is marked."""
    if not evidence:
        return 0, len(text)
    start, end = _sentence(text, evidence[0].start, evidence[0].end)
    for near in sorted(evidence[1:], key=lambda e: abs(e.start - start)):
        joint = min(start, near.start), max(end, near.end)
        if max(start, near.start) - min(end, near.end) <= NEAR and len(_words(text, *joint)) <= QUOTE_WORDS:
            start, end = joint
    return start, end


def _sentence(text: str, start: int, end: int) -> tuple[int, int]:
    """A word or two say little by themselves ("again", "so."): take their sentence, if it is not long."""
    if len(_words(text, start, end)) > 2:
        return start, end
    around = [m.span() for m in re.finditer(r"[.?!\s]*[^.?!]*[.?!]*", text) if m.start() < end and m.end() > start]
    whole = around[0][0], around[-1][1]
    return whole if len(_words(text, *whole)) <= QUOTE_WORDS else (start, end)


def _words(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The characters of each word that `start` to `end` touches."""
    return [m.span() for m in re.finditer(r"\S+", text) if m.start() < end and m.end() > start]
