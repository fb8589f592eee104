"""Numbers that name a person, a card or an account: what was asked for decides, and otherwise length and shape."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from coach.calls import Call, Speaker
from coach.redact.asked import Asked
from coach.redact.found import Found, Kind
from coach.redact.tokens import Token

CARD = range(13, 20)  # digits of a card number
GROUP = 3  # digits that make a group; fewer are said all the time
_LENGTHS: dict[str, range] = {  # digits that are left out for what was asked, over all groups that lie close together
    "card": range(8, 200),
    "phone": range(6, 16),
    "account": range(4, 60),
    "code": range(3, 7),
    "expiry": range(3, 9),
}
_PLACE = re.compile(
    r"\b(?:since|from|in|by|until|till|year|room|flight|row|gate|extension|ext|page|channel|route|apartment|unit|floor|step|size"
    r"|ending(?:\s+in|\s+with)?|ends(?:\s+in|\s+with)?)\W*$",
    re.IGNORECASE,
)
_BIG_GAP, _SMALL_GAP = 14, 4  # words between the groups of a card number, where a card is the matter and elsewhere


@dataclass(frozen=True, slots=True)
class Run:
    """Numbers (and spelled letters) with nothing between them but what bridges; `gap` words since the run before."""

    tokens: tuple[Token, ...]
    gap: int

    @property
    def speaker(self) -> Speaker:
        """Who says most of it: the other one may repeat it."""
        return max((t.speaker for t in self.tokens), key=lambda s: len(self.said_by(s)))

    @property
    def digits(self) -> str:
        return self.said_by(self.speaker)

    def said_by(self, speaker: Speaker) -> str:
        return "".join(token.digits for token in self.tokens if token.speaker == speaker)

    @property
    def first(self) -> Token:
        return next(token for token in self.tokens if token.digits)


def luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of the others (ISO/IEC 7812-1)."""
    doubled = [int(d) * 2 for d in digits[-2::-2]]
    return (sum(int(d) for d in digits[::-2]) + sum(d - 9 * (d > 9) for d in doubled)) % 10 == 0


def is_card(digits: str) -> bool:
    """Length, first digits and check digit of a payment card; 15 digits are American Express's alone."""
    if len(digits) not in CARD or not luhn(digits):
        return False
    return digits[:2] in ("34", "37") if len(digits) == 15 else digits[0] in "23456"


def find(call: Call, said: Sequence[Token], asked: Asked) -> Iterator[Found]:
    runs = list(_runs(said))
    known: list[tuple[str, Kind]] = []
    for run, near in zip(runs, _near(runs, asked), strict=True):
        kind = _kind(call, run, asked, near, known)
        if kind:
            known.append((run.digits, kind))
            yield from _spans(run, kind)


def _runs(said: Sequence[Token]) -> Iterator[Run]:
    run: list[Token] = []
    gap = 0
    for token in said:
        if token.kind in ("number", "letter"):
            run.append(token)
        elif token.kind != "bridge":
            if any(t.digits for t in run):
                yield Run(tuple(run), gap)
                gap = 0
            run = []
            gap += 1
    if any(t.digits for t in run):
        yield Run(tuple(run), gap)


def _near(runs: Sequence[Run], asked: Asked) -> list[int]:
    """For each run, how many digits are said in all runs close by: the groups of one number."""
    groups: list[list[int]] = []
    gap = 0
    for index, run in enumerate(runs):
        gap += run.gap
        if len(run.digits) < GROUP:
            gap += 1
            continue
        if not groups or gap > (_BIG_GAP if asked.card_is_the_matter(run.first.turn) else _SMALL_GAP):
            groups.append([])
        groups[-1].append(index)
        gap = 0
    near = [len(run.digits) for run in runs]
    for group in groups:
        for index in group:
            near[index] = max(sum(len(runs[i].said_by(who)) for i in group) for who in ("rep", "customer", "unknown"))
    return near


def _kind(call: Call, run: Run, asked: Asked, near: int, known: Sequence[tuple[str, Kind]]) -> Kind | None:
    digits, last = run.digits, run.tokens[-1]
    if len(digits) < GROUP or (len(digits) <= 4 and _names_a_place(call, run)):
        return None
    if _is_amount(run):
        return None
    if is_card(digits):
        return "card"
    recent = asked.after(last.turn, last.end) if len(digits) > 4 else []
    for kind in recent + asked.before(run.first.turn, run.first.start):
        if kind == "other":
            return None
        if kind in _LENGTHS and (len(digits) if kind in ("code", "expiry") else near) in _LENGTHS[kind]:
            return kind  # type: ignore[return-value]
    if near >= CARD[0]:
        return "card"
    return next((kind for other, kind in known if len(digits) >= 4 and digits in other), None) or _by_shape(run)


def _by_shape(run: Run) -> Kind | None:
    digits = len(run.digits)
    letters = sum(token.kind == "letter" for token in run.tokens)
    if digits >= CARD[0]:
        return "account" if letters >= 2 else "card"
    if digits >= 9:
        return "account" if digits == 9 or letters >= 2 else "phone"
    return "account" if digits == 6 and letters >= 3 else None


def _is_amount(run: Run) -> bool:
    """ "Seventy thousand", "between 3,140 and 2,220": nobody says them as a part of a number."""
    round_one = run.digits.endswith("00") and not run.tokens[-1].text.isdigit()
    return len(run.tokens) <= 2 and (round_one or all("," in token.text for token in run.tokens))


def _names_a_place(call: Call, run: Run) -> bool:
    return bool(_PLACE.search(call.turns[run.first.turn].text[: run.first.start]))


def _spans(run: Run, kind: Kind) -> Iterator[Found]:
    """One span for each turn, without the letters at its ends where the kind has none."""
    for turn in sorted({token.turn for token in run.tokens}):
        own = [t for t in run.tokens if t.turn == turn]
        digits = sum(len(t.digits) for t in own)
        if kind != "account" or not digits:
            numbers = [i for i, t in enumerate(own) if t.digits]
            own = own[numbers[0] : numbers[-1] + 1] if numbers else []
        aside = digits < GROUP and own and own[0].speaker != run.speaker  # "Next four?"
        if own and not aside:
            yield Found(turn, own[0].start, own[-1].end, kind)
