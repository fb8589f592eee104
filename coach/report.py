"""Reviews as text for a terminal and as rows for a spreadsheet."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from textwrap import shorten

import pandas as pd

from coach.calls import AXES, Delivery, Moment, Review, Timing, call_scores

SIGNS = {"strength": "+", "giveaway": "!"}


def clock(seconds: float | None) -> str:
    """12.3 -> "0:12"; an empty string where the time is not known."""
    return "" if seconds is None else f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def table(review: Review) -> str:
    """One call, readable: who, how long, the three scores 0-3 and its moments, or why not and what was said."""
    call = review.call
    head = "  ".join(part for part in (call.id, call.rep or "", clock(call.duration)) if part)
    scores = call_scores(review)
    if review.not_scored or scores is None:
        reason = review.not_scored or "no turn of the rep is clear enough"
        return "\n".join([f"{head}\n  not scored: {reason}", *(f"  {clock(t.start):>5}  {t.text}" for t in call.turns)])
    numbers = "  ".join(f"{axis} {scores[axis]:.1f}" for axis in AXES)
    timed = [f"  {_timing_line(review.timing, heard=bool(call.speech))}"] if review.timing else []
    return "\n".join([f"{head}  {numbers}", *timed, *(_moment_line(moment) for moment in review.moments)])


def _timing_line(timing: Timing, heard: bool) -> str:
    """Who spoke how much, and where speech met or nobody spoke: "talk share 61 %, 2 overlaps, longest silence 11 s".

    Of overlaps nothing is said where nobody was `heard`: the times of a transcript cannot tell.
    """
    share = "" if timing.talk_share is None else f"talk share {timing.talk_share:.0%}".replace("%", " %")
    overlaps = f"{len(timing.overlaps) or 'no'} overlap{'s' * (len(timing.overlaps) != 1)}" if heard else ""
    longest = max((silence.end - silence.start for silence in timing.silences), default=None)
    silence = "no long silence" if longest is None else f"longest silence {longest:.0f} s"
    asked = f"{timing.questions or 'no'} question{'s' * (timing.questions != 1)} asked"
    return ", ".join(part for part in (share, overlaps, silence, asked) if part)


def _moment_line(moment: Moment) -> str:
    names = ", ".join(moment.behaviours) or moment.axis
    quote = f": “{shorten(moment.quote, 90, placeholder=' …')}”" if moment.quote else ""
    return f"  {SIGNS[moment.kind]} {clock(moment.start):>5}  {names}{quote}"


def csv(reviews: Iterable[Review]) -> str:
    """One row a rep turn: where it is, what was said, the scores of each axis, evidence, or why it is not scored.

    The last columns say how it was spoken, as `coach.calls.Delivery` has it; they are empty where that is not known.
    """
    return pd.DataFrame([row for review in reviews for row in _rows(review)]).to_csv(index=False)


def _rows(review: Review) -> Iterator[dict[str, object]]:
    for index, (turn, rating) in enumerate(zip(review.call.turns, review.ratings, strict=True)):
        if rating is None:
            continue
        row = {"call": review.call.id, "turn": index, "start": turn.start, "end": turn.end, "text": turn.text}
        for axis in AXES:
            score = rating.scores and rating.scores[axis]
            row |= {
                axis: score and score.rating,
                f"{axis}_probability": score and score.probability,
                f"{axis}_clear": score and score.clear,
                f"{axis}_unsure": score and score.unsure,
            }
        evidence = "; ".join(f"{e.behaviour}: {e.text}" for e in rating.evidence)
        how = review.delivery[index] if review.delivery else None
        yield row | {"evidence": evidence, "not_scored": rating.not_scored} | asdict(how or Delivery())
