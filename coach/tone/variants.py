"""A labelled call said by other people, or written down by another hand: what a rater must not mark up or down."""

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

WORDS: dict[str, Any] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
ENGLISHES: dict[str, dict[str, Any]] = WORDS["english"]
SHARE = {"rep": 0.4, "customer": 0.25}  # of the turns are said in another voice
PRINTED = 1 / 3  # of the calls are written down by another hand
ADDRESSED = 0.15  # of the turns that another English changes get a form of address or a tag as well

_OPENERS = frozenset(WORDS["openers"].split())
_END = re.compile(r"(?<=[a-z0-9])(?<!\bMr)(?<!\bMrs)(?<!\bMs)(?<!\bDr)(?<!\bSt)[.?!](?=\s|$)")
_CALLED = re.compile(r"(?:, \S+|(?:^|[.?!] )(?!Okay|Right|Yes|Sure|Sorry|Thanks|Hello)[A-Z]\w+)$")  # a name, it may be
_NAMED = re.compile(r"\b(?:sir|ma'am|madam|miss|Mr|Mrs|Ms|Dr|mate|love|pet|hon|buddy|my friend)\b", re.I)
_UNITS, _TENS = WORDS["numbers"].split(), WORDS["tens"].split()
_NUMBERS = dict(zip([*_UNITS, *_TENS], [*range(20), *range(20, 100, 10)], strict=True))
_UNIT, _TEN = "|".join(_UNITS), "|".join(_TENS)
_BELOW_100 = rf"(?:{_TEN})(?:[- ](?:{'|'.join(_UNITS[1:10])}))?|{_UNIT}"
_NUMBER = re.compile(rf"\b(?:({_UNIT}) hundred(?: and ({_BELOW_100}))?|(?!one\b)({_BELOW_100}))\b", re.I)


def varied(call: dict[str, Any], chance: Random) -> dict[str, Any]:
    """The labelled `call` in other words that a rater would rate alike; the call itself is left as it is.

    Speakers and ratings stay; turns with another text lose their spans, whose offsets hold no more.
    """
    said = {speaker: Voice.of(call, speaker, chance) for speaker in SHARE}
    texts = [turn["text"] for turn in call["turns"]]
    for at, turn in enumerate(call["turns"]):
        if turn["speaker"] in said and chance.random() < SHARE[turn["speaker"]]:
            texts[at] = said[turn["speaker"]].says(texts[at], chance)
    if chance.random() < PRINTED:
        write = chance.choice(HANDS)
        texts = [write(text, chance) or text for text in texts]
    turns = [
        turn | {"text": text} | ({"spans": []} if text != turn["text"] and "spans" in turn else {})
        for turn, text in zip(call["turns"], texts, strict=True)
    ]
    return {**call, "turns": turns}


@dataclass(frozen=True)
class Voice:
    """How one speaker talks throughout a call: an English (None for the one that is there) and a form of address."""

    english: str | None
    address: str

    @classmethod
    def of(cls, call: dict[str, Any], speaker: str, chance: Random) -> "Voice":
        """A voice for `speaker`, who keeps to the form of address that is already in the call, if any."""
        texts = " ".join(turn["text"] for turn in call["turns"] if turn["speaker"] == speaker)
        used = [word for word in WORDS["address"]["customer"] if re.search(rf", {word}[.,?!]", texts)]
        titled = re.search(r"\b(?:Mr|Mrs|Ms|Miss|Dr)\b", texts)
        address = chance.choice(used or [word for word in WORDS["address"][speaker] if word.islower() or not titled])
        address += " " + chance.choice(WORDS["address"]["surnames"]) if address[0].isupper() else ""
        return cls(chance.choice([*ENGLISHES, *[None] * (len(ENGLISHES) // 2)]), address)

    def says(self, text: str, chance: Random) -> str:
        english = ENGLISHES[self.english] if self.english else {}
        said = _by_rule(text, english, chance)
        if said != text and chance.random() > ADDRESSED:
            return said
        ends = [", " + self.address] if not _NAMED.search(text) else []
        ends += english.get("tags", [])
        return _ending(said, chance.choice(ends), chance) if ends else said


def _by_rule(text: str, english: dict[str, Any], chance: Random) -> str:
    for pattern, replacement in english.get("rules", []):

        def other(found: re.Match[str], replacement: str = replacement) -> str:
            said = found.expand(replacement) if chance.random() < english.get("often", 1) else found[0]
            return said[:1].upper() + said[1:] if found[0][0].isupper() else said

        text = re.sub(rf"(?<![\w'-])(?:{pattern})(?:(?<=\W)|(?![\w'-]))", other, text, flags=re.I)
    return re.sub(r"(^|(?<!\.)[.?!] )([a-z])", lambda found: found[1] + found[2].upper(), text)


def _ending(text: str, tag: str, chance: Random) -> str:
    """`text` with `tag` at the end of a sentence, unless that ends in a name or a call of its own already."""
    ends = [found.start() for found in _END.finditer(text)]
    ends = [end for end in ends if not _CALLED.search(text[:end]) and (tag[0] == "," or text[end] != "?")]
    at = chance.choice(ends or [0])
    return text[:at] + tag + text[at:] if ends else text


def _joined(word: str) -> str:
    return word.lower() if word.lower() in _OPENERS else word


def in_digits(text: str, _: Random) -> str:
    def digits(found: re.Match[str]) -> str:
        words = [_NUMBERS[word] for word in re.findall(r"(?!and)[a-z]+", (found[2] or found[3] or "").lower())]
        return str(100 * _NUMBERS[(found[1] or "zero").lower()] + sum(words))

    return _NUMBER.sub(digits, text)


def hesitant(text: str, chance: Random) -> str:
    def hesitate(found: re.Match[str]) -> str:
        filler = chance.choice(["Um", "Uh", "You know"])
        return f"{found[1]}{filler}, {_joined(found[2])}" if chance.random() < 0.4 else found[0]

    return re.sub(r"(^|[.?!] )([\w']+)(?=(?: [\w']+){3})", hesitate, text)


HANDS: list[Callable[[str, Random], str]] = [
    lambda text, _: " ".join(re.sub(r"(?:[.?!,;:…]+|(?<=\w)-)(?=\s|$)|[\"“”]", "", text).split()),
    lambda text, _: text.lower(),
    lambda text, _: re.sub(r"(?<=[a-z0-9])\. ([\w']+)", lambda found: ", " + _joined(found[1]), text),
    in_digits,
    hesitant,
]
