"""E-mail addresses, written ("j.smith@mail.com") or spoken ("j dot smith at mail dot com")."""

import re
from collections.abc import Iterator

from coach.calls import Call
from coach.redact.asked import Asked
from coach.redact.found import Found

_PROVIDERS = (
    "gmail|googlemail|google\\s+mail|g\\s?mail|yahoo|ymail|hotmail|outlook|live|msn|icloud|me|mac|aol|proton\\s?mail|proton"
    "|gmx|btinternet|bt\\s+internet|talktalk|sky|virginmedia|ntlworld|rediffmail|rediff|eircom|orange|comcast|verizon|att"
    "|sbcglobal|zoho|fastmail|yandex|web|mail"
)
_TOP = (
    r"(?:com|co|net|org|edu|gov|info|biz|io|me|in|uk|u\s?k|us|u\s?s|ie|eu|ca|au|nz|de|fr|f\s?r|es|it|nl|pl|se|za|tv|ac)"
)
_WRITTEN = re.compile(r"[\w.+'-]+\s?@\s?[\w-]+(?:\.[\w-]+)+", re.IGNORECASE)
_SPOKEN = re.compile(
    rf"(?:\bat(?:\s+the\s+rate(?:\s+of)?)?\b[\s,.]*(?:(?:uh|um)[\s,]+)?|\s?@\s?)(?:"
    rf"(?P<provider>{_PROVIDERS})(?:(?:\s*,?\s*\bdot\s+|\s*\.\s?){_TOP}\b)+|(?P<bare>gmail|hotmail|icloud|rediffmail|btinternet)\b"
    rf"|(?P<other>(?:[\w-]+\s+){{0,2}}[\w-]+)(?:(?:\s*,?\s*\bdot\s+|\.){_TOP}\b)+)",
    re.IGNORECASE,
)
_WORD = re.compile(r"[\w'\u2019]+(?:[.+-][\w]+)*")
_JOINS = {"dot", "underscore", "dash", "hyphen", "minus", "point", "plus"}
# Words that come before an address and are no part of it.
_BEFORE = {
    "it's", "it", "is", "its", "that's", "that", "this", "to", "at", "on", "be", "should", "would", "will", "could",
    "email", "e-mail", "emails", "mail", "id", "address", "send", "use", "still", "yeah", "yes", "yep", "okay",
    "ok", "sure", "so", "the", "my", "mine", "his", "her", "our", "your", "their", "i'm", "you", "me", "we", "they",
    "he", "she", "and", "or", "but", "new", "old", "one's", "from", "for", "in", "can", "get", "got", "have", "has",
    "under", "again", "uh", "um", "er", "well", "right", "actually", "think", "believe", "mine's", "email's",
    "mail's", "address's", "look", "find", "go", "visit", "order", "available", "bought", "online", "site",
    "website", "looking", "shop", "was", "were", "same", "try", "change", "not",
}  # fmt: skip
_AS_IN = re.compile(r"\b[a-z]\s+(?:as\s+)?$", re.IGNORECASE)  # "K as in kilo", "N for November"
_SPELLED = re.compile(r"\b[a-z](?:\s*[-,.]\s*|\s+)(?:[a-z](?:\s*[-,.]\s*|\s+)){2,}[a-z]\b", re.IGNORECASE)
_BACKCHANNEL = re.compile(r"^\W*(?:\w[\w'-]*\W+){0,3}\w[\w'-]*\W*$")


def find(call: Call, asked: Asked) -> Iterator[Found]:
    for pieces in _said_in_one(call):
        text = "\n".join(call.turns[index].text for index in pieces)
        starts = [0]
        for index in pieces:
            starts.append(starts[-1] + len(call.turns[index].text) + 1)
        for start, end in _spans(text, [("email" in asked.before(index, 10**6, 6)) for index in pieces], starts):
            for index, offset in zip(pieces, starts, strict=False):
                a, b = max(start, offset) - offset, min(end - offset, len(call.turns[index].text))
                if a < b:
                    yield Found(index, a, b, "email")


def _said_in_one(call: Call) -> Iterator[list[int]]:
    """Turns of one speaker between which the other says no more than "mm-hm"."""
    for speaker in {turn.speaker for turn in call.turns}:
        pieces: list[int] = []
        for index, turn in enumerate(call.turns):
            if turn.speaker == speaker:
                pieces.append(index)
            elif not _BACKCHANNEL.match(turn.text) and pieces:
                yield pieces
                pieces = []
        if pieces:
            yield pieces


def _spans(text: str, wanted: list[bool], starts: list[int]) -> Iterator[tuple[int, int]]:
    for match in _WRITTEN.finditer(text):
        yield match.span()
    hit = False
    for match in _SPOKEN.finditer(text):
        turn = max(i for i, offset in enumerate(starts[:-1]) if offset <= match.start())
        begin, shaped = _local_part(text, match.start())
        sure = match["provider"] or match["bare"] or shaped or "@" in match[0] or wanted[turn]
        if begin < match.start() and sure:
            hit = True
            yield begin, match.end()
    if hit:
        yield from (match.span() for match in _SPELLED.finditer(text))


def _local_part(text: str, at: int) -> tuple[int, bool]:
    """Where the part before "at" begins, and whether it looks like one: joined by dots, spelled, with digits."""
    words = list(_WORD.finditer(text, 0, at))[-14:]
    begin, after, shaped = at, "at", False
    for match in reversed(words):
        word, gap = match[0].lower().replace("\u2019", "'"), text[match.end() : begin]
        joined = after in _JOINS or word in _JOINS
        joined |= word in ("for", "as", "in") and bool(_AS_IN.search(text, 0, match.start()))
        if not joined and (word in _BEFORE or re.search(r"[?!:;]|[.]\s*$", gap)) and begin != at:
            break
        if begin == at and (word in _BEFORE or re.search(r"[?!:;]", gap)):
            break
        if "\n" in gap and not (after in _JOINS or after == "at"):
            break
        shaped |= joined or any(c.isdigit() for c in word) or len(word) == 1 or "." in word
        begin, after = match.start(), word
    return begin, shaped
