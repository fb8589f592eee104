"""Ways to rate turns that are learned by gradient descent: MiniLM, and low-rank adapters for SmolLM2."""

import csv
import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy
from torch.nn.functional import dropout, layer_norm
from tqdm import tqdm

from coach.as_json import call_from_dict
from coach.tone.examples import _marks
from coach.tone.figures import rep_turns
from coach.tone.fitting import fit, shares_of_raters
from coach.tone.heads import BEHAVIOUR_NAMES
from coach.tone.llama import Llama, Memory, Weights, _attend, _expand, _rotation, smollm2
from coach.tone.reader import Reader, summary
from coach.weights import verified

Calls = Sequence[dict[str, Any]]
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
WARM_UP, DROPOUT, HEAD_RATE = 0.1, 0.1, 1e-3
EMOTIONS = 28  # of GoEmotions, the neutral one included
PAIRS_A_STEP, LONGEST = 32, 160  # the longest is in tokens


def targets(calls: Calls) -> Tensor:
    """Shares of the raters, (turns, axes * levels)."""
    return shares_of_raters([turn["ratings"] for *_, turn in rep_turns(calls)])


def descend(parameters: list[dict[str, Any]], batches: list[Any], loss: Callable[[Any], Tensor], name: str) -> None:
    """AdamW, a batch a step, its pace rising for a tenth of the steps and then falling as a cosine does."""
    optimiser = torch.optim.AdamW(parameters, betas=(0.9, 0.98), weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _pace(step / len(batches)))
    for batch in tqdm(batches, name, mininterval=20):
        loss(batch).backward()
        for group in parameters:
            nn.utils.clip_grad_norm_(group["params"], 1.0)
        optimiser.step()
        optimiser.zero_grad()
        schedule.step()


def _pace(done: float) -> float:
    return min(1.0, done / WARM_UP + 0.01) * (1 + math.cos(math.pi * done)) / 2


class MiniLM:
    """MiniLM-L6 fine-tuned whole on pairs of texts; the mean of a pair's tokens goes to linear heads."""

    def __init__(self, folder: Path, rate: float) -> None:
        from transformers import AutoModel, AutoTokenizer  # slow to import

        verified(MINILM_SHA256, folder / "model.safetensors")
        self.tokenizer, self.rate = AutoTokenizer.from_pretrained(folder), rate
        self.trunk = AutoModel.from_pretrained(folder)

    def learn(self, pairs: list[tuple[str, str]], wanted: Tensor, epochs: int, name: str) -> nn.Linear:
        """Fine-tune the trunk with a new head for `wanted` (pairs, questions), 0-1; the head is given back."""
        head = nn.Linear(self.trunk.config.hidden_size, wanted.shape[1])
        nn.init.constant_(head.weight, 0.0)
        head.bias.data = torch.logit(wanted.mean(0).clamp(1e-3, 1 - 1e-3))
        parameters = [
            {"params": list(self.trunk.parameters()), "lr": self.rate},
            {"params": list(head.parameters()), "lr": HEAD_RATE},
        ]

        def loss(batch: list[int]) -> Tensor:
            logits = head(self._mean([pairs[i] for i in batch]))
            return cross_entropy(logits, wanted[batch], reduction="none").sum(1).mean()

        self.trunk.train()
        descend(parameters, [batch for _ in range(epochs) for batch in _of_like_length(pairs)], loss, name)
        return head

    @torch.no_grad()
    def rate_pairs(self, head: nn.Linear, pairs: list[tuple[str, str]]) -> Tensor:
        self.trunk.eval()
        chunks = [pairs[i : i + PAIRS_A_STEP] for i in range(0, len(pairs), PAIRS_A_STEP)]
        return torch.cat([head(self._mean(chunk)).sigmoid() for chunk in chunks])

    def _mean(self, pairs: list[tuple[str, str]]) -> Tensor:
        before, said = (list(texts) for texts in zip(*pairs, strict=True))
        coded = self.tokenizer(before, said, padding=True, truncation=True, max_length=LONGEST, return_tensors="pt")
        mask = coded["attention_mask"][:, :, None]
        return (self.trunk(**coded).last_hidden_state * mask).sum(1) / mask.sum(1)


def _of_like_length(pairs: list[tuple[str, str]]) -> list[list[int]]:
    """Batches of about the same length, in random order: little is padded."""
    order = sorted(range(len(pairs)), key=lambda i: sum(map(len, pairs[i])) * random.uniform(0.8, 1.2))
    batches = [order[i : i + PAIRS_A_STEP] for i in range(0, len(order), PAIRS_A_STEP)]
    return random.sample(batches, len(batches))


