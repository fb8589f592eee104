"""How well scores agree with the raters, with intervals.

scikit-learn has the same measures for one sample; here they are taken of all bootstrap samples at once, a hundred times
faster. A test holds them to scikit-learn's.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

RESAMPLES = 1000
Weights = np.ndarray  # (samples, turns): how often each sample has each turn


class Estimate(NamedTuple):
    """A figure and its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:z.2f} ({self.low:z.2f}-{self.high:z.2f})" if np.isfinite(self.value) else "none"


def measures(rows: pd.DataFrame) -> dict[str, float]:
    """Of one axis: average precision and ROC-AUC for a mean rating of 1 or more, quadratic weighted kappa of the
    rounded rating, and expected calibration error of the probability (ten bins)."""
    return {name: float(value[0]) for name, value in _measures(rows, np.ones((1, len(rows))))}


def figures(rows: pd.DataFrame, resamples: int = RESAMPLES) -> pd.DataFrame:
    """`measures` of each axis with bootstrap 95 % intervals (calls are drawn, not turns)."""
    found = []
    for axis, own in rows.groupby("axis", sort=False):
        calls, number = np.unique(own.call, return_inverse=True)
        weights = resampled(len(calls), resamples)[:, number]
        for (name, drawn), value in zip(_measures(own, weights), measures(own).values(), strict=True):
            found.append({"axis": axis, "measure": name, **estimate(value, drawn)._asdict()})
    return pd.DataFrame(found)


def resampled(calls: int, times: int = RESAMPLES, seed: int = 0) -> np.ndarray:
    """How often each call is drawn when as many calls as there are are drawn with replacement, (times, calls)."""
    return np.random.default_rng(seed).multinomial(calls, np.full(calls, 1 / calls), size=times).astype(float)


def estimate(value: float, drawn: np.ndarray) -> Estimate:
    """A figure with the middle 95 % of what bootstrap samples give; those in which it has no meaning are left out."""
    drawn = drawn[np.isfinite(drawn)]
    return Estimate(value, *(np.quantile(drawn, [0.025, 0.975]) if len(drawn) else (np.nan, np.nan)))


def rounded(ratings: pd.Series) -> np.ndarray:
    """Ratings 0-3 as whole numbers, halves upwards."""
    return np.floor(ratings.to_numpy() + 0.5).astype(int)


def tenth(chance: np.ndarray) -> np.ndarray:
    """Which of ten bins a probability falls into, 0-9."""
    return np.minimum((chance * 10).astype(int), 9)


def _measures(rows: pd.DataFrame, weights: Weights) -> Iterator[tuple[str, np.ndarray]]:
    rated, chance = rows.truth.to_numpy() >= 1, rows.probability.to_numpy()
    with np.errstate(invalid="ignore", divide="ignore"):
        yield from zip(("average precision", "ROC-AUC"), _ranking(rated, chance, weights), strict=True)
        yield "kappa", kappa(rounded(rows.truth), rounded(rows.rating), weights)
        yield "calibration error", _calibration_error(rated, chance, weights)


def _ranking(rated: np.ndarray, chance: np.ndarray, weights: Weights) -> tuple[np.ndarray, np.ndarray]:
    """Average precision and area under the ROC curve; equal chances count as one step."""
    order = np.argsort(-chance, kind="stable")
    ends = np.flatnonzero(np.diff(chance[order], append=-1))
    yes, no = ((weights * wanted)[:, order].cumsum(1)[:, ends] for wanted in (rated, ~rated))
    more_yes, more_no = np.diff(yes, prepend=0), np.diff(no, prepend=0)
    precision = np.nan_to_num(yes / (yes + no))
    all_yes, all_no = yes[:, -1], no[:, -1]
    area = (more_no * (yes - more_yes / 2)).sum(1) / (all_yes * all_no)
    return np.where(all_no > 0, (more_yes * precision).sum(1) / all_yes, np.nan), area


def kappa(truth: np.ndarray, rating: np.ndarray, weights: Weights) -> np.ndarray:
    """Cohen's kappa with quadratic weights: the mean squared distance against that of independent ratings."""

    def mean(values: np.ndarray) -> np.ndarray:
        return weights @ values / weights.sum(1)

    apart = mean(truth) - mean(rating)
    by_chance = mean(truth**2) - mean(truth) ** 2 + mean(rating**2) - mean(rating) ** 2 + apart**2
    return 1 - mean((truth - rating) ** 2) / by_chance


def _calibration_error(rated: np.ndarray, chance: np.ndarray, weights: Weights) -> np.ndarray:
    """Mean distance, over the turns, of the probability from the share that is rated so, in ten bins."""
    gaps = weights @ ((rated - chance)[:, None] * np.eye(10)[tenth(chance)])
    return np.abs(gaps).sum(1) / weights.sum(1)
