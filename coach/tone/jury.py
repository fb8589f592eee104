"""Several small networks that differ by chance alone, and are asked together: their mean is better than any of them."""

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy
from torch.nn.functional import gelu

MEMBERS, HIDDEN = 3, 128
EPOCHS, BATCH, RATE, DECAY, WARM_UP = 12, 64, 1e-3, 0.02, 0.3
BLINDNESS, DROPOUT = 0.2, 0.3  # share of the inputs, and of the hidden units, that are left out of a step
VARIED = 0.3  # share of the examples that are seen in other words
RIDGE = 0.01


@dataclass(frozen=True, slots=True)
class Jury:
    """Networks of one hidden layer, side by side."""

    mean: Tensor  # (features,)
    scale: Tensor
    hidden: Tensor  # (members, features, hidden)
    hidden_bias: Tensor  # (members, 1, hidden)
    out: Tensor  # (members, hidden, questions)
    out_bias: Tensor  # (members, 1, questions)

    def __call__(self, features: Tensor) -> Tensor:
        """Logits of several yes-or-no questions about features (turns, features): (turns, questions)."""
        inputs = (features - self.mean) / self.scale
        return (gelu(inputs @ self.hidden + self.hidden_bias) @ self.out + self.out_bias).mean(0)


def fit_jury(features: Tensor, targets: Tensor, changes: Tensor, seed: int = 0) -> Jury:
    """Learn what to answer to several questions at once.

    Parameters
    ----------
    features
        Of examples, (examples, features).
    targets
        What is right, 0-1, soft ones too; (examples, questions).
    changes
        How the features of the examples change in other words that mean the same, (examples, features).
    seed
        Of all that is left to chance.
    """
    chance = torch.Generator().manual_seed(seed)
    mean, scale = features.mean(0), features.std(0).clamp_min(1e-6)
    inputs, moved = (features - mean) / scale, changes / scale
    weights = _fresh(features.shape[1], targets.shape[1], chance)
    optimiser = torch.optim.AdamW(weights, RATE, weight_decay=DECAY)
    steps = EPOCHS * math.ceil(len(inputs) / BATCH)
    pace = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps, pct_start=WARM_UP)
    for _ in range(EPOCHS):
        orders = torch.stack([torch.randperm(len(inputs), generator=chance) for _ in range(MEMBERS)])
        for chosen in orders.split(BATCH, 1):
            varied = torch.rand(*chosen.shape, 1, generator=chance) < VARIED
            logits = _forward(inputs[chosen] + varied * moved[chosen], weights, chance)
            loss = cross_entropy(logits, targets[chosen]) * MEMBERS  # each member learns as if alone
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            pace.step()
    return Jury(mean, scale, *(weight.detach() for weight in weights))


def steadied(jury: Jury, features: Tensor, changes: Tensor) -> Jury:
    """The jury, looking away from where features change in other words that mean the same.

    A Wiener filter in front of the networks: it lets through a direction by how far examples differ along it, against
    how far an example does from itself in other words. Takes what `fit_jury` learned from.
    """
    rows, moved = ((features - jury.mean) / jury.scale).double(), (changes / jury.scale).double()
    spread, unrest = (one.T @ one / len(one) for one in (rows, moved))
    spread += RIDGE * torch.eye(len(spread))
    return replace(jury, hidden=torch.linalg.solve(spread + unrest, spread @ jury.hidden.double()).float())


def _fresh(features: int, questions: int, chance: torch.Generator) -> list[Tensor]:
    weights = []
    for into, out in ((features, HIDDEN), (HIDDEN, questions)):
        for rows in (into, 1):
            weight = (2 * torch.rand(MEMBERS, rows, out, generator=chance) - 1) / math.sqrt(into)
            weights.append(weight.requires_grad_())
    return weights


def _forward(inputs: Tensor, weights: list[Tensor], chance: torch.Generator) -> Tensor:
    hidden, hidden_bias, out, out_bias = weights
    inner = gelu(_thinned(inputs, BLINDNESS, chance) @ hidden + hidden_bias)
    return _thinned(inner, DROPOUT, chance) @ out + out_bias


def _thinned(values: Tensor, share: float, chance: torch.Generator) -> Tensor:
    """Dropout (Srivastava et al., 2014) with a generator of its own, so that the same seed gives the same jury."""
    return values * torch.empty_like(values).bernoulli_(1 - share, generator=chance) / (1 - share)
