"""Fits the linear heads: ridge logistic regressions on soft targets, then Platt's scaling."""

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

from coach.calls import AXES
from coach.tone.examples import Examples
from coach.tone.heads import LEVELS, Heads, Linear, word_features

RIDGE, WORD_RIDGE = 0.04, 0.03  # chosen by leaving one author out: see docs/tone-model.md
EVERY = 3  # of the turns without marked words, one in so many is learned from, and counts for all
Ratings = list[dict[str, list[int]]]  # of each turn, by each rater


def fit_heads(train: Examples, dev: Examples) -> Heads:
    """Fit the heads on `train`, and calibrate the ratings on `dev`."""
    return Heads(*fit_ratings(train, dev), words=fit_words(train))


def fit_ratings(train: Examples, dev: Examples) -> tuple[Linear, Linear]:
    """The heads `raters` and `mean`: one fit, calibrated to the one and to the other."""
    fitted = fit(train.features, shares_of_raters(train.ratings), RIDGE)
    targets = (shares_of_raters(dev.ratings), by_the_mean(dev.ratings))
    raters, mean = (calibrate(fitted, dev.features, target) for target in targets)
    return raters, mean


def fit_words(train: Examples) -> Linear:
    marked = [bool(marks.any()) for marks in train.marks]
    kept = [i for i, mark in enumerate(marked) if mark or i % EVERY == 0]
    features = torch.cat([word_features(train.words[i], train.features[i]) for i in kept])
    importance = torch.cat([torch.full((len(train.marks[i]), 1), 1.0 if marked[i] else EVERY) for i in kept])
    return fit(features, torch.cat([train.marks[i] for i in kept]), WORD_RIDGE, importance)


def fit(features: Tensor, targets: Tensor, penalty: float, importance: Tensor | None = None) -> Linear:
    """Logistic regressions on standardised features, one for each column of `targets` (0-1, soft ones too).

    `penalty` is the ridge on the weights, against the mean loss of the examples.
    """
    mean, scale = features.mean(0), features.std(0).clamp_min(1e-6)
    standardised = (features - mean) / scale
    # In coordinates in which the loss is about as steep in every direction, LBFGS needs a tenth of the steps.
    variances, directions = _principal(standardised)
    lengths = (variances / 4 + penalty).rsqrt()
    inputs = standardised @ directions * lengths
    weight = torch.zeros(targets.shape[1], len(lengths), requires_grad=True)
    bias = torch.logit(targets.mean(0).clamp(1e-3, 1 - 1e-3)).requires_grad_()
    optimiser = torch.optim.LBFGS([weight, bias], max_iter=60, tolerance_change=1e-7, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimiser.zero_grad()
        losses = cross_entropy(inputs @ weight.T + bias, targets, importance, reduction="none")
        total = losses.mean(0).sum() + penalty * (weight * lengths).square().sum() / 2
        total.backward()
        return total

    optimiser.step(loss)
    slopes, bias = weight.detach() * lengths @ directions.T / scale, bias.detach()
    return Linear(slopes, bias - slopes @ mean)


def _principal(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Variances and directions (columns) of rows with mean 0, by way of the smaller of the two Gram matrices."""
    if len(rows) >= rows.shape[1]:
        variances, directions = torch.linalg.eigh(rows.T @ rows / len(rows))
        return variances.clamp_min(0), directions
    variances, sides = torch.linalg.eigh(rows @ rows.T / len(rows))
    real = variances > 1e-5
    return variances[real], rows.T @ sides[:, real] / (variances[real] * len(rows)).sqrt()


def calibrate(linear: Linear, features: Tensor, targets: Tensor) -> Linear:
    """Platt's scaling: stretch and shift each logit until it fits its column of `targets`, on calls not trained on."""
    logits = linear(features)
    fits = [fit(logits[:, [i]], targets[:, [i]], 1e-4) for i in range(targets.shape[1])]
    return linear.scaled(torch.cat([f.weight[:, 0] for f in fits]), torch.cat([f.bias for f in fits]))


def shares_of_raters(ratings: Ratings) -> Tensor:
    """For each turn, axis and level, the share of raters that give at least that level; (turns, axes * levels)."""
    return torch.stack([(_given(turn) >= LEVELS).float().mean(1).flatten() for turn in ratings])


def by_the_mean(ratings: Ratings) -> Tensor:
    """For each turn, axis and level, whether the mean of the raters reaches it (0 or 1); (turns, axes * levels)."""
    return torch.stack([(_given(turn).mean(1) >= LEVELS).float().flatten() for turn in ratings])


def _given(turn: dict[str, list[int]]) -> Tensor:
    return torch.tensor([turn[axis] for axis in AXES], dtype=torch.float32)[:, :, None]
