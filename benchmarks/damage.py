"""What a transcriber does to the text of a turn: case and punctuation lost, numbers in digits, words misheard."""

import random
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

MISHEARD = Path(__file__).parent / "counterfactuals" / "misheard.toml"
RATES = (0.05, 0.1, 0.2)
Damage = Callable[[str, random.Random], str]

UNITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
NUMBERS = {word: number for number, word in enumerate(UNITS)} | {word: 10 * n for n, word in enumerate(TENS, 2)}
RUN = re.compile(rf"\b(?:{'|'.join(NUMBERS)})(?:[ -](?:{'|'.join(NUMBERS)}))*\b", re.IGNORECASE)


def lower(text: str, _: random.Random) -> str:
    return text.lower()


def bare(text: str, _: random.Random) -> str:
    """Without punctuation; what joins and shortens words stays."""
    return " ".join(re.sub(r"[^\w\s'-]|-(?!\w)|(?<!\w)-", " ", text).split()) or text


def bare_and_lower(text: str, chance: random.Random) -> str:
    return bare(text, chance).lower()


def digits(text: str, _: random.Random) -> str:
    """Numbers as Whisper writes them: "four seven two" is 472, "eighty three" 83; small ones alone stay words."""
    return RUN.sub(lambda run: _digits(run[0]), text)


def _digits(run: str) -> str:
    numbers = [NUMBERS[word] for word in re.split("[ -]", run.lower())]
    if len(numbers) == 1 and numbers[0] < 10:
        return run
    written = ""
    for before, number in zip([0, *numbers], numbers, strict=False):
        joined = before >= 20 and 0 < number < 10
        written = written[:-1] + str(number) if joined else written + str(number)
    return written


class Misheard:
    """Whisper's kind of mistakes, at a given share of words."""

    def __init__(self, vocabulary: list[str]) -> None:
        known = tomllib.loads(MISHEARD.read_text(encoding="utf-8"))
        self.vocabulary, self.dropped = vocabulary, set(known["dropped"])
        self.instead: dict[str, list[str]] = known["seen"]
        for group in known["alike"]["groups"]:
            for word in group:
                self.instead.setdefault(word, []).extend(other for other in group if other != word)
        self.nearest = cache(self._nearest)

    def __call__(self, text: str, chance: random.Random, rate: float) -> str:
        words = [self._word(word, chance) if chance.random() < rate else word for word in text.split()]
        return " ".join(_sentences([word for word in words if word], chance, rate)) or text

    def _word(self, word: str, chance: random.Random) -> str:
        before, core, after = re.fullmatch(r"(\W*)(.*?)(\W*)", word).groups()  # type: ignore[union-attr]
        if core.lower() in self.dropped and chance.random() < 0.5:
            return ""
        other = chance.choice(self.instead.get(core.lower()) or self.nearest(core.lower()) or [core])
        return before + (other.capitalize() if core[:1].isupper() else other) + after

    def _nearest(self, word: str) -> list[str]:
        similar = process.extract(word, self.vocabulary, scorer=Levenshtein.normalized_similarity, limit=5)
        return [other for other, *_ in similar if other != word]


def _sentences(words: list[str], chance: random.Random, rate: float) -> Iterator[str]:
    """Some sentences run together, and some clauses become sentences."""
    border = ""
    for word in words:
        if border:
            word = word.lower() if border == "gone" and not re.match(r"I\b", word) else word.capitalize()
        border = ""
        if word[-1] in ".,?!" and chance.random() < rate:
            border = "new" if word[-1] == "," else "gone"
            word = word[:-1] + "." * (border == "new")
        yield word


def damages(calls: list[dict[str, Any]]) -> dict[str, Damage]:
    """All damages by name. What is misheard becomes, at times, another word that is common in the calls."""
    said = " ".join(turn["text"] for call in calls for turn in call["turns"]).lower()
    misheard = Misheard([word for word, times in Counter(re.findall(r"[a-z']+", said)).items() if times >= 3])
    named: dict[str, Damage] = {"no case": lower, "no punctuation": bare, "neither": bare_and_lower}
    named["numbers in digits"] = digits
    return named | {f"{rate:.0%} misheard": partial(misheard, rate=rate) for rate in RATES}
