"""Dead air: nobody speaks, and whether that was to be expected."""

import re
from collections.abc import Sequence
from itertools import pairwise

from coach.calls import Call, Silence
from coach.delivery.spurts import WORDS_MOVE, Spurt, joined

DEAD_AIR = 3.0  # seconds: Amazon Connect's "non-talk time"; in small talk one second is long (Jefferson 1989)
LAST_WORDS = 25
RECENT = 20.0  # seconds before a silence
_WILL = r"let me|lemme|i'll|i will|i'm|i am|i need to|i have to|going to|gonna|we'll|while i|allow me to"
_LOOKS = r"have a look|look|check|pull|find|get|grab|bring|read|search|ask|open|typ|put|transfer|write|run|try|verif"
_WAITS = (
    r"bear with (?:me|us)",
    r"(?:hold|hang) on",
    r"please hold|hold the line|stay on the line|keep you waiting",
    r"(?:put|place|pop) (?:you|this|it) on (?:a )?(?:brief |quick |short )?hold",
    r"(?:one|an?|two|a few|another) (?:quick |brief |short )?(?:second|sec|moment|min(?:ute)?|tick)s?\b(?! ago)",
    r"(?:it|this|that|which)(?:'s| is| may| might| will|'ll)(?: just)? (?:take|taking|load)",
    rf"(?:{_WILL})(?: \w+){{0,2}} (?:{_LOOKS})",
    r"let(?:'s| me)(?: just)? see",
)
_ANNOUNCED = re.compile(rf"\b(?:{'|'.join(_WAITS)})", re.IGNORECASE)


def silences(call: Call, whole: Sequence[Spurt]) -> tuple[Silence, ...]:
    """Where nobody speaks for DEAD_AIR seconds or more, between the first and the last speech of the call.

    `announced` where, within the last words before it, somebody said that a wait was coming ("bear with me", "let me
    look that up"), or where the rep had asked and the customer took the time to answer.
    """
    heard = joined(((spurt.start, spurt.end) for spurt in whole), DEAD_AIR)
    return tuple(
        Silence(_turn_before(call, start), round(start, 2), round(end, 2), _expected(call, whole, start, end))
        for (_, start), (end, _) in pairwise(heard)
    )


def _turn_before(call: Call, start: float) -> int:
    begun = [i for i, turn in enumerate(call.turns) if turn.start is not None and turn.start < start]
    return begun[-1] if begun else 0


def _expected(call: Call, whole: Sequence[Spurt], start: float, end: float) -> bool:
    rep, customer = (_last_words(call, speaker, start) for speaker in ("rep", "customer"))
    if _ANNOUNCED.search(rep) or _ANNOUNCED.search(customer):
        return True
    answers = next(spurt.speaker for spurt in whole if spurt.start >= end) == "customer"
    return answers and call.turns[_turn_before(call, start)].speaker == "rep" and rep.endswith("?")


def _last_words(call: Call, speaker: str, start: float) -> str:
    said: list[str] = []
    for turn in call.turns:
        if turn.speaker == speaker and turn.start is not None and turn.start < start:
            timed = [word.text for word in turn.words if start - RECENT < word.start < start + WORDS_MOVE]
            recent = (turn.end or 0.0) > start - RECENT
            said += timed if turn.words else turn.text.split() * recent
    return " ".join(said[-LAST_WORDS:])
