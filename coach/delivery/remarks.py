"""What stands out in a rep's delivery, in words: measured facts for the rep alone, and never a feeling."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from coach.calls import Delivery, Overlap, Rating, Review, Silence, Timing, Turn
from coach.delivery.usual import Measure, Typical, Usual, summary, value
from coach.tips import shorten

Kind = Literal[
    "speeds_up", "flattens", "raises_voice", "talks_over", "dead_air", "answers_late", "answers_at_once", "talk_share",
    "words_and_voice_disagree",
]  # fmt: skip

AT_MOST = 5
OF_A_KIND = 2
RARE = 2.5  # spreads from the usual: ordinary talk has a turn as fast in one call of five (`benchmarks/usual.py`)
# What a listener notices, with room to spare; of the usual for the rate, else in the measure's own unit.
AUDIBLE: dict[Measure, float] = {
    "rate": 0.15,  # noticed from about 0.05 (Quené 2007)
    "pitch_range": 3.0,  # "only differences of more than 3 semitones play a part" ('t Hart 1981)
    "loudness": 5.0,  # 3 is just noticed, 6 to 8 matters to a listener (McShefferty et al. 2015, 2016)
    "gap": 2.0,  # ordinary answers come after some 0.2 s (Levinson & Torreira 2015)
    "talk_share": 0.15,
}
TALKED_OVER = 1.0  # seconds; turns that only meet overlap by less than 0.4 as a rule
EARLY = -0.4  # seconds; the gap of an answer that comes before the end, though it is no talking over
DEAD_AIR = 8.0  # seconds; contact centres ask for a word within 5 to 15
MONOLOGUE = 120.0  # seconds
TURNS_OF_A_CALL = 5  # turns of the rep's that can be measured: fewer are no call to compare

POLITE = re.compile(
    r"(happy|glad|pleased) to (help|hear|do)\b[^.,?!]*|my pleasure|you're (very |more than )?welcome"
    r"|(thank you|thanks) (so much )?for [^.,?!]*|(I'm|we're) (so |very |really )?sorry[^.,?!]*"
    r"|I (do |really )?(apologi[sz]e|appreciate|understand)[^.,?!]*|take your time|no (problem|worries) at all",
    re.IGNORECASE,
)
FORMULA = re.compile(
    r"\b(good)?bye\b|for (calling|holding)|how (can|may) I help|have a \w+ (day|one|evening|weekend)", re.I
)
KIND_BEHAVIOURS = {"acknowledges_feeling", "shows_understanding", "values_customer", "hollow"}
POLITE_TURN = 40  # words; in a longer turn, the polite ones need not be those that were said differently
QUOTE_WORDS = 8


@dataclass(frozen=True, slots=True)
class Remark:
    """A fact about delivery, told to the rep: "You spoke 32 % faster than your usual."

    `turn` indexes the call's turns, `start` and `end` are seconds; all three are None where it is about the whole call.
    """

    turn: int | None
    kind: Kind
    text: str
    start: float | None
    end: float | None


_Found = tuple[float, Remark]  # how many times its threshold it reaches, and what to say

# A measure that may leave the usual, which way, and what to say then.
_DEPARTURES: tuple[tuple[Kind, Measure, int, str], ...] = (
    ("speeds_up", "rate", 1, "You spoke {percent} % faster {than}."),
    ("flattens", "pitch_range", -1, "Your voice went flat: its pitch moved over {figure} semitones; {usual}."),
    ("raises_voice", "loudness", 1, "You were {more:.0f} dB louder than in most of this call."),
    ("answers_late", "gap", 1, "You answered after {figure} s; {usual} s."),
)
_WHOLE_CALL: tuple[tuple[Kind, Measure, int, str], ...] = (
    ("speeds_up", "rate", 1, "Over the whole call, you spoke {percent} % faster {than}."),
    ("flattens", "pitch_range", -1, "Over the whole call, your pitch moved over {figure} semitones; {usual}."),
    ("talk_share", "talk_share", 1, "You did {share:.0f} % of the talking; your usual is {usual_share:.0f} %."),
)
# Loud is not against kind words: people are also loud when they are glad.
_AGAINST_KIND_WORDS: dict[Kind, str] = {
    "speeds_up": "“{quote}” came {percent} % faster {than}: words and voice disagree.",
    "flattens": "“{quote}” came with a flat voice, {figure} semitones of pitch ({usual}): words and voice disagree.",
}


def remarks(review: Review, usual: Usual) -> tuple[Remark, ...]:
    """The few facts about the rep's delivery that are worth a word, the strongest first.

    A figure is worth a word where it is rare for this rep (`RARE`) and large enough for a listener to notice
    (`AUDIBLE`). Empty where the review has no delivery (only the words are known, or delivery is not to be shown), and
    where the call is not scored: then it may be unclear who the rep is.

    Parameters
    ----------
    review : with `delivery` and `timing`; its evidence says which words are kind
    usual : what to compare with, as `Usual.best` chooses it
    """
    if not review.delivery or review.timing is None or review.not_scored:
        return ()
    events = [*_talking_over(review, review.timing), *_dead_air(review, review.timing)]
    taken = {remark.turn for _, remark in events}
    answers = [found for found in _early(review, review.timing, usual) if found[1].turn not in taken]
    whole = list(_call(review, review.timing, usual))
    said = {remark.kind for _, remark in whole}
    turns = [found for found in _turns(review, usual, taken) if found[1].kind not in said]
    return _strongest([*events, *answers, *turns, *whole])


def _strongest(found: Iterable[_Found]) -> tuple[Remark, ...]:
    shown: Counter[Kind] = Counter()
    chosen = []
    for _, remark in sorted(found, key=lambda f: -f[0]):
        if shown[remark.kind] < OF_A_KIND:
            shown[remark.kind] += 1
            chosen.append(remark)
    return tuple(chosen[:AT_MOST])


def _talking_over(review: Review, timing: Timing) -> Iterator[_Found]:
    over = sorted((o for o in timing.overlaps if talks_over(o)), key=lambda o: o.start - o.end)
    for n, overlap in enumerate(over):
        length = overlap.end - overlap.start
        often = f": the longest of {len(over)} times" if n == 0 and len(over) > OF_A_KIND else ""
        text = f"You talked over the customer for {_seconds(length)} s, and kept going{often}."
        yield length / TALKED_OVER, Remark(overlap.turn, "talks_over", text, overlap.start, overlap.end)


def talks_over(overlap: Overlap) -> bool:
    """Whether the rep came in while the customer was speaking, and kept the floor."""
    long = overlap.end - overlap.start >= TALKED_OVER
    return long and (overlap.started, overlap.yielded) == ("rep", "customer")


def _dead_air(review: Review, timing: Timing) -> Iterator[_Found]:
    for silence in timing.silences:
        length, turn = silence.end - silence.start, _who_kept_silent(review, silence)
        if turn is not None and length >= DEAD_AIR and not silence.announced:
            text = f"{_seconds(length)} s of silence before you spoke again, and no word of what you were doing."
            yield length / DEAD_AIR, Remark(turn, "dead_air", text, silence.start, silence.end)


def _who_kept_silent(review: Review, silence: Silence) -> int | None:
    """The rep's turn that a silence belongs to: the one that it interrupts, or the one that ends it."""
    turns = review.call.turns
    last, following = turns[silence.turn], silence.turn + 1
    if last.speaker == "rep" and last.end is not None and silence.end <= last.end:
        return silence.turn
    return following if following < len(turns) and turns[following].speaker == "rep" else None


