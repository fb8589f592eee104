"""Dates of birth and expiry dates, where they were asked for."""

from collections.abc import Iterator, Sequence

from coach.redact.asked import Asked
from coach.redact.found import Found, Kind
from coach.redact.tokens import Token

_BETWEEN = {"of", "in", "the", "year", "day", "month", "slash", "dash", "nineteen", "on", "st", "th", "'s"}
_ATOMS = ("number", "ordinal", "month")


def find(said: Sequence[Token], asked: Asked) -> Iterator[Found]:
    reached = -1
    for group in _groups(said):
        first = group[0]
        kinds = asked.before(first.turn, first.start)
        if group[-1].turn == first.turn:
            kinds = asked.after(first.turn, group[-1].end) + kinds
        kind = _kind(group, kinds, reached == first.turn)
        if kind:
            reached = first.turn if kind == "dob" else -1
            for turn in sorted({token.turn for token in group}):
                own = [token for token in group if token.turn == turn]
                yield Found(turn, own[0].start, own[-1].end, kind)


def _groups(said: Sequence[Token]) -> Iterator[list[Token]]:
    group: list[Token] = []
    for token in said:
        if token.kind in _ATOMS:
            group.append(token)
        elif group and token.kind != "bridge" and token.text not in _BETWEEN:
            yield group
            group = []
    if group:
        yield group


def _kind(group: Sequence[Token], kinds: Sequence[str], beside_one: bool) -> Kind | None:
    size = sum(len(token.digits) or 2 for token in group)
    if "dob" in kinds[:3] and (_is_day(group, size) or (beside_one and size >= 4)):
        return "dob"
    if kinds[:1] == ["expiry"] and len(group) >= 2 and 3 <= size <= 8:
        return "expiry"
    return None


def _is_day(group: Sequence[Token], size: int) -> bool:
    """A day with its month or its year, or a year alone; size is how many digits it would take to write."""
    numbers = [token.digits for token in group if token.kind == "number"]
    year = "".join(numbers)[:2] in ("19", "20") and size == 4
    full = any(len(n) >= 2 for n in numbers) or any(token.kind == "month" for token in group) or size >= 6
    apart = all(len(n) in (1, 2, 4, 6, 8) for n in numbers) and size <= (8 if len(numbers) == len(group) else 20)
    return apart and (year or (full and (size >= 5 or len(group) >= 3)))
