"""What is said as tokens: numbers in digits or words, letters spelled, dates, amounts, and what people say between."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from coach.calls import Call, Speaker, Turn

Kind = Literal["number", "letter", "bridge", "amount", "ordinal", "month", "other"]


@dataclass(frozen=True, slots=True)
class Token:
    """Characters `start` to `end` of a turn's text; `digits` is what a number adds to a longer one: "forty" is 40."""

    turn: int
    speaker: Speaker
    start: int
    end: int
    kind: Kind
    text: str
    digits: str = ""


_UNIT_WORDS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
_TENS_WORDS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_TEEN_WORDS = [
    "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
]  # fmt: skip
_UNITS = dict(zip(_UNIT_WORDS, "123456789", strict=True))
_ZERO = dict.fromkeys(["zero", "oh", "o", "nought", "naught", "nil"], "0")
_TEENS = {word: str(value) for value, word in enumerate(_TEEN_WORDS, 10)}
_TENS = dict(zip(_TENS_WORDS, "23456789", strict=True))
_TIMES = {"double": 2, "triple": 3, "treble": 3, "quadruple": 4}

_unit, _tens = "|".join(_UNITS), "|".join(_TENS)
_digit = f"{_unit}|{'|'.join(_ZERO)}"
_below_100 = rf"(?:(?:{_tens})(?:(?:\s*-\s*|\s+)(?:{_unit})\b)?|{'|'.join(_TEENS)}|{_digit})"
_spoken = (
    rf"(?:{'|'.join(_TIMES)})[\s-]+(?:{_digit}|\d)\b"
    rf"|(?:{_unit})\s+(?:zeros|zeroes|ohs|ones|twos|threes|fours|fives|sixes|sevens|eights|nines)\b"
    rf"|{_below_100}\s+(?:hundred|thousand)\b(?:,?\s+(?:and\s+)?{_below_100}\s+hundred\b)?(?:\s+(?:and\s+)?{_below_100}\b)?"
    rf"|{_below_100}\b(?!')"
)
_UNIT_OF_MEASURE = (
    r"(?:pounds?|quid|pence|p|dollars?|bucks?|cents?|euros?|rupees?|lakhs?|crores?|grand|percent|per\s+cent|%|seconds?|secs?"
    r"|minutes?|mins?|hours?|hrs?|days?|nights?|weeks?|months?|years?|o'clock|a\.?m|p\.?m|kilowatts?|kwh|megs?|gigs?|gb|mb"
    r"|megabytes?|gigabytes?|miles?|kilometers?|kilometres?|met(?:er|re)s?|feet|foot|inch(?:es)?|hertz|degrees|points?|people"
    r"|times|each|calls?|kids|children|adults|rooms?|boxes|items?|pieces|bags?|lines?|moment|thing|nights?|digits?|numbers?)"
)
_MONTHS = [
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec",
]  # fmt: skip
_ORDINALS = [
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
    "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth",
    "twentieth", "thirtieth",
]  # fmt: skip
_ordinal = rf"(?:(?:twenty|thirty)[\s-]+)?(?:{'|'.join(_ORDINALS)})|\d{{1,2}}(?:st|nd|rd|th)"