def _early(review: Review, timing: Timing, usual: Usual) -> Iterator[_Found]:
    """Answers that begin before the customer's end, and not as the rep's answers usually do."""
    gave_way = {overlap.turn for overlap in timing.overlaps if overlap.yielded == "rep"}
    for index, turn, delivery in _rep_turns(review):
        gap, typical = delivery.gap, usual.typical.get("gap")
        if gap is None or typical is None or gap > EARLY or index in gave_way:
            continue
        if typical.median - gap >= RARE * typical.spread:
            text = f"You answered {_seconds(-gap)} s before the customer had finished."
            yield gap / EARLY, Remark(index, "answers_at_once", text, turn.start, turn.end)


def _turns(review: Review, usual: Usual, answered: set[int | None]) -> Iterator[_Found]:
    """The turns that depart from the usual; a wait that was announced or spoken of already is no late answer."""
    silences = review.timing.silences if review.timing else ()
    waited = answered | {silence.turn + 1 for silence in silences if silence.announced}
    for index, turn, delivery in _rep_turns(review):
        for kind, measure, sign, sentence in _DEPARTURES:
            figure, typical = value(measure, delivery), usual.typical.get(measure)
            if figure is None or typical is None or (kind == "answers_late" and index in waited):
                continue
            strength = _strength(sign * (figure - typical.median), typical.spread, measure, typical)
            if strength >= 1:
                words = _kind_words(index, turn, review.ratings[index]) if kind in _AGAINST_KIND_WORDS else None
                sentence = _AGAINST_KIND_WORDS[kind] if words else sentence
                text = sentence.format(quote=words, **_figures(figure, typical, usual))
                told: Kind = "words_and_voice_disagree" if words else kind
                yield strength, Remark(index, told, text, turn.start, turn.end)


