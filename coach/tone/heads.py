"""Linear heads on what the language model knows: ratings of a turn, and behaviours of its words."""

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from coach.calls import AXES, Axis, Score
from coach.tone.rubric import BEHAVIOURS

LEVELS = torch.tensor([1.0, 2.0, 3.0])
BEHAVIOUR_NAMES = tuple(BEHAVIOURS)


@dataclass(frozen=True, slots=True)
class Linear:
    """Logits of several yes-or-no questions about a vector of features."""

    weight: Tensor
    bias: Tensor

    def __call__(self, features: Tensor) -> Tensor:
        return features @ self.weight.T + self.bias

    def scaled(self, slope: Tensor, shift: Tensor) -> "Linear":
        return Linear(self.weight * slope[:, None], self.bias * slope + shift)


@dataclass(frozen=True, slots=True)
class Heads:
    """`raters` asks of a turn, for each axis and level, what share of raters gives at least that level, and `mean`
    whether their mean does; `words` asks of a word, for each behaviour, whether it carries it."""

    raters: Linear
    mean: Linear
    words: Linear

    def scores(self, features: Tensor) -> list[dict[Axis, Score]]:
        """Calibrated scores of turns, from their features (turns, 2304)."""
        # A higher level is never likelier than a lower one.
        levels = (len(AXES), len(LEVELS))
        raters, mean = (
            head(features).sigmoid().unflatten(1, levels).cummin(-1).values for head in (self.raters, self.mean)
        )
        return [
            {axis: Score(rating, at_least[0], at_least[1]) for axis, rating, at_least in zip(AXES, *turn, strict=True)}
            for turn in zip(raters.sum(-1).tolist(), mean.tolist(), strict=True)
        ]

    def behaviours(self, words: Tensor, turn: Tensor) -> Tensor:
        """Chances of the behaviours in each word, (words, 19), from the words' states and the turn's features."""
        return self.words(word_features(words, turn)).sigmoid()

    def save(self, path: Path) -> None:
        tensors: dict[str, Tensor] = {}
        for name in self.__slots__:
            head = getattr(self, name)
            tensors |= {f"{name}.weight": head.weight.contiguous(), f"{name}.bias": head.bias}
        save_file(tensors, path)

    @classmethod
    def load(cls, path: Path) -> "Heads":
        tensors = load_file(path)
        return cls(*(Linear(tensors[f"{name}.weight"], tensors[f"{name}.bias"]) for name in cls.__slots__))


def word_features(words: Tensor, turn: Tensor) -> Tensor:
    """A word's state tells what was said up to it; the state at the turn's end tells what it led to."""
    end = turn[: words.shape[1]]
    return torch.cat([words, end.expand(len(words), -1)], 1)