# What people say between the digits of one number, and what the other one says meanwhile.
_BRIDGES = {
    "uh", "um", "er", "erm", "hmm", "hm", "mm", "mhm", "huh", "ah", "eh", "uhm", "sorry", "no", "wait", "yes",
    "yeah", "yep", "yup", "ya", "okay", "ok", "right", "sure", "correct", "good", "fine", "lovely", "perfect",
    "great", "brilliant", "thanks", "thank", "you", "and", "then", "dash", "hyphen", "minus", "slash", "space",
    "spaces", "dot", "comma", "point", "plus", "it's", "it", "is", "that's", "that", "the", "next", "last", "again",
    "so", "like", "well", "now", "go", "on", "ahead", "got", "hold", "hang", "i", "mean", "actually", "rather",
    "pardon", "please", "oops", "hello", "sir", "ma'am", "madam", "love", "was", "did", "repeat", "say", "continue",
    "carry", "listening", "one's", "what's", "rest", "end", "ends", "with", "at", "there", "let's", "see", "my",
    "mistake", "as", "scratch", "there's", "after", "before", "followed", "by", "group", "part",
}  # fmt: skip
_TOKEN = re.compile(
    r"(?P<amount>[$£€₹]\s?\d[\d,.]*|\b\d{1,2}:\d{2}\b|(?<![\d.])[\d,]+\.\d{1,2}(?![\d.]*\d))"
    rf"|\b(?P<ordinal>{_ordinal})\b|\b(?P<number>{_spoken})|(?P<digits>(?<![\d,])\d{{1,3}}(?:,\d{{3}})+(?![\d,]*\d)|\d+)"
    r"|\b(?P<letter>[a-z]\s+(?:for|as\s+in)\s+[a-z]+)\b|(?P<word>[^\W\d_]+(?:['\u2019][^\W\d_]+)?)",
    re.IGNORECASE,
)
_PRONOUN = re.compile(
    r"\b(?:this|that|which|right|new|old|first|second|third|last|other|another|no)\s+$", re.IGNORECASE
)
_MEASURED = re.compile(rf"\s*-?\s*(?:{_UNIT_OF_MEASURE}\b|%|(?:a|per|an)\s+{_UNIT_OF_MEASURE}\b)", re.IGNORECASE)


def tokens(call: Call) -> Iterator[Token]:
    """Every word and number of a call in order; punctuation is left out."""
    for index, turn in enumerate(call.turns):
        for match in _TOKEN.finditer(turn.text):
            yield _token(index, turn, match)


def _token(index: int, turn: Turn, match: re.Match[str]) -> Token:
    found, text = str(match.lastgroup), match[0].lower().replace("\u2019", "'")
    digits = text.replace(",", "") if found == "digits" else _value(text) if found == "number" else ""
    kind: Kind = "other"
    if found == "amount" or (digits and len(digits) < 5 and _MEASURED.match(turn.text, match.end())):
        kind = "amount"
    elif text == "one" and _PRONOUN.search(turn.text, 0, match.start()):
        kind, digits = "bridge", ""
    elif digits:
        kind = "number"
    elif found in ("ordinal", "letter"):
        kind = "ordinal" if found == "ordinal" else "letter"
    elif text in _MONTHS and (match[0][0].isupper() or len(text) > 5):
        kind = "month"
    elif match[0].isupper() and len(text) <= 5 and text not in ("i", "ok"):
        kind = "letter"
    elif text in _BRIDGES:
        kind = "bridge"
    return Token(index, turn.speaker, match.start(), match.end(), kind, text, digits)


def _value(text: str) -> str:
    """The digits of a number in words: "double two" is 22, "forty-one" 41, "nineteen hundred and four" 1904."""
    words = [word for word in re.split(r"[\s,-]+", text) if word != "and"]
    if words[0] in _TIMES:
        return (words[1] if words[1].isdigit() else _below_hundred(words[1:])) * _TIMES[words[0]]
    if words[-1].endswith("s"):
        return _below_hundred([_singular(words[1])]) * int(_UNITS[words[0]])
    if not {"hundred", "thousand"} & set(words):
        return _below_hundred(words)
    total = 0
    part: list[str] = []
    for word in words:
        if word in ("hundred", "thousand"):
            total += int(_below_hundred(part)) * (100 if word == "hundred" else 1000)
            part = []
        else:
            part.append(word)
    return str(total + (int(_below_hundred(part)) if part else 0))


def _singular(word: str) -> str:
    return word.removesuffix("es") if word in ("zeroes", "sixes") else word.removesuffix("s")


def _below_hundred(words: list[str]) -> str:
    tens, last = words[0], words[-1]
    if tens in _TENS:
        return _TENS[tens] + (_UNITS[last] if len(words) > 1 else "0")
    return _TEENS.get(last) or _UNITS.get(last) or _ZERO[last]
