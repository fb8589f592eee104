"""What was asked for, or announced, when: a short number is personal only where somebody asked for one."""

import re
from dataclasses import dataclass

from coach.calls import Call
from coach.redact.found import PLACEHOLDERS

LASTING = 8  # turns for which a question stands
_ASKS = {
    "card": r"(?:card|visa|amex|discover|mastercard)(?:'s)? (?:number|no\b|details|info)|long (?:card )?number"
    r"|(?:sixteen|16)[ -]digit"
    r"|(?:number|digits|numbers|groups?) (?:is )?(?:on|across|of|from) (?:the |your |that )?"
    r"(?:front|middle|(?:\w+ )?card|plastic|four)\b",
    "phone": r"(?:phone|telephone|mobile|cell|cellphone|landline|contact|call[ -]?back|daytime|whatsapp|home|work"
    r"|direct|fax) (?:phone )?(?:number|line)"
    r"|(?:best|good|alternate|another|your|my|his|her|their) number\b(?! (?:on|of)\b)"
    r"|number (?:to (?:reach|call|ring|text|contact)|(?:i|we|should|can|he|she) (?:can |should )?"
    r"(?:call|reach|text|ring|the))"
    r"|number for the\b|(?:reach|call|ring|text|get) (?:you|me|him|her|us) (?:back )?(?:on|at)\b"
    r"|\b(?:phone|telephone|mobile|cell|landline|area code|contact) ?(?:\?|,|'s|is\b)",
    "account": r"account (?:number|no\b)|\baccount(?:'s| is|\?)|sort code|routing|\biban\b|swift code|\bbic\b|\bifsc\b"
    r"|social(?: security)?\b(?! media)|\bssn\b|national insurance|\bn\.?i\.? number|aadhaar|\bpan\b|passport"
    r"|medicare|medicaid|\bnhs number"
    r"|(?:customer|client|student|employee|member|membership|policy|tax|licen[cs]e)(?:'s)? (?:number|id)\b",
    "code": r"security (?:code|number|digits)|\bcv[vc]2?\b|and security\?|(?:last|final) (?:three|3) digits"
    r"|\b(?:three|3|four|4|numbers?|digits?) (?:digits? |numbers? )?on (?:the|its) (?:back|front|signature)"
    r"|\b(?:pin|passcode|one[ -]time code)\b(?! code)|\b(?:the|and) (?:code|back)(?:'s| is)\b",
    "expiry": r"\bexpir\w+|\bvalid (?:un)?(?:til|to|up to|thru|through)|\bgood through\b|\bexp\b",
    "dob": r"dates? of birth|birth ?dates?|\bd\.?o\.?b\b|\bborn\b|\bbirthdays?\b",
    "email": r"\be-? ?mails?\b|\bmail id\b",
    "other": r"\b(?:order|reference|tracking|serial|model|meter|confirmation|booking|claim|fault|voucher|coupon|ticket"
    r"|flight|case|part|product|invoice|job|recall|sim|parcel|rma|error|check|cheque|room|gate)"
    r"(?:'s| (?:number|code|no|is|readings?))\b"
    r"|\b(?:order|reference|tracking|serial|model|meter|booking|flight|claim|ticket)(?:\?| (?=\d))"
    r"|\b(?:zip|post ?code|postal|imei|extension)\b"
    r"|last (?:four|4|three|3|two|2)(?: digits)? (?:of|on) (?:the|your|that) (?:\w+ )?card",
}


def _spaced(pattern: str) -> str:
    return pattern.replace(" ?", r"\s*").replace("[ -]", r"[\s-]").replace(" ", r"\s+")


_PATTERNS = {kind: re.compile(_spaced(pattern), re.IGNORECASE) for kind, pattern in _ASKS.items()}
_CARD = re.compile(r"\bcards?\b|\bvisa\b|\bamex\b|\bamerican express\b|\bmaster\s?card\b|\bpaying\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Ask:
    kind: str
    turn: int
    start: int
    end: int


class Asked:
    """Everything that a call's turns ask for or announce."""

    def __init__(self, call: Call):
        self._asks = [
            Ask(kind, index, match.start(), match.end())
            for index, turn in enumerate(call.turns)
            for kind, pattern in _PATTERNS.items()
            for match in pattern.finditer(_unredacted(turn.text))
        ]
        self._asks.sort(key=lambda ask: (ask.turn, ask.end), reverse=True)
        self._cards = [index for index, turn in enumerate(call.turns) if _CARD.search(turn.text)]

    def before(self, turn: int, start: int, lasting: int = LASTING) -> list[str]:
        """The kinds asked for within the last turns before a character of a turn, the latest first."""
        near = [a.kind for a in self._asks if (a.turn, a.end) <= (turn, start) and turn - a.turn <= lasting]
        return list(dict.fromkeys(near))

    def after(self, turn: int, end: int) -> list[str]:
        """The kinds named right after a number: "... is my date of birth"."""
        return [a.kind for a in self._asks if a.turn == turn and end <= a.start <= end + 25 and a.kind != "other"]

    def card_is_the_matter(self, turn: int) -> bool:
        return any(0 <= turn - at <= LASTING for at in self._cards)


def _unredacted(text: str) -> str:
    """Nothing is asked for by the placeholders of an earlier redaction."""
    for placeholder in PLACEHOLDERS.values():
        text = text.replace(placeholder, "_" * len(placeholder))
    return text
