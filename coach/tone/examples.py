"""Labelled calls, as the language model reads them."""

import json
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from coach.as_json import call_from_dict
from coach.calls import InputError
from coach.tone.heads import BEHAVIOUR_NAMES
from coach.tone.reader import Reader, Reading
from coach.tone.variants import varied


@dataclass(frozen=True, slots=True)
class Examples:
    """Rep turns as the language model knows them, and what the raters said of them."""

    calls: list[str]
    turns: list[int]
    features: Tensor  # (turns, features)
    ratings: list[dict[str, list[int]]]
    words: list[Tensor]  # of each turn, (words, states)
    marks: list[Tensor]  # of each turn, (words, behaviours), 1 where an author marked the word
    changes: Tensor | None = None  # of each turn, how its features change in other words that mean the same

    def only(self, wanted: Callable[[str], bool]) -> "Examples":
        """The examples whose call's id is wanted."""
        at = [i for i, call in enumerate(self.calls) if wanted(call)]
        return Examples(
            calls=[self.calls[i] for i in at],
            turns=[self.turns[i] for i in at],
            features=self.features[at],
            ratings=[self.ratings[i] for i in at],
            words=[self.words[i] for i in at],
            marks=[self.marks[i] for i in at],
            changes=None if self.changes is None else self.changes[at],
        )


def labelled_calls(path: Path) -> list[dict[str, Any]]:
    """The labelled calls of a .jsonl file, as its data card describes them."""
    try:
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except OSError:
        raise InputError(f"{path}: cannot be read; give the folder that has train.jsonl and dev.jsonl") from None
    except ValueError:
        raise InputError(f"{path}: this is not labelled calls, one JSON object a line") from None


def read_examples(reader: Reader, calls: Iterable[dict[str, Any]]) -> Examples:
    """Read labelled calls with the language model: by far the longest part of training."""
    found = Examples([], [], torch.empty(0), [], [], [])
    features = []
    for labelled in calls:
        for reading in reader.read(call_from_dict(labelled)):
            turn = labelled["turns"][reading.turn]
            found.calls.append(labelled["id"])
            found.turns.append(reading.turn)
            found.ratings.append(turn["ratings"])
            found.words.append(reading.word_states)
            found.marks.append(_marks(reading, turn["spans"]))
            features.append(reading.features)
    return Examples(found.calls, found.turns, torch.stack(features), found.ratings, found.words, found.marks)


def read_changes(reader: Reader, calls: Iterable[dict[str, Any]], examples: Examples, seed: int = 0) -> Examples:
    """The same examples, with how their features change when the calls are read in other words that mean the same.

    Those are a call's twin, where its author wrote one: the same turns in another English. Others are varied by rule.
    """
    calls = list(calls)
    by_id = {labelled["id"]: labelled for labelled in calls}
    read: dict[tuple[str, int], Tensor] = {}
    for labelled in calls:
        twin = by_id.get(labelled.get("twin", ""))
        other = twin or varied(labelled, random.Random(f"{seed} {labelled['id']}"))
        read |= {(labelled["id"], reading.turn): reading.features for reading in reader.read(call_from_dict(other))}
    features = torch.stack([read[at] for at in zip(examples.calls, examples.turns, strict=True)])
    return replace(examples, changes=features - examples.features)


def _marks(reading: Reading, spans: list[dict[str, Any]]) -> Tensor:
    marks = torch.zeros(len(reading.word_tokens), len(BEHAVIOUR_NAMES))
    for span in spans:
        for number, (_, start, end) in enumerate(reading.passage.words[: len(marks)]):
            if start < span["end"] and span["start"] < end:
                marks[number, BEHAVIOUR_NAMES.index(span["behaviour"])] = 1
    return marks