def answers(calls: Calls) -> list[tuple[str, str]]:
    """Each rep turn with what the customer said just before."""
    turns = {call["id"]: call["turns"] for call in calls}
    return [(turns[call][at - 1]["text"] if at else "", turn["text"]) for call, at, turn in rep_turns(calls)]


def minilm(
    train: Calls, test: Calls, seed: int, folder: Path, epochs: int, rate: float, emotions: Path | None
) -> Tensor:
    """Chances for the rep turns of `test`, (turns, axes * levels)."""
    torch.manual_seed(seed)
    random.seed(seed)
    model = MiniLM(folder, rate)
    if emotions:
        model.learn(*_emotions(emotions), 1, "emotions")
    head = model.learn(answers(train), targets(train), epochs, "turns")
    return model.rate_pairs(head, answers(test))


def _emotions(path: Path, most: int = 8000) -> tuple[list[tuple[str, str]], Tensor]:
    with path.open(encoding="utf-8") as file:
        rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    rows = random.sample(rows, min(most, len(rows)))
    wanted = torch.zeros(len(rows), EMOTIONS)
    for row, (_, labels, _) in zip(wanted, rows, strict=True):
        row[[int(label) for label in labels.split(",")]] = 1
    return [("", text) for text, *_ in rows], wanted


@dataclass(frozen=True, slots=True)
class Lesson:
    """What is read of a call at once: states before the first layer that is tuned, and where the rep's words are."""

    hidden: Tensor  # (tokens, 576), 16-bit
    turns: list[tuple[int, int]]
    targets: Tensor  # (turns, axes * levels)
    words: list[int]
    marks: Tensor  # (words, behaviours)


class Remembering:
    """Reads as a language model does, and keeps the states of all tokens: a reading has only those of its turn."""

    def __init__(self, llama: Llama) -> None:
        self.llama = llama

    def read(self, tokens: Tensor) -> tuple[Tensor, Memory]:
        self.states, memory = self.llama.read(tokens)
        return self.states, memory


def lessons(call: dict[str, Any], reader: Reader) -> Iterator[Lesson]:
    """Read a labelled call up to the first layer that is tuned."""
    readings = [(reader.llama.states, own) for own in reader.read(call_from_dict(call))]
    for _, window in groupby(readings, lambda both: id(both[0])):
        states, own = zip(*window, strict=True)
        turns = [(reading.start, reading.start + len(reading.hidden)) for reading in own]
        labelled = [call["turns"][reading.turn] for reading in own]
        yield Lesson(
            states[0][: turns[-1][1]].half(),
            turns,
            shares_of_raters([turn["ratings"] for turn in labelled]),
            [reading.start + token for reading in own for token in reading.word_tokens],
            torch.cat([_marks(reading, turn["spans"]) for reading, turn in zip(own, labelled, strict=True)]),
        )