def _call(review: Review, timing: Timing, usual: Usual) -> Iterator[_Found]:
    """What is unlike the rep's other calls from beginning to end."""
    if (timing.longest_monologue or 0) >= MONOLOGUE:
        minutes, seconds = divmod(round(timing.longest_monologue or 0), 60)
        text = f"You spoke for {minutes} min {seconds} s in which the customer said no more than a word or two."
        yield (timing.longest_monologue or 0) / MONOLOGUE, Remark(None, "talk_share", text, None, None)
    figures = summary(review.delivery, timing) if usual.own else {}
    long_enough = "rate" in figures and figures["rate"]["turns"] >= TURNS_OF_A_CALL
    for kind, measure, sign, sentence in _WHOLE_CALL:
        if long_enough and measure in figures and measure in usual.typical:
            figure, typical = figures[measure]["median"], usual.typical[measure]
            strength = _strength(sign * (figure - typical.median), typical.between, measure, typical)
            if strength >= 1:
                text = sentence.format(**_figures(figure, typical, usual))
                yield strength, Remark(None, kind, text, None, None)


def _rep_turns(review: Review) -> Iterator[tuple[int, Turn, Delivery]]:
    for index, (turn, delivery) in enumerate(zip(review.call.turns, review.delivery, strict=True)):
        if turn.speaker == "rep" and delivery is not None:
            yield index, turn, delivery


def _strength(difference: float, spread: float, measure: Measure, typical: Typical) -> float:
    """How many times what is rare and audible at once; at least 1 is worth a word."""
    audible = AUDIBLE[measure] * (typical.median if measure == "rate" else 1)
    return difference / max(audible, RARE * spread)


def _figures(figure: float, typical: Typical, usual: Usual) -> dict[str, object]:
    middle = f"{typical.median:.1f}"
    return {
        "percent": round(100 * (figure / typical.median - 1)) if typical.median else None,
        "figure": f"{figure:.1f}",
        "more": figure - typical.median,
        "share": 100 * figure,
        "usual_share": 100 * typical.median,
        "than": "than your usual" if usual.own else "than in most of this call",
        "usual": f"your usual is {middle}" if usual.own else f"in most of this call it is {middle}",
    }


def _kind_words(index: int, turn: Turn, rating: Rating | None) -> str | None:
    """Words of a short turn that say care or thanks, beyond the formulas of a greeting or goodbye."""
    if len(turn.text.split()) > POLITE_TURN or index == 0 or FORMULA.search(turn.text):
        return None
    marked = [e.text for e in rating.evidence if e.behaviour in KIND_BEHAVIOURS] if rating else []
    said = POLITE.search(turn.text)
    words = marked[0] if marked else said[0] if said else None
    return words and shorten(words, QUOTE_WORDS)


def _seconds(length: float) -> str:
    return f"{length:.1f}" if length < 10 else f"{length:.0f}"
