"""Segments -> Call: what a file says between its marks becomes turns, by the rep or the customer."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from coach.calls import Call, InputError, Speaker, Turn, Word
from coach.listen.roles import rep_of

UntimedWord = tuple[str, float | None, float | None, float]  # text, start, end, probability

_REP = (
    r"reps?|representatives?|agents?|advis[eo]rs?|operators?|associates?|support|services?|csr|employees?|staff|"
    r"assistants?|consultants?|specialists?|technicians?|tellers?|clerks?|handlers?|helpdesk"
)
_CUSTOMER = (
    r"customers?|callers?|clients?|users?|consumers?|guests?|patients?|members?|buyers?|subscribers?|policyholders?"
)
_MACHINE = r"unknown|ivr|bot|system|automated|machine"
_NO_NAME = rf"{_REP}|{_CUSTOMER}|{_MACHINE}|speakers?|spk|channels?|left|right|voice|person"


@dataclass(frozen=True, slots=True)
class Segment:
    """What a file says between two of its marks; the speaker is a name as the file has it."""

    speaker: str | None
    text: str
    start: float | None = None
    end: float | None = None
    words: tuple[Word, ...] = ()


def call_of(where: str, segments: Sequence[Segment], merge: bool = True, id: str = "", **known: Any) -> Call:
    if not any(segment.text.strip() for segment in segments):
        raise InputError(f"{where}: nothing is said in it; export the transcript again")
    if merge:
        segments = _merged([segment for segment in segments if segment.text])
    roles, confidence = _roles(segments)
    turns = tuple(Turn(roles[s.speaker], s.text, s.start, s.end, s.words) for s in segments)
    if confidence is not None:
        known["rep_confidence"] = confidence
    return Call(id=id, turns=turns, **known | {"rep": known.get("rep") or _rep_name(roles)})


def _merged(segments: Sequence[Segment]) -> list[Segment]:
    """One segment for all that a known speaker says until another speaks, in the order of time."""
    if all(segment.start is not None for segment in segments):
        segments = sorted(segments, key=lambda segment: segment.start or 0.0)
    merged: list[Segment] = []
    for segment in segments:
        if merged and segment.speaker is not None and segment.speaker == merged[-1].speaker:
            segment = _joined(merged.pop(), segment)
        merged.append(segment)
    return merged


def _joined(a: Segment, b: Segment) -> Segment:
    start, end = span(a.start, None if a.end is None or b.end is None else max(a.end, b.end))
    # Words of a part only would make the rest of the turn look unheard.
    words = a.words + b.words if bool(a.words) == bool(b.words) else ()
    return Segment(a.speaker, f"{a.text} {b.text}", start, end, words)


def _roles(segments: Sequence[Segment]) -> tuple[dict[str | None, Speaker], float | None]:
    """The role of each name, and the confidence where it was decided from what is said."""
    said: dict[str | None, list[str]] = {}
    for segment in segments:
        said.setdefault(segment.speaker, []).append(segment.text)
    roles = {name: role_of(name) for name in said}
    unclear = [name for name, role in roles.items() if role is None]
    confidence = None
    if unclear and "rep" not in roles.values():
        index = 0
        if len(unclear) > 1:
            index, confidence = rep_of([" ".join(said[name]) for name in unclear])
        alone = len(unclear) == 1 and "customer" not in roles.values()
        roles[unclear[index]] = "unknown" if alone else "rep"
    return {name: role or "customer" for name, role in roles.items()}, confidence


def role_of(name: str | None) -> Speaker | None:
    """The role that a name says, as "Agent 2" does; None where it says none. "Customer service" is the rep."""
    if not name or _says(_MACHINE, name):
        return "unknown"
    return "rep" if _says(_REP, name) else "customer" if _says(_CUSTOMER, name) else None


def _says(words: str, name: str) -> bool:
    return re.search(rf"(?<![^\W\d_])(?:{words})(?![^\W\d_])", name.lower()) is not None


def _rep_name(roles: dict[str | None, Speaker]) -> str | None:
    """The rep's own name, where the transcript has it: not "Agent" or "SPEAKER_00"."""
    names = [name for name, role in roles.items() if role == "rep" and name]
    is_name = len(names) == 1 and re.fullmatch(r"[^\W\d_][^\d_]+", names[0]) and not _says(_NO_NAME, names[0])
    return names[0] if is_name else None


def span(start: float | None, end: float | None) -> tuple[float | None, float | None]:
    """Both times, or neither where one is missing or the end comes first."""
    return (None, None) if start is None or end is None or end < start else (start, end)


def timed(words: Sequence[UntimedWord], start: float | None, end: float | None) -> tuple[Word, ...]:
    """Words whose times are missing lie between the neighbours that have them, or the segment's own times."""
    following, after = [], end
    for _, word_start, _, _ in reversed(words):
        following.append(after)
        after = after if word_start is None else word_start
    result: list[Word] = []
    before = start
    for (text, word_start, word_end, probability), after in zip(words, reversed(following), strict=True):
        first = next((time for time in (word_start, before, after) if time is not None), 0.0)
        last = next((time for time in (word_end, after) if time is not None), first)
        result.append(Word(text, first, max(first, last), probability))
        before = result[-1].end
    return tuple(result)