@dataclass(frozen=True, slots=True)
class Lora:
    """Low-rank adapters (Hu et al., 2021) for the layers from `first` on, learned together with the heads.

    The heads begin as the best ones for the language model as it is, so that the adapters start from what it knows
    (Kumar et al., 2022). A call is one pass, and all its rep turns are learned from at once; `marks` is the weight of
    the marked words in the loss.
    """

    heard: tuple[int, ...]
    first: int
    rank: int
    rate: float
    epochs: int
    calls_a_step: int
    ridge: float
    marks: float
    lessons: dict[str, list[Lesson]] = field(default_factory=dict)  # by call: each is read only once

    def __call__(self, train: Calls, test: Calls, seed: int) -> Tensor:
        """Chances for the rep turns of `test`, (turns, axes * levels)."""
        torch.manual_seed(seed)
        random.seed(seed)
        layers = smollm2(self.heard).layers[self.first :]
        known, unknown = self.of(train), self.of(test)
        adapters, head = self.learn(layers, known)
        with torch.no_grad():
            tuned = adapted(layers, adapters)
            return torch.cat([head.logits(self.features(tuned, lesson)) for lesson in unknown]).sigmoid()

    def of(self, calls: Calls) -> list[Lesson]:
        reader = Reader(Remembering(smollm2((self.first,))))
        new = [call for call in calls if call["id"] not in self.lessons]
        self.lessons.update({call["id"]: list(lessons(call, reader)) for call in tqdm(new, "reading", mininterval=20)})
        return [lesson for call in calls for lesson in self.lessons[call["id"]]]

    def learn(self, layers: list[Weights], known: list[Lesson]) -> tuple[list[Weights], "Head"]:
        adapters = [self.fresh(layer) for layer in layers]
        with torch.no_grad():
            before = torch.cat([self.features(layers, lesson) for lesson in known])
        head = Head(before, torch.cat([lesson.targets for lesson in known]), self.ridge)
        words = nn.Linear(known[0].hidden.shape[1] * len(self.heard), len(BEHAVIOUR_NAMES))

        def loss(batch: list[Lesson]) -> Tensor:
            tuned, turns = adapted(layers, adapters), sum(len(lesson.turns) for lesson in batch)
            return sum((self.loss(tuned, head, words, own) for own in batch), head.penalty() * turns) / turns

        parameters = [
            {"params": [weight for layer in adapters for weight in layer.values()], "lr": self.rate},
            {"params": [head.weight, head.bias, *words.parameters()], "lr": HEAD_RATE},
        ]
        shuffled = [random.sample(known, len(known)) for _ in range(self.epochs)]
        steps = [own[i : i + self.calls_a_step] for own in shuffled for i in range(0, len(own), self.calls_a_step)]
        descend(parameters, steps, loss, "calls")
        return adapters, head

    def loss(self, layers: list[Weights], head: "Head", words: nn.Linear, lesson: Lesson) -> Tensor:
        hidden = self.states(layers, lesson)
        own = head.logits(_summaries(hidden, lesson), DROPOUT)
        loss = cross_entropy(own, lesson.targets, reduction="none").sum()
        if self.marks:
            said = words(layer_norm(hidden[lesson.words], hidden.shape[1:]))
            marked = cross_entropy(said, lesson.marks, reduction="none").sum(1).mean()
            loss = loss + self.marks * marked * len(lesson.turns)
        return loss

    def fresh(self, layer: Weights) -> Weights:
        """Adapters that change nothing yet."""
        found = {}
        for name, weight in layer.items():
            if name.endswith("_proj.weight"):
                down = torch.randn(self.rank, weight.shape[1]) / math.sqrt(weight.shape[1])
                found |= {f"{name}.down": down.requires_grad_()}
                found |= {f"{name}.up": torch.zeros(weight.shape[0], self.rank, requires_grad=True)}
        return found

    def features(self, layers: list[Weights], lesson: Lesson) -> Tensor:
        return _summaries(self.states(layers, lesson), lesson)

    def states(self, layers: list[Weights], lesson: Lesson) -> Tensor:
        """States after the layers that are heard, side by side."""
        hidden, rotation = lesson.hidden.float(), _rotation(torch.arange(len(lesson.hidden)))
        heard = [hidden] if self.first in self.heard else []
        for number, layer in enumerate(layers, self.first + 1):
            hidden = hidden + _attend(layer, hidden, rotation, None, None)[0]
            hidden = hidden + _expand(layer, hidden)
            heard += [hidden] if number in self.heard else []
        return torch.cat(heard, 1)


def adapted(layers: list[Weights], adapters: list[Weights]) -> list[Weights]:
    """The layers' weights W as W + up @ down."""
    return [
        {k: w + own[f"{k}.up"] @ own[f"{k}.down"] if f"{k}.up" in own else w for k, w in layer.items()}
        for layer, own in zip(layers, adapters, strict=True)
    ]


def _summaries(hidden: Tensor, lesson: Lesson) -> Tensor:
    return torch.stack([summary(hidden[start:end]) for start, end in lesson.turns])


class Head:
    """Ridge logistic regressions on standardised features, to be learned on."""

    def __init__(self, features: Tensor, wanted: Tensor, ridge: float) -> None:
        self.ridge, self.mean, self.scale = ridge, features.mean(0), features.std(0).clamp_min(1e-6)
        start = fit(features, wanted, ridge)
        self.weight = (start.weight * self.scale).requires_grad_()
        self.bias = (start.bias + start.weight @ self.mean).requires_grad_()

    def logits(self, features: Tensor, dropped: float = 0.0) -> Tensor:
        return dropout((features - self.mean) / self.scale, dropped) @ self.weight.T + self.bias

    def penalty(self) -> Tensor:
        return self.ridge * self.weight.square().sum() / 2
