"""Card numbers, phones, e-mail addresses and the like, taken out of a call's words before anything is kept."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from coach.calls import Call, Stretch, Turn, Word, located
from coach.redact import dates, emails, numbers
from coach.redact.asked import Asked
from coach.redact.found import PLACEHOLDERS, Found
from coach.redact.tokens import Token, tokens

if TYPE_CHECKING:
    from coach.redact.names import Names


def redact(call: Call, names: "Names | None" = None) -> Call:
    """The same call with a placeholder for each personal number: "[card number]", "[phone]", "[e-mail]", ...

    Card numbers with their expiry dates and security codes, phone numbers, e-mail addresses, dates of birth, numbers of
    accounts and identity papers, in digits or spoken in English, also over several turns. The call's `redacted` says
    when they are heard, where that is known. Personal names are left out where `names` finds them.
    """
    found = find(call, names)
    turns = tuple(_without(turn, [f for f in found if f.turn == index]) for index, turn in enumerate(call.turns))
    heard = [stretch for f in found for stretch in _heard(call.turns[f.turn], f)]
    return replace(call, turns=turns, redacted=tuple(sorted({*call.redacted, *heard}, key=lambda s: (s.start, s.end))))


def find(call: Call, names: "Names | None" = None) -> list[Found]:
    """What `redact` takes out, in order; no two overlap."""
    asked, said = Asked(call), list(tokens(call))
    found = _merged(emails.find(call, asked))
    found = _merged([*found, *dates.find(_left(said, found), asked)])
    found = _merged([*found, *numbers.find(call, _left(said, found), asked)])
    return _merged([*found, *names.find(call)]) if names else found


def _left(said: Sequence[Token], found: Sequence[Found]) -> list[Token]:
    """The tokens, those that were found already as mere words."""

    def taken(token: Token) -> bool:
        return any(f.turn == token.turn and f.start < token.end and token.start < f.end for f in found)

    return [replace(token, kind="other", digits="") if taken(token) else token for token in said]


def _merged(found: Iterable[Found]) -> list[Found]:
    merged: list[Found] = []
    for f in sorted(found):
        if merged and merged[-1].turn == f.turn and f.start < merged[-1].end:
            merged[-1] = replace(merged[-1], end=max(f.end, merged[-1].end))
        else:
            merged.append(f)
    return merged


def _without(turn: Turn, found: Sequence[Found]) -> Turn:
    text, words = turn.text, list(turn.words)
    for f in reversed(found):
        placeholder = PLACEHOLDERS[f.kind]
        inside = _inside(turn, f)
        if inside:
            first, last = inside[0], inside[-1]
            spoken = words[first : last + 1]
            probability = min(word.probability for word in spoken)
            words[first : last + 1] = [Word(placeholder, spoken[0].start, spoken[-1].end, probability)]
        text = text[: f.start] + placeholder + text[f.end :]
    return replace(turn, text=text, words=tuple(words))


def _inside(turn: Turn, found: Found) -> list[int]:
    """The words of a turn that are within what was found; one whose place is unclear counts where it may be."""
    places = {id(word): (start, end) for word, start, end in located(turn)}
    reached, inside = 0, []
    for index, word in enumerate(turn.words):
        start, end = places.get(id(word), (reached, None))
        if end is None:
            end = next((places[id(w)][0] for w in turn.words[index + 1 :] if id(w) in places), len(turn.text))
        else:
            reached = end
        if start < found.end and found.start < end:
            inside.append(index)
    return inside


def _heard(turn: Turn, found: Found) -> Iterator[Stretch]:
    """When it is heard: from its first word to its last, or somewhere in the turn."""
    inside = _inside(turn, found)
    if inside:
        yield Stretch(turn.speaker, turn.words[inside[0]].start, turn.words[inside[-1]].end)
    elif turn.start is not None and turn.end is not None:
        yield Stretch(turn.speaker, turn.start, turn.end)
