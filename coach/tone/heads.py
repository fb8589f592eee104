"""Heads on what the language model knows: ratings of a turn, and behaviours of its words."""

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from coach.calls import AXES, Axis, Score
from coach.tone.jury import Jury
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


NO_WORDS = Linear(torch.empty(0), torch.empty(0))


@dataclass(frozen=True, slots=True)
class Heads:
    """`jury` asks of a turn, for each axis and level, whether it has at least that level. `raters` (slopes and shifts
    of its logits) makes of that what share of raters says so, and `mean` how likely their mean does. `words` asks of a
    word, for each behaviour, whether it carries it.

    `cuts` (axes, levels) are the expected ratings from which a turn is rated 1, 2 and 3.
    """

    jury: Jury
    raters: Tensor  # (2, axes * levels)
    mean: Tensor
    cuts: Tensor
    words: Linear

    def scores(self, features: Tensor) -> list[dict[Axis, Score]]:
        """Calibrated scores of turns, from their features (turns, features)."""
        logits = self.jury(features)
        ratings, mean = self.ratings(_shares(logits, self.raters)), _shares(logits, self.mean).tolist()
        return [
            {axis: Score(rating, at_least[0], at_least[1]) for axis, rating, at_least in zip(AXES, *turn, strict=True)}
            for turn in zip(ratings, mean, strict=True)
        ]

    def ratings(self, shares: Tensor) -> list[list[float]]:
        """Ratings 0-3 of turns on each axis: what is expected of a rater, stretched so that the cuts lie halfway
        between the levels. What is expected keeps to the middle, and if it were rounded, few turns would be rated 3."""
        expected, halfway = shares.sum(-1).numpy(), [0.0, 0.5, 1.5, 2.5, 3.0]
        stretched = [
            np.interp(own, [0, *cuts, len(LEVELS)], halfway)
            for own, cuts in zip(expected.T, self.cuts.tolist(), strict=True)
        ]
        return np.stack(stretched, 1).tolist()

    def expected(self, features: Tensor) -> Tensor:
        """The mean rating to expect of raters, (turns, axes)."""
        return _shares(self.jury(features), self.raters).sum(-1)

    def chances(self, features: Tensor) -> Tensor:
        """How likely the raters' mean reaches each level, (turns, axes, levels)."""
        return _shares(self.jury(features), self.mean)

    def behaviours(self, words: Tensor, turn: Tensor) -> Tensor:
        """Chances of the behaviours in each word, (words, 19), from the words' states and the turn's features."""
        return self.words(word_features(words, turn)).sigmoid()

    def save(self, path: Path) -> None:
        tensors = {f"jury.{f.name}": getattr(self.jury, f.name) for f in fields(Jury)}
        tensors |= {"words.weight": self.words.weight, "words.bias": self.words.bias}
        tensors |= {name: getattr(self, name) for name in ("raters", "mean", "cuts")}
        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path)

    @classmethod
    def load(cls, path: Path) -> "Heads":
        tensors = load_file(path)
        jury = Jury(*(tensors[f"jury.{f.name}"] for f in fields(Jury)))
        words = Linear(tensors["words.weight"], tensors["words.bias"])
        return cls(jury, tensors["raters"], tensors["mean"], tensors["cuts"], words)


def _shares(logits: Tensor, calibration: Tensor) -> Tensor:
    """Chances of each level on each axis, (turns, axes, levels); a higher one is never likelier than a lower one."""
    slopes, shifts = calibration
    return (logits * slopes + shifts).sigmoid().unflatten(1, (len(AXES), len(LEVELS))).cummin(-1).values


def word_features(words: Tensor, turn: Tensor) -> Tensor:
    """A word's state tells what was said up to it; the state at the turn's end tells what it led to."""
    end = turn[: words.shape[1]]
    return torch.cat([words, end.expand(len(words), -1)], 1)
