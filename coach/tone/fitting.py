"""Fits the heads to labelled calls, and calibrates them on others by Platt's scaling."""

from dataclasses import replace

import torch
from sklearn.metrics import cohen_kappa_score
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

from coach.calls import AXES
from coach.tone.examples import Examples
from coach.tone.heads import LEVELS, NO_WORDS, Heads, Linear, word_features
from coach.tone.jury import fit_jury, steadied

WORD_RIDGE = 0.03
HALFWAY = LEVELS - 0.5
EVERY = 3  # of the turns without marked words, one in so many is learned from, and counts for all
Ratings = list[dict[str, list[int]]]  # of each turn, by each rater


def fit_heads(train: Examples, dev: Examples) -> Heads:
    """Fit the heads on `train`, and calibrate the ratings on `dev`."""
    return replace(fit_ratings(train, dev), words=fit_words(train))


def fit_ratings(train: Examples, dev: Examples) -> Heads:
    """Heads that rate turns, and know nothing of words: one fit, calibrated to each rater and to their mean."""
    changes = torch.zeros_like(train.features) if train.changes is None else train.changes
    jury = steadied(fit_jury(train.features, shares_of_raters(train.ratings), changes), train.features, changes)
    targets, logits = (shares_of_raters(dev.ratings), by_the_mean(dev.ratings)), jury(dev.features)
    raters, mean = (calibration(logits, target) for target in targets)
    heads = Heads(jury, raters, mean, HALFWAY.repeat(len(AXES), 1), NO_WORDS)
    return replace(heads, cuts=fit_cuts(heads.expected(dev.features), dev.ratings))


def fit_cuts(expected: Tensor, ratings: Ratings) -> Tensor:
    """From which expected ratings a turn is best called 1, 2 and 3, by quadratic weighted kappa; (axes, levels).

    Each cut in turn is moved to where agreement is best, until none moves.
    """
    truth = torch.stack([_given(turn).mean(1)[:, 0] for turn in ratings])
    return torch.stack(
        [_cuts(expected[:, axis].contiguous(), (truth[:, axis] + 0.5).floor()) for axis in range(len(AXES))]
    )


def _cuts(expected: Tensor, truth: Tensor) -> Tensor:
    best, places = HALFWAY.clone(), torch.arange(1, 60) / 20
    while True:
        before = best.clone()
        for level in range(len(LEVELS)):
            low, high = (torch.cat([torch.zeros(1), best, LEVELS[-1:]])[level + step] for step in (0, 2))
            tries = [_moved(best, level, place) for place in places[(places > low) & (places < high)]]
            best = max([best, *tries], key=lambda cuts: _agreement(cuts, expected, truth))
        if torch.equal(best, before):
            return best


def _moved(cuts: Tensor, level: int, place: Tensor) -> Tensor:
    return torch.where(torch.arange(len(cuts)) == level, place, cuts)


def _agreement(cuts: Tensor, expected: Tensor, truth: Tensor) -> float:
    return cohen_kappa_score(torch.bucketize(expected, cuts, right=True), truth, labels=range(4), weights="quadratic")


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


def calibration(logits: Tensor, targets: Tensor) -> Tensor:
    """Platt's scaling: the slope and the shift of each logit that fit its column of `targets`, (2, questions)."""
    fits = [fit(logits[:, [i]], targets[:, [i]], 1e-4) for i in range(targets.shape[1])]
    return torch.stack([torch.cat([f.weight[:, 0] for f in fits]), torch.cat([f.bias for f in fits])])


def shares_of_raters(ratings: Ratings) -> Tensor:
    """For each turn, axis and level, the share of raters that give at least that level; (turns, axes * levels)."""
    return torch.stack([(_given(turn) >= LEVELS).float().mean(1).flatten() for turn in ratings])


def by_the_mean(ratings: Ratings) -> Tensor:
    """For each turn, axis and level, whether the mean of the raters reaches it (0 or 1); (turns, axes * levels)."""
    return torch.stack([(_given(turn).mean(1) >= LEVELS).float().flatten() for turn in ratings])


def _given(turn: dict[str, list[int]]) -> Tensor:
    return torch.tensor([turn[axis] for axis in AXES], dtype=torch.float32)[:, :, None]
