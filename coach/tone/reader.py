"""Reads a call once with a causal language model: each turn given all that was said before it, and nothing after."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

import torch
from tokenizers import Tokenizer
from torch import Tensor

from coach.calls import CLEAR_ENOUGH, Call, Turn, located
from coach.redact.found import PLACEHOLDERS, Kind
from coach.tone.llama import Llama, Memory
from coach.weights import MODELS, verified

TOKENIZER = MODELS / "tone" / "tokenizer.json"
TOKENIZER_SHA256 = "bf346d64f6f0fbcefb4c1b6928a98241467dff36c6fbae5fe1785c4ff90667f4"
WINDOW, CONTEXT, LONGEST_TURN = 3072, 1024, 2048  # tokens; a minute of talk is about 200
NAMES = {"rep": "Agent", "customer": "Customer", "unknown": "Customer"}
_MADE_UP: dict[Kind, str] = {
    "card": "4000 1234 5678 9010",
    "phone": "0800 123 4567",
    "email": "name@example.com",
    "dob": "1 January 1980",
    "account": "12345678",
    "code": "123",
    "expiry": "01/30",
    "name": "Sam",
}
# What is read where something personal was taken out. The model never met an "[e-mail]" and takes it for curtness:
# words like "that address" mend little of that, made-up data most: `benchmarks/placeholders.py`.
STAND_INS = {PLACEHOLDERS[kind]: text for kind, text in _MADE_UP.items()}
_PLACEHOLDER = re.compile("|".join(map(re.escape, STAND_INS)))
_WORD = re.compile(rf"(?:{_PLACEHOLDER.pattern}|\S)+")


@dataclass(frozen=True, slots=True)
class Passage:
    """The legible words of a turn: each one's number among all its words, and its characters in the turn's text."""

    text: str
    words: tuple[tuple[int, int, int], ...]
    unclear: float

    def quote(self, first: int, end: int) -> tuple[int, int]:
        """The characters in the turn's text from word `first` up to word `end`."""
        return self.words[first][1], self.words[end - 1][2]

    def cut(self, read: list[int]) -> "Passage":
        """As many words as were read."""
        return Passage(self.text, self.words[: len(read)], self.unclear)

    def unbroken(self, first: int, end: int) -> bool:
        """Whether nothing was left out between words `first` and `end`."""
        return self.words[end - 1][0] - self.words[first][0] == end - 1 - first

    def runs_on(self, number: int) -> bool:
        return number + 2 > len(self.words) or self.unbroken(number, number + 2)

    @property
    def spoken(self) -> list[str]:
        """The words as the model reads them."""
        words = (self.text[start:end] for _, start, end in self.words)
        return [_PLACEHOLDER.sub(lambda found: STAND_INS[found[0]], word) for word in words]


def legible(turn: Turn) -> Passage:
    """The turn without the words of which the transcriber is unsure: they never carry a score."""
    words = [(number, *match.span()) for number, match in enumerate(_WORD.finditer(turn.text))]
    unsure = [(start, end) for word, start, end in located(turn) if word.probability < CLEAR_ENOUGH]
    clear = tuple(word for word in words if not any(start < word[2] and word[1] < end for start, end in unsure))
    return Passage(turn.text, clear, 1 - len(clear) / max(len(words), 1))


@dataclass(frozen=True, slots=True)
class Reading:
    """A rep turn as it was read: `hidden` (tokens, states), and the number of each word's last token.

    `memory` is what was read of the call, and `start` where in it the turn begins.
    """

    turn: int
    passage: Passage
    hidden: Tensor
    word_tokens: list[int]
    memory: Memory
    start: int

    @property
    def features(self) -> Tensor:
        return summary(self.hidden)

    @property
    def word_states(self) -> Tensor:
        """What the model knew at the end of each word, (words, states)."""
        return self.hidden[self.word_tokens]


def summary(hidden: Tensor) -> Tensor:
    """A turn's features: its last token, by which all has been read, and the mean of its tokens; (2 * states,)."""
    return torch.cat([hidden[-1], hidden.mean(0)])


class Reader:
    """A language model and its tokenizer."""

    def __init__(self, llama: Llama) -> None:
        self.llama = llama
        self.tokenizer = Tokenizer.from_file(str(verified(TOKENIZER_SHA256, TOKENIZER)))

    def read(self, call: Call) -> Iterator[Reading]:
        """Read a call, in windows that overlap where it is long, and yield the rep's turns.

        A turn is always read after at least `CONTEXT` tokens, where so many were said, and how it is read depends
        on nothing that comes after it.
        """
        passages = [legible(turn) for turn in call.turns]
        tokens = [
            self._tokens(turn.speaker, passage.spoken) for turn, passage in zip(call.turns, passages, strict=True)
        ]
        for begin, first, end in windows([len(ids) for ids, _ in tokens]):
            hidden, memory = self.llama.read(torch.tensor([id for ids, _ in tokens[begin:end] for id in ids]))
            starts = list(accumulate((len(ids) for ids, _ in tokens[begin:end]), initial=0))
            for turn in range(first, end):
                if call.turns[turn].speaker == "rep":
                    start, stop = starts[turn - begin], starts[turn - begin + 1]
                    yield Reading(
                        turn, passages[turn].cut(tokens[turn][1]), hidden[start:stop], tokens[turn][1], memory, start
                    )

    def read_again(self, reading: Reading, versions: Sequence[list[str]]) -> Tensor:
        """Features of other versions of a turn's words, after the same call so far; (versions, features)."""
        words = reading.passage.spoken
        continuations, known = [], []
        for version in versions:
            # What comes before the first other word has been read already.
            same = sum(accumulate((a == b for a, b in zip(version, words, strict=False)), min))
            ids, ends = self._tokens("rep", version)
            kept = ends[same - 1] + 1 if same else 0
            known.append(reading.hidden[:kept])
            continuations.append((reading.start + kept, torch.tensor(ids[kept:])))
        hidden = self.llama.read_on(reading.memory, continuations)
        return torch.stack([summary(torch.cat(both)) for both in zip(known, hidden, strict=True)])

    def _tokens(self, speaker: str, words: list[str]) -> tuple[list[int], list[int]]:
        """Token ids of a line of the call, and the number of each word's last token."""
        opening = f"{NAMES[speaker]}: "
        coded = self.tokenizer.encode(opening + " ".join(words) + "\n", add_special_tokens=False)
        ends = list(accumulate((len(word) + 1 for word in words), initial=len(opening) - 1))[1:]
        last, token = [], 0
        for end in ends:
            while token < len(coded.offsets) and coded.offsets[token][1] < end:
                token += 1
            last.append(token)
        return coded.ids[:LONGEST_TURN], [token for token in last if token < min(LONGEST_TURN, len(coded.ids))]


def windows(lengths: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """Turns to read at once, (begin, first, end), for turns of so many tokens: from `begin`, and `first` on is new."""
    starts = list(accumulate(lengths, initial=0))
    begin = first = 0
    for turn in range(len(lengths)):
        if turn > first and starts[turn + 1] - starts[begin] > WINDOW:
            yield begin, first, turn
            first = turn
            begin = max(before for before in range(turn + 1) if starts[before] <= max(0, starts[turn] - CONTEXT))
    if lengths:
        yield begin, first, len(lengths)
