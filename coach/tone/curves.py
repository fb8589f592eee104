"""Whether a probability means what it says, and when to say "not sure" instead of judging a turn."""

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from coach.calls import Axis
from coach.tone.agreement import tenth
from coach.tone.figures import ratios

MISSED = 0.05  # share of the turns called absent that raters may give 1 or more


def reliability(rows: pd.DataFrame) -> pd.DataFrame:
    """For each axis and tenth of the probability: how many turns, what they say, and what the raters say.

    Returns
    -------
    DataFrame
        `axis`, `turns`, `probability` (its mean, 0-1), `rated` (share with a mean rating of 1 or more, 0-1) and its
        Wilson 95 % interval `low`, `high`. Bins without a turn are left out.
    """
    own = rows.assign(bin=tenth(rows.probability.to_numpy()), rated=rows.truth >= 1)
    bins = own.groupby(["axis", "bin"], sort=False).agg(
        turns=("rated", "size"), yes=("rated", "sum"), probability=("probability", "mean"), rated=("rated", "mean")
    )
    between = [binomtest(row.yes, row.turns).proportion_ci(method="wilson") for row in bins.itertuples()]
    bins = bins.assign(low=[ci.low for ci in between], high=[ci.high for ci in between])
    return bins.drop(columns="yes").reset_index().sort_values(["axis", "bin"]).drop(columns="bin")


def risk_coverage(rows: pd.DataFrame, points: int = 100) -> pd.DataFrame:
    """For each axis, the error among the turns that are judged, if only the surest are (Geifman and El-Yaniv 2017).

    The judgement is whether a turn is rated 1 or more; it is the surer, the farther the probability is from a half.

    Returns
    -------
    DataFrame
        `axis`, `kept` (share of the turns, in `points` steps to 1), `error` (share of them judged wrongly) and
        `random`, the error to expect when as many are kept by lot.
    """
    found = []
    for axis, own in rows.groupby("axis", sort=False):
        error = _errors_of_the_surest(own)
        kept = np.arange(1, points + 1) / points
        at = np.maximum((kept * len(error)).round().astype(int), 1) - 1
        found.append(pd.DataFrame({"axis": axis, "kept": kept, "error": error[at], "random": error[-1]}))
    return pd.concat(found, ignore_index=True)


def area(rows: pd.DataFrame) -> float:
    """Area under the risk-coverage curve of one axis (AURC, Geifman et al. 2019): the mean error over all shares."""
    return float(_errors_of_the_surest(rows).mean())


def _errors_of_the_surest(rows: pd.DataFrame) -> np.ndarray:
    """Of one axis: share of wrong judgements among the surest turn, the surest two, ... all."""
    wrong = (rows.probability >= 0.5) != (rows.truth >= 1)
    sureness = (rows.probability - 0.5).abs().round(9)
    # Equally sure turns come in no order: each counts as their mean.
    expected = wrong.groupby(sureness).transform("mean")[sureness.sort_values(ascending=False).index]
    return (expected.cumsum() / np.arange(1, len(rows) + 1)).to_numpy()


def unsure_from(rows: pd.DataFrame, thresholds: dict[Axis, float]) -> dict[Axis, float]:
    """From which probability up to the threshold of a moment the axis of a turn is "not sure".

    The highest, in hundredths, below which no more than `MISSED` of the turns are rated 1 or more: those are called
    absent. Choose it on calls that the model was not trained on.

    Parameters
    ----------
    rows
        Scored turns, as `figures.table` makes them.
    thresholds
        For each axis, the probability from which a turn is shown as a moment: those are called present.
    """
    return {axis: _unsure_from(rows[rows.axis == axis], threshold) for axis, threshold in thresholds.items()}


def _unsure_from(rows: pd.DataFrame, threshold: float) -> float:
    order = np.argsort(rows.probability.to_numpy())
    chance, missed = rows.probability.to_numpy()[order], np.cumsum(rows.truth.to_numpy()[order] >= 1)
    bounds = [bound for bound in np.arange(1, 101) / 100 if bound <= threshold]
    below = np.searchsorted(chance, bounds)
    kept = [bound for bound, n in zip(bounds, below, strict=True) if n == 0 or missed[n - 1] <= MISSED * n]
    return float(max(kept, default=0.0))


def abstention(rows: pd.DataFrame, lower: dict[Axis, float], thresholds: dict[Axis, float]) -> pd.DataFrame:
    """What the rule of `unsure_from` costs and what it buys: a row for each axis, 95 % intervals with calls resampled.

    Returns
    -------
    DataFrame
        `axis`, `error if all are judged` (at a probability of a half), `not sure` (share of the turns), `called absent`
        and `called present` (shares), `absent: wrong` (of those, share rated 1 or more), `present: wrong` (of those,
        share rated below 1), and `risk-coverage area`. In a random order that area is the error if all are judged.
    """
    found = []
    for axis, own in rows.groupby("axis", sort=False):
        counts = _judged(own, lower[axis], thresholds[axis]).groupby(own.call).sum()
        parts = {
            "error if all are judged": ("wrong", "turns"),
            "not sure": ("unsure", "turns"),
            "called absent": ("absent", "turns"),
            "absent: wrong": ("missed", "absent"),
            "called present": ("present", "turns"),
            "present: wrong": ("false", "present"),
        }
        found.append({"axis": axis} | ratios(counts, parts) | {"risk-coverage area": area(own)})
    return pd.DataFrame(found)


def _judged(rows: pd.DataFrame, lower: float, threshold: float) -> pd.DataFrame:
    rated, chance = rows.truth >= 1, rows.probability
    present = chance >= threshold
    absent = ~present & (chance < lower)
    return pd.DataFrame(
        {
            "turns": 1,
            "wrong": rated != (chance >= 0.5),
            "unsure": ~present & ~absent,
            "absent": absent,
            "missed": absent & rated,
            "present": present,
            "false": present & ~rated,
        },
        index=rows.index,
    )
